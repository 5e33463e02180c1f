"""Gaps: what of a cube's scenes could not be read, as a table that travels with the map."""

from dataclasses import asdict, dataclass
from pathlib import Path

import pandas as pd

from landscribe.command import InputError, written

_TOLD = 5  # scenes in a message


@dataclass(frozen=True)
class Gap:
    """One asset's window that could not be read; its pixels in the cube's mask are MASK_GAP."""

    scene: str
    asset: str
    top: int  # of the window in the block [px]
    left: int
    height: int
    width: int
    reason: str


COLUMNS = tuple(Gap.__annotations__)


def gap_table(gaps: list[Gap]) -> pd.DataFrame:
    """One row per gap, in the order of scene, asset and place."""
    table = pd.DataFrame([asdict(gap) for gap in gaps], columns=list(COLUMNS))
    return table.sort_values(list(COLUMNS)).reset_index(drop=True)


def write_gaps(path: Path, gaps: pd.DataFrame) -> None:
    """Gaps as Parquet: all columns of `Gap`."""
    with written(path) as part:
        gaps.to_parquet(part, index=False)


def read_gaps(path: Path) -> pd.DataFrame:
    """What `write_gaps` wrote."""
    return pd.read_parquet(path)


def check_gaps(gaps: pd.DataFrame, reads: int, limit: float) -> float:
    """Share of the reads that failed; `InputError` names the worst scenes if it is over the limit.

    Args:
        reads: windows of assets that were wanted.
        limit: `max_gap_fraction` of the config, 0-1.
    """
    share = len(gaps) / max(reads, 1)
    if share <= limit:
        return share
    worst = gaps.groupby("scene").size().sort_values(ascending=False, kind="stable").head(_TOLD)
    lines = [_line(gaps[gaps.scene == scene], scene) for scene in worst.index]
    rest = gaps.scene.nunique() - len(worst)
    raise InputError(
        f"{len(gaps)} of {reads} reads failed ({share:.2%}), but the config's `max_gap_fraction`"
        f" is {limit:.2%}; what was read is kept, so run again when the files can be read, or allow"
        " more gaps. The worst scenes:\n"
        + "\n".join(lines)
        + (f"\n  and {rest} more" if rest else "")
    )


def _line(gaps: pd.DataFrame, scene: str) -> str:
    assets = ", ".join(sorted(gaps.asset.unique()))
    return f"  {scene}: {len(gaps)} windows of {assets} ({gaps.reason.iloc[0]})"
