"""What the blocks of a country cost, from the first to the last."""

import numpy as np
import pandas as pd
from scipy.stats import theilslopes

_DRAWS = 2000


def by_place(jobs: pd.DataFrame, pixels: dict[str, int], column: str = "cpu_s") -> pd.DataFrame:
    """Cost of the first, second, ... job of each rule that has one of each block: (place, rule).

    Blocks are of all sizes and come in any order: what a pixel costs more is taken off, so that
    each job has the size of the mean one.
    """
    found = {}
    for rule, group in jobs[jobs.block != ""].groupby("rule", sort=False):
        cost = group.sort_values("ended")[column].to_numpy(float)
        size = group.sort_values("ended").block.map(pixels).to_numpy(float)
        slope = np.polyfit(size, cost, 1)[0] if len(cost) > 2 and np.ptp(size) else 0.0
        found[rule] = cost - slope * (size - size.mean())
    return pd.DataFrame(found)


def growth(costs: np.ndarray, seed: int = 0) -> tuple[float, tuple[float, float]]:
    """Median cost of the last third over that of the first one; its 95 % interval by bootstrap."""
    third = max(1, len(costs) // 3)
    first, last = costs[:third], costs[-third:]
    drawn = np.random.default_rng(seed).integers(0, third, (2, _DRAWS, third))
    ratios = np.median(last[drawn[1]], axis=1) / np.median(first[drawn[0]], axis=1)
    low, high = np.quantile(ratios, (0.025, 0.975))
    return float(np.median(last) / np.median(first)), (float(low), float(high))


def slope(costs: np.ndarray) -> float:
    """Change of the cost over all blocks, as a share of the median: Theil 1950, Sen 1968."""
    found = theilslopes(costs)
    return float(found.slope * len(costs) / np.median(costs))


def paced(jobs: pd.DataFrame, paces: list[tuple[float, float]]) -> pd.DataFrame:
    """Jobs with `work`: processor time in units of a fixed piece of work, at the pace of then.

    Others at work on a machine slow a processor down, without that a job does more.
    """
    moments, taken = (np.array(column) for column in zip(*paces, strict=True))
    middle = jobs.ended - jobs.seconds / 2
    near = [np.median(taken[np.argsort(np.abs(moments - at))[:5]]) for at in middle]
    return jobs.assign(work=jobs.cpu_s / near)
