"""What the pages in docs/ show is true: cards are valid, links lead somewhere, words exist."""

import importlib.util
import re
import sys
from pathlib import Path

import pytest
import yaml

from landscribe.cards import KINDS, Model, Run, check
from landscribe.training.predictor import TileSettings

PAGES = sorted([*Path("docs").glob("*.md"), Path("README.md"), Path("config/README.md")])
# A heading or sentence that names a card, then the card.
CARD = re.compile(
    r"`config/(\w+)/([a-z0-9-]+)\.yaml`(?:(?!`config/|\n#).)*?```yaml\n(.*?)```", re.S
)
EXAMPLES = [
    pytest.param(m[1], m[3], id=f"{page.stem}-{m[1]}-{m[2]}")
    for page in PAGES
    for m in CARD.finditer(page.read_text())
    if m[1] in KINDS
]


@pytest.mark.parametrize(("kind", "text"), EXAMPLES)
def test_cards_in_the_docs_are_valid(kind, text):
    card = check(KINDS[kind], yaml.safe_load(text), "example")
    if isinstance(card, Model):
        card.resolved()


def test_the_pages_show_every_kind_of_card():
    assert {param.values[0] for param in EXAMPLES} == set(KINDS)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_links_between_pages_lead_somewhere(page):
    for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text()):
        assert (page.parent / target).exists(), target


def test_the_config_of_the_tutorial_has_keys_of_a_run():
    text = Path("docs/tutorial.md").read_text().split("`config/my-run.yaml`\n\n```yaml\n")[1]
    assert set(yaml.safe_load(text.split("```")[0])) <= set(Run.model_fields)


def test_the_model_of_the_docs_keeps_the_protocol(tmp_path):
    text = Path("docs/add-a-model.md").read_text().split("```python\n")[1].split("```")[0]
    (tmp_path / "centroid.py").write_text(text)
    spec = importlib.util.spec_from_file_location("centroid", tmp_path / "centroid.py")
    kind = sys.modules["centroid"] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(kind)
    try:
        from landscribe.training.predictor import Work
        from tests.made_samples import SIGNATURE, sample

        assert issubclass(kind.Settings, TileSettings)
        made = sample(64)
        model = kind.train([made], SIGNATURE, kind.Settings(), Work(tmp_path, 1, "cpu", 0))
        again = kind.load(model.tensors(), SIGNATURE, model.settings)
        shares = again.probabilities(made.reflectance[None])
        assert shares.sum(1) == pytest.approx(1, abs=1e-5)
        told = SIGNATURE.classes[shares[0, :, 20, 20].argmax()]
        assert told == made.classes[20, 20]
    finally:
        del sys.modules["centroid"]
