"""A source becomes a table by its reader, or a message."""

import pytest

from landscribe.command import InputError
from landscribe.gazetteers import Gazetteer
from landscribe.places.sources import read_source
from landscribe.tables import SOURCE_PLACES, read_table
from tests.made_places import source
from tests.world_sources import CARD

HEAD = "name,class,lon,lat,extent_km,countries,also,demonyms\n"


def test_a_source_becomes_a_table(tmp_path):
    (tmp_path / "a.csv").write_text(f"{HEAD}Rhine,river,4.1,51.9,500,NL|DE,,\n")
    told = source("great_features", tmp_path / "a.csv", name="made")
    assert read_source(told, tmp_path / "made.parquet") == 1
    (row,) = read_table(tmp_path / "made.parquet", SOURCE_PLACES).to_pylist()
    assert (row["id"], row["admin"], row["country"]) == ("ls:rhine", ["NL", "DE"], "")


def test_a_source_without_a_place_is_told_and_leaves_nothing(tmp_path):
    (tmp_path / "a.csv").write_text(HEAD)
    told = source("great_features", tmp_path / "a.csv", name="made")
    with pytest.raises(InputError, match="the source made has no place that is wanted"):
        read_source(told, tmp_path / "made.parquet")
    assert not (tmp_path / "made.parquet").exists()


def test_a_path_that_is_not_there_is_told(tmp_path):
    told = source("great_features", tmp_path / "b.csv", name="made")
    with pytest.raises(InputError, match=r"no such file or folder; .* has no b.csv"):
        read_source(told, tmp_path / "made.parquet")
    assert list(tmp_path.iterdir()) == []


def test_the_world_has_a_reader_and_a_licence_for_each_source():
    card = Gazetteer.read(CARD)
    assert len(card.sources) == 7
    for told in card.sources:
        assert told.version and told.licence != "other" and told.attribution
