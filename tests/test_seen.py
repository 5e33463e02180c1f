"""The set of digests holds what was added, and nothing else, in 8 bytes each."""

import tracemalloc

import numpy as np
import pytest

from landscribe.text import seen as module
from landscribe.text.seen import Seen


@pytest.mark.parametrize("most_new", [1, 7, 2**16])
def test_it_holds_what_a_set_of_python_holds(most_new, monkeypatch):
    monkeypatch.setattr(module, "_MOST_NEW", most_new)
    rng = np.random.default_rng(0)
    numbers = rng.integers(0, 2**64, 400, np.uint64)
    seen, wanted = Seen(numbers[:100]), set(map(int, numbers[:100]))
    for number in map(int, rng.choice(numbers, 1000)):
        assert (number in seen) == (number in wanted)
        if number not in seen:
            seen.add(number)
            wanted.add(number)
    assert all(edge not in seen for edge in (0, 2**64 - 1))


def test_a_million_takes_8_megabytes():
    tracemalloc.start()
    seen = Seen(np.random.default_rng(0).integers(0, 2**64, 10**6, np.uint64))
    grown = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert grown < 8.1e6 * 2 and 5 not in seen  # and the array that the test made
