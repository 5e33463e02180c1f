# What every rule file needs: the checked config and cards, blocks, code versions.
from landscribe.provenance import code_version, code_version_with_model, folder_digest
from landscribe.runs import Plan

PLAN = Plan.read(config)
RUN = PLAN.run

# Jobs started by `shell:` find the project without an install step; progress shows as it comes.
shell.prefix(
    f"set -euo pipefail; export PYTHONPATH={workflow.basedir} PYTHONUNBUFFERED=1; "
)


wildcard_constraints:
    archive="[a-z][a-z0-9-]*",
    block="[0-9]{1,2}[A-Z]{3}",
    model="[a-z][a-z0-9-]*",
    region="[a-z][a-z0-9-]*",
    task="[a-z][a-z0-9-]*",
    year="[0-9]{4}",
