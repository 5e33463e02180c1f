"""Workers: where the pieces of cubes are made. dask.distributed runs them."""

import shutil
from collections.abc import Iterator
from concurrent.futures import Executor
from contextlib import contextmanager

import dask
from dask_jobqueue import SLURMCluster
from distributed import Client, LocalCluster

from landscribe.command import InputError

_PATIENCE_S = 60  # to reach a scheduler


@contextmanager
def workers(where: str, count: int) -> Iterator[Executor]:
    """Workers for pieces of work, each of one thread; they go when the block ends.

    Args:
        where: local (threads here), slurm (jobs of a queue, as dask-jobqueue's `jobqueue.slurm`
            configuration says), or the address of a scheduler that runs, such as tcp://host:8786.
        count: threads here, or jobs of the queue; a running scheduler has its own.
    """
    # A worker that died is started again; a piece that killed three of them is given up.
    with dask.config.set({"distributed.scheduler.allowed-failures": 3}):
        if "://" in where:
            with _connected(where) as client:
                yield client.get_executor(pure=False)
            return
        with _cluster(where, count) as cluster, Client(cluster) as client:
            yield client.get_executor(pure=False)


def _cluster(where: str, count: int) -> LocalCluster:
    if where == "local":
        # Reading and packing pixels let go of Python's lock, so threads are as fast as processes.
        size = {"n_workers": 1, "threads_per_worker": count, "processes": False}
        # Without a port of its own each of several jobs beside each other warns of the others.
        quiet = {"dashboard": False, "dashboard_address": "127.0.0.1:0"}
        return LocalCluster(**size, dashboard_address=None, scheduler_kwargs=quiet)
    if where == "slurm":
        return _queue(count)
    raise InputError(f"{where!r} is no place for workers; use local, slurm, or tcp://host:port")


def _queue(jobs: int) -> SLURMCluster:
    if not shutil.which("sbatch"):
        raise InputError("no sbatch here, so no jobs of SLURM; use local, or go to the login node")
    try:
        cluster = SLURMCluster()
    except ValueError as error:
        raise InputError(
            f"dask knows no jobs of SLURM ({' '.join(str(error).split())}); say what one gets in"
            " ~/.config/dask/jobqueue.yaml, as docs/cluster.md shows"
        ) from None
    cluster.scale(jobs=jobs)
    return cluster


def _connected(address: str) -> Client:
    try:
        return Client(address, timeout=_PATIENCE_S)
    except (OSError, TimeoutError) as error:
        raise InputError(
            f"no dask scheduler answers at {address} ({error or 'time out'}); start one with"
            " `dask scheduler`, or use local"
        ) from None
