"""Raw map of a block and its class probabilities -> its smoothed map."""

from pathlib import Path

import tyro

from landscribe.cards import Task
from landscribe.command import command
from landscribe.mapping.smooth import RawFiles, smooth_map
from landscribe.smoothing import Smoothing


def main(
    task: Path,
    raw: tyro.conf.OmitArgPrefixes[RawFiles],
    how: tyro.conf.OmitArgPrefixes[Smoothing],
    out: Path,
) -> None:
    """Smooth the map of a block; the raw map stays as it is.

    Args:
        task: card in config/tasks: the legend.
        raw: files of the raw map.
        how: as under `smoothing` in a config.
        out: raster to write, like the raw one; <out>.aux.xml beside it names the classes.
    """
    share = smooth_map(raw, Task.read(task).legend, how, out)
    print(f"{out}: {share:.1%} of the mapped pixels have another class than in the raw map")


if __name__ == "__main__":
    command(main)
