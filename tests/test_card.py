"""Every fault of a card is told at once, and what is no card in one message."""

import pytest

from landscribe.cards import CONFIG, Region
from landscribe.command import InputError
from landscribe.sensors import Sensor


def test_four_faults_are_told_at_once(tmp_path):
    card = tmp_path / "x.yaml"
    card.write_text("titel: X\nbounds: [5, 1, 2, 3]\ncrs: utm33\n")
    with pytest.raises(InputError) as caught:
        Region.read(card)
    lines = str(caught.value).splitlines()
    assert str(card) in lines[0] and "4 faults" in lines[0]
    assert len(lines) == 5
    for where in ("title: is missing", "titel: unknown key", "bounds: must be west", "crs: "):
        assert any(line.strip().startswith(where) for line in lines[1:])


@pytest.mark.parametrize("text", ["a: [1", "\x00", "- 1\n- 2\n", "", "just words"])
def test_what_is_not_a_card_is_told_in_a_message(tmp_path, text):
    path = tmp_path / "x.yaml"
    path.write_text(text)
    with pytest.raises(InputError, match="x.yaml"):
        Sensor.read(path)


def test_a_missing_card_names_those_that_are_there():
    with pytest.raises(InputError, match="no such card; there is .*sentinel-2-l1c"):
        Sensor.read(CONFIG / "sensors/landsat-99.yaml")
