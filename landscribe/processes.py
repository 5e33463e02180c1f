"""Pieces of work in processes side by side: one that is killed is told, with its piece."""

import multiprocessing
import os
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import ExitStack
from multiprocessing.connection import wait as wait_for_any
from pathlib import Path

from threadpoolctl import threadpool_limits

from landscribe.command import InputError


def in_processes(
    work: Callable[[Path], object], pieces: Iterable[Path], processes: int
) -> Iterator[Path]:
    """Call `work` with each piece; give each one that is done, in any order.

    With one process the work is done in this one. Where one of several is killed, the others finish
    their pieces before `InputError` says which piece was lost. What `work` raises is raised here.

    Args:
        work: can be pickled.
    """
    if processes < 2:
        for piece in pieces:
            work(piece)
            yield piece
        return
    with ExitStack() as stack:
        crew = [stack.enter_context(_process()) for _ in range(processes)]
        yield from _by(crew, work, iter(pieces))


def _by(
    crew: list[ProcessPoolExecutor], work: Callable[[Path], object], pieces: Iterator[Path]
) -> Iterator[Path]:
    """Work of several processes, each with a pool of its own: so it is known who did what."""
    doing: dict[Future, tuple[ProcessPoolExecutor, Path]] = {}
    free, lost = crew, []
    while True:
        if not lost:
            doing |= {one.submit(work, piece): (one, piece) for one, piece in zip(free, pieces)}  # noqa: B905
        if not doing:
            break
        done, _ = wait(doing, return_when=FIRST_COMPLETED)
        free = []
        for job in done:
            one, piece = doing.pop(job)
            try:
                job.result()
            except BrokenProcessPool:
                lost.append(piece)
            else:
                free.append(one)
                yield piece
    if lost:
        raise InputError(
            f"{', '.join(map(str, lost))}: the process that worked on it was killed, most likely as"
            " memory ran out; run again, with fewer threads or more memory: what is done is kept"
        )


def _process() -> ProcessPoolExecutor:
    """A process that starts from nothing: none inherits a model in the middle of its work."""
    context = multiprocessing.get_context("spawn")
    return ProcessPoolExecutor(1, context, initializer=_start)


def _start() -> None:
    """Keep to one thread, as there is a process for each, and end with who started this one."""
    threadpool_limits(1)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    wait_for_any([multiprocessing.parent_process().sentinel])
    os._exit(1)
