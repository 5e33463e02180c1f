"""Class rasters of a region -> the ground area of each class."""

from pathlib import Path

from landscribe.cards import Region, Task
from landscribe.command import command, written
from landscribe.mapping.areas import class_areas
from landscribe.regions import region_ground


def main(
    region: Path,
    task: Path,
    classes: tuple[Path, ...],
    areas: Path,
    smoothed: tuple[Path, ...] = (),
) -> None:
    """Sum the ground area of each class in a region.

    Args:
        region: card in config/regions; what its blocks hold of other ground does not count.
        task: card in config/tasks: the legend.
        classes: class raster of each block.
        areas: CSV to write: class_id, name, title, pixels, area_ha, share of the mapped area; the
            last row is the ground of the region that is not mapped. With `smoothed` also
            smoothed_pixels, smoothed_area_ha and smoothed_share.
        smoothed: smoothed class raster of each block.
    """
    legend = Task.read(task).legend
    ground = region_ground(Region.read(region))
    table = class_areas(classes, legend, ground)
    if smoothed:
        sums = class_areas(smoothed, legend, ground)[["pixels", "area_ha", "share"]]
        table = table.join(sums.add_prefix("smoothed_"))
    with written(areas) as part:
        table.to_csv(part, index=False, lineterminator="\n")
    mapped = table.area_ha[:-1].sum()
    print(f"{areas}: {mapped:,.1f} ha mapped, {table.area_ha.iloc[-1]:,.1f} ha not mapped")


if __name__ == "__main__":
    command(main)
