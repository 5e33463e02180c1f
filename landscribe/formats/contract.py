"""The contract of every file between stages: what it holds, how it is read, written and checked.

A file is checked once, when it enters a step; after that its CRS, dims and nodata are trusted.
Arrays carry their dims in the docstring. Every writer takes a temporary name (`written`), so a
killed step leaves no half file under a real name.

A module per kind of file, so that a step loads the libraries of its own files alone.
"""

from collections.abc import Sequence

WINDOW_PX = 1024  # side of what a step reads at once
CHUNK_PX = 256  # side of what is packed on its own: a chunk of a cube, a block of a raster
SPLITS = ("train", "validation", "test")  # of labelled polygons and pixels


def channel_names(bands: Sequence[str], periods: Sequence[str]) -> tuple[str, ...]:
    """Names of channels, by period then band: "05-01 B02"; of one image of the season the bands."""
    return tuple(f"{period} {band}" for period in periods for band in bands) or tuple(bands)
