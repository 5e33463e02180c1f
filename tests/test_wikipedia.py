"""Wikipedia's SQL dumps: rows come out as they went in, pages have names and classes."""

import gzip

import pytest
from hypothesis import given
from hypothesis import strategies as st

from landscribe.command import InputError
from landscribe.places.classes import CLASSES
from landscribe.places.readers import wikipedia
from landscribe.places.sql_dump import sql_rows
from tests.made_places import names, rows, source

GEO_TAGS = [
    *("gt_id", "gt_page_id", "gt_globe", "gt_primary", "gt_lat", "gt_lon", "gt_dim", "gt_type"),
    *("gt_name", "gt_country", "gt_region"),
]
PAGE = ["page_id", "page_namespace", "page_title", "page_is_redirect", "page_is_new", "page_random"]
REDIRECT = ["rd_from", "rd_namespace", "rd_title", "rd_interwiki", "rd_fragment"]
ESCAPES = {
    "\\": "\\\\",
    "'": "\\'",
    '"': '\\"',
    "\n": "\\n",
    "\r": "\\r",
    "\0": "\\0",
    "\x1a": "\\Z",
}


def quoted(value):
    if value is None:
        return "NULL"
    if not isinstance(value, str):
        return str(value)
    return "'" + "".join(ESCAPES.get(letter, letter) for letter in value) + "'"


def dump(path, table, columns, told, each=2, lines=False, end="-- Dump completed on 2025-01-01\n"):
    """An SQL dump as mysqldump writes it, some rows per statement; or MariaDB, a row per line."""
    text = f"-- MySQL dump 10.19\n\nDROP TABLE IF EXISTS `{table}`;\nCREATE TABLE `{table}` (\n"
    text += "".join(f"  `{name}` varbinary(255) NOT NULL,\n" for name in columns)
    text += f"  PRIMARY KEY (`{columns[0]}`)\n) ENGINE=InnoDB;\n\n"
    for start in range(0, len(told), each):
        held = ["(" + ",".join(map(quoted, row)) + ")" for row in told[start : start + each]]
        joined = ("\n" if lines else "") + (",\n" if lines else ",").join(held)
        text += f"INSERT INTO `{table}` VALUES {joined};\n"
    raw = (text + end).encode("utf-8", "surrogateescape")
    path.write_bytes(gzip.compress(raw) if path.suffix == ".gz" else raw)
    return path


def tag(page, lat=50.0, lon=8.0, kind="city", country="DE", region="HE", **more):
    told = {"gt_page_id": page, "gt_globe": "earth", "gt_primary": 1, "gt_lat": lat, "gt_lon": lon}
    told |= {"gt_type": kind, "gt_country": country, "gt_region": region, "gt_dim": 1000} | more
    return tuple(told.get(name, page) for name in GEO_TAGS)


def pages(*told):
    return [(page, space, title, redirect, 0, 0.5) for page, space, title, redirect in told]


def wiki(folder, tags, told, redirects=None, name="dewiki-20250101", **more):
    dump(folder / f"{name}-geo_tags.sql.gz", "geo_tags", GEO_TAGS, tags, **more)
    dump(folder / f"{name}-page.sql.gz", "page", PAGE, pages(*told))
    if redirects is not None:
        dump(folder / f"{name}-redirect.sql", "redirect", REDIRECT, redirects)
    return folder


def read(path, **more):
    return rows(wikipedia.read(source("wikipedia", path, **more)))


VALUES = st.one_of(
    st.none(),
    st.integers(-(10**9), 10**9),
    st.text(st.characters(codec="utf-8", exclude_categories=("Cs",)), max_size=20),
    st.text("'\\(),;\n\"N`", max_size=12),
)


@given(st.lists(st.tuples(VALUES, VALUES, VALUES), max_size=12), st.integers(1, 5), st.booleans())
def test_rows_of_any_text_come_out_as_they_went_in(tmp_path_factory, told, each, lines):
    path = tmp_path_factory.mktemp("sql") / "t.sql"
    dump(path, "t", ["a", "b", "c"], told, each, lines)
    wanted = [tuple(None if v is None else str(v) for v in row) for row in told]
    assert list(sql_rows(path, ["a", "b", "c"])) == wanted
    assert list(sql_rows(path, ["c", "a"])) == [(c, a) for a, _, c in wanted]


def test_pages_with_coordinates_are_places(tmp_path):
    tags = [
        tag(7, 50.1, 8.7, kind="city(750,000)"),
        tag(3, kind="mountain", country=None, region=None),
        tag(4, gt_globe="moon"),
        tag(5, gt_primary=0),
        tag(6, kind=None),
        tag(99),  # no such page
        tag(7, 1.0, 1.0),  # a second one of its own
    ]
    told = [
        (7, 0, "Frankfurt_am_Main", 0),
        (3, 0, "Berg_(Alpen)", 0),
        (4, 0, "Krater", 0),
        (5, 0, "Straße", 0),
        (6, 1, "Diskussion", 0),
        (11, 0, "FFM", 1),
        (12, 0, "Römer", 1),
        (13, 0, "Mainhattan", 1),
        (14, 10, "Vorlage", 1),
    ]
    redirects = [
        (11, 0, "Frankfurt_am_Main", "", ""),
        (12, 0, "Frankfurt_am_Main", "", "Rathaus"),
        (13, 0, "Frankfurt_am_Main", None, None),
        (14, 0, "Frankfurt_am_Main", "", ""),
        (15, 0, "Berg_(Alpen)", "", ""),
    ]
    hill, town = read(wiki(tmp_path, tags, told, redirects))
    assert hill["id"] == "wp:de:Berg_(Alpen)" and hill["class"] == "mountain"
    assert (hill["country"], hill["admin"], hill["code"]) == ("", [], "")
    assert names(hill) == {("Berg (Alpen)", "de", "main"), ("Berg", "de", "alternate")}
    assert (town["id"], town["name"]) == ("wp:de:Frankfurt_am_Main", "Frankfurt am Main")
    assert (town["lon"], town["lat"], town["population"]) == (8.7, 50.1, 750_000)
    assert (town["country"], town["admin"], town["code"]) == ("DE", ["DE", "DE-HE"], "")
    assert names(town) == {
        ("Frankfurt am Main", "de", "main"),
        ("FFM", "de", "alternate"),
        ("Mainhattan", "de", "alternate"),
    }


@pytest.mark.parametrize(
    ("title", "bare"),
    [
        ("Paris_(Texas)", "Paris"),
        ("Springfield,_Illinois", "Springfield"),
        ("St._John's,_Newfoundland_and_Labrador", "St. John's"),
        ("Frankfurt_am_Main", None),
        ("(253)_Mathilde", None),
    ],
)
def test_the_bare_name_of_a_title_is_a_name(tmp_path, title, bare):
    (row,) = read(wiki(tmp_path, [tag(1)], [(1, 0, title, 0)]))
    assert row["name"] == title.replace("_", " ")
    assert {name for name, _, kind in names(row) if kind == "alternate"} == {bare} - {None}


@pytest.mark.parametrize(
    ("kind", "found"),
    [
        ("adm1st", ("admin1", ["DE"], "DE-HE")),
        ("country", ("country", ["DE", "DE-HE"], "")),  # a wrong type, as it has a region
        ("City", ("city", ["DE", "DE-HE"], "")),
        ("landmark_scale:5", ("site", ["DE", "DE-HE"], "")),
        ("waterbody", ("lake", ["DE", "DE-HE"], "")),
    ],
)
def test_types_have_classes_and_units_codes(tmp_path, kind, found):
    (row,) = read(wiki(tmp_path, [tag(1, kind=kind)], [(1, 0, "A", 0)]))
    assert (row["class"], row["admin"], row["code"]) == found


def test_a_country_has_its_code(tmp_path):
    (row,) = read(wiki(tmp_path, [tag(1, kind="country", region=None)], [(1, 0, "A", 0)]))
    assert (row["class"], row["admin"], row["code"]) == ("country", [], "DE")


def test_every_class_is_ours():
    assert set(wikipedia._CLASSES.values()) <= set(CLASSES)


def test_a_folder_may_have_several_languages(tmp_path):
    wiki(tmp_path, [tag(1)], [(1, 0, "Köln", 0)])
    wiki(tmp_path, [tag(1)], [(1, 0, "Cologne", 0)], name="enwiki-latest")
    wiki(tmp_path, [tag(1)], [(1, 0, "Köln", 0)], name="be_x_oldwiki-latest")
    found = {row["id"]: names(row) for row in read(tmp_path)}
    assert found == {
        "wp:be-x-old:Köln": {("Köln", "be", "main")},
        "wp:de:Köln": {("Köln", "de", "main")},
        "wp:en:Cologne": {("Cologne", "en", "main")},
    }


def test_rows_that_are_broken_singly_are_counted(tmp_path, capsys):
    tags = [tag(n) for n in range(300)]
    tags[200] = tag(200, lat=95.0)
    told = [(n, 0, f"Ort_{n}", 0) for n in range(300)]
    assert len(read(wiki(tmp_path, tags, told))) == 299
    assert "1 of 300 records left out; page 200: lon 8, lat 95" in capsys.readouterr().out
    path = dump(tmp_path / "t.sql", "t", ["a", "b"], [(n, "x") for n in range(300)], each=50)
    text = path.read_text().replace("(120,'x')", "(120,'x'")
    path.write_text(text)
    assert [row for (row,) in sql_rows(path, ["a"])] == [str(n) for n in range(300) if n != 120]
    assert "1 of 300 records left out; line 12, character" in capsys.readouterr().out
    path.write_text(text.replace("(30,'x'),", "(30,'x')x,"))
    assert [row for (row,) in sql_rows(path, ["a"])] == [str(n) for n in range(300) if n != 120]
    assert "2 of 301 records left out; line 10, character" in capsys.readouterr().out


def test_a_title_cut_in_a_character_does_not_end_the_run(tmp_path):
    (row,) = read(wiki(tmp_path, [tag(1, gt_name="K\udcc3")], [(1, 0, "Köln", 0)]))
    assert row["name"] == "Köln"


def test_faults_of_dumps_are_told(tmp_path):
    with pytest.raises(InputError, match="no <language>wiki-<date>-geo_tags.sql.gz, but nothing"):
        read(tmp_path)
    wiki(tmp_path, [tag(n) for n in range(9)], [(n, 0, f"Ort_{n}", 0) for n in range(9)])
    tags = tmp_path / "dewiki-20250101-geo_tags.sql.gz"
    whole = tags.read_bytes()
    tags.write_bytes(whole[:-40])
    with pytest.raises(InputError, match="geo_tags.sql.gz: ends early or is damaged"):
        read(tmp_path)
    dump(tags, "geo_tags", GEO_TAGS, [tag(1)], end="")
    with pytest.raises(InputError, match="ends early, without the line `-- Dump completed`"):
        read(tmp_path)
    dump(tags, "geo_tags", PAGE, pages((1, 0, "A", 0)))
    with pytest.raises(InputError, match="no column gt_page_id, .* but page_id, page_namespace"):
        read(tmp_path)
    tags.write_bytes(whole)
    with pytest.raises(InputError, match="no place in FR that the reader wikipedia could use"):
        read(tmp_path, countries=["FR"])
    (tmp_path / "dewiki-20250101-page.sql.gz").unlink()
    with pytest.raises(InputError, match="no dewiki-20250101-page.sql.gz beside it"):
        read(tags)
