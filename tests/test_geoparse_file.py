"""One file through the geoparser: what it reads, what it writes, and how bad input ends."""

import gzip
import json
import re
import sys

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import shapely

from landscribe import geoparse_file
from landscribe.command import InputError, command
from landscribe.tables import DOCUMENTS, MENTIONS, batches_of, read_table, write_table
from landscribe.text.file_documents import file_documents
from tests.made_documents import PLACES, make_store, mention

TEXT = (
    "\n  🗺 The ferry left Potsdam for Narnia with all of its passengers on board,\r\nand it did not"
    " come back to Potsdam from the far islands of Fiji before the evening. "
)
NAMES = {"Potsdam": "gn:3", "Fiji": "wd:Q7", "Narnia": None}


class Stub:
    """A geoparser that knows three names."""

    recognizers = {"en": None}

    def __init__(self, places):
        self.places = places

    def mentions(self, documents):
        for document in documents:
            text, version = document["text"], self.places.version
            found = re.finditer("|".join(NAMES), text)
            yield [
                {"document": document["document"]}
                | mention(text, name[0], NAMES[name[0]], version, start=name.start())
                for name in found
            ]


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    return make_store(tmp_path_factory.mktemp("gazetteer"))


@pytest.fixture
def run(store, tmp_path, monkeypatch):
    """Geoparses a file to an output of a name; the path of that."""
    monkeypatch.setattr(
        geoparse_file.Geoparser, "load", classmethod(lambda _, model, places: Stub(places))
    )

    def geoparse(file, out="out.geojson", **flags):
        geoparse_file.main(file, tmp_path / "model", store, tmp_path / out, **flags)
        return tmp_path / out

    return geoparse


@pytest.fixture
def text_file(tmp_path):
    path = tmp_path / "report.txt"
    path.write_bytes(TEXT.encode())
    return path


def features(path):
    return json.loads(path.read_text())["features"]


def test_offsets_count_in_the_text_of_the_file(run, text_file):
    found = [one["properties"] for one in features(run(text_file))]
    assert [told["text"] for told in found] == ["Potsdam", "Narnia", "Potsdam", "Fiji"]
    for told in found:
        assert TEXT[told["start"] : told["end"]] == told["text"]
    assert {told["document"] for told in found} == {"report"}


def test_geojson_is_as_rfc_7946_has_it(run, text_file):
    collection = json.loads(run(text_file).read_text())
    assert set(collection) == {"type", "features"} and collection["type"] == "FeatureCollection"
    for one in collection["features"]:
        assert set(one) == {"type", "geometry", "properties"}
        told = one["properties"]
        assert set(told) == set(MENTIONS.names) - {"footprint"} | {"name", "class", "country"}
        if told["place"] is None:
            assert one["geometry"] is None and told["lon"] is None
            continue
        shape = shapely.from_geojson(json.dumps(one["geometry"]))
        name, class_, lon, lat, country, *_ = PLACES[told["place"]]
        assert (told["name"], told["class"], told["country"]) == (name, class_, country)
        assert (told["lon"], told["lat"]) == (lon, lat) and shape.intersects(
            shapely.Point(lon, lat)
        )
        for polygon in shapely.get_parts(shape):
            assert polygon.exterior.is_ccw
            assert all(-180 <= x <= 180 for x, _ in polygon.exterior.coords)


def test_geoparquet_is_the_table_of_mentions(run, text_file):
    rows = read_table(run(text_file, "out.parquet"), MENTIONS).to_pylist()
    told = [one["properties"] for one in features(run(text_file))]
    assert [row["place"] for row in rows] == [one["place"] for one in told]
    assert json.loads(pq.read_schema(run(text_file, "out.parquet")).metadata[b"geo"])["columns"]


def test_documents_come_as_jsonl_or_parquet(run, tmp_path, capsys):
    told = [
        {"id": "a", "text": "To Potsdam by ferry, and on by train.", "language": "en"},
        {"id": "b", "text": "Le bac part de Potsdam.", "language": "fr"},
        {"text": "Fiji \ud83d is far from all the other islands of the sea."},
    ]
    lines = "".join(json.dumps(one) + "\n" for one in told)
    (tmp_path / "d.jsonl").write_text(lines)
    (tmp_path / "d.jsonl.gz").write_bytes(gzip.compress(lines.encode()))
    pq.write_table(
        pa.Table.from_pylist([one | {"text": one["text"].replace("\ud83d", "?")} for one in told]),
        tmp_path / "d.parquet",
    )
    for name in ("d.jsonl", "d.jsonl.gz", "d.parquet"):
        found = [one["properties"] for one in features(run(tmp_path / name))]
        ids = ["a", "d:3"]
        assert [one["document"] for one in found] == ids, name
        assert [one["text"] for one in found] == ["Potsdam", "Fiji"]
        assert ": 1 document in fr is not read, only en\n" in capsys.readouterr().out


def test_our_own_tables_of_documents_keep_their_ids(tmp_path):
    row = {"document": "news:7", "text": "To Potsdam", "language": "en", "title": "T"}
    path = tmp_path / "shard-00000.parquet"
    write_table(path, batches_of([row], DOCUMENTS), DOCUMENTS)
    assert [one["document"] for one in file_documents(path)] == ["news:7"]


def test_a_language_that_is_named_counts(run, tmp_path):
    path = tmp_path / "short.txt"
    path.write_text("Potsdam!")
    with pytest.raises(InputError, match="1 document in a language that cannot be told is not"):
        run(path)
    assert len(features(run(path, language="en"))) == 1


def test_a_text_without_places_gives_a_layer_without_features(run, tmp_path):
    path = tmp_path / "none.txt"
    path.write_text("There is nothing to be found in all of this long sentence.")
    assert features(run(path)) == []


def test_the_page_shows_the_same_mentions(run, text_file, tmp_path):
    run(text_file, page=tmp_path / "page")
    told = (tmp_path / "page/data/000.js").read_text()
    view = json.loads(told[told.index("(") + 1 : told.rindex(")")])
    assert [one["words"] for one in view["mentions"]] == ["Potsdam", "Narnia", "Potsdam", "Fiji"]
    assert view["ground"] and view["title"] == "report"


FAULTS = {  # name of a file -> its bytes, what is told
    "missing.txt": (None, "no such file"),
    "empty.txt": (b" \n", "empty; a text was wanted"),
    "empty.jsonl": (b"", "no document in it"),
    "binary.txt": (bytes(range(256)) * 9, "binary"),
    "picture.png": (b"\x89PNG", r"the ending \.png is not read, but \.txt, \.md, \.jsonl"),
    "noending": (b"Potsdam", r"the ending \(none\) is not read"),
    "german.txt": (
        "Die Fähre fährt früh über die Havel nach Brandenburg.".encode(),
        "1 document in de is not read, only en; if",
    ),
    "broken.jsonl": (b'{"text": "To Potsdam"}\n{"text": ', "line 2: no JSON"),
    "other.jsonl": (b'{"body": "To Potsdam"}\n', "line 1: no text: 'text' is missing"),
    "twice.jsonl": (b'{"id": "a", "text": "b"}\n' * 2, "several documents have the id a"),
    "no.parquet": (b"PAR1 not", "no Parquet"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_bad_input_ends_in_one_line(name, run, tmp_path):
    data, told = FAULTS[name]
    if data is not None:
        (tmp_path / name).write_bytes(data)
    with pytest.raises(InputError, match=told) as fault:
        run(tmp_path / name)
    assert "\n" not in str(fault.value) and name in str(fault.value)
    assert not (tmp_path / "out.geojson").exists()


def test_a_bad_ending_of_the_output_is_told_before_any_work(run, tmp_path):
    with pytest.raises(InputError, match=r"out.shp: .* wanted .geojson or .parquet"):
        run(tmp_path / "missing.txt", "out.shp")


def test_the_command_teaches_and_tells_faults_without_a_traceback(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["geoparse_file", "--help"])
    with pytest.raises(SystemExit, match="0"):
        command(geoparse_file.main)
    told = capsys.readouterr().out
    assert "FILE" in told and "python -m landscribe.geoparse_file report.txt" in told
    flags = ["x.txt", "--model", "m", "--store", "s", "--out", "o.parquet"]
    monkeypatch.setattr(sys, "argv", ["geoparse_file", *flags])
    with pytest.raises(SystemExit, match=r"^error: x\.txt: no such file; [^\n]*$"):
        command(geoparse_file.main)
