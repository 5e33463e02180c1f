"""A geoparsed document as its page shows it: text, mentions, places, and where they lie."""

from dataclasses import dataclass

import shapely

from landscribe.command import InputError
from landscribe.places.lookup import Place, Places
from landscribe.publish.marked_text import marked_text
from landscribe.publish.outlines import Box, box_around, land_in, packed
from landscribe.publish.place_view import kind_of, place_views

_TOWNS = 60  # of the gazetteer that give a map names to go by
_LEAST_SIDE = 0.3  # degrees of what a map shows at first
_WIDEST = 60  # degrees; wider maps need no finer land than that of the whole world
_GroundKey = tuple[bool, bytes]  # whether it is a relative place, WKB
_SHARE = 1 / 2  # of a box, that is added on each side to look around


@dataclass(frozen=True)
class Parsed:
    """A document with what the geoparser found in it."""

    document: dict  # row of DOCUMENTS
    mentions: list[dict]  # rows of MENTIONS
    ground: bytes | None = None  # WKB; none without a mention that has a place
    reject: str = ""  # why it was not parsed


def document_view(parsed: Parsed, places: Places) -> dict:
    """What the script of the page has to know of a document, as JSON takes it.

    `places`, `grounds` and `mentions` are lists that name each other by number; a ground stands
    once for all of its mentions. Boxes are west, south, east, north; points are lon, lat.
    """
    _check(parsed, places)
    rows = parsed.mentions
    known = places.by_id(_ids(rows))
    numbers = {id_: number for number, id_ in enumerate(known)}
    keys = dict.fromkeys(_ground_key(row) for row in rows if row["footprint"])
    grounds = {key: number for number, key in enumerate(keys)}
    home = _home(parsed, [wkb for _, wkb in grounds])
    near = _wider(home) if home else None
    return {
        **_head(parsed),
        "text": marked_text(parsed.document["text"], [(r["start"], r["end"]) for r in rows]),
        "mentions": [_mention(row, known, numbers, grounds) for row in rows],
        "places": place_views(known.values(), places),
        "grounds": [_shape(wkb) for _, wkb in grounds],
        "ground": packed(shapely.from_wkb(parsed.ground)) if parsed.ground else None,
        "home": home,
        "near": near,
        "land": land_in(near) if near and near[2] - near[0] <= _WIDEST else None,
        "towns": _towns(near, places) if near else [],
    }


def counts(parsed: Parsed) -> dict[str, int]:
    """Mentions, those without a place, relative places, and different places of a document."""
    rows = [row for row in parsed.mentions if row["label"] != "relation"]
    placed = [row["place"] for row in rows if row["place"]]
    told = {"mentions": len(rows), "none": len(rows) - len(placed)}
    return told | {"relations": len(parsed.mentions) - len(rows), "places": len(set(placed))}


def _check(parsed: Parsed, places: Places) -> None:
    """`InputError` if document, mentions and gazetteer do not belong together."""
    text, name = parsed.document["text"], parsed.document["document"]
    for row in parsed.mentions:
        if text[row["start"] : row["end"]] != row["text"]:
            raise InputError(
                f"{name}: {text[row['start'] : row['end']]!r} stands where its mentions have"
                f" {row['text']!r}; the documents changed since, so geoparse them again"
            )
        if row["gazetteer"] != places.version:
            raise InputError(
                f"{name}: its mentions were resolved with the gazetteer {row['gazetteer']}, but"
                f" {places.folder} is {places.version}; name the store of that, or geoparse again"
            )


def _ids(rows: list[dict]) -> list[str]:
    """Ids of all places that a document may mean."""
    candidates = [candidate["place"] for row in rows for candidate in row["candidates"]]
    return [row["place"] for row in rows if row["place"]] + candidates


def _head(parsed: Parsed) -> dict:
    row, source = parsed.document, parsed.document["source"] or ""
    told = {name: row[name] or "" for name in ("title", "language", "licence", "outlet")}
    link = source if source.startswith(("https://", "http://")) else ""
    time = row["time"].date().isoformat() if row["time"] else ""
    told |= {"id": row["document"], "source": source, "link": link, "time": time}
    return told | {"reject": parsed.reject, "counts": counts(parsed)}


def _ground_key(row: dict) -> _GroundKey:
    """What mentions of one ground share; a relative place is not the place that it has."""
    return row["label"] == "relation", row["footprint"]


def _mention(
    row: dict, known: dict[str, Place], numbers: dict[str, int], grounds: dict[_GroundKey, int]
) -> dict:
    place = known.get(row["place"])
    kind = "relation" if row["label"] == "relation" else kind_of(place) if place else "none"
    return {
        "words": row["text"],
        "label": row["label"],
        "kind": kind,
        "place": numbers.get(row["place"]),
        "probability": round(row["probability"], 4),
        "candidates": [
            [numbers[told["place"]], round(told["probability"], 4)] for told in row["candidates"]
        ],
        "ground": grounds[_ground_key(row)] if row["footprint"] else None,
        "at": [round(row["lon"], 4), round(row["lat"], 4)] if row["footprint"] else None,
        **{name: row[name] for name in ("gazetteer", "recognizer", "resolver")},
    }


def _shape(wkb: bytes) -> dict:
    shape = shapely.from_wkb(wkb)
    return {"box": box_around([shape]), **packed(shape)}


def _home(parsed: Parsed, grounds: list[bytes]) -> Box | None:
    """Box that the map shows at first: the document's ground, else those of all mentions."""
    if not (found := [parsed.ground] if parsed.ground else grounds):
        return None
    west, south, east, north = box_around(shapely.from_wkb(found))
    x, y = (max(0.0, (_LEAST_SIDE - side) / 2) for side in (east - west, north - south))
    return west - x, max(south - y, -90), east + x, min(north + y, 90)


def _wider(box: Box) -> Box:
    west, south, east, north = box
    more = _SHARE * max(east - west, north - south)
    if east - west + 2 * more > 360:
        return -180, max(south - more, -90), 180, min(north + more, 90)
    return west - more, max(south - more, -90), east + more, min(north + more, 90)


def _towns(box: Box, places: Places) -> list[list]:
    """Name, lon and lat of the largest settlements in a box, the largest first."""
    west, south, east, north = box
    turned = ((lon + 180) % 360 - 180 for lon in (west, east))
    west, east = turned if east - west < 360 else (-180, 180)
    found = places.box(west, south, east, north, {"city"}, most=_TOWNS)
    return [[p.name, round(p.lon, 3), round(p.lat, 3)] for p in found]
