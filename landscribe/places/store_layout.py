"""The files of a gazetteer's store, and the check that they are whole."""

import json
from pathlib import Path

from landscribe.command import InputError

LAYOUT = 2  # rises when what reads a store cannot read those of before
DATABASE = "places.sqlite"
NEAR = "near"
ABOUT = "gazetteer.json"
APART = "\x1f"  # between the ids of parents: ASCII's separator of units, which is in no id
CURE = "run the rule index_places again"


def read_about(folder: Path) -> dict:
    """What a store says of itself; raises if a file of it is not as it was written."""
    try:
        about = json.loads((folder / ABOUT).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputError(f"{folder}: no {ABOUT}, so no store of a gazetteer; {CURE}") from None
    except ValueError:
        raise InputError(f"{folder / ABOUT}: not JSON; {CURE}") from None
    layout = about.get("layout") if isinstance(about, dict) else None
    if layout != LAYOUT:
        raise InputError(f"{folder / ABOUT}: a store of layout {layout}, wanted {LAYOUT}; {CURE}")
    for name, size in about["bytes"].items():
        path = folder / name
        if not path.is_file():
            raise InputError(f"{path}: is missing; {CURE}")
        if path.stat().st_size != size:
            raise InputError(f"{path}: {path.stat().st_size} bytes, wanted {size}; {CURE}")
    return about
