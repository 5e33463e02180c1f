"""A Chromium for the tests of pages."""

from collections.abc import Iterator

import pytest

from tests.browser.chromium import Chromium


@pytest.fixture(scope="module")
def browser() -> Iterator[Chromium]:
    """One for all tests of a file."""
    with Chromium() as chromium:
        yield chromium
