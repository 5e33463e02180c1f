"""What all pages are made of: the files in `viewer/`, and how data gets into them."""

import json
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

VIEWER = Path(__file__).parent / "viewer"


def environment() -> Environment:
    """Templates of `viewer/`; what they are given is escaped."""
    return Environment(
        loader=FileSystemLoader(VIEWER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def verbatim(*names: str) -> Markup:
    """Style sheets or scripts of `viewer/`, one after the other, as they are."""
    return Markup("\n".join((VIEWER / name).read_text(encoding="utf-8") for name in names))


def script_json(data: object) -> Markup:
    """JSON that may stand inside a script element, whatever texts it holds."""
    told = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    return Markup(told.replace("<", "\\u003c"))
