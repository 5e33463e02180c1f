"""Where a result came from: the code version of a step, and the record that goes beside a product.

Snakemake re-runs a `shell:` rule when its inputs or params change, not when the Python behind it
does, so each rule passes `code=code_version("scripts/<rule>.py")` as a param. Comments,
docstrings and layout do not count: a 3-day training does not restart over a typo.
"""

import ast
import hashlib
import json
import platform
import subprocess
import tomllib
from collections.abc import Callable, Iterable
from functools import cache
from importlib import metadata
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = (  # those whose version can change a number on the map
    *("dask", "numpy", "opencv-python-headless", "pyproj", "rasterio", "s2cloudless"),
    *("scikit-learn", "scipy", "snakemake", "stackstac", "torch", "xarray", "zarr"),
)
_WITH_DOCSTRING = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


def code_version(*files: str) -> str:
    """12 hex digits that change when code reachable from `files` changes.

    Only imports that can be read off the source are followed: a module that is loaded by a
    computed name (a model's kind) has to be one of `files`, see `code_version_with_model`.
    """
    todo, digests = [ROOT / f for f in files], {}
    while todo:
        path = todo.pop()
        if path not in digests:
            digests[path], imported = _read(path)
            todo += imported
    whole = "".join(f"{p.relative_to(ROOT)}:{digests[p]}\n" for p in sorted(digests))
    return hashlib.sha256(whole.encode()).hexdigest()[:12]


def code_version_with_model(script: str, kinds: dict[str, str]) -> Callable[..., str]:
    """Param function of a rule with a `model` wildcard: code of the script and of that model.

    Args:
        script: file of the step, from the project's root.
        kinds: model id -> kind, the name of its file in `landscribe/models/`.
    """

    def code(wildcards: object) -> str:
        return code_version(script, f"landscribe/models/{kinds[wildcards.model]}.py")

    return code


def code_version_with_reader(script: str, reader: Callable[[object], str]) -> Callable[..., str]:
    """Param function of a rule whose reader a card names: code of the script and of that reader.

    Args:
        script: file of the step, from the project's root.
        reader: wildcards -> file of the reader, from the project's root.
    """

    def code(wildcards: object) -> str:
        return code_version(script, reader(wildcards))

    return code


def file_digest(path: Path) -> str:
    """SHA-256 of a file, or of all files below a folder with their names, as hex digits."""
    whole = hashlib.sha256()
    if path.is_file():
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    for file in sorted(p for p in path.rglob("*") if p.is_file()):
        whole.update(f"{file.relative_to(path)}:{file_digest(file)}\n".encode())
    return whole.hexdigest()


def folder_digest(folder: str) -> str:
    """12 hex digits over the files of a folder of the project that are not Python."""
    return file_digest(ROOT / folder)[:12]


def record(cards: Iterable[Path], locks: dict[str, Path], code: dict[str, str]) -> dict:
    """What a reader needs to make a product again: cards, code, commit, packages, scene locks.

    Args:
        locks: sensor -> scenes.lock.json.
    """
    return {
        "cards": {str(p): {"sha256": file_digest(p), "text": p.read_text()} for p in cards},
        "code": code,
        "commit": git_commit(),
        "packages": {name: metadata.version(name) for name in PACKAGES},
        "python": platform.python_version(),
        "scenes": {sensor: json.loads(path.read_text()) for sensor, path in locks.items()},
        "version": project_version(),
    }


def project_version() -> str:
    """Version of Landscribe, as pyproject.toml has it."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]


def git_commit() -> str:
    """Commit of the checkout, with `+changes` where files differ from it; `unknown` outside git."""
    command = ["git", "-C", str(ROOT), "describe", "--always", "--abbrev=40", "--dirty=+changes"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return done.stdout.strip()


@cache
def _read(path: Path) -> tuple[str, list[Path]]:
    """Digest of one file's syntax tree, and the project files that it imports."""
    tree = ast.parse(path.read_text(), filename=str(path))
    names = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names += [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        elif isinstance(node, _WITH_DOCSTRING) and ast.get_docstring(node, clean=False) is not None:
            node.body = node.body[1:]
    files = [file for name in names if (file := _module_file(name))]
    return hashlib.sha256(ast.dump(tree).encode()).hexdigest(), files


def _module_file(name: str) -> Path | None:
    base = ROOT.joinpath(*name.split("."))
    options = (base.with_suffix(".py"), base / "__init__.py")
    return next((p for p in options if p.is_file()), None)
