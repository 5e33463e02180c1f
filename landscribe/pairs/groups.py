"""Groups of labelled ground, such as squares, dealt to splits or folds so that classes are even."""

import numpy as np


def fold_groups(
    groups: np.ndarray, classes: np.ndarray, amounts: np.ndarray, folds: int, seed: int
) -> np.ndarray:
    """Fold (0 to folds - 1) of each row; rows of one group share it, classes are spread evenly."""
    _, group = np.unique(groups, return_inverse=True)
    return assign_groups(amounts_of(group, classes, amounts), (1 / folds,) * folds, seed)[group]


def assign_groups(amounts: np.ndarray, shares: tuple[float, ...], seed: int) -> np.ndarray:
    """Part of each group, so that every class comes near its wished share in every part.

    Iterative stratification (algorithm 1 of Sechidis et al. 2011,
    doi:10.1007/978-3-642-23808-6_10), with amounts in place of counts: the class that the fewest
    groups still have goes first, its largest group to the part that lacks most of it.

    Args:
        amounts: (group, class) of labelled ground, in any unit.
        shares: wished share of each part; they sum to 1.
    """
    order = np.random.default_rng(seed).permutation(len(amounts))
    wanted = np.outer(shares, amounts.sum(0))
    whole = np.maximum(amounts.sum(0), 1e-12)
    parts = np.full(len(amounts), -1)
    while (open_ := order[parts[order] < 0]).size:
        holders = (amounts[open_] > 0).sum(0)
        rarest = np.where(holders > 0, holders, np.iinfo(int).max).argmin()
        mine = open_[amounts[open_, rarest] > 0] if holders.any() else open_
        group = mine[amounts[mine, rarest].argmax()]
        lack = wanted / whole  # as a share of each class
        best = np.lexsort((lack.sum(1), lack[:, rarest]))[-1]
        parts[group] = best
        wanted[best] -= amounts[group]
    return parts


def amounts_of(group: np.ndarray, classes: np.ndarray, amounts: np.ndarray) -> np.ndarray:
    """Amount of each class in each group."""
    _, of = np.unique(classes, return_inverse=True)
    table = np.zeros((group.max() + 1, of.max() + 1))
    np.add.at(table, (group, of), amounts)
    return table
