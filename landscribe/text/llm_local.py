"""A language model on this machine."""

import json
import struct
import time
from collections.abc import Callable, Sequence
from hashlib import file_digest, sha256
from typing import TYPE_CHECKING

from jinja2 import TemplateError
from safetensors import SafetensorError

from landscribe.command import InputError
from landscribe.sources import located
from landscribe.text.llm_model import NoReply, Reply, message
from landscribe.text.llm_questions import NONE
from landscribe.text.llm_settings import LlmSettings

if TYPE_CHECKING:
    import torch

# Of transformers, of a model's own template; too little memory is a RuntimeError.
_FAULTS = (
    RuntimeError,
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    struct.error,
    TemplateError,
)


def files_digest(source: str) -> str:
    """Digest of the content of a model's file, or of all files of its folder."""
    path = located(source)
    files = [path] if path.is_file() else sorted(p for p in path.rglob("*") if p.is_file())
    whole = sha256()
    for file in files:
        with file.open("rb") as content:
            whole.update(f"{file.name} {file_digest(content, 'sha256').hexdigest()}".encode())
    return whole.hexdigest()


class LocalModel:
    """A model on this machine, by transformers."""

    def __init__(self, settings: LlmSettings, device: str) -> None:
        """Load a model to cpu, cuda or auto; nothing is downloaded."""
        try:
            import torch
            from transformers import AutoModelForCausalLM, AutoTokenizer
        except ImportError as error:
            raise InputError(
                f"model_path: needs transformers ({error}); run `pip install transformers`, and for"
                " a GGUF file `pip install gguf accelerate`"
            ) from None
        if device == "cuda" and not torch.cuda.is_available():
            raise InputError("no CUDA device was found, but cuda was asked for; use --device auto")
        path = located(settings.model_path)
        folder, gguf = (path.parent, {"gguf_file": path.name}) if path.is_file() else (path, {})
        how = {"local_files_only": True, **gguf}
        safe = {} if gguf else {"use_safetensors": True}  # never a pickle
        try:
            self._tokenizer = AutoTokenizer.from_pretrained(folder, **how)
            self._model = AutoModelForCausalLM.from_pretrained(folder, dtype="auto", **safe, **how)
        except (*_FAULTS, OSError, ImportError, SafetensorError) as error:
            told = " ".join(str(error).split())[:300]
            raise InputError(
                f"{path}: no model that transformers can load ({told}); wants a folder with"
                " config.json, a tokenizer and safetensors, or a GGUF file"
            ) from None
        if not self._tokenizer.chat_template or self._tokenizer.eos_token_id is None:
            raise InputError(
                f"{path}: has no chat template, or no token that ends a reply; wants a model tuned"
                " to instructions"
            )
        self._settings = settings
        self._device = "cuda" if device != "cpu" and torch.cuda.is_available() else "cpu"
        self._model.to(self._device).eval()

    def ask(self, prompt: str, ids: Sequence[str]) -> Reply:
        """Reply to a prompt, which can only be one of the answers that the prompt asks for."""
        ends = time.monotonic() + self._settings.timeout_s
        try:
            reply = self._generated(prompt, [*ids, NONE])
        except _FAULTS as error:
            raise NoReply(f"local model: {type(error).__name__}") from None
        if time.monotonic() > ends:
            raise NoReply("timeout")
        return reply

    def _generated(self, prompt: str, ids: list[str]) -> Reply:
        import torch

        asked = self._tokenizer.apply_chat_template(
            [message(prompt)], add_generation_prompt=True, return_tensors="pt", return_dict=True
        ).to(self._device)
        length = asked["input_ids"].shape[1]
        replies = [self._tokens(place, tenth) for place in ids for tenth in range(11)]
        longest = max(map(len, replies))
        most = getattr(self._model.config, "max_position_embeddings", None)
        if most and length + longest > most:
            raise NoReply("prompt too long")
        warm = {"do_sample": True, "temperature": self._settings.temperature}
        with torch.random.fork_rng(), torch.inference_mode():
            torch.manual_seed(_seed(self._settings.seed, prompt))
            out = self._model.generate(
                **asked,
                max_new_tokens=longest,
                max_time=self._settings.timeout_s,
                eos_token_id=self._tokenizer.eos_token_id,
                pad_token_id=self._tokenizer.eos_token_id,
                prefix_allowed_tokens_fn=_only(replies, length),
                **(warm if self._settings.temperature else {"do_sample": False}),
            )[0]
        return Reply(self._tokenizer.decode(out[length:], skip_special_tokens=True), len(out))

    def _tokens(self, place: str, tenth: int) -> list[int]:
        reply = json.dumps({"id": place, "confidence": tenth / 10})
        return [
            *self._tokenizer.encode(reply, add_special_tokens=False),
            self._tokenizer.eos_token_id,
        ]


def _seed(seed: int, prompt: str) -> int:
    """Seed of one prompt: with one seed for all, a warm model would draw the same each time."""
    return int.from_bytes(sha256(f"{seed} {prompt}".encode()).digest()[:7])


def _only(replies: list[list[int]], start: int) -> Callable[[int, "torch.Tensor"], list[int]]:
    """What may come next, for `generate`, if a text has to be one of `replies` from `start` on."""

    def allowed(_: int, tokens: "torch.Tensor") -> list[int]:
        said = tokens[start:].tolist()
        going_on = (r for r in replies if len(r) > len(said) and r[: len(said)] == said)
        return sorted({reply[len(said)] for reply in going_on})

    return allowed
