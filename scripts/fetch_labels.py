"""Task card and cube -> the task's labels on the grid of a block."""

from pathlib import Path

from landscribe.cards import Task
from landscribe.command import command
from landscribe.formats.cubes import cube_grid, read_cube
from landscribe.formats.polygons import write_polygons
from landscribe.formats.rasters import NODATA, write_raster
from landscribe.pairs.labels import block_labels


def main(task: Path, cube: Path, labels: Path, polygons: Path) -> None:
    """Bring the task's labels to the grid of a block.

    Args:
        task: card in config/tasks: the label file and the legend.
        cube: cube of the block; labels are brought to its grid, never the other way round.
        labels: raster to write: class (legend id, 255 unlabelled) and polygon (id, 0 none).
        polygons: GeoParquet to write, one row per polygon that has a pixel.
    """
    card = Task.read(task)
    grid = cube_grid(read_cube(cube))
    raster, found = block_labels(card, grid)
    write_raster(labels, raster, grid, NODATA, ["class", "polygon"])
    write_polygons(polygons, found)
    names = {c.id: c.name for c in card.legend}
    counts = found.class_id.map(names).value_counts().to_dict()
    print(f"{labels}: {int((raster[0] != NODATA).sum())} labelled pixels of {counts}")


if __name__ == "__main__":
    command(main)
