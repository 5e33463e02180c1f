"""What goes wrong in a made country: files that are gone or cut short, and a job that dies."""

import shutil
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from landscribe.grid import SQUARE_M, Block
from tests.benchmarks.touring.scenes import COLLECTION

_FULL = 0.98  # of a square, for a block whose scenes no other block reads
_KEPT = 0.4  # of a file that is cut short


@dataclass(frozen=True)
class Faults:
    """Blocks that fail in the first run, and one that has a gap for good."""

    gone: str
    short: str
    killed: str
    gap: str

    @property
    def failing(self) -> set[str]:
        """Blocks that fail."""
        return {self.gone, self.short, self.killed}


def chosen(blocks: list[Block], items: list[dict], seed: int) -> Faults:
    """Four of the fullest blocks; the one with a gap is seen on most days."""
    rng = np.random.default_rng((seed, 4))
    passes: dict[str, int] = {}
    for item in items:
        tile = item["properties"]["grid:code"].removeprefix("MGRS-")
        passes[tile] = passes.get(tile, 0) + 1
    named = [block for block in blocks if block.id in passes]
    full = [block.id for block in named if _share(block) > _FULL]
    if len(full) < 4:  # of a tiny country
        full = [block.id for block in sorted(named, key=_share)[-4:]]
    often = max(full, key=passes.get)
    others = rng.permutation([name for name in full if name != often])[:3]
    return Faults(*(str(name) for name in others), often)


def spoil(folder: Path, faults: Faults) -> None:
    """Take files away for a while, cut others short, and take one away for good."""
    for path in _files(folder, faults.gone):
        _spare(folder, path)
    for path in _files(folder, faults.short):
        whole = _spare(folder, path).read_bytes()
        path.write_bytes(whole[: int(_KEPT * len(whole))])
    _files(folder, faults.gap)[0].unlink()


def mend(folder: Path) -> None:
    """Bring all files back, but the one that is gone for good."""
    for path in sorted((folder / "spare").rglob("*.tif")):
        path.replace(folder / "files" / path.relative_to(folder / "spare"))


def _share(block: Block) -> float:
    west, south, east, north = block.bounds
    return (east - west) * (north - south) / SQUARE_M**2


def _files(folder: Path, tile: str) -> list[Path]:
    return sorted((folder / f"files/{COLLECTION}/{tile}").rglob("*.tif"))


def _spare(folder: Path, path: Path) -> Path:
    """Move a file aside; gives where it is."""
    aside = folder / "spare" / path.relative_to(folder / "files")
    aside.parent.mkdir(parents=True, exist_ok=True)
    shutil.move(path, aside)
    return aside
