"""Published weights: fetched from a hub once, checked by their digest, read without a pickle."""

from hashlib import file_digest
from pathlib import Path
from pickle import UnpicklingError  # what torch raises; nothing is unpickled
from typing import Annotated

import torch
from pydantic import Field, StringConstraints
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from landscribe.card import Card
from landscribe.command import InputError, some

Hex40 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{40}$")]
Hex64 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
_PART = r"[A-Za-z0-9_-][A-Za-z0-9._-]*"  # never .., which would lead out of the folder
Repo = Annotated[str, StringConstraints(pattern=f"^{_PART}/{_PART}$")]
RepoPath = Annotated[str, StringConstraints(pattern=f"^{_PART}(/{_PART})*$")]


class HubFile(Card):
    """One file of a model hub, of which nothing but its content counts."""

    repo: Repo = Field(description="owner/name on the hub")
    revision: Hex40 = Field(description="commit; branches and tags move")
    file: RepoPath = Field(description="path in the repository")
    sha256: Hex64 = Field(description="digest of the file's content")

    def place(self, folder: Path) -> Path:
        """Where the file is kept in a folder of weights."""
        return folder / self.repo / self.revision / self.file


def fetch(wanted: HubFile, folder: Path) -> Path:
    """The file in a folder of weights, fetched if it is not there; its digest is right.

    `InputError` says where to put it where the hub cannot be reached.
    """
    path = wanted.place(folder)
    if not path.is_file():
        _download(wanted, folder)
    with path.open("rb") as content:
        found = file_digest(content, "sha256").hexdigest()
    if found != wanted.sha256:
        raise InputError(
            f"{path}: sha256 is {found}, but the card wants {wanted.sha256}; delete the file if it"
            " is broken, or mend the card"
        )
    return path


def read_weights(path: Path) -> dict[str, Tensor]:
    """Tensors by name, on the processor, of a .safetensors file or one of torch; never code."""
    try:
        if path.suffix == ".safetensors":
            return load_file(path)
        found = torch.load(path, map_location="cpu", weights_only=True)
    except FileNotFoundError:
        raise InputError(f"{path}: no such file of weights; fetch it, or mend the path") from None
    except (SafetensorError, UnpicklingError, RuntimeError, EOFError) as error:
        told = " ".join(str(error).split())[:200]
        raise InputError(
            f"{path}: not tensors alone ({told}); wants .safetensors, or a state dict of torch"
        ) from None
    if not isinstance(found, dict) or not all(isinstance(v, Tensor) for v in found.values()):
        raise InputError(f"{path}: holds {type(found).__name__}, but wanted are tensors by name")
    return dict(found)


def load_strictly(network: nn.Module, weights: dict[str, Tensor]) -> None:
    """Put weights into a network; `InputError` names all that is missing, unknown or misshapen."""
    own = network.state_dict()
    both = own.keys() & weights.keys()
    wrong = [
        f"{name} {tuple(weights[name].shape)}, wanted {tuple(own[name].shape)}"
        for name in sorted(both)
        if weights[name].shape != own[name].shape
    ]
    faults = {
        "missing": sorted(own.keys() - both),
        "unknown": sorted(weights.keys() - both),
        "of another shape": wrong,
    }
    told = [f"  {what}: {some(names, 6)}" for what, names in faults.items() if names]
    if told:
        raise InputError(
            f"weights do not fit the settings of {type(network).__name__}:\n" + "\n".join(told)
        )
    network.load_state_dict(weights)


def _download(wanted: HubFile, folder: Path) -> None:
    """Fetch a file of the hub to its place."""
    from httpx import HTTPError
    from huggingface_hub import hf_hub_download  # half a second, for jobs that have the file
    from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError, OfflineModeIsEnabled

    try:
        hf_hub_download(
            wanted.repo,
            wanted.file,
            revision=wanted.revision,
            local_dir=folder / wanted.repo / wanted.revision,
        )
    except (HfHubHTTPError, LocalEntryNotFoundError, OfflineModeIsEnabled, HTTPError) as error:
        told = " ".join(str(error).split())[:200]
        raise InputError(
            f"{wanted.file} of {wanted.repo} at {wanted.revision} could not be fetched ({told});"
            f" fetch it where there is a network, and put it at {wanted.place(folder)}"
        ) from None
