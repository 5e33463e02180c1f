"""Left jobs of this folder are ended, and no others. Here the queue is a text file; a real SLURM is
in tests/slurm."""

import pytest

from landscribe.command import InputError
from landscribe.slurm import end_left_jobs

SQUEUE = '#!/bin/sh\ncat "{queue}"\n'
SCANCEL = '#!/bin/sh\nshift\nfor id; do sed -i "/^$id|/d" "{queue}"; done\n'


@pytest.fixture
def queue(tmp_path, monkeypatch):
    """A file that `squeue` prints and `scancel` takes lines from."""
    file, commands = tmp_path / "queue", tmp_path / "bin"
    commands.mkdir()
    for name, text in {"squeue": SQUEUE, "scancel": SCANCEL}.items():
        (commands / name).write_text(text.format(queue=file))
        (commands / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{commands}:/usr/bin:/bin")
    return file


def test_jobs_of_other_folders_and_other_programs_stay(tmp_path, queue):
    here, there = tmp_path / "here", tmp_path / "there"
    here.mkdir()
    (tmp_path / "link").symlink_to(here)
    queue.write_text(
        f"9|landscribe_a|{here}\n10|landscribe_a|{tmp_path}/link\n"
        f"11|landscribe_b|{there}\n12|notebook|{here}\n"
    )
    assert end_left_jobs(here, on_cluster=True) == ["9", "10"]
    assert queue.read_text() == f"11|landscribe_b|{there}\n12|notebook|{here}\n"
    assert end_left_jobs(here, on_cluster=True) == []


def test_a_job_that_does_not_end_stops_the_run(tmp_path, queue):
    queue.write_text(f"9|landscribe_a|{tmp_path}\n")
    (tmp_path / "bin/scancel").write_text("#!/bin/sh\n")
    with pytest.raises(InputError, match="jobs 9 of a killed run did not end"):
        end_left_jobs(tmp_path, on_cluster=True, patience_s=0)


def test_a_queue_that_does_not_answer_stops_a_run_on_the_cluster_alone(tmp_path, queue):
    (tmp_path / "bin/squeue").write_text("#!/bin/sh\necho slurm_load_jobs: down >&2; exit 1\n")
    assert end_left_jobs(tmp_path, on_cluster=False) == []
    with pytest.raises(InputError, match="squeue: slurm_load_jobs: down"):
        end_left_jobs(tmp_path, on_cluster=True)


def test_a_machine_without_slurm_has_no_left_jobs(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert end_left_jobs(tmp_path, on_cluster=False) == []
