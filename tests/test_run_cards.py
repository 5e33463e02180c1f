"""Cards of a run are read together: every fault is told at once, and what does not fit together."""

from pathlib import Path

import pytest
import yaml

from landscribe.cards import KEPT, Run, check
from landscribe.command import InputError
from landscribe.run_cards import check_cards
from landscribe.runs import Plan

RUN = yaml.safe_load(Path("config/demo.yaml").read_text())


@pytest.mark.parametrize(
    ("sensors", "told"),
    [
        (
            ["sentinel-2-l2a", "landsat-c2-l2"],
            r"pixels of sentinel-2-l2a \(gsd_m 10, origin_m 0\) and of landsat-c2-l2 \(gsd_m 30,"
            r" origin_m 15\) do not lie on each other; take",
        ),
        (
            ["sentinel-2-l2a", "sentinel-2-l1c"],
            "sensors sentinel-2-l2a and sentinel-2-l1c both have B02, B03, .*, but models know",
        ),
    ],
)
def test_sensors_that_cannot_be_in_one_run_are_told_in_one_line(sensors, told):
    config = {key: value for key, value in RUN.items() if key != "catalogue"}
    with pytest.raises(SystemExit, match=told) as caught:
        Plan.read(config | {"sensors": sensors})
    assert str(caught.value).count("\n") == 0


def test_an_archive_of_another_sensor_is_told():
    with pytest.raises(
        SystemExit, match="is of sensor sentinel-2-l1c, .* for sentinel-2-l2a; name"
    ):
        Plan.read(RUN | {"sensors": ["sentinel-2-l2a"]})


def test_faults_of_all_cards_are_told_at_once(tmp_path, monkeypatch):
    run = check(Run, RUN | {"sensors": ["sentinel-2-l1c", "sentinel-1-rtc"]}, "the config")
    for path in Path("config").rglob("*.yaml"):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(path.read_text())
    broken = tmp_path / "config/regions/beetzsee.yaml", tmp_path / "config/models/unet.yaml"
    for path in broken:
        path.write_text(path.read_text() + "cloud: 9\n")
    card = yaml.safe_load((tmp_path / "config/sensors/sentinel-1-rtc.yaml").read_text())
    card |= {"gsd_m": 20}
    (tmp_path / "config/sensors/sentinel-1-rtc.yaml").write_text(yaml.safe_dump(card))
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError) as caught:
        check_cards(run)
    told = str(caught.value)
    assert all(f"{path.relative_to(tmp_path)} is not valid" in told for path in broken)
    assert "is of sensor sentinel-2-l1c, but the config names it for sentinel-1-rtc" in told
    assert "do not lie on each other" in told
    assert sorted(path.stem for path in KEPT.glob("settings/*")) == ["forest"]
