"""What an encoder is to heads and trainings: TerraTorch's contract of a backbone, so both plug.

An encoder of ours is a file of this folder with

- `Settings`: a card with its settings;
- `build(settings) -> Encoder`: the network, with random weights;
- `load(network, weights)`: published weights into it;

and no registry: a card names the file. One of TerraTorch (github.com/IBM/terratorch) is
`terratorch:` and its name there, where that is installed.
"""

import importlib
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Protocol, runtime_checkable

from torch import Tensor

from landscribe.card import check
from landscribe.command import InputError

_TERRATORCH = "terratorch:"


@runtime_checkable
class Encoder(Protocol):
    """A `torch.nn.Module` that gives features of several layers."""

    out_channels: list[int]  # of each feature that `forward` gives

    def forward(self, *inputs: Tensor, **more: Tensor | None) -> list[Tensor]:
        """One feature of each chosen layer, from the first to the last."""


def build_encoder(
    name: str, settings: Mapping[str, object], weights: dict[str, Tensor] | None = None
) -> Encoder:
    """Encoder of a name; `InputError` if it, its settings or its weights are not right.

    Args:
        name: file of this folder, or `terratorch:<name>`.
        settings: of that file's `Settings`, or what TerraTorch's registry is given (`bands`,
            `num_frames`; `ckpt_path` of a file whose digest was checked).
        weights: published ones, for encoders of ours; None: random ones.
    """
    if name.startswith(_TERRATORCH):
        if weights is not None:
            raise InputError(f"{name}: takes no weights; name their file in its `ckpt_path`")
        return _of_terratorch(name, settings)
    if name not in encoder_names():
        raise InputError(
            f"encoder {name!r} is not there; there is {', '.join(encoder_names())}, and"
            f" {_TERRATORCH}<name> where TerraTorch is installed"
        )
    kind = importlib.import_module(f"landscribe.encoders.{name}")
    network = kind.build(check(kind.Settings, dict(settings), f"settings of encoder {name}"))
    if weights is not None:
        kind.load(network, weights)
    return network


def encoder_names() -> list[str]:
    """Encoders of ours, sorted: the files of this folder that can build one."""
    files = Path(__file__).parent.glob("*.py")
    return sorted(path.stem for path in files if "\ndef build(" in path.read_text())


def _of_terratorch(name: str, settings: Mapping[str, object]) -> Encoder:
    try:
        if find_spec("terratorch") is None:
            raise ImportError("no package of that name")
        from terratorch import BACKBONE_REGISTRY
    except ImportError as error:
        raise InputError(
            f"{name}: TerraTorch cannot be loaded ({error}); run `pip install terratorch`, or take"
            f" one of {', '.join(encoder_names())}"
        ) from None
    try:
        found = BACKBONE_REGISTRY.build(name.removeprefix(_TERRATORCH), **settings)
    except (KeyError, TypeError, ValueError) as error:
        told = " ".join(str(error).split())[:300]
        raise InputError(
            f"{name}: TerraTorch does not build it ({told}); mend name or settings"
        ) from None
    if not isinstance(found, Encoder):
        raise InputError(f"{name}: has no out_channels, so it is no backbone; take another")
    return found
