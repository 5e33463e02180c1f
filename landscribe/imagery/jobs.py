"""Jobs: pieces of work that threads here or workers elsewhere do, and that are waited for."""

from collections.abc import Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor, as_completed
from contextlib import contextmanager

from tqdm import tqdm


@contextmanager
def pool_or_thread(pool: Executor | None) -> Iterator[Executor]:
    """A pool, which stays open; where there is none, one thread here, which ends with the block."""
    if pool:
        yield pool
        return
    with ThreadPoolExecutor(1) as thread:
        yield thread


def wait_for(jobs: list[Future], what: str, unit: str) -> None:
    """Show how far jobs are; the first one that failed is raised."""
    for job in tqdm(as_completed(jobs), what, len(jobs), unit=unit, mininterval=1):
        job.result()
