"""OpenStreetMap's tags -> our classes; https://wiki.openstreetmap.org/wiki/Map_features.

The first key of the table that a thing has with a known value decides; things without one are no
places of ours: shops, streets, trees. `*` stands for all values that the key does not list.
"""

from collections.abc import Mapping

RIVERS = {"river", "stream", "canal", "drain", "ditch", "tidal_channel"}  # waterway=*, as lines
_LEVELS = {"2": "country", "3": "region", "4": "admin1", "5": "admin2", "6": "admin2"}
_LEVELS |= {"7": "admin3", "8": "admin3", "9": "admin4", "10": "admin4", "11": "admin4"}
_TABLE = {
    "boundary": {
        "park": "national_park protected_area",
        "region": "aboriginal_lands",
    },  # and administrative, by its level
    "place": {
        "continent": "continent",
        "country": "country",
        "admin1": "state province",
        "admin2": "county district",
        "admin3": "municipality",
        "region": "region",
        "city": "city town village hamlet isolated_dwelling",
        "district": "borough suburb quarter neighbourhood city_block",
        "sea": "ocean sea",
        "island": "archipelago island islet peninsula",
        "landuse": "locality allotments",
        "site": "farm square",
    },
    "waterway": {
        "river": " ".join([*RIVERS, "riverbank"]),
        "site": "waterfall dam weir lock_gate dock",
    },
    "natural": {
        "mountain": "peak volcano hill saddle cliff arete",
        "range": "ridge mountain_range massif valley gorge plateau plain desert",
        "lake": "water",
        "sea": "bay strait reef shoal",
        "island": "cape peninsula isthmus",
        "wood": "wood scrub heath moor grassland fell tundra wetland mud beach sand glacier scree"
        " bare_rock",
        "site": "spring hot_spring geyser cave_entrance sinkhole rock stone arch",
    },
    "mountain_pass": {"mountain": "yes"},
    "aeroway": {"airport": "aerodrome heliport"},
    "railway": {"site": "station halt"},
    "man_made": {"road": "bridge tunnel"},
    "leisure": {"park": "park nature_reserve garden"},
    "landuse": {
        "wood": "forest",
        "lake": "reservoir basin salt_pond",
        "district": "residential",
        "site": "cemetery military religious education",
        "landuse": "*",
    },
}
KEYS = tuple(_TABLE)
_CLASSES = {
    (key, value): place_class
    for key, of_key in _TABLE.items()
    for place_class, values in of_key.items()
    for value in values.split()
}
_NO_GROUND = {("landuse", "construction")}  # of today only
_FLOWING = ("river", "stream", "canal", "ditch")  # water=* of a river's area


def place_class(tags: Mapping[str, str]) -> str | None:
    """Our class of what has some tags; None of what is no place."""
    if tags.get("boundary") == "administrative":
        return _LEVELS.get(tags.get("admin_level", ""))
    if tags.get("natural") == "water" and tags.get("water") in _FLOWING:
        return "river"
    for key in _TABLE:
        value = tags.get(key)
        if value is None or (key, value) in _NO_GROUND:
            continue
        if found := _CLASSES.get((key, value)) or _CLASSES.get((key, "*")):
            return found
    return None
