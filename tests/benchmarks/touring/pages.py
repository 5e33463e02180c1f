"""The published page as people see it."""

from pathlib import Path

from tests.browser.chromium import Chromium, program

_READY = "document.documentElement.dataset.ready === 'yes'"
_SIZE = (1280, 1600)


def draw_page(page: Path, picture: Path) -> None:
    """Open a page, and keep a picture of its first screens; nothing where there is no chromium."""
    if program() is None:
        return
    with Chromium() as browser:
        browser.window(*_SIZE)
        browser.open(page, ready=_READY)
        browser.picture(picture, whole=True)
        if browser.errors:
            raise RuntimeError(f"{page}: {browser.errors}")
