"""A model's map with all its papers -> STAC items and the record of where it came from."""

from pathlib import Path

import tyro

from landscribe.command import command
from landscribe.formats.json_file import write_json
from landscribe.provenance import record
from landscribe.publish.mlm import model_document
from landscribe.publish.product import ProductFiles, read_origin, step_versions
from landscribe.publish.stac import map_documents
from landscribe.regions import region_box


def main(
    files: tyro.conf.OmitArgPrefixes[ProductFiles],
    year: int,
    map_item: Path,
    model_item: Path,
    provenance: Path,
    composed: bool = False,
) -> None:
    """Describe a map and its model as STAC 1.1 items, with the record of where they came from.

    Args:
        files: what the product consists of.
        year: calendar year of the map.
        map_item: map.json to write: the map's Item. With several blocks it is a Collection, and
            the Items stand beside it as map-<block>.json.
        model_item: model.json to write: the model's Item (MLM extension).
        provenance: provenance.json to write: cards, code, commit, packages and scenes.
        composed: whether the model saw composites of periods.
    """
    origin, folder = read_origin(files, year), map_item.parent
    taken = files.taken | {"compose_periods": composed}
    code = step_versions(origin.model["kind"], taken)
    papers = record(files.cards, files.locks_by_sensor, code) | {"gaps": origin.gaps}
    write_json(provenance, papers)
    tables = files.tables | {"provenance": provenance}
    for name, document in map_documents(origin, files.blocks, tables, folder).items():
        write_json(map_item if name == "map.json" else folder / name, document)
    place = region_box(origin.region)
    written = (files.weights, files.description, place, model_item.parent)
    write_json(model_item, model_document(origin, *written))
    print(f"{map_item}: {origin.title}, {len(files.blocks)} blocks, {len(origin.scenes)} scenes")


if __name__ == "__main__":
    command(main)
