"""Scenes of a block, and the passes of a satellite that they were taken in."""

from shapely import make_valid, union_all
from shapely.geometry import shape
from shapely.geometry.base import BaseGeometry

from landscribe.command import InputError
from landscribe.grid import Block, lonlat_box

_LEAST_MORE = 1e-3  # of a block, that a scene of another zone has to add; outlines are this rough


def block_scenes(scenes: list[dict], block: Block) -> list[dict]:
    """Scenes that touch a block, by time and id; `InputError` where there are none.

    Where scenes are cut along the squares of the grid (`grid:code`), those of the block's own
    square hold all that their neighbours show of it. Else those of its own UTM zone, and of others
    those that show ground which no scene of the same pass in its own zone shows: some missions,
    such as Landsat, deliver each scene in one zone, others the same ground again in the next one.
    """
    ground = lonlat_box(block.bounds, block.crs)
    touching = [s for s in scenes if shape(s["geometry"]).intersects(ground)]
    if not touching:
        raise InputError(
            f"block {block.id}: none of {len(scenes)} scenes touches it; widen the season or take"
            " the block out of the region"
        )
    own = [s for s in touching if s["properties"].get("grid:code") == f"MGRS-{block.id}"]
    native = [s for s in touching if s["properties"].get("proj:epsg") == block.epsg]
    if not own and native:
        others = [scene for scene in touching if scene not in native]
        native += _showing_more(others, native, ground)
    return sorted(own or native or touching, key=_moment)


def passes_of(scenes: list[dict], epsg: int | None = None) -> list[list[dict]]:
    """Scenes of one platform, relative orbit and UTC day together, by time and id.

    Args:
        epsg: within a pass scenes of this CRS come first: they need not be warped.
    """
    found: dict[tuple, list[dict]] = {}
    for scene in sorted(scenes, key=_moment):
        found.setdefault(_pass(scene), []).append(scene)
    for one in found.values():
        one.sort(key=lambda scene: scene["properties"].get("proj:epsg") != epsg)
    return sorted(found.values(), key=lambda scenes: _moment(scenes[0]))


def _showing_more(others: list[dict], native: list[dict], ground: BaseGeometry) -> list[dict]:
    """Those of other zones that show ground which no scene of their pass in `native` shows."""
    shown: dict[tuple, list[BaseGeometry]] = {}
    for scene in native:
        shown.setdefault(_pass(scene), []).append(make_valid(shape(scene["geometry"])))
    found = []
    for scene in others:
        seen = union_all(shown.get(_pass(scene), []))
        more = make_valid(shape(scene["geometry"])).intersection(ground).difference(seen)
        if more.area > _LEAST_MORE * ground.area:
            found.append(scene)
    return found


def _pass(scene: dict) -> tuple[str, str, int]:
    """What scenes of one pass have in common: UTC day, platform, relative orbit."""
    told = scene["properties"]
    orbit = told.get("sat:relative_orbit")
    return told["datetime"][:10], told.get("platform", ""), orbit if orbit is not None else -1


def _moment(scene: dict) -> tuple[str, str]:
    return scene["properties"]["datetime"], scene["id"]
