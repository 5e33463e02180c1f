"""Figures of the scores: confusion matrix, accuracy of each class, reliability diagram.

All are drawn with matplotlib's objects and its own fonts, so equal scores give equal bytes. Each
title says which map it is about, the line below it on which held-out sample.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from matplotlib import colormaps, rc_context
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import Patch, Rectangle
from matplotlib.ticker import PercentFormatter

from landscribe.command import written

INK, GREY, PALE = "#1b1f24", "#5c6670", "#e3e7eb"
BLUE, ORANGE, PALE_ORANGE = (
    "#2f6690",
    "#c9661a",
    "#f6dcc5",
)  # told apart in all common kinds of colour blindness
DPI = 180
HEAD_IN = 1.1  # height of the title's lines
_STYLE = {
    "font.family": "DejaVu Sans",  # comes with matplotlib, so it is the same everywhere
    "font.size": 9.5,
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.edgecolor": GREY,
    "axes.linewidth": 0.8,
    "axes.axisbelow": True,
    "xtick.color": GREY,
    "ytick.color": GREY,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "hatch.linewidth": 0.6,
}


@dataclass(frozen=True)
class Caption:
    """What a figure is about."""

    product: str  # such as Small U-Net, Beetzsee, 2017
    scores: dict  # scores.json

    @property
    def sample(self) -> str:
        """The held-out sample, in words."""
        sample = self.scores["sample"]
        return (
            f"{sample['pixels']:,} test pixels in {sample['polygons']:,} polygons,"
            f" in {sample['squares']:,} squares of ground held out of training"
        )


@contextmanager
def drawn(path: Path, width_in: float, height_in: float) -> Iterator[Figure]:
    """Give an empty figure, and write it as PNG once it is drawn."""
    with rc_context(_STYLE):
        figure = Figure(figsize=(width_in, height_in), facecolor="white")
        FigureCanvasAgg(figure)
        yield figure
        with written(path) as part:
            figure.savefig(part, dpi=DPI, format="png", metadata={"Software": None})


def title(figure: Figure, name: str, caption: Caption, note: str = "") -> None:
    """Head of a figure: what it shows, of which map, on which sample; HEAD_IN high.

    Lines that are too long for the figure are set smaller.
    """
    width_in, height_in = figure.get_size_inches()
    left_in, quiet = 0.18, {"fontsize": 9, "color": GREY}
    lines = [
        (0.18, name, {"fontsize": 13, "fontweight": "bold"}),
        (0.45, caption.product, {"fontsize": 10.5}),
        (0.71, f"{caption.sample}.", quiet),
        (0.90, note, quiet),
    ]
    renderer = figure.canvas.get_renderer()
    for down_in, words, style in lines:
        where = (left_in / width_in, 1 - down_in / height_in)
        text = figure.text(*where, words, va="top", **style)
        room = (width_in - 2 * left_in) * figure.dpi
        wide = text.get_window_extent(renderer).width
        text.set_fontsize(text.get_fontsize() * min(1, room / max(wide, 1)))


def draw_confusion(path: Path, caption: Caption) -> None:
    """Error matrix with counts, and shares of each row as colour."""
    classes, matrix = caption.scores["classes"], np.array(caption.scores["confusion"])
    count, cell_in = len(classes), 0.74
    left_in, side_in = 0.7 + _widest_in(classes), count * cell_in
    top_in = HEAD_IN + 0.3 + 0.65 * _widest_in(classes)
    width_in = max(left_in + side_in + 1.25, 6.4)
    height_in = top_in + side_in + 1.0
    with drawn(path, width_in, height_in) as figure:
        note = "Colour and percentages: share of the row, so that the diagonal is user’s accuracy."
        title(figure, "Confusion matrix", caption, note)
        axes = figure.add_axes(
            (
                left_in / width_in,
                1.0 / height_in,
                side_in / width_in,
                side_in / height_in,
            )
        )
        sums = matrix.sum(axis=1, keepdims=True)
        shares = np.where(sums > 0, matrix / np.maximum(sums, 1), np.nan)
        _cells(axes, matrix, shares)
        _margins(axes, caption.scores)
        names = [row["title"] for row in classes]
        axes.set_xticks(
            np.arange(count) - 0.12, names, rotation=38, ha="left", rotation_mode="anchor"
        )
        axes.set_yticks(range(count), names)
        axes.xaxis.tick_top()
        axes.tick_params(length=0, pad=5)
        axes.set_ylabel("Class on the map", labelpad=8, fontweight="bold")
        axes.set_xlabel("Class of the label", labelpad=8, fontweight="bold")
        axes.xaxis.set_label_position("top")
        axes.spines[:].set_visible(False)


def _cells(axes: Axes, matrix: np.ndarray, shares: np.ndarray) -> None:
    colours = colormaps["Blues"]
    axes.imshow(np.nan_to_num(shares) * 0.92, cmap=colours, vmin=0, vmax=1, aspect="equal")
    edges = np.arange(len(matrix) + 1) - 0.5
    axes.hlines(edges, -0.5, len(matrix) - 0.5, color="white", linewidth=1.2)
    axes.vlines(edges, -0.5, len(matrix) - 0.5, color="white", linewidth=1.2)
    for i, row in enumerate(matrix):
        for j, pixels in enumerate(row):
            if not pixels:
                continue
            ink = "white" if shares[i, j] > 0.7 else INK
            told = f"{shares[i, j] * 100:.0f} %" if shares[i, j] >= 0.005 else "< 1 %"
            weight = "bold" if i == j else "normal"
            axes.text(j, i - 0.1, told, ha="center", va="center", color=ink, weight=weight)
            axes.text(j, i + 0.22, f"{pixels:,}", ha="center", va="center", color=ink, fontsize=7)
        axes.add_patch(
            Rectangle(
                (i - 0.5, i - 0.5), 1, 1, fill=False, edgecolor=INK, lw=1.1, zorder=3, clip_on=False
            )
        )


def _margins(axes: Axes, scores: dict) -> None:
    """Pixels of each row at its end, producer's accuracy below each column."""
    end, classes = len(scores["classes"]) - 0.5, scores["classes"]
    style = {"ha": "center", "va": "center"}
    for i, row in enumerate(classes):
        axes.text(end + 0.62, i, f"{row['map_pixels']:,}", **style)
        axes.text(i, end + 0.45, percent(row["producers_accuracy"]), **style)
    axes.text(end + 0.62, end + 0.45, percent(scores["overall_accuracy"]), weight="bold", **style)
    small = {"fontsize": 8, "color": GREY, "ha": "center"}
    axes.text(end + 0.62, -0.62, "Pixels", va="bottom", **small)
    axes.text(end + 0.62, end + 0.8, "Overall\naccuracy", va="top", **small)
    axes.text(-0.62, end + 0.45, "Producer’s accuracy", va="center", **(small | {"ha": "right"}))


def draw_accuracy(path: Path, caption: Caption) -> None:
    """Bars of user's accuracy, producer's accuracy and F1 of each class, in its colour."""
    classes = caption.scores["classes"]
    left_in, bars_in = 0.65 + _widest_in(classes), 0.4 * len(classes)
    width_in = left_in + 8.0
    height_in = HEAD_IN + 0.7 + bars_in + 0.5
    panels = (
        ("users_accuracy", "User’s accuracy", None),
        ("producers_accuracy", "Producer’s accuracy", "balanced_accuracy"),
        ("f1", "F1", "macro_f1"),
    )
    with drawn(path, width_in, height_in) as figure:
        note = "In brackets: test polygons of the class. Dashed: mean over the classes."
        title(figure, "Accuracy of each class", caption, note)
        for k, (name, label, mean) in enumerate(panels):
            where = ((left_in + 2.62 * k) / width_in, 0.5 / height_in)
            axes = figure.add_axes((*where, 2.5 / width_in, bars_in / height_in))
            _bars(axes, classes, name)
            axes.text(0, -1.25, label, fontsize=10.5, fontweight="bold", va="bottom")
            if mean and caption.scores[mean] is not None:
                value = caption.scores[mean]
                axes.axvline(value, color=INK, linewidth=0.9, linestyle=(0, (4, 3)), zorder=4)
                told = f"mean {percent(value)}"
                axes.text(value, -0.7, told, ha="center", va="bottom", fontsize=8, color=GREY)
            names = [f"{row['title']} ({row['polygons']:,})" for row in classes]
            axes.set_yticks(range(len(classes)), names if k == 0 else [])


def _bars(axes: Axes, classes: list[dict], name: str) -> None:
    for i, row in enumerate(classes):
        value = row[name]
        axes.barh(i, 1, height=0.64, color="#f1f3f5")
        axes.barh(i, value or 0, height=0.64, color=row["colour"], edgecolor=INK, linewidth=0.5)
        told = {"ha": "right", "va": "center"} | ({"color": GREY} if value is None else {})
        axes.text(1.19, i, percent(value), **told)
    axes.set(xlim=(0, 1.2), ylim=(len(classes) - 0.5, -0.62), xticks=(0, 0.5, 1))
    axes.xaxis.set_major_formatter(PercentFormatter(1, symbol=" %"))
    axes.tick_params(axis="y", length=0)
    axes.tick_params(axis="x", labelsize=8)
    axes.spines[:].set_visible(False)


def draw_reliability(path: Path, caption: Caption) -> None:
    """Share of right pixels against confidence, the gap between them, and how many there are."""
    found = caption.scores["reliability"]
    rows = [row for row in found["bins"] if row["pixels"]]
    with drawn(path, 6.4, 7.6) as figure:
        error, brier = found["expected_calibration_error"], found["brier_score"]
        note = f"Expected calibration error {error:.3f}. Brier score {brier:.3f} (0 best, 2 worst)."
        title(figure, "Reliability", caption, note)
        upper = figure.add_axes((0.15, 0.315, 0.81, 0.52))
        lower = figure.add_axes((0.15, 0.075, 0.81, 0.18))
        _diagram(upper, rows)
        _histogram(lower, rows)
        for axes in (upper, lower):
            axes.set_xlim(0, 1)
            axes.xaxis.set_major_formatter(PercentFormatter(1, symbol=" %"))
            axes.yaxis.set_major_formatter(PercentFormatter(1, 0, symbol=" %"))
            axes.grid(color=PALE, linewidth=0.8)
            axes.spines[["top", "right"]].set_visible(False)


def _diagram(axes: Axes, rows: list[dict]) -> None:
    for row in rows:
        low, wide = row["low"], row["high"] - row["low"]
        confidence, accuracy = row["confidence"], row["accuracy"]
        axes.bar(low, accuracy, wide, align="edge", color=BLUE, edgecolor="white", linewidth=1)
        axes.bar(
            low + wide * 0.06,
            confidence - accuracy,
            wide * 0.88,
            bottom=accuracy,
            align="edge",
            color=PALE_ORANGE,
            edgecolor=ORANGE,
            hatch="////",
            linewidth=0.8,
        )
    axes.plot((0, 1), (0, 1), color=INK, linewidth=1, linestyle=(0, (4, 3)))
    axes.plot(
        [r["confidence"] for r in rows],
        [r["accuracy"] for r in rows],
        "o",
        color="white",
        markeredgecolor=INK,
        markersize=5,
    )
    axes.set(ylim=(0, 1), ylabel="Share of pixels that are right")
    handles = [
        Patch(facecolor=BLUE, label="Share that is right"),
        Patch(
            facecolor=PALE_ORANGE,
            edgecolor=ORANGE,
            hatch="////",
            label="Gap to the mean confidence",
        ),
        axes.lines[0],
    ]
    labels = [handle.get_label() for handle in handles[:2]] + ["Perfect calibration"]
    axes.legend(handles, labels, loc="upper left", frameon=False)


def _histogram(axes: Axes, rows: list[dict]) -> None:
    total = sum(row["pixels"] for row in rows)
    for row in rows:
        share = row["pixels"] / total
        middle = (row["low"] + row["high"]) / 2
        axes.bar(middle, share, row["high"] - row["low"], color=GREY, edgecolor="white")
        axes.text(middle, share, f"{row['pixels']:,}", ha="center", va="bottom", fontsize=7.5)
    axes.set_ylim(0, 1.18 * max(row["pixels"] for row in rows) / total)
    axes.set_xlabel("Confidence: probability of the class on the map")
    axes.set_ylabel("Share of pixels")


def percent(value: float | None) -> str:
    """Share in whole percent; a dash where it is undefined."""
    return "–" if value is None else f"{value * 100:.0f} %"


def _widest_in(classes: list[dict]) -> float:
    """Room for the longest title [inch]."""
    return max(1.1, 0.09 * max(len(row["title"]) for row in classes))
