"""What a smoothed map says of how it was smoothed: a tag of its file."""

import json
from pathlib import Path

import rasterio

from landscribe.command import InputError
from landscribe.smoothing import Smoothing

_TAG = "smoothing"


def smoothing_tag(how: Smoothing) -> dict[str, str]:
    """Tag of a raster that holds the settings."""
    return {_TAG: how.model_dump_json()}


def read_smoothing(path: Path) -> dict:
    """Settings by which a map was smoothed, by the keys of a config."""
    with rasterio.open(path) as raster:
        told = raster.tags().get(_TAG)
    if told is None:
        raise InputError(f"{path}: does not say how it was smoothed; run smooth_map again")
    return json.loads(told)
