"""Figures of an interpreted sample: areas, accuracies, and the matrix of area proportions."""

from pathlib import Path

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.ticker import PercentFormatter

from landscribe.scores.figures import GREY, HEAD_IN, INK, Caption, drawn, title

_ROW_IN, _MAPPED, _ESTIMATED = 0.42, "#9aa4ad", "#0b5fa5"


class SurveyCaption(Caption):
    """What a figure is about; its scores are accuracy.json."""

    @property
    def sample(self) -> str:
        """The sample, in words."""
        told = self.scores["campaign"]
        read = f"{told['read']:,} of {told['units']:,} units read"
        design = told["design"]
        return f"{design[0].upper()}{design[1:]}; {read}"


def draw_areas(path: Path, caption: SurveyCaption) -> None:
    """Estimated area of each class with its interval, beside the area that the map shows."""
    classes = caption.scores["classes"]
    with drawn(path, *_size(classes)) as figure:
        note = "Dots: estimated from the sample, with 95 % intervals. Bars: counted on the map."
        title(figure, "Area of each class", caption, note)
        axes = _axes(figure, classes, left=0, width=1)
        ends = [row["area_ha"]["interval"] for row in classes]
        unit, told = _unit(max([high for _, high in ends] + [row["mapped_ha"] for row in classes]))
        for i, row in enumerate(classes):
            axes.barh(i, row["mapped_ha"] / unit, height=0.62, color="#dfe4e8", edgecolor=_MAPPED)
            _dot(axes, i, row["area_ha"], unit)
        axes.set_xlim(left=0)
        axes.set_xlabel(told)


def draw_accuracies(path: Path, caption: SurveyCaption) -> None:
    """User's and producer's accuracy of each class with their intervals; overall beside them."""
    classes = caption.scores["classes"]
    with drawn(path, *_size(classes)) as figure:
        overall = caption.scores["overall_accuracy"]
        note = f"Overall accuracy {_percent(overall)}. Lines: 95 % intervals."
        title(figure, "Accuracy of the map", caption, note)
        kinds = ("users_accuracy", "User’s accuracy"), ("producers_accuracy", "Producer’s accuracy")
        for place, (kind, told) in enumerate(kinds):
            axes = _axes(figure, classes, left=place / 2, width=0.5, named=place == 0)
            axes.set_title(told, loc="left", fontsize=10, fontweight="bold", color=INK)
            for i, row in enumerate(classes):
                _dot(axes, i, row[kind], 1)
                if row[kind]["value"] is None:
                    axes.text(0.02, i, "not defined", va="center", fontsize=8, color=GREY)
            axes.set(xlim=(0, 1), xticks=(0, 0.5, 1))
            axes.xaxis.set_major_formatter(PercentFormatter(1, symbol=" %"))


def draw_proportions(path: Path, caption: SurveyCaption) -> None:
    """Error matrix as estimated shares of the area: rows are the map, columns the reference."""
    classes, shares = caption.scores["classes"], np.array(caption.scores["proportions"])
    count, cell = len(classes), 0.78
    room = _names_in(classes)
    left, right, bottom, top = room + 0.5, max(0.95, 0.75 * room), 0.75, HEAD_IN + room
    width = max(6.4, left + right + cell * count)
    height = top + bottom + cell * count
    with drawn(path, width, height) as figure:
        note = "Shares of the area [%]; they sum to 100. A dot: below 0.05 %."
        title(figure, "Error matrix of area", caption, note)
        box = left / width, bottom / height, cell * count / width, cell * count / height
        axes = figure.add_axes(box)
        _cells(axes, shares)
        names = [row["title"] for row in classes]
        axes.set_xticks(range(count), names, rotation=40, ha="left", rotation_mode="anchor")
        axes.set_yticks(range(count), names)
        axes.xaxis.tick_top()
        axes.tick_params(length=0, pad=4)
        axes.set_ylabel("Map", fontweight="bold")
        for i in range(count):
            axes.text(count - 0.35, i, _share(shares[i].sum()), va="center", color=GREY)
            axes.text(i, count - 0.3, _share(shares[:, i].sum()), ha="center", color=GREY)
        axes.text(count - 0.35, -0.62, "Sum", color=GREY, va="bottom")
        axes.text(-0.55, count - 0.3, "Sum", color=GREY, ha="right")
        axes.set_xlabel("Reference (estimated)", fontweight="bold", labelpad=26)


def _size(classes: list[dict]) -> tuple[float, float]:
    """Width and height [inch]."""
    return 8.2, HEAD_IN + 1.1 + _ROW_IN * len(classes)


def _axes(
    figure: Figure, classes: list[dict], left: float, width: float, named: bool = True
) -> Axes:
    """Axes with a row per class, in a part of the figure's width."""
    wide, high = figure.get_size_inches()
    begin = _names_in(classes) + 0.3
    room = wide - begin - 0.35
    gap = 0.45 if width < 1 else 0
    axes = figure.add_axes(
        (
            (begin + left * (room + gap)) / wide,
            0.62 / high,
            (width * (room + gap) - gap) / wide,
            _ROW_IN * len(classes) / high,
        )
    )
    axes.set_ylim(len(classes) - 0.5, -0.5)
    axes.set_yticks(range(len(classes)), [row["title"] for row in classes] if named else [])
    axes.tick_params(axis="y", length=0)
    axes.grid(axis="x", color="#e3e7eb", zorder=0)
    axes.set_axisbelow(True)
    axes.spines[["top", "right", "left"]].set_visible(False)
    return axes


def _dot(axes: Axes, at: float, one: dict, unit: float) -> None:
    if one["value"] is None:
        return
    low, high = one["interval"]
    over = {"zorder": 4, "clip_on": False}  # marks at 0 and 100 % stay whole
    axes.plot((low / unit, high / unit), (at, at), color=_ESTIMATED, linewidth=2.2, **over)
    for end in (low, high):
        axes.plot((end / unit,) * 2, (at - 0.14, at + 0.14), color=_ESTIMATED, lw=1.6, **over)
    axes.plot(one["value"] / unit, at, "o", color="white", mec=_ESTIMATED, mew=2, ms=7, **over)


def _cells(axes: Axes, shares: np.ndarray) -> None:
    colours, count = colormaps["Blues"], len(shares)
    axes.imshow(np.sqrt(shares) * 0.9, cmap=colours, vmin=0, vmax=1, aspect="equal")
    edges = np.arange(count + 1) - 0.5
    axes.hlines(edges, -0.5, count - 0.5, color="white", linewidth=1.2)
    axes.vlines(edges, -0.5, count - 0.5, color="white", linewidth=1.2)
    for (i, j), value in np.ndenumerate(shares):
        if value == 0:
            continue
        ink = "white" if np.sqrt(value) * 0.9 > 0.55 else INK
        weight = "bold" if i == j else "normal"
        axes.text(j, i, _share(value), ha="center", va="center", color=ink, weight=weight)
    for i in range(count):
        axes.add_patch(Rectangle((i - 0.5, i - 0.5), 1, 1, fill=False, ec=INK, lw=1.1, zorder=3))
    axes.spines[:].set_visible(False)


def _share(value: float) -> str:
    return "·" if 0 < value < 5e-4 else f"{100 * value:.1f}"


def _percent(one: dict) -> str:
    low, high = one["interval"]
    return f"{100 * one['value']:.1f} % (95 % interval {100 * low:.1f} to {100 * high:.1f} %)"


def _unit(most_ha: float) -> tuple[float, str]:
    """Hectares in the unit of an axis, and what it is called."""
    if most_ha >= 1e6:
        return 1e6, "Area [million ha]"
    return (1e3, "Area [1,000 ha]") if most_ha >= 1e4 else (1, "Area [ha]")


def _names_in(classes: list[dict]) -> float:
    """Room for the longest name [inch]."""
    return 0.35 + 0.078 * max(len(row["title"]) for row in classes)
