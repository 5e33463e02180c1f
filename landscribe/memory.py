"""How a process asks the system for memory."""

import ctypes

_M_ARENA_MAX = -8  # of malloc.h


def share_arena() -> None:
    """Let all threads take memory from one pool; elsewhere than in glibc this does nothing.

    By default each thread has a pool of its own, and what it gives back no other thread can have: a
    thread that reads images for others to work on held 100 MB that nobody used.
    """
    if mallopt := getattr(ctypes.CDLL(None), "mallopt", None):
        mallopt(_M_ARENA_MAX, 1)
