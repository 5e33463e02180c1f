# What every rule file needs: the checked config and cards, blocks, code versions.
import sys
from pathlib import Path

from landscribe.failures import failures, told
from landscribe.provenance import (
    code_version,
    code_version_with_model,
    code_version_with_reader,
    folder_digest,
)
from landscribe.runs import Plan
from landscribe.slurm import end_left_jobs

PLAN = Plan.read(config)
RUN = PLAN.run

# Jobs started by `shell:` find the project without an install step; progress shows as it comes.
shell.prefix(
    f"set -euo pipefail; export PYTHONPATH={workflow.basedir} PYTHONUNBUFFERED=1; "
)


wildcard_constraints:
    archive="[a-z][a-z0-9-]*",
    block="[0-9]{1,2}[A-Z]{3}",
    campaign="[a-z][a-z0-9-]*",
    corpus="[a-z][a-z0-9-]*",
    gazetteer="[a-z][a-z0-9-]*",
    geoparser="[a-z][a-z0-9-]*",
    model="[a-z][a-z0-9-]*",
    part="[0-9]+",
    parts="[0-9]+",
    region="[a-z][a-z0-9-]*",
    sensor="[a-z][a-z0-9-]*",
    source="[a-z][a-z0-9-]*",
    task="[a-z][a-z0-9-]*",
    year="[0-9]{4}",


# Snakemake forgets the jobs of a run whose process was killed, and would submit them a second time.
onstart:
    end_left_jobs(Path.cwd(), on_cluster=not workflow.local_exec)


# Of thousands of jobs a few failed: say which and why, below all that the others said.
onerror:
    print(told(failures(log)), file=sys.stderr)
