"""A geoparser that learnt twelve lines of gold on a made gazetteer, and documents for it."""

import json
from pathlib import Path

from landscribe.geoparsers import GeoparserCard
from landscribe.places.lookup import Places
from landscribe.tables import DOCUMENTS, batches_of, write_table
from landscribe.text.geoparser import Geoparser
from landscribe.text.training import train_geoparser
from tests.made_world import a_place, make_world, marked

SMALL = {"first_trees": 4, "second_trees": 6, "leaves": 8, "leaf_rows": 1, "folds": 3}
SMALL |= {"evidence_share": 1, "l2": 1}  # so few that it is not too sure of what it learnt
GOLD = (  # text with toponyms in brackets, and what they mean; nothing: no place of the gazetteer
    ("The mayor of [Paris], [Texas], met people from [Dallas] on Monday.", "Paris TX|Texas|Dallas"),
    (
        "Trains from [Paris] to [Lyon] run again, as [France] hoped.",
        "Paris|Lyon|France",
    ),
    ("Police in [Springfield], [Illinois], said that two men fled.", "Springfield IL|Illinois"),
    ("She moved from [Springfield] to [New York] in May.", "Springfield MO|New York"),
    ("Farmers 30 km north of [Dallas] wait for rain.", "Dallas"),
    ("[Lamar County] lies in [Texas], in the [United States].", "Lamar|Texas|US"),
    ("The [Marne] flooded streets near [Paris].", "Marne|Paris"),
    ("A fair between [Dallas] and [Paris], [Texas], drew thousands.", "Dallas|Paris TX|Texas"),
    ("John Smith of the Texas Rangers bought a house in [Atlantis].", ""),
    ("Voters in [Lyon] and [Paris] went to the polls.", "Lyon|Paris"),
    ("[New York] and [Dallas] share a mayor named Paris Hilton.", "New York|Dallas"),
    ("Rain fell in [Illinois] and in [Texas] on Sunday.", "Illinois|Texas"),
)
TEXTS = (
    *(marked(text)[0] for text, _ in GOLD),
    "Smoke rose 20 miles south of Paris, Texas, and between Dallas and Lamar County. Dallas knew.",
    "Springfield lost to Lyon. Nobody in France cared, but Texas did.",
    "Nothing to see here.",
)


def gold_file(folder: Path, places: Places, times: int = 3, **more: object) -> Path:
    """GOLD as JSON lines; trees need it several times."""
    lines = []
    for number, (text, ids) in enumerate(GOLD * times):
        plain, toponyms = marked(text)
        found = [a_place(places, id_) for id_ in ids.split("|")] if ids else [None] * len(toponyms)
        mentions = [
            {"start": t.start, "end": t.end}
            | ({"lon": place.lon, "lat": place.lat, "place": place.id} if place else {})
            for t, place in zip(toponyms, found, strict=True)
        ]
        lines.append({"id": number, "text": plain, "mentions": mentions} | more)
    path = folder / "gold.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


def geoparser_card(gold: Path | None, complete: bool = True) -> GeoparserCard:
    """Card of a small geoparser."""
    told = {"title": "Made", "gazetteer": "made", "languages": ["en"], "resolver": SMALL}
    told["gold"] = [{"path": str(gold), "form": "jsonl", "complete": complete}] if gold else []
    return GeoparserCard.model_validate(told)


def make_geoparser(folder: Path) -> Geoparser:
    """The geoparser, trained; its gazetteer is in `folder`/world."""
    places = make_world(folder / "world")
    return train_geoparser(geoparser_card(gold_file(folder, places)), places)


def a_document(number: int, text: str, **more: object) -> dict:
    """Row of DOCUMENTS."""
    told = {"document": f"made:{number}", "title": "", "text": text, "language": "en"}
    return told | {"licence": "CC0-1.0", "source": f"made.txt {number}", "outlet": ""} | more


def documents(texts: tuple[str, ...] = TEXTS) -> list[dict]:
    """Rows of DOCUMENTS."""
    return [a_document(number, text) for number, text in enumerate(texts)]


def write_shards(folder: Path, rows: list[dict], size: int) -> Path:
    """Documents in shards of `size`."""
    for number, start in enumerate(range(0, len(rows), size)):
        batches = batches_of(rows[start : start + size], DOCUMENTS)
        write_table(folder / f"shard-{number:05}.parquet", batches, DOCUMENTS)
    return folder
