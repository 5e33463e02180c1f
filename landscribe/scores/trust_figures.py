"""Figures of trust: reliability before and after, coverage by class, accuracy by dissimilarity."""

from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import PercentFormatter

from landscribe.scores.figures import BLUE, GREY, INK, ORANGE, PALE, Caption, drawn, title


def draw_rescaled(path: Path, caption: Caption) -> None:
    """Share of right pixels by confidence, before and after the rescaling."""
    found = caption.scores["reliability"]
    with drawn(path, 8.2, 5.4) as figure:
        how = caption.scores["rescaling"]
        if how == "temperature":
            how += f" of {caption.scores['temperature']:.2f}"
        title(figure, "Reliability before and after calibration", caption, f"Rescaling: {how}.")
        for left, name in ((0.1, "before"), (0.57, "after")):
            axes = figure.add_axes((left, 0.13, 0.39, 0.58))
            rows = [row for row in found[name]["bins"] if row["pixels"]]
            _bars(axes, rows)
            error = found[name]["expected_calibration_error"]["per_pixel"]
            axes.set_title(
                f"{name.capitalize()}: calibration error {error:.3f}",
                fontsize=10.5,
                loc="left",
                fontweight="bold",
            )
            axes.set_xlabel("Confidence")
        figure.axes[0].set_ylabel("Share of pixels that are right")


def draw_coverage(path: Path, caption: Caption) -> None:
    """How often the set of a pixel holds its class, by class, and how large the sets are."""
    found = caption.scores["coverage"]
    rows = [row for row in found["classes"] if row["per_polygon"]]
    height_in = 2.5 + 0.42 * (len(rows) + 1)
    with drawn(path, 8.2, height_in) as figure:
        size, told = found["set_size"]["per_polygon"]["value"], found["per_polygon"]["value"]
        note = f"Promised {found['target']:.0%}, found {told:.1%}; {size:.1f} classes in a set."
        title(figure, "Sets that hold the true class, each polygon once", caption, note)
        bottom, high = 0.75 / height_in, (height_in - 2.05) / height_in
        axes = figure.add_axes((0.27, bottom, 0.5, high))
        every = [{"title": "All classes", "colour": GREY, **found}, *rows]
        for place, row in enumerate(every):
            value, (low, top) = row["per_polygon"]["value"], row["per_polygon"]["interval"]
            axes.barh(place, value, 0.62, color=row["colour"], edgecolor=INK, linewidth=0.4)
            axes.plot((low, top), (place, place), color=INK, linewidth=1.3)
            classes = f"{row['set_size']['per_polygon']['value']:.1f} classes"
            polygons = f", {row['polygons']} polygons" if "polygons" in row else ""
            axes.text(1.03, place, classes + polygons, va="center", fontsize=8.5, color=GREY)
        axes.axvline(found["target"], color=ORANGE, linewidth=1.4, linestyle=(0, (4, 3)))
        axes.set_yticks(range(len(every)), [row["title"] for row in every])
        axes.tick_params(axis="y", length=0)
        axes.invert_yaxis()
        axes.set_xlim(0, 1)
        axes.xaxis.set_major_formatter(PercentFormatter(1, 0, symbol=" %"))
        axes.set_xlabel(
            "Share whose set holds their class; lines: 95 % intervals; dashes: promised"
        )
        axes.xaxis.label.set_fontsize(8.5)
        axes.spines[["top", "right"]].set_visible(False)


def draw_applicability(path: Path, caption: Caption) -> None:
    """Accuracy by dissimilarity from the training pixels, and how many pixels there are of each."""
    found = caption.scores["applicability"]
    rows = [row for row in found["bins"] if row["per_pixel"]] if found else []
    with drawn(path, 7.2, 4.6) as figure:
        note = "Not measured: the config says `applicability: false`."
        if found:
            note = f"Inside: {_told(found['inside'])}. Outside: {_told(found['outside'])}."
        title(figure, "Accuracy by dissimilarity from what was learnt", caption, note)
        axes = figure.add_axes((0.11, 0.14, 0.85, 0.55))
        names = []
        for place, row in enumerate(rows):
            value, (low, high) = row["per_pixel"]["value"], row["per_pixel"]["interval"]
            outside = row["low"] >= 1
            axes.bar(place, value, 0.72, color=ORANGE if outside else BLUE)
            axes.plot((place, place), (low, high), color=INK, linewidth=1.3)
            names.append(f"> {row['low']:g}" if row["high"] is None else f"≤ {row['high']:g}")
        axes.set_xticks(range(len(rows)), names)
        axes.set(ylim=(0, 1), ylabel="Share of pixels that are right")
        axes.set_xlabel("Dissimilarity as a share of the threshold (blue: inside; orange: outside)")
        axes.yaxis.set_major_formatter(PercentFormatter(1, 0, symbol=" %"))
        axes.grid(axis="y", color=PALE, linewidth=0.8)
        axes.spines[["top", "right"]].set_visible(False)


def _told(part: dict) -> str:
    accuracy = part["accuracy"]["per_pixel"]
    share = "no accuracy" if accuracy is None else f"{accuracy['value']:.0%} right"
    return f"{part['pixels']:,} pixels, {share}"


def _bars(axes: Axes, rows: list[dict]) -> None:
    total = sum(row["pixels"] for row in rows)
    for row in rows:
        wide = row["high"] - row["low"]
        shade = 0.25 + 0.75 * min(1, 3 * row["pixels"] / total)
        axes.bar(row["low"], row["accuracy"], wide, align="edge", color=BLUE, alpha=shade)
    axes.plot((0, 1), (0, 1), color=INK, linewidth=1, linestyle=(0, (4, 3)))
    places = np.array([(row["confidence"], row["accuracy"]) for row in rows])
    axes.plot(*places.T, "o", color="white", markeredgecolor=INK, markersize=5)
    axes.set(xlim=(0, 1), ylim=(0, 1))
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(PercentFormatter(1, 0, symbol=" %"))
    axes.grid(color=PALE, linewidth=0.8)
    axes.spines[["top", "right"]].set_visible(False)
