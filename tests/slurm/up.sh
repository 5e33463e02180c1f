#!/usr/bin/env bash
# A real SLURM with accounting on this one machine, for tests: tests/slurm/up.sh; tests/slurm/down.sh
#
# Everything it writes is under one folder, its ports and its munge are its own, and nothing of a SLURM
# that is already here is read or changed. Called again, it starts what does not run. Then
#   export SLURM_CONF=$LANDSCRIBE_SLURM/etc/slurm.conf PATH=$LANDSCRIBE_SLURM/bin:$PATH
# makes sbatch, sacct, Snakemake, ... talk to it.
#   LANDSCRIBE_SLURM       the folder (default /tmp/landscribe-slurm-<uid>)
#   LANDSCRIBE_SLURM_PORT  first of four ports (default 26810)
# Processors, memory and GPUs are pretended: jobs are scheduled by them, and share the machine.
set -euo pipefail
umask 022
top=${LANDSCRIBE_SLURM:-/tmp/landscribe-slurm-$(id -u)}
port=${LANDSCRIBE_SLURM_PORT:-26810}
host=$(hostname -s)
me=$(id -un)
export SLURM_CONF=$top/etc/slurm.conf
export PATH=$PATH:/usr/sbin:/sbin

main() {
    packages
    mkdir -p "$top"/{bin,etc,run,log,state,spool,db}
    touch "$top/.landscribe-slurm"
    settings
    start munged "$top/run/munged.pid" munged --key-file="$top/etc/munge.key" --socket="$top/run/munge.socket" \
        --pid-file="$top/run/munged.pid" --log-file="$top/log/munged.log" --seed-file="$top/run/munge.seed"
    database
    start slurmdbd "$top/run/slurmdbd.pid" slurmdbd
    await slurmdbd timeout 10 sacctmgr --noheader show cluster
    account
    start slurmctld "$top/run/slurmctld.pid" slurmctld -i
    await slurmctld timeout 10 scontrol ping
    start slurmd "$top/run/slurmd.pid" slurmd
    scontrol update nodename="$host" state=resume > "$top/log/resume.log" 2>&1 || true
    await "the node" node_ready
    await "a first job" timeout 20 srun --quiet --ntasks=1 --mem=50 true
    echo "SLURM is up: export SLURM_CONF=$SLURM_CONF PATH=$top/bin:\$PATH"
}

# What Debian calls the daemons; installed where we may. The policy keeps their services from starting.
packages() {
    local wanted=(slurmctld slurmd slurm-client slurmdbd munge mariadb-server)
    if dpkg --status "${wanted[@]}" > /dev/null 2>&1; then return; fi
    if [ "$(id -u)" -ne 0 ] || ! command -v apt-get > /dev/null; then
        echo "error: SLURM is not installed; as root: apt-get install ${wanted[*]}" >&2
        exit 1
    fi
    local policy=/usr/sbin/policy-rc.d ours=
    if [ ! -e $policy ]; then
        printf '#!/bin/sh\nexit 101\n' > $policy
        chmod +x $policy
        ours=yes
    fi
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${wanted[@]}" > /dev/null
    if [ -n "$ours" ]; then rm $policy; fi
}

settings() {
    secret munge.key
    secret password
    local gpus="Count=2" # without devices SLURM counts GPUs, and tells a job not which it has
    if [ "$(id -u)" -eq 0 ]; then
        for gpu in 0 1; do [ -e "$top/run/gpu$gpu" ] || mknod -m 666 "$top/run/gpu$gpu" c 1 3; done # what /dev/null is
        gpus="File=$top/run/gpu[0-1]"
    fi
    # Snakemake's job step forgets SLURM_CONF before it calls srun.
    printf '#!/bin/sh\nSLURM_CONF=%s exec %s "$@"\n' "$SLURM_CONF" "$(command -v srun)" > "$top/bin/srun"
    chmod +x "$top/bin/srun"
    cat > "$SLURM_CONF" << CONF
ClusterName=landscribe
SlurmctldHost=$host(127.0.0.1)
SlurmctldPort=$port
SlurmdPort=$((port + 1))
SlurmUser=$me
SlurmdUser=$me
AuthType=auth/munge
AuthInfo=socket=$top/run/munge.socket
CredType=cred/munge
MpiDefault=none
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SwitchType=switch/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU_Memory
SchedulerParameters=batch_sched_delay=0,sched_interval=2,bf_interval=5
# No control groups here: memory is looked at every second, and a job above its share is ended.
JobAcctGatherType=jobacct_gather/linux
JobAcctGatherFrequency=1
JobAcctGatherParams=OverMemoryKill
KillWait=2
ReturnToService=2
MinJobAge=300
GresTypes=gpu
DefMemPerCPU=500
AccountingStorageType=accounting_storage/slurmdbd
AccountingStorageHost=127.0.0.1
AccountingStoragePort=$((port + 2))
AccountingStoragePass=$top/run/munge.socket
AccountingStorageTRES=gres/gpu
AccountingStoreFlags=job_comment
AccountingStorageEnforce=associations
SlurmctldPidFile=$top/run/slurmctld.pid
SlurmdPidFile=$top/run/slurmd.pid
SlurmctldLogFile=$top/log/slurmctld.log
SlurmdLogFile=$top/log/slurmd.log
SlurmdSpoolDir=$top/spool
StateSaveLocation=$top/state
SlurmdParameters=config_overrides
NodeName=$host NodeAddr=127.0.0.1 CPUs=12 RealMemory=256000 Gres=gpu:2 State=UNKNOWN
PartitionName=cpu Nodes=$host Default=YES MaxTime=2-0 State=UP
PartitionName=gpu Nodes=$host MaxTime=2-0 State=UP
CONF
    echo "NodeName=$host Name=gpu $gpus" > "$top/etc/gres.conf"
    (umask 077 && cat > "$top/etc/slurmdbd.conf" << CONF
AuthType=auth/munge
AuthInfo=socket=$top/run/munge.socket
DbdHost=localhost
DbdAddr=127.0.0.1
DbdPort=$((port + 2))
SlurmUser=$me
LogFile=$top/log/slurmdbd.log
PidFile=$top/run/slurmdbd.pid
StorageType=accounting_storage/mysql
StorageHost=127.0.0.1
StoragePort=$((port + 3))
StorageUser=slurm
StoragePass=$(cat "$top/etc/password")
StorageLoc=slurm_acct_db
CONF
    )
}

# secret NAME: 64 random letters in a file of that name, once
secret() {
    local file=$top/etc/$1
    if [ -s "$file" ]; then return; fi
    (umask 077 && head -c 32 /dev/urandom | od -A n -v -t x1 | tr -d ' \n' > "$file.new" && mv "$file.new" "$file")
}

database() {
    local sql=(mariadb --no-defaults --socket="$top/run/db.socket" --user="$me")
    if [ ! -d "$top/db/mysql" ]; then
        mariadb-install-db --no-defaults --user="$me" --datadir="$top/db" --skip-test-db \
            --auth-root-authentication-method=socket --auth-root-socket-user="$me" > "$top/log/install-db.log" 2>&1
    fi
    if ! runs mariadbd "$top/run/mariadbd.pid"; then
        setsid nohup mariadbd --no-defaults --user="$me" --datadir="$top/db" --socket="$top/run/db.socket" \
            --pid-file="$top/run/mariadbd.pid" --bind-address=127.0.0.1 --port=$((port + 3)) \
            --skip-name-resolve --innodb-buffer-pool-size=64M --innodb-lock-wait-timeout=900 \
            > "$top/log/mariadbd.log" 2>&1 < /dev/null &
    fi
    await mariadbd "${sql[@]}" --execute "SELECT 1"
    "${sql[@]}" << SQL
CREATE DATABASE IF NOT EXISTS slurm_acct_db;
CREATE USER IF NOT EXISTS 'slurm'@'127.0.0.1' IDENTIFIED BY '$(cat "$top/etc/password")';
GRANT ALL ON slurm_acct_db.* TO 'slurm'@'127.0.0.1';
SQL
}

account() {
    local change=(sacctmgr --immediate --quiet)
    if sacctmgr --noheader show association user="$me" format=account | grep -qw tests; then return; fi
    sacctmgr --noheader show cluster format=cluster | grep -qw landscribe ||
        "${change[@]}" add cluster landscribe >> "$top/log/account.log"
    "${change[@]}" add account tests cluster=landscribe description=tests organization=tests >> "$top/log/account.log"
    "${change[@]}" add user "$me" account=tests cluster=landscribe >> "$top/log/account.log"
}

# runs NAME PIDFILE: whether that process lives and still is what the file says (ids are used again)
runs() {
    [ -s "$2" ] && [ "$(cat "/proc/$(cat "$2")/comm" 2> /dev/null)" = "$1" ]
}

# start NAME PIDFILE COMMAND...: unless it runs
start() {
    local name=$1 pid=$2
    shift 2
    if ! runs "$name" "$pid"; then setsid "$@" > "$top/log/$name.start.log" 2>&1 < /dev/null; fi
}

# await WHAT COMMAND...: until the command works, a minute at most
await() {
    local what=$1 end=$((SECONDS + 60))
    shift
    until "$@" > "$top/log/await.log" 2>&1; do
        if [ $SECONDS -ge $end ]; then
            echo "error: $what did not come up in a minute; the last of $top/log:" >&2
            tail -n 5 "$top"/log/*.log >&2
            exit 1
        fi
        sleep 0.5
    done
}

node_ready() {
    sinfo --noheader --format=%T | grep -qE "^(idle|mixed|allocated)$"
}

main
