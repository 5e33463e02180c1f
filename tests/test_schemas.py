"""Schemas describe every key of a card, and valid cards pass them."""

from pathlib import Path

import jsonschema
import pytest
import yaml

from landscribe.cards import KINDS
from landscribe.schemas import schemas, write_schemas

CARDS = [(kind, p) for kind in KINDS for p in sorted(Path("config", kind).glob("*.yaml"))]


@pytest.mark.parametrize(("kind", "path"), CARDS, ids=lambda v: getattr(v, "stem", v))
def test_cards_pass_their_schema(kind, path):
    jsonschema.validate(yaml.safe_load(path.read_text()), schemas()[kind.removesuffix("s")])


def test_a_fault_does_not_pass():
    card = yaml.safe_load(Path("config/regions/beetzsee.yaml").read_text())
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(card | {"colour": "red"}, schemas()["region"])


def test_one_file_per_schema(tmp_path):
    write_schemas(tmp_path)
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted(
        f"{name}.schema.json" for name in schemas()
    )
