"""Figures of the benchmark: trust, what is gained by leaving out the unsure, and end to end."""

from collections.abc import Sequence
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

from landscribe.command import written
from landscribe.scores.figures import BLUE, GREY, ORANGE
from landscribe.scores.places import accuracy_at, reliability
from tests.benchmarks.geoparsing.scores import Scored

# Saved outputs of published systems (EUPEG) under this protocol: the best of nine.
PUBLISHED = {"TR-News": 0.622, "GeoWebNews": 0.586}
_STYLES = {"TR-News": ("o", BLUE), "GeoWebNews": ("s", ORANGE)}
_DPI = 140
Shown = Sequence[Scored]


def plot(results: Shown, folder: Path) -> None:
    """Write the three figures to a folder."""
    plot_reliability(results, folder / "reliability.png")
    plot_coverage(results, folder / "coverage.png")
    plot_end_to_end(results, folder / "end_to_end.png")


def plot_reliability(results: Shown, path: Path) -> None:
    """Accuracy within 161 km of places by the probability that they were given."""
    figure, axes = _square("Reliability: our geoparser on gold spans")
    axes.plot([0, 1], [0, 1], color=GREY, linewidth=1, linestyle=":")
    for result in _ours(results):
        judged = result.on_gold.on_gold
        told = judged[judged["resolved"]]
        rows = [r for r in reliability(told["probability"], told["near"]) if r["mentions"]]
        error = f"{result.row['ece']:.3f}" if rows else "-"
        axes.plot(
            [row["probability"] for row in rows],
            [row["accuracy"] for row in rows],
            **_style(result.corpus),
            label=f"{result.corpus}, ECE {error}",
        )
        axes.scatter(
            [row["probability"] for row in rows],
            [row["accuracy"] for row in rows],
            s=[max(row["mentions"] / len(told) * 900, 8) for row in rows],
            alpha=0.25,
            color=_style(result.corpus)["color"],
        )
    axes.set(xlabel="probability", ylabel="share within 161 km", xlim=(0, 1.02), ylim=(0, 1.02))
    axes.legend(loc="upper left", frameon=False)
    _save(figure, path)


def plot_coverage(results: Shown, path: Path) -> None:
    """Accuracy within 161 km of the surest share of the mentions."""
    figure, axes = _square("Accuracy of the surest mentions, gold spans")
    shares = np.linspace(0.3, 1, 71)
    for result in _ours(results):
        judged = result.on_gold.on_gold
        sure = np.where(judged["resolved"], np.nan_to_num(judged["probability"], nan=0), -1)
        found = [accuracy_at(sure, judged["near"], share) for share in shares]
        style = _style(result.corpus) | {"marker": None}
        axes.plot(shares, found, **style, label=f"{result.corpus}, ours")
    for result in results:
        if result.system == "floor":
            style = _style(result.corpus) | {"linestyle": ""}
            axes.plot(1, result.row["acc161"], **style, label=f"{result.corpus}, floor")
    axes.set(xlabel="share of the mentions that is kept", ylabel="share within 161 km of gold")
    axes.legend(loc="lower left", frameon=False)
    axes.grid(alpha=0.3)
    _save(figure, path)


def plot_end_to_end(results: Shown, path: Path) -> None:
    """End-to-end F1 of each system with its interval, and the best of the published outputs."""
    shown = [result for result in results if result.row["e2e_f1"] is not None]
    corpora = list(dict.fromkeys(result.corpus for result in shown))
    figure, panels = plt.subplots(
        1, max(len(corpora), 1), figsize=(1 + 4 * max(len(corpora), 1), 3.4), squeeze=False
    )
    for panel, corpus in zip(panels[0], corpora, strict=False):
        own = [result for result in shown if result.corpus == corpus][::-1]
        for y, result in enumerate(own):
            x = result.row["e2e_f1"]
            low, high = result.row["e2e_f1 interval"] or (x, x)
            reach = [[max(x - low, 0)], [max(high - x, 0)]]
            color = BLUE if result.system.startswith("ours") else GREY
            panel.barh(y, x, xerr=reach, color=color, height=0.6, capsize=3)
            panel.text(0.02, y, f"{x:.3f}", va="center", color="white")
        if corpus in PUBLISHED:
            panel.axvline(PUBLISHED[corpus], color=ORANGE, linewidth=1.5)
            panel.set_xlabel(f"F1 within 161 km; line: best published output {PUBLISHED[corpus]}")
        panel.set(title=corpus, xlim=(0, 1))
        panel.set_yticks(range(len(own)), [result.system for result in own])
    figure.suptitle("End to end: text in, places out")
    figure.tight_layout()
    _save(figure, path)


def _ours(results: Shown) -> list[Scored]:
    return [r for r in results if r.system == "ours" and r.row["e2e_f1"] is not None]


def _style(corpus: str) -> dict:
    marker, color = _STYLES.get(corpus, ("o", BLUE))
    return {"marker": marker, "color": color, "linewidth": 1.5}


def _square(title: str) -> tuple:
    figure, axes = plt.subplots(figsize=(5.2, 4.6), layout="constrained")
    axes.set_title(title)
    return figure, axes


def _save(figure: plt.Figure, path: Path) -> None:
    with written(path) as part:
        figure.savefig(part, dpi=_DPI, format="png")
    plt.close(figure)
