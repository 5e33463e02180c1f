"""Class rasters of a region -> the ground area of each class."""

from pathlib import Path

from landscribe.cards import Task
from landscribe.command import command, written
from landscribe.mapping.areas import class_areas


def main(task: Path, classes: tuple[Path, ...], areas: Path) -> None:
    """Sum the ground area of each class over the blocks of a region.

    Args:
        task: card in config/tasks: the legend.
        classes: class raster of each block.
        areas: CSV to write: class_id, name, title, pixels, area_ha, share of the mapped area; the
            last row is the ground that is not mapped.
    """
    table = class_areas(classes, Task.read(task).legend)
    with written(areas) as part:
        table.to_csv(part, index=False, lineterminator="\n")
    mapped = table.area_ha[:-1].sum()
    print(f"{areas}: {mapped:,.1f} ha mapped, {table.area_ha.iloc[-1]:,.1f} ha not mapped")


if __name__ == "__main__":
    command(main)
