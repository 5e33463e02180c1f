"""Weights are fetched once, checked, and never executed."""

import pickle
import time
from hashlib import sha256

import huggingface_hub.constants
import pytest
import torch
from safetensors.torch import save_file

from landscribe.card import check
from landscribe.command import InputError
from landscribe.encoders.weights import HubFile, fetch, load_strictly, read_weights
from tests.made_hub import hub_of

REVISION = "0123456789abcdef0123456789abcdef01234567"
CARD = {"repo": "some-lab/Tiny-1.0", "revision": REVISION, "file": "parts/tiny.pt"}


@pytest.fixture
def hub(tmp_path, monkeypatch):
    """A hub with one file of weights: its card, and the requests that it gets."""
    path = tmp_path / "hub/some-lab/Tiny-1.0/parts/tiny.pt"
    path.parent.mkdir(parents=True)
    torch.save({"weight": torch.arange(6.0).reshape(2, 3)}, path)
    with hub_of(tmp_path / "hub") as (address, seen):
        _point_at(address, monkeypatch)
        monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", False)
        yield check(HubFile, CARD | {"sha256": sha256(path.read_bytes()).hexdigest()}, "card"), seen


def _point_at(address, monkeypatch):
    """Let huggingface_hub ask another hub, and not wait before it asks again."""
    url = f"{address}/{{repo_id}}/resolve/{{revision}}/{{filename}}"
    monkeypatch.setattr(huggingface_hub.constants, "HUGGINGFACE_CO_URL_TEMPLATE", url)
    monkeypatch.setattr(huggingface_hub.constants, "ENDPOINT", address)
    monkeypatch.setattr(time, "sleep", lambda _: None)


def test_a_file_is_fetched_once_at_its_revision(hub, tmp_path):
    wanted, seen = hub
    path = fetch(wanted, tmp_path / "weights")
    assert path == tmp_path / f"weights/some-lab/Tiny-1.0/{REVISION}/parts/tiny.pt"
    assert read_weights(path)["weight"].tolist() == [[0, 1, 2], [3, 4, 5]]
    assert f"GET /some-lab/Tiny-1.0/resolve/{REVISION}/parts/tiny.pt" in seen
    asked = len(seen)
    assert fetch(wanted, tmp_path / "weights") == path and len(seen) == asked


def test_what_is_not_the_file_of_the_card_is_refused(hub, tmp_path):
    wanted, _ = hub
    other = wanted.model_copy(update={"sha256": "0" * 64})
    with pytest.raises(InputError, match=f"sha256 is {wanted.sha256}, but the card wants 0000"):
        fetch(other, tmp_path / "weights")
    path = fetch(wanted, tmp_path / "weights")
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(InputError, match="delete the file if it is broken"):
        fetch(wanted, tmp_path / "weights")


def test_without_a_network_it_says_where_to_put_what(tmp_path, monkeypatch):
    wanted = check(HubFile, CARD | {"sha256": "0" * 64}, "card")
    place = f"put it at {tmp_path}/some-lab/Tiny-1.0/{REVISION}/parts/tiny.pt"
    told = f"parts/tiny.pt of some-lab/Tiny-1.0 at {REVISION} could not be fetched"
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(InputError, match=told) as offline:
        fetch(wanted, tmp_path)
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", False)
    _point_at("http://127.0.0.1:9", monkeypatch)  # nobody listens there
    with pytest.raises(InputError, match=told) as unreachable:
        fetch(wanted, tmp_path)
    assert place in str(offline.value) and place in str(unreachable.value)


def test_a_file_that_the_hub_does_not_have_is_told(hub, tmp_path):
    wanted = hub[0].model_copy(update={"file": "missing.pt"})
    with pytest.raises(InputError, match="missing.pt of some-lab/Tiny-1.0 .* could not be fetched"):
        fetch(wanted, tmp_path / "weights")


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("revision", "main"),
        ("file", "../tiny.pt"),
        ("file", "/etc/tiny.pt"),
        ("repo", "../.."),
        ("repo", "tiny"),
        ("sha256", "abc"),
    ],
)
def test_cards_name_one_content_and_stay_in_their_folder(key, value):
    with pytest.raises(InputError, match=key):
        check(HubFile, CARD | {"sha256": "0" * 64} | {key: value}, "card")


def test_both_kinds_of_files_give_the_same(tmp_path):
    tensors = {"a": torch.randn(3), "b.c": torch.ones(2, 2)}
    torch.save(tensors, tmp_path / "x.pt")
    save_file(tensors, tmp_path / "x.safetensors")
    one, other = read_weights(tmp_path / "x.pt"), read_weights(tmp_path / "x.safetensors")
    assert one.keys() == other.keys() == tensors.keys()
    assert all(torch.equal(one[name], other[name]) for name in tensors)


class _Harmful:
    def __reduce__(self):
        return print, ("this must not be said",)


@pytest.mark.parametrize("content", ["code", "text", "empty", "number", "nested", "none"])
def test_other_files_are_refused_and_nothing_runs(content, tmp_path, capsys):
    path = tmp_path / "x.pt"
    if content == "code":
        path.write_bytes(pickle.dumps(_Harmful()))
    elif content == "nested":
        torch.save({"state_dict": {"a": torch.ones(1)}}, path)
    elif content == "number":
        torch.save(3, path)
    elif content != "none":
        path.write_text("weights?" if content == "text" else "")
    with pytest.raises(InputError, match=str(path)):
        read_weights(path)
    broken = tmp_path / "x.safetensors"
    broken.write_text("weights?")
    with pytest.raises(InputError, match=r"wants .safetensors, or a state dict"):
        read_weights(broken)
    assert capsys.readouterr().out == ""


def test_what_does_not_fit_is_named_and_nothing_is_loaded():
    network = torch.nn.Linear(3, 2)
    before = network.weight.clone()
    with pytest.raises(InputError) as told:
        load_strictly(network, {"weight": torch.ones(3, 3), "scale": torch.ones(1)})
    assert "missing: bias" in str(told.value) and "unknown: scale" in str(told.value)
    assert "weight (3, 3), wanted (2, 3)" in str(told.value)
    assert torch.equal(network.weight, before)
