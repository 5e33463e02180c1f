"""The door of every script: messages instead of tracebacks, whole files or none."""

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from landscribe.command import resumed, written

SCRIPTS = sorted(p.stem for p in Path("scripts").glob("*.py") if p.stem != "__init__")


def test_a_file_appears_whole_or_not_at_all(tmp_path):
    path = tmp_path / "deep/x.txt"
    with pytest.raises(KeyError), written(path) as part:
        part.write_text("half")
        raise KeyError
    assert list(path.parent.iterdir()) == []
    with written(path) as part:
        part.write_text("whole")
    assert [p.name for p in path.parent.iterdir()] == ["x.txt"]


def test_a_folder_replaces_the_one_before(tmp_path):
    path = tmp_path / "cube"
    for name in ("old", "new"):
        with written(path) as part:
            part.mkdir()
            (part / name).touch()
    assert [p.name for p in path.iterdir()] == ["new"]
    assert [p.name for p in tmp_path.iterdir()] == ["cube"]


def test_a_file_in_which_a_run_was_killed_does_not_stay(tmp_path):
    out = tmp_path / "out"
    with pytest.raises(KeyboardInterrupt), resumed(out, "same") as folder:
        for name in ("tables/.09d2698e.shard-1.parquet", "tables/.hidden", ".60f95d14.more/x"):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).touch()
        raise KeyboardInterrupt
    with resumed(out, "same") as folder:
        assert [p.name for p in sorted((folder / "tables").iterdir())] == [".hidden"]
    assert sorted(str(p.relative_to(out)) for p in out.rglob("*")) == ["tables", "tables/.hidden"]


def test_what_a_failed_run_left_is_there_for_the_next_and_gone_after(tmp_path):
    out = tmp_path / "out.zarr"
    for mark in ("old", "new"):
        with pytest.raises(KeyboardInterrupt), resumed(out, mark) as part:
            part.mkdir()
            (part / mark).touch()
            raise KeyboardInterrupt
    assert [p.name for p in tmp_path.iterdir()] == ["out-new"]
    with resumed(out, "new") as part:
        assert (part / "new").exists()
    assert [p.name for p in tmp_path.rglob("*")] == ["out.zarr", "new"]


@pytest.mark.parametrize(
    ("raised", "told"),
    [
        ("InputError('found 1, wanted 2; do 3')", "error: found 1, wanted 2; do 3"),
        (f"OSError({errno.ENOSPC}, 'No space left on device', 'x.tif')", "no space left on the"),
    ],
)
def test_faults_end_in_one_message(raised, told):
    code = (
        "from landscribe.command import InputError, command\n"
        f"def main() -> None:\n    '''Fail.'''\n    raise {raised}\ncommand(main)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 1
    assert told in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("script", SCRIPTS)
def test_help_teaches_every_flag(script):
    done = subprocess.run(
        [sys.executable, "-m", f"scripts.{script}", "--help"],
        capture_output=True,
        text=True,
        env=os.environ | {"COLUMNS": "200"},
    )
    assert done.returncode == 0, done.stderr
    assert "usage:" in done.stdout
