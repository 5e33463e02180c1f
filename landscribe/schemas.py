"""JSON schemas of all cards, for editors: `python -m landscribe.schemas` writes them."""

import json
from pathlib import Path

from landscribe.cards import KINDS, Run

_SINGULAR = {"corpora": "corpus"}


def schemas() -> dict[str, dict]:
    """Schema of each kind of card and of the config, by name."""
    kinds = {_SINGULAR.get(kind, kind.removesuffix("s")): card for kind, card in KINDS.items()}
    return {name: card.model_json_schema() for name, card in ({"config": Run} | kinds).items()}


def write_schemas(folder: Path) -> None:
    """One `<name>.schema.json` per schema."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, schema in schemas().items():
        text = json.dumps(schema, indent=1, sort_keys=True, ensure_ascii=False)
        (folder / f"{name}.schema.json").write_text(text + "\n")


if __name__ == "__main__":
    write_schemas(Path("workflow/schemas"))
