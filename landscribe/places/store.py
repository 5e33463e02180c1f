"""The store of a gazetteer: its tables as files that answer in microseconds, without a server.

A store is a folder: `places.sqlite` (landscribe.places.database), `near/`, the names that are one
edit from another (landscribe.places.near_names), and `gazetteer.json`, which says what is in it and
is written last. Equal tables give equal bytes.
"""

import hashlib
import json
import os
from pathlib import Path

from landscribe.command import InputError, written
from landscribe.places.database import distinct_names, write_database
from landscribe.places.near_names import write_near_names
from landscribe.places.store_layout import ABOUT, DATABASE, LAYOUT, NEAR


def write_store(places: Path, names: Path, polygons: Path | None, folder: Path) -> dict:
    """Write the store of a gazetteer to `folder`, which it replaces; what `gazetteer.json` says.

    Args:
        places: table as PLACES.
        names: table as PLACE_NAMES, in any order.
        polygons: GeoParquet with id, source and geometry [EPSG:4326]; not copied, so keep it where
            it is, seen from the folder.
    """
    for path in (places, names, polygons):
        if path and folder.resolve() in path.resolve().parents:
            raise InputError(f"{folder}: is replaced, but holds {path}; give another folder")
    with written(folder) as part:
        part.mkdir()
        told = write_database(part / DATABASE, places, names, polygons)
        write_near_names(part / NEAR, distinct_names(part / DATABASE))
        about = {"version": _version(told), "layout": LAYOUT, **told}
        if polygons:
            about["polygons_file"] = Path(os.path.relpath(polygons, folder)).as_posix()
            about["polygons_bytes"] = polygons.stat().st_size
        about["bytes"] = {
            path.relative_to(part).as_posix(): path.stat().st_size
            for path in sorted(part.rglob("*"))
            if path.is_file()
        }
        text = json.dumps(about, indent=1, ensure_ascii=False)
        (part / ABOUT).write_text(f"{text}\n", encoding="utf-8")
    return about


def _version(told: dict) -> str:
    digests = [told.get(f"{table}_digest", "") for table in ("places", "names", "polygons")]
    return hashlib.sha256("\n".join(digests).encode()).hexdigest()[:12]
