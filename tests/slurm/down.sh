#!/usr/bin/env bash
# Stop the SLURM of up.sh with its jobs, and remove its folder.
set -euo pipefail
top=${LANDSCRIBE_SLURM:-/tmp/landscribe-slurm-$(id -u)}
export SLURM_CONF=$top/etc/slurm.conf

if [ ! -e "$top/.landscribe-slurm" ]; then
    echo "no SLURM of up.sh in $top"
    exit 0
fi

# The id in $top/run/NAME.pid, if that process still is NAME (ids are used again) and no zombie, which
# keeps its id until the first process of the machine asks after it.
living() {
    local id
    id=$(cat "$top/run/$1.pid" 2> /dev/null) || return 0
    if grep -qs "^[^)]*($1) [^ZX]" "/proc/$id/stat"; then echo "$id"; fi
}

stop() {
    local id tries=200
    id=$(living "$1")
    if [ -z "$id" ]; then return; fi
    kill "$id"
    # By their ids: slurmd and others remove their pid files before they end.
    while grep -qs "^[^)]*($1) [^ZX]" "/proc/$id/stat"; do
        tries=$((tries - 1))
        if [ $tries -eq 0 ]; then kill -KILL "$id" || true; fi
        sleep 0.1
    done
}

# Jobs first: they outlive the daemon of their node.
if [ -n "$(living slurmctld)" ] && [ -n "$(living slurmd)" ]; then
    timeout 20 scancel --user="$(id -un)" || true
    for _ in $(seq 60); do
        if [ -z "$(timeout 20 squeue --noheader)" ]; then break; fi
        sleep 0.5
    done
fi
for daemon in slurmd slurmctld slurmdbd mariadbd munged; do stop $daemon; done
rm -rf "$top"
echo "SLURM is down"
