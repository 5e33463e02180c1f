"""How tests and benchmarks call the workflow from a folder with cards of its own."""

import os
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
PROFILE = ROOT / "workflow/profiles/default"
SNAKEMAKE = (sys.executable, "-m", "snakemake", "--nolock", "--cores", "2")
SNAKEMAKE += ("--snakefile", str(ROOT / "Snakefile"), "--profile", str(PROFILE))


def environment() -> dict[str, str]:
    """Variables for a run: its jobs call `python`, which has to be this one."""
    paths = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    return os.environ | {"PATH": paths}
