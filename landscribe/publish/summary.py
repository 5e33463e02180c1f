"""What a finished run made, told on the terminal: the map, its scores and the page to open."""

from pathlib import Path

import tyro
import yaml

from landscribe.cards import Run, check
from landscribe.formats.json_file import read_json


def summary(run: Run, results: Path) -> str:
    """Lines per region and year: each model's held-out scores, its map, and the page."""
    lines = []
    for region in run.regions:
        for year in run.years:
            place = f"{region}/{year}/{run.task}"
            lines.append(f"\n{region}, {year}: {run.task}")
            lines += [_model_line(results, place, model) for model in run.models]
            lines.append(f"  open   {results / 'publish' / place / 'index.html'}")
    return "\n".join(lines)


def _model_line(results: Path, place: str, model: str) -> str:
    told = read_json(results / "evaluate" / place / model / "scores.json")
    shares = ("overall_accuracy", "balanced_accuracy", "macro_f1")
    scores = ", ".join(f"{name.replace('_', ' ')} {told[name]:.3f}" for name in shares)
    maps = sorted((results / "map" / place / model).glob("*/classes.tif"))
    pixels = told["sample"]["pixels"]
    return f"  {model}: {scores} (on {pixels} held-out pixels)\n  map    " + "\n         ".join(
        map(str, maps)
    )


def main(config: Path) -> None:
    """Print what a finished run made.

    Args:
        config: config of the run.
    """
    print(summary(check(Run, yaml.safe_load(config.read_text()), str(config)), Path("results")))


if __name__ == "__main__":
    tyro.cli(main)
