"""Work in processes: all is done, faults come through, and who was killed is told."""

import os
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import pytest

from landscribe.command import InputError
from landscribe.processes import in_processes
from tests.workflow_runs import ROOT


def write(folder: Path, piece: Path) -> None:
    """Write a file named as the piece; some pieces do worse."""
    if piece.name == "killed":
        time.sleep(0.2)
        os.kill(os.getpid(), signal.SIGKILL)
    if piece.name.startswith("wrong"):
        raise InputError(f"{piece}: wrong")
    if piece.name == "slow":
        time.sleep(1)
    (folder / piece.name).write_text(str(os.getpid()))


def pieces(*names):
    return [Path(name) for name in names]


@pytest.mark.parametrize("processes", [0, 1, 2, 3])
def test_each_piece_is_done_once(tmp_path, processes):
    wanted = pieces(*"abcdefg")
    assert sorted(in_processes(partial(write, tmp_path), wanted, processes)) == wanted
    found = {path.name: int(path.read_text()) for path in tmp_path.iterdir()}
    assert [*map(Path, sorted(found))] == wanted
    assert (set(found.values()) == {os.getpid()}) == (processes < 2)
    assert len(set(found.values())) <= max(processes, 1)


def test_no_piece_is_no_work(tmp_path):
    assert [*in_processes(partial(write, tmp_path), [], 3)] == []


@pytest.mark.parametrize("processes", [1, 2])
def test_a_fault_comes_through(tmp_path, processes):
    with pytest.raises(InputError, match="wrong-b: wrong"):
        list(in_processes(partial(write, tmp_path), pieces("a", "wrong-b", "c"), processes))


def test_a_killed_process_is_told_with_its_piece_and_the_others_finish(tmp_path):
    found = in_processes(partial(write, tmp_path), pieces("killed", "slow", "a", "b"), 2)
    with pytest.raises(InputError, match=r"^killed: the process .* was killed"):
        list(found)
    assert (tmp_path / "slow").exists()
    assert not (tmp_path / "killed").exists()


def test_processes_end_with_the_one_that_started_them(tmp_path):
    """It is killed, so that it cannot tell them."""
    code = (
        "from functools import partial; from pathlib import Path;"
        "from landscribe.processes import in_processes; from tests.test_processes import write;"
        f"here = Path({str(tmp_path)!r});"
        "names = map(Path, ['a', 'b', *['slow'] * 60]);"
        "list(in_processes(partial(write, here), names, 2))"
    )
    path = tmp_path / "main.py"
    path.write_text(f"if __name__ == '__main__':\n    {code}\n")
    run = subprocess.Popen([sys.executable, path], env=os.environ | {"PYTHONPATH": str(ROOT)})
    told = [tmp_path / name for name in "ab"]  # either may come first
    wait_until(lambda: all(path.exists() and path.read_text() for path in told))
    children = {int(path.read_text()) for path in told}
    assert all(map(alive, children))
    run.kill()
    run.wait()
    wait_until(lambda: not any(map(alive, children)))


def alive(process: int) -> bool:
    try:
        return "Z" not in Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False


def wait_until(true, seconds=60):
    ends = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < ends
        time.sleep(0.05)
