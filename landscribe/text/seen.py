"""A set of digests that stays small."""

import numpy as np

_MOST_NEW = 2**16  # held as Python numbers, about 80 bytes each, until they are sorted in


class Seen:
    """64-bit digests, in 8 bytes each.

    Two texts have the same digest by chance with n² / 2^65: for 10 million, 3 in a million.
    """

    def __init__(self, digests: np.ndarray) -> None:
        """Args: digests: uint64, in any order."""
        self._sorted = np.sort(digests)
        self._new: set[int] = set()

    def __contains__(self, digest: int) -> bool:
        if digest in self._new:
            return True
        at = np.searchsorted(self._sorted, np.uint64(digest))
        return at < len(self._sorted) and int(self._sorted[at]) == digest

    def add(self, digest: int) -> None:
        """Put in a digest that is not there."""
        self._new.add(digest)
        if len(self._new) == _MOST_NEW:
            new = np.sort(np.fromiter(self._new, np.uint64, len(self._new)))
            self._sorted = np.insert(self._sorted, np.searchsorted(self._sorted, new), new)
            self._new = set()
