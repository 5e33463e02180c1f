"""Labelled polygons of all blocks -> one table with their splits."""

from pathlib import Path

from landscribe.cards import Task
from landscribe.command import command
from landscribe.formats.polygons import read_polygons, write_polygons
from landscribe.pairs.splits import split_polygons


def main(task: Path, polygons: tuple[Path, ...], out: Path) -> None:
    """Hold squares of labelled ground apart, to train, to validate and to test.

    Args:
        task: card in config/tasks: side of the squares, shares, seed.
        polygons: polygons of each block, in folders named `<block>/<task>/`.
        out: GeoParquet to write: all polygons with block, square and split, in lon, lat.
    """
    card = Task.read(task)
    table = split_polygons({p.parents[1].name: read_polygons(p) for p in polygons}, card)
    write_polygons(out, table)
    ground = table.pivot_table("area_m2", "class_id", "split", "sum", fill_value=0) / 1e4
    ground.index = [next(c.name for c in card.legend if c.id == i) for i in ground.index]
    print(f"{out}: {len(table)} polygons in {table.square.nunique()} squares; hectares:")
    print(ground.round(1).to_string())


if __name__ == "__main__":
    command(main)
