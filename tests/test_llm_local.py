import json
import shutil

import pytest

from landscribe.command import InputError
from landscribe.text.llm_local import LocalModel, files_digest
from landscribe.text.llm_model import NoReply
from landscribe.text.llm_questions import read_reply
from landscribe.text.llm_settings import LlmSettings


def test_a_model_is_known_by_its_files(tmp_path):
    (tmp_path / "m").mkdir()
    (tmp_path / "m" / "model.safetensors").write_bytes(b"1")
    folder = str(tmp_path / "m")
    file = files_digest(f"{folder}/model.safetensors")
    first = files_digest(folder)
    assert files_digest(folder) == first == file
    (tmp_path / "m" / "model.safetensors").write_bytes(b"2")
    assert files_digest(folder) != first


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    """Folder of a language model with random weights and a tokenizer of bytes."""
    transformers = pytest.importorskip("transformers")
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers

    folder = tmp_path_factory.mktemp("tiny")
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    words = {letter: number for number, letter in enumerate([*letters, "<end>"])}
    tokenizer = Tokenizer(models.BPE(words, []))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    fast = transformers.PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token="<end>")
    fast.chat_template = "{% for m in messages %}{{ m.content }}{% endfor %}"
    fast.save_pretrained(folder)
    sizes = dict(hidden_size=16, intermediate_size=16, num_hidden_layers=1, num_attention_heads=2)
    config = transformers.LlamaConfig(vocab_size=len(words), max_position_embeddings=200, **sizes)
    transformers.set_seed(0)
    transformers.LlamaForCausalLM(config).save_pretrained(folder)
    return folder


IDS = ["gn:4717560", "gn:2988507", "Straße 7"]


@pytest.mark.parametrize("temperature", [0, 2])
def test_a_local_model_can_only_choose_and_does_so_each_time_alike(tiny, temperature):
    """With random weights: any text would come out if it were free to say it."""
    settings = LlmSettings(model="tiny", model_path=str(tiny), temperature=temperature)
    model = LocalModel(settings, "cpu")
    for prompt in ("Where is Paris?", "And Rome?", "Bonn?"):
        reply = model.ask(prompt, IDS)
        assert reply == model.ask(prompt, IDS)
        assert read_reply(reply.text, IDS).reason in ("chosen", "none"), reply.text
        assert reply.tokens == len(prompt) + len(json.dumps(json.loads(reply.text))) + 1


def test_a_warm_model_chooses_now_this_now_that(tiny):
    settings = LlmSettings(model="tiny", model_path=str(tiny), temperature=2)
    model = LocalModel(settings, "cpu")
    said = {model.ask(f"Where is {name}?", IDS).text for name in "ABCDEFGH"}
    assert len(said) > 2


def test_a_prompt_that_a_local_model_cannot_read_or_answer_in_time_is_a_fault(tiny):
    settings = LlmSettings(model="tiny", model_path=str(tiny))
    with pytest.raises(NoReply, match="prompt too long"):
        LocalModel(settings, "cpu").ask("x" * 190, [])
    hasty = settings.model_copy(update={"timeout_s": 1e-6})
    with pytest.raises(NoReply, match="timeout"):
        LocalModel(hasty, "cpu").ask("Where?", [])


def test_a_prompt_that_the_template_does_not_take_is_a_fault(tiny, tmp_path):
    shutil.copytree(tiny, tmp_path / "m")
    (tmp_path / "m" / "chat_template.jinja").write_text("{{ raise_exception('no users') }}")
    settings = LlmSettings(model="tiny", model_path=str(tmp_path / "m"))
    with pytest.raises(NoReply, match="local model: TemplateError"):
        LocalModel(settings, "cpu").ask("Where?", [])


@pytest.mark.parametrize(
    ("file", "content"),
    [
        ("model.safetensors", None),
        ("model.safetensors", b"half a file"),
        ("config.json", None),
        ("config.json", b"{}"),
        ("config.json", b'{"model_type": "unheard-of"}'),
        ("tokenizer.json", b"{"),
    ],
)
def test_a_folder_without_a_whole_model_is_refused(tiny, tmp_path, file, content):
    shutil.copytree(tiny, tmp_path / "m")
    (tmp_path / "m" / file).unlink()
    if content:
        (tmp_path / "m" / file).write_bytes(content)
    with pytest.raises(InputError, match="no model that transformers can load"):
        LocalModel(LlmSettings(model="tiny", model_path=str(tmp_path / "m")), "cpu")


def test_a_pickled_model_is_not_opened(tiny, tmp_path):
    torch = pytest.importorskip("torch")
    shutil.copytree(tiny, tmp_path / "m")
    (tmp_path / "m" / "model.safetensors").unlink()
    torch.save({}, tmp_path / "m" / "pytorch_model.bin")
    with pytest.raises(InputError, match="no model that transformers can load"):
        LocalModel(LlmSettings(model="tiny", model_path=str(tmp_path / "m")), "cpu")


@pytest.mark.parametrize("content", [b"", b"GGUF", b"no GGUF file" * 100])
def test_a_file_that_is_no_gguf_is_refused(tmp_path, content):
    pytest.importorskip("transformers")
    pytest.importorskip("gguf")
    (tmp_path / "m.gguf").write_bytes(content)
    with pytest.raises(InputError, match=r"m\.gguf: no model that transformers can load"):
        LocalModel(LlmSettings(model="tiny", model_path=str(tmp_path / "m.gguf")), "cpu")


def test_a_model_without_a_chat_template_is_refused(tiny, tmp_path):
    shutil.copytree(tiny, tmp_path / "m")
    (tmp_path / "m" / "chat_template.jinja").unlink()
    with pytest.raises(InputError, match="no chat template"):
        LocalModel(LlmSettings(model="tiny", model_path=str(tmp_path / "m")), "cpu")
