"""A virtualenv for the peers: they need torchvision, beside which our own libraries do not import.

All share one, kept in a folder for later runs: 2.6 GB. Each peer is installed by itself, so one
that cannot be had leaves the others.
"""

import json
import subprocess
import sys
from pathlib import Path

# Of one day, and no CUDA: unconstrained, pip takes a newer torch with 4 GB of it.
CONSTRAINTS = ("torch==2.13.0", "torchvision==0.28.0", "numpy==2.4.6", "rasterio==1.4.4")
REQUIREMENTS = {
    "torchgeo": ("torchgeo==0.8.1",),
    "terratorch": ("terratorch==1.2.11",),
    # It needs the other two as well, but does not say so.
    "rslearn": ("rslearn==0.1.19", "einops==0.8.2", "wandb==0.31.0"),
}
_CUDA = ("nvidia-", "cuda-", "triton")
_MINUTES = 30


class NotHad(Exception):
    """Why a peer cannot be had."""


def python_with(peer: str, folder: Path) -> Path:
    """Python of the virtualenv in a folder, which has a peer; raises `NotHad`."""
    python, mark = (folder / "bin" / "python").absolute(), folder / f"{peer}.installed"
    wanted = "\n".join((*REQUIREMENTS[peer], *CONSTRAINTS)) + "\n"
    if not (mark.exists() and mark.read_text() == wanted):
        constraints = _begun(python, folder)
        _pip(python, "--constraint", str(constraints), *REQUIREMENTS[peer])
        mark.write_text(wanted)
    return python


def cuda_packages(plan: dict) -> list[str]:
    """Packages of CUDA, with versions, in what `pip install --report` says."""
    found = [(p["metadata"]["name"].lower(), p["metadata"]["version"]) for p in plan["install"]]
    told = [f"{n} {v}" for n, v in found if n.startswith(_CUDA) or "+cu" in v]
    return sorted(told)


def _begun(python: Path, folder: Path) -> Path:
    """File of constraints in a virtualenv, which is made where it is missing.

    pip is asked first what it would install as torch.
    """
    constraints = folder / "constraints.txt"
    if not python.exists():
        _told([sys.executable, "-m", "venv", str(folder)])
    plan = _pip(python, "--dry-run", "--ignore-installed", "--report", "-", CONSTRAINTS[0])
    if found := cuda_packages(json.loads(plan)):
        raise NotHad(
            f"{CONSTRAINTS[0]} would bring CUDA ({', '.join(found[:3])}, ...); name an index of"
            " torch for processors in PIP_EXTRA_INDEX_URL"
        )
    constraints.write_text("\n".join(CONSTRAINTS) + "\n")
    return constraints


def _pip(python: Path, *words: str) -> str:
    """What pip prints."""
    install = ["--no-input", "--retries", "1", "install", "--quiet", "--no-cache-dir"]
    return _told([str(python), "-m", "pip", *install, *words])


def _told(command: list[str]) -> str:
    """What a command prints; raises `NotHad` with its last error."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_MINUTES * 60)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NotHad(str(error)) from None
    if done.returncode:
        lines = (done.stderr or done.stdout or "it said nothing").strip().splitlines()
        errors = [line for line in lines if line.startswith("ERROR")]
        raise NotHad((errors or lines)[-1].removeprefix("ERROR: "))
    return done.stdout
