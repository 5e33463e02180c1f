"""GeoNames dumps: every code has a class, names and units are those of the tables, faults told."""

import random
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from landscribe.command import InputError
from landscribe.places import alternate_names
from landscribe.places.classes import CLASSES
from landscribe.places.codes import geonames as codes
from landscribe.places.readers import geonames
from tests.made_places import names, rows, source

SLICES = "text/geonames-slices"


def line(number=1, name="Berg", feature="P.PPL", units="NL.09.0352", **more):
    """A line of a dump."""
    told = {"plain": name, "other": "", "lat": 52, "lon": 5, "people": 0} | more
    letter, code = feature.split(".")
    country, *inner = (units.split(".") + [""] * 5)[:5]
    head = [number, name, told["plain"], told["other"], told["lat"], told["lon"], letter, code]
    tail = [told["people"], "", 3, "Europe/Amsterdam", "2025-01-01"]
    return "\t".join(map(str, [*head, country, "", *inner, *tail]))


def dump(path, *told):
    path.write_text("\n".join(told) + "\n")
    return path


def read(path, **more):
    return rows(geonames.read(source("geonames", path, **more)))


def one(tmp_path, *args, **more):
    return read(dump(tmp_path / "NL.txt", line(*args, **more)))[0]


def test_a_line_is_a_row(tmp_path):
    told = line(2950159, "Berlín", "P.PPLC", "DE.16.00", other="Berlin,BER", lat=52.5, lon=13.4)
    assert read(dump(tmp_path / "DE.txt", told)) == [
        {
            "id": "gn:2950159",
            "same": [],
            "name": "Berlín",
            "names": [
                {"name": "Berlin", "language": "", "kind": "alternate"},
                {"name": "BER", "language": "", "kind": "alternate"},
            ],
            "class": "city",
            "lon": 13.4,
            "lat": 52.5,
            "country": "DE",
            "admin": ["DE", "DE.16"],
            "code": "",
            "population": None,
            "extent_km": None,
            "geometry": None,
        }
    ]


@pytest.mark.parametrize(
    ("feature", "units", "admin", "code"),
    [
        ("A.PCLI", "US.00", [], "US"),
        ("A.ADM1", "US.CA", ["US"], "US.CA"),
        ("A.ADM2", "US.CA.037", ["US", "US.CA"], "US.CA.037"),
        ("A.ADM3", "US.CA.037.9", ["US", "US.CA", "US.CA.037"], "US.CA.037.9"),
        ("A.ADM3", "XX.01..003", ["XX", "XX.01"], "XX.01..003"),
        ("A.ADM1H", "US.CA", ["US", "US.CA"], ""),
        ("A.PCLH", "US", ["US"], ""),
        ("P.PPL", "US.CA.037", ["US", "US.CA", "US.CA.037"], ""),
        ("H.OCN", "", [], ""),
    ],
)
def test_units_have_codes_and_rows_the_units_around_them(tmp_path, feature, units, admin, code):
    row = one(tmp_path, feature=feature, units=units)
    assert (row["admin"], row["code"]) == (admin, code)


def test_tables_say_which_row_is_a_unit(tmp_path):
    dump(
        tmp_path / "NL.txt",
        line(1, feature="A.ADM1", units="NL.11"),
        line(2, "Nederland"),
        line(3, feature="A.ADM1", units="NL.11"),
        line(4, feature="A.ADM2", units="NL.11.0193"),
    )
    dump(tmp_path / "admin1CodesASCII.txt", "NL.11\tZuid-Holland\tZuid-Holland\t3")
    country = ["NL", "NLD", "528", "NL", *[""] * 12, "2", "BE,DE", ""]
    dump(tmp_path / "countryInfo.txt", "# a comment", "\t".join(country))
    made = read(tmp_path)
    assert [row["code"] for row in made] == ["", "NL", "NL.11", "NL.11.0193"]
    assert names(made[1]) == {("NLD", "", "code")}


def test_every_code_leads_to_a_class_of_ours_and_stands_once():
    assert set(codes._CLASSES.values()) | set(codes._USUAL.values()) <= set(CLASSES)
    listed = [code for of in codes._CODES.values() for told in of.values() for code in told.split()]
    assert len(listed) == len(codes._CLASSES) > 650


def test_a_new_code_has_its_letters_class_and_a_new_letter_is_a_fault():
    assert codes.place_class("V", "NEWCODE") == "wood"
    with pytest.raises(ValueError, match="'X' is none of A, H"):
        codes.place_class("X", "PPL")


ALTERNATES = {
    ("en", "Hague", "1", "", "", ""): ("Hague", "en", "main"),
    ("zh-Hant", "海牙", "", "", "", ""): ("海牙", "zh", "alternate"),
    ("gsw", "Haag", "1", "", "", ""): ("Haag", "", "alternate"),
    ("nl", "Den Haag", "1", "1", "", ""): ("Den Haag", "nl", "short"),
    ("la", "Haga", "", "", "", "1"): ("Haga", "la", "historic"),
    ("fr_1793", "Liberté", "", "", "", ""): ("Liberté", "fr", "historic"),
    ("", "Haga Comitis", "", "", "", ""): ("Haga Comitis", "", "alternate"),
    ("abbr", "DH", "", "", "", ""): ("DH", "", "abbreviation"),
    ("iata", "HAG", "", "", "", ""): ("HAG", "", "code"),
    ("unlc", "NLHAG", "", "", "", ""): ("NLHAG", "", "code"),
    ("piny", "Haiya", "", "", "", ""): ("Haiya", "zh", "alternate"),
    ("post", "2511", "", "", "", ""): None,
    ("link", "https://www.denhaag.nl", "", "", "", ""): None,
    ("link", "https://nl.wikipedia.org/wiki/Den_Haag_%28stad%29", "", "", "", ""): None,
    ("wkdt", "Q36600", "", "", "", ""): None,
}


def test_alternate_names_have_languages_kinds_and_ids(tmp_path):
    dump(tmp_path / "NL.txt", line(7, "'s-Gravenhage", other="not read"), line(8, "Berg"))
    told = [f"{n}\t7\t" + "\t".join(fields) + "\t\t" for n, fields in enumerate(ALTERNATES)]
    dump(tmp_path / "alternateNamesV2.txt", *told, "99\t12\ten\tof no place in the dump\t\t\t\t")
    made = read(tmp_path)
    assert names(made[0]) == {name for name in ALTERNATES.values() if name}
    assert made[0]["same"] == ["wp:nl:Den_Haag_(stad)", "wd:Q36600"]
    assert (names(made[1]), made[1]["same"]) == (set(), [])


def test_joining_on_disk_equals_joining_in_memory(tmp_path, monkeypatch):
    draw = random.Random(3)
    monkeypatch.setattr(alternate_names, "_PLACES", 7)
    monkeypatch.setattr(alternate_names, "_LINES", 11)
    ids = draw.sample(range(1000), 50)
    told = [(draw.choice([*ids, 5000]), f"name {n}") for n in range(120)]
    dump(tmp_path / "allCountries.txt", *[line(n, f"place {n}") for n in ids])
    dump(tmp_path / "alternateNamesV2.txt", *[f"1\t{n}\ten\t{name}\t\t\t\t" for n, name in told])
    found = {row["id"]: [name["name"] for name in row["names"]] for row in read(tmp_path)}
    assert list(found) == [f"gn:{n}" for n in ids]
    assert found == {f"gn:{n}": [name for place, name in told if place == n] for n in ids}


@given(st.text(st.characters(codec="utf-8", exclude_characters="\t\n\r\0"), min_size=1))
def test_any_name_comes_through(tmp_path_factory, name):
    if name.strip():
        assert one(tmp_path_factory.mktemp("any"), name=name)["name"] == name


def test_a_zip_of_the_site_is_read_and_preferred_to_nothing(tmp_path):
    with zipfile.ZipFile(tmp_path / "NL.zip", "w") as packed:
        packed.writestr("readme.txt", "no rows")
        packed.writestr("NL.txt", line() + "\n")
    assert len(read(tmp_path / "NL.zip")) == len(read(tmp_path)) == 1


def test_only_the_countries_of_the_card_are_read(tmp_path):
    path = dump(tmp_path / "allCountries.txt", line(1), line(2, units="DE.16"), line(3, units=""))
    assert [row["id"] for row in read(path, countries=["DE"])] == ["gn:2"]
    with pytest.raises(InputError, match="no place in FR that the reader geonames could use"):
        read(path, countries=["FR"])


def test_single_broken_lines_are_counted_and_told(tmp_path, capsys):
    good = [line(n) for n in range(400)]
    path = dump(tmp_path / "NL.txt", *good, line(500, lat="north"), *good, "too\tfew", line(1))
    assert len(read(path)) == 801
    told = capsys.readouterr().out
    assert "2 of 803 records left out; line 401: could not convert string to float" in told


@pytest.mark.parametrize(
    ("bad", "told"),
    [
        (line(lat=91), "lat 91 are not on the earth"),
        (line(lat="nan"), "not on the earth"),
        (line(number="x"), "id 'x' and name"),
        (line(name=" "), "a number and a name are wanted"),
        (line(feature="Q.PPL"), "feature class 'Q'"),
        ("a,b,c", "1 columns, 19 are wanted"),
    ],
)
def test_more_than_a_hundredth_broken_is_a_fault(tmp_path, bad, told):
    path = dump(tmp_path / "NL.txt", *[line(n) for n in range(98)], bad, bad)
    with pytest.raises(InputError, match=f"NL.txt: 2 of the first 100 .*line 99: .*{told}"):
        read(path)


def test_a_file_of_another_form_ends_early(tmp_path):
    path = dump(tmp_path / "NL.txt", *["no columns"] * 5000)
    with pytest.raises(InputError, match="1000 of the first 1000 records are broken"):
        read(path)


def test_another_encoding_is_told_with_its_line(tmp_path):
    path = tmp_path / "NL.txt"
    path.write_bytes(f"{line()}\n{line(name='Zürich')}\n".encode("latin-1"))
    with pytest.raises(InputError, match="NL.txt, line 2: not UTF-8 .*0xfc"):
        read(path)


def test_a_damaged_zip_ends_in_a_fault_after_the_rows_before_it(tmp_path):
    draw = random.Random(0)
    whole = "\n".join(line(n, f"{draw.random()}") for n in range(25_000))
    with zipfile.ZipFile(tmp_path / "NL.zip", "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("NL.txt", whole)
    held = bytearray((tmp_path / "NL.zip").read_bytes())
    held[-9_000:-4_000] = bytes(5_000)
    (tmp_path / "NL.zip").write_bytes(held)
    batches = geonames.read(source("geonames", tmp_path / "NL.zip"))
    assert next(batches).num_rows == 10_000  # long before the damage: rows are streamed
    with pytest.raises(InputError, match="NL.zip: ends early or is damaged"):
        list(batches)
    (tmp_path / "NL.zip").write_bytes(held[:20_000])
    with pytest.raises(InputError, match="NL.zip: ends early or is damaged"):
        read(tmp_path / "NL.zip")


def test_a_folder_needs_one_set_of_dumps(tmp_path):
    with pytest.raises(InputError, match="no GeoNames dump in it .* but nothing; bring one"):
        read(tmp_path)
    dump(tmp_path / "NL.txt", line())
    dump(tmp_path / "allCountries.txt", line())
    with pytest.raises(InputError, match="NL.txt, allCountries.txt have the same places"):
        read(tmp_path)


@pytest.mark.data
def test_the_netherlands_are_whole(real_data):
    made = {row["id"]: row for row in read(real_data / SLICES)}
    assert len(made) == 22_852
    assert sum(row["class"] == "city" for row in made.values()) == 6_999
    provinces = {row["code"]: row for row in made.values() if row["class"] == "admin1"}
    table = (real_data / SLICES / "admin1CodesASCII.txt").read_text().splitlines()
    listed = [row.split("\t") for row in table if row.startswith("NL.")]
    assert {code: row["id"] for code, row in provinces.items()} == {
        code: f"gn:{number}" for code, _, _, number in listed
    }
    amsterdam = made["gn:2759794"]
    assert amsterdam["name"] == "Amsterdam" and amsterdam["population"] > 700_000
    assert amsterdam["admin"] == ["NL", "NL.07", "NL.07.0363"]
    units = {row["code"] for row in made.values()}
    assert set(amsterdam["admin"]) <= units
    far = [row for row in made.values() if not (50 < row["lat"] < 56 and 2 < row["lon"] < 8)]
    assert {row["name"] for row in far} == {"Zeelandia", "Noordelijke Zeeraaf"}  # in the source


@pytest.mark.data
def test_each_code_of_the_netherlands_is_in_the_table(real_data):
    told = (real_data / SLICES / "NL.txt").read_text().splitlines()
    found = {tuple(row.split("\t")[6:8]) for row in told}
    assert len(found) > 200
    assert [pair for pair in found if pair[1] and not codes.known(*pair)] == []
