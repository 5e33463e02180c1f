"""Duplicates: several items of one ground and one pass of a satellite.

Archives keep a scene's older processings beside the newest, and list a granule twice where it was
delivered twice. But a tile may also truly come in two granules of one pass, each with a part of it.
"""

import re

from shapely.geometry.base import BaseGeometry

from landscribe.imagery.items import baseline, item_times, outline

_DATATAKE_FIELDS = ("s2:datatake_id", "eopf:datatake_id")
_NEW_GROUND = 0.05  # share of a granule that the kept ones do not show, from which it is used


def newest(items: list[dict]) -> list[dict]:
    """Items without those whose ground newer ones of the same pass and grid cell show.

    The newest baseline comes first, then tier over real-time products, then the last creation. An
    older one stays where more than 5 % of it is ground that none before it shows.
    Sorted by time and id. Items without `grid:code` all stay.
    """
    kept: dict[tuple, tuple[list[dict], BaseGeometry]] = {}
    for item in sorted(items, key=_age, reverse=True):
        ground = outline(item)
        chosen, shown = kept.get(key := same_pass(item), ([], None))
        if shown is None:
            kept[key] = [item], ground
        elif ground.area and ground.difference(shown).area > _NEW_GROUND * ground.area:
            kept[key] = [*chosen, item], shown.union(ground)
    found = [item for chosen, _ in kept.values() for item in chosen]
    return sorted(found, key=lambda item: (item_times(item)[0], item["id"]))


def same_pass(item: dict) -> tuple:
    """Key that items share which are of one grid cell and one pass of a satellite.

    The pass is told by its datatake, else by platform and second.
    """
    properties = item["properties"]
    cell = properties.get("grid:code")
    if cell is None:
        return item["id"], item["properties"]["datetime"]
    for name in _DATATAKE_FIELDS:
        if datatake := properties.get(name):  # GS2A_20231107T144731_043751_N05.09
            return cell, re.sub(r"_N\d\d\.\d\d$", "", str(datatake))
    return cell, properties.get("platform"), properties["datetime"][:19]


def _age(item: dict) -> tuple:
    properties = item["properties"]
    final = properties.get("landsat:collection_category") != "RT"
    return baseline(properties), final, properties.get("created", ""), item["id"]
