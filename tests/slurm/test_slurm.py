"""The workflow and its profile on the real SLURM of up.sh: same bits as here, whatever is ended.

Little workflows of 6 block-like jobs stand in for long ones: their jobs hold until the test has
seen them in the queue, so nothing here waits for a time that was guessed.
"""

import os
import shutil
import sys
from pathlib import Path

import dask
import pytest
import yaml

from landscribe.imagery.cluster import workers
from landscribe.imagery.stack import write_cube
from tests.made_cube import BLOCK as GROUND
from tests.made_cube import SENSOR, scene
from tests.slurm.runs import (
    CONF,
    PROFILES,
    ROOT,
    SOON,
    TOP,
    ask,
    await_true,
    digest,
    end_all,
    ended,
    history,
    queued,
    queued_rules,
    start,
    start_here,
    start_slurm,
)

pytestmark = [
    pytest.mark.slurm,
    pytest.mark.skipif(not CONF.exists(), reason=f"no {CONF}; run tests/slurm/up.sh"),
]
BLOCK = "results/fetch/beetzsee/2017/33UUU"
PARTS = 4
CUBES = [f"results/fetch/part-{n}/2017/33UUU/sentinel-2-l1c/cube.zarr" for n in range(PARTS)]
DEMO_REGION = "config/regions/beetzsee.yaml"
DEMO = ["--configfile", "config/demo.yaml", "--"]
TARGETS = [
    f"{BLOCK}/sentinel-2-l1c/cube.zarr",
    f"{BLOCK}/landuse/labels.tif",
    f"{BLOCK}/landuse/polygons.parquet",
]

BLOCKS = """\
from pathlib import Path
from landscribe.slurm import end_left_jobs

onstart:
    end_left_jobs(Path.cwd(), on_cluster=not workflow.local_exec)

rule all:
    input: expand("blocks/{block}.txt", block=range(6))

rule make_block:
    output: "blocks/{block}.txt"
    threads: 2
    shell: "python make_block.py {wildcards.block} {output}"
"""
# Two at once on one block show: the second finds the lock held. SLURM's end of a job frees it.
MAKE_BLOCK = """\
import fcntl, pathlib, sys, time
block, output = int(sys.argv[1]), pathlib.Path(sys.argv[2])
lock = open(f"block-{block}.lock", "w")
try:
    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
except BlockingIOError:
    pathlib.Path(f"twice-at-once-{block}").touch()
    raise
with open("starts", "a") as starts:
    print(block, file=starts)
while not pathlib.Path("go").exists():
    time.sleep(0.2)
part = output.with_suffix(".part")
part.write_text("".join(f"{(block + 1) * n * n % 9973}\\n" for n in range(20_000)))
part.rename(output)
"""

# As much as the profile asks for, in small: 400 MB where it has 4,000, a minute where it has 60.
SMALLER = {"mem_mb: 4000 *": "mem_mb: 400 *", "runtime: 60 *": "runtime: 1 *"}
GREEDY = """\
rule all:
    input: "memory", "time", "results/unet", "results/forest"

rule take_memory:
    output: "memory"
    shell: "python -c \\"import time; kept = b'x' * 450_000_000; time.sleep(3)\\" && touch {output}"

# 100 seconds of work of which each second is kept: more than the first attempt has.
rule take_time:
    output: "time"
    shell:
        "until test $(cat seconds 2> /dev/null | wc -l) -ge 100; do sleep 1; echo >> seconds; done;"
        " touch {output}"

rule train_model:
    output: "results/{model}"
    shell: "echo $SLURM_JOB_PARTITION ${{CUDA_VISIBLE_DEVICES-none}} > {output}"
"""


@pytest.fixture(scope="module", autouse=True)
def slurm():
    """Commands of SLURM, and the jobs, find the SLURM of up.sh and this project."""
    with pytest.MonkeyPatch.context() as patch:
        commands = [str(TOP / "bin"), str(Path(sys.executable).parent), os.environ["PATH"]]
        patch.setenv("PATH", ":".join(commands))
        patch.setenv("SLURM_CONF", str(CONF))
        patch.setenv("PYTHONPATH", str(ROOT))
        yield
        end_all()


@pytest.fixture(scope="module", autouse=True)
def tree_run(slurm, tmp_path_factory):
    """The workflow itself on SLURM, beside the other tests: (run, folder, left job, other jobs)."""
    folder = copy_of_the_tree(tmp_path_factory.mktemp("tree"))
    left, others = sleeper(folder), [sleeper(folder.parent), sleeper(folder, "notebook")]
    return start_slurm(folder, *DEMO, *TARGETS), folder, left, others


@pytest.fixture(scope="module", autouse=True)
def greedy_run(slurm, tmp_path_factory):
    """A run whose jobs SLURM ends; it takes minutes, so it goes on beside the other tests."""
    folder = tmp_path_factory.mktemp("greedy")
    text = (PROFILES / "slurm/config.yaml").read_text()
    for ours, smaller in SMALLER.items():
        assert text.count(ours) == 1
        text = text.replace(ours, smaller)
    (folder / "profile").mkdir()
    (folder / "profile/config.yaml").write_text(text)
    (folder / "Snakefile").write_text(GREEDY)
    return start(folder, "--profile", "profile", *SOON), folder


def sleeper(folder: Path, name: str = "landscribe_left") -> str:
    """Id of a job that looks like one of a run of that folder."""
    flags = [
        "--parsable",
        f"--job-name={name}",
        "--output=/dev/null",
        "--mem=50",
        "-D",
        str(folder),
    ]
    return ask("sbatch", *flags, "--wrap", "sleep 1000")[0]


def copy_of_the_tree(folder: Path) -> Path:
    for name in ask("git", "-C", str(ROOT), "ls-files"):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    return folder


def blocks_in(folder: Path) -> Path:
    folder.mkdir()
    (folder / "Snakefile").write_text(BLOCKS)
    (folder / "make_block.py").write_text(MAKE_BLOCK)
    return folder


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    """Digest of the blocks of a run that nobody disturbed, without SLURM."""
    folder = blocks_in(tmp_path_factory.mktemp("undisturbed") / "run")
    (folder / "go").touch()
    ended(start_here(folder), folder)
    assert len(list((folder / "blocks").glob("*.txt"))) == 6
    return digest(folder, "blocks")


@pytest.fixture
def folder(tmp_path):
    """Of a run of blocks; its jobs do not outlive a failed test and keep the others waiting."""
    yield blocks_in(tmp_path / "run")
    if left := queued(tmp_path / "run"):
        ask("scancel", *left)


def test_cancelled_jobs_alone_are_made_again(folder, undisturbed):
    first = start_slurm(folder, "--retries", "0")
    running, _ = await_true(lambda: at_work(folder), "jobs that run and jobs that wait")
    cancelled = running[: len(running) // 2]
    ask("scancel", *cancelled)
    (folder / "go").touch()
    ended(first, folder, code=1)
    assert len(list((folder / "blocks").glob("*.txt"))) == 6 - len(cancelled)

    ended(start_slurm(folder), folder)
    assert digest(folder, "blocks") == undisturbed
    states = [job.state for job in history(folder)]
    assert sorted(states) == ["CANCELLED"] * len(cancelled) + ["COMPLETED"] * 6


def test_a_killed_run_starts_again_and_nothing_runs_twice_at_once(folder, undisturbed):
    first = start_slurm(folder)
    running, waiting = await_true(lambda: at_work(folder), "jobs that run and jobs that wait")
    first.kill()
    first.wait()
    left = {*running, *waiting}
    assert left <= set(queued(folder)), "SLURM ended the jobs by itself: nothing is proven"

    second = start_slurm(folder)
    new = await_true(lambda: set(queued(folder)) - left, "the jobs of the second run")
    assert not left & set(queued(folder)), "new jobs beside left ones"
    (folder / "go").touch()
    ended(second, folder)
    assert new
    assert digest(folder, "blocks") == undisturbed
    assert not list(folder.glob("twice-at-once-*"))
    assert not overlaps(folder)
    states = [job.state for job in history(folder)]
    assert sorted(states) == ["CANCELLED"] * len(left) + ["COMPLETED"] * 6


def test_a_cube_made_by_jobs_of_a_queue_has_the_same_bits(tmp_path):
    """Pieces of one cube by dask workers, each a job of SLURM, which go when it is made."""
    made = [scene(tmp_path, day, seed=day)[0] for day in (1, 11, 21)]
    assert write_cube(tmp_path / "here.zarr", made, SENSOR, GROUND).empty
    job = {"name": "pieces", "cores": 1, "memory": "700MB", "queue": "cpu", "walltime": "00:05:00"}
    job |= {"log-directory": str(tmp_path)}
    settings = {"jobqueue.slurm": dask.config.get("jobqueue.slurm") | job}
    with dask.config.set(settings), workers("slurm", 2) as pool:
        assert write_cube(tmp_path / "there.zarr", made, SENSOR, GROUND, 0, pool).empty
        assert "pieces" in ask("squeue", "-h", "-o", "%j")
    assert digest(tmp_path / "here.zarr", "dn", "mask") == digest(
        tmp_path / "there.zarr", "dn", "mask"
    )
    await_true(lambda: "pieces" not in ask("squeue", "-h", "-o", "%j"), "the end of the workers")


def test_cancelled_cubes_are_made_again(tmp_path):
    """Half of the jobs that stack the demo's real scene, cut into regions, are ended."""
    here, there = (cut_in_parts(copy_of_the_tree(tmp_path / name)) for name in ("here", "there"))
    flags = ["--configfile", "config/parts.yaml", "--", *CUBES]
    ended(start_here(here, *flags), here)

    first = start_slurm(there, "--retries", "0", *flags)
    stacking = await_true(lambda: two_that_stack(there), "jobs that stack", 200)
    cancelled = stacking[: len(stacking) // 2]
    ask("scancel", *cancelled)
    ended(first, there, code=1)
    ended(start_slurm(there, *flags), there)
    assert digest(here, *CUBES) == digest(there, *CUBES)
    states = [job.state for job in history(there) if job.what.startswith("stack_scenes")]
    assert sorted(states) == ["CANCELLED"] * len(cancelled) + ["COMPLETED"] * len(CUBES)


def cut_in_parts(folder: Path) -> Path:
    """Regions side by side, and a run of all, in a copy of the tree."""
    whole = yaml.safe_load((folder / DEMO_REGION).read_text())
    west, south, east, north = whole["bounds"]
    side = (east - west) / PARTS
    for part in range(PARTS):
        bounds = [west + side * part, south, west + side * (part + 1), north]
        card = whole | {"title": f"Part {part}", "bounds": bounds}
        (folder / f"config/regions/part-{part}.yaml").write_text(yaml.safe_dump(card))
    run = yaml.safe_load((folder / "config/demo.yaml").read_text())
    run["regions"] = [f"part-{part}" for part in range(PARTS)]
    (folder / "config/parts.yaml").write_text(yaml.safe_dump(run))
    return folder


def two_that_stack(folder: Path) -> list[str] | None:
    """Ids of jobs that stack scenes, once there are two: first those that run."""
    found = [
        id
        for state in ("running", "pending")
        for id, what in queued_rules(folder, state)
        if what.startswith("stack_scenes")
    ]
    return found if len(found) >= 2 else None


def at_work(folder: Path) -> tuple[list[str], list[str]] | None:
    """Ids of (running, waiting) jobs, once all 6 are submitted and those that run have begun."""
    running, waiting = queued(folder, "running"), queued(folder, "pending")
    starts = folder / "starts"
    begun = len(starts.read_text().splitlines()) if starts.exists() else 0
    ready = len(running) + len(waiting) == 6 and begun == len(running) >= 2 and waiting
    return (running, waiting) if ready else None


def overlaps(folder: Path) -> list[str]:
    """Blocks of which a job began before an earlier one had ended, by the books of SLURM."""
    ran = sorted((j.what, j.start, j.end) for j in history(folder) if j.start[:1].isdigit())
    pairs = zip(ran, ran[1:], strict=False)
    return [what for (what, _, end_), (other, begin, _) in pairs if what == other and begin < end_]


def test_a_job_out_of_memory_or_time_comes_again_with_more(greedy_run):
    run, folder = greedy_run
    ended(run, folder)
    found = history(folder)
    memory = [(job.state, job.memory) for job in found if job.what == "take_memory"]
    minutes = [(job.state, job.minutes) for job in found if job.what == "take_time"]
    assert memory in (
        [(ends, "400M"), ("COMPLETED", "800M")] for ends in ("OUT_OF_MEMORY", "FAILED")
    )
    assert minutes == [("TIMEOUT", "1"), ("COMPLETED", "2")]


def test_a_model_gets_the_gpu_that_the_profile_gives_it(greedy_run):
    run, folder = greedy_run
    ended(run, folder)
    assert (folder / "results/unet").read_text() == "gpu 0\n"
    assert (folder / "results/forest").read_text() == "cpu none\n"


def test_the_workflow_makes_the_same_bits_on_slurm_as_here(tree_run, tmp_path):
    run, there, left, others = tree_run
    here = copy_of_the_tree(tmp_path)
    ended(start_here(here, *DEMO, *TARGETS), here)
    ended(run, there)

    assert digest(here, *TARGETS) == digest(there, *TARGETS)
    made = [job for job in history(there) if job.what]
    rules = ["import_scenes", "search_scenes", "stack_scenes", "fetch_labels"]
    assert [job.what.split("_wildcards_")[0] for job in made] == rules
    assert {job.state for job in made} == {"COMPLETED"}
    # The workflow ended what a killed run of its folder left, and nothing else.
    assert set(ask("squeue", "-h", "-o", "%A")) & {left, *others} == set(others)
