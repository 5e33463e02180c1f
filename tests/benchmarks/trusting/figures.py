"""Figures of the benchmark `trust`."""

from pathlib import Path

import numpy as np
from matplotlib.ticker import PercentFormatter

from landscribe.scores.figures import BLUE, GREY, INK, ORANGE, PALE, drawn
from tests.benchmarks.trusting.demo import Drawn
from tests.benchmarks.trusting.series import COVERAGE, Told

_LOOKS = {"rows": (ORANGE, "on random rows"), "regions": (BLUE, "on held-out regions")}


def draw_regions(path: Path, told: Told) -> None:
    """Coverage of each region by sets that were calibrated on rows, and on regions."""
    names, each = np.unique(told.regions), np.arange(len(told.truth))
    with drawn(path, 8.6, 5.0) as figure:
        figure.text(0.03, 0.95, "Sets on ground of other regions", fontsize=13, weight="bold")
        note = "474 crop fields, Uganda and South Sudan; each region by a forest that saw none of"
        figure.text(0.03, 0.9, f"{note} it.", color=GREY, fontsize=9.5)
        axes = figure.add_axes((0.09, 0.2, 0.88, 0.6))
        for shift, (way, (colour, label)) in zip((-0.2, 0.2), _LOOKS.items(), strict=True):
            hit = told.held[way][told.truth, each]
            values = [hit[told.regions == name].mean() for name in names]
            size = told.held[way].sum(axis=0).mean()
            whole = f"calibrated {label}: {hit.mean():.0%}, {size:.1f} classes a set"
            axes.bar(np.arange(len(names)) + shift, values, 0.38, color=colour, label=whole)
        axes.axhline(COVERAGE, color=INK, linewidth=1, linestyle=(0, (4, 3)))
        labels = [
            f"{name[2:6]}\n{(told.regions == name).sum()} fields\n"
            f"{told.inside[told.regions == name].mean():.0%} inside"
            for name in names
        ]
        axes.set_xticks(range(len(names)), labels, fontsize=8.5)
        axes.set(ylim=(0, 1.02), ylabel="Share whose set holds the crop")
        axes.yaxis.set_major_formatter(PercentFormatter(1, 0, symbol=" %"))
        axes.set_xlabel("Region (H3 cell); inside the area of applicability; dashes: promised")
        axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=2, frameon=False)
        axes.grid(axis="y", color=PALE, linewidth=0.8)
        axes.spines[["top", "right"]].set_visible(False)


def draw_draws(path: Path, demo: dict[str, Drawn]) -> None:
    """Coverage of the demo's sets, and calibration errors, over draws of squares."""
    with drawn(path, 8.6, 4.6) as figure:
        figure.text(0.03, 0.94, "Demo, squares drawn anew", fontsize=13, weight="bold")
        note = "Each point: one half of the 63 held-out squares calibrates, the other one tests."
        figure.text(0.03, 0.89, note, color=GREY, fontsize=9.5)
        left = figure.add_axes((0.09, 0.13, 0.4, 0.66))
        right = figure.add_axes((0.58, 0.13, 0.38, 0.66))
        for place, ((name, found), colour) in enumerate(
            zip(demo.items(), (BLUE, ORANGE), strict=True)
        ):
            rows = found.rows
            jitter = place + np.random.default_rng(0).uniform(-0.25, 0.25, len(rows))
            left.plot(jitter, rows.all_coverage_polygon, "o", color=colour, markersize=4, alpha=0.6)
            mean = rows.all_coverage_polygon.mean()
            left.plot((place - 0.35, place + 0.35), (mean, mean), color=INK, linewidth=2)
            right.plot(
                *(rows.ece_before_pixel, rows.ece_after_pixel, "o"),
                color=colour,
                markersize=4,
                alpha=0.6,
                label=name,
            )
        left.axhline(COVERAGE, color=INK, linewidth=1, linestyle=(0, (4, 3)))
        left.set_xticks(range(len(demo)), list(demo))
        left.set_ylabel("Coverage, each polygon once")
        left.set_title("Sets (bars: means; dashes: promised)", fontsize=10, loc="left")
        left.yaxis.set_major_formatter(PercentFormatter(1, 0, symbol=" %"))
        most = 1.05 * max(*right.get_xlim(), *right.get_ylim())
        right.plot((0, most), (0, most), color=INK, linewidth=1, linestyle=(0, (4, 3)))
        right.set(xlim=(0, most), ylim=(0, most), xlabel="before", ylabel="after")
        right.set_title("Calibration error by pixel", fontsize=10, loc="left")
        right.legend(frameon=False, loc="upper left")
        for axes in (left, right):
            axes.grid(color=PALE, linewidth=0.8)
            axes.spines[["top", "right"]].set_visible(False)
