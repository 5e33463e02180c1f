"""Kept answers: what is dear to find out, beside the fingerprint of what it was found from."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from landscribe.command import written


def kept(path: Path, made_from: list[str], make: Callable[[], Any]) -> Any:
    """What `make` gives, read from a file where that was made from the same before.

    Args:
        path: JSON file to keep it in; several programs may write it at once.
        made_from: all that the answer depends on.
        make: gives what JSON can hold. If it fails, nothing is kept.
    """
    fingerprint = hashlib.sha256(json.dumps(made_from).encode()).hexdigest()
    try:
        told = json.loads(path.read_text())
    except (FileNotFoundError, ValueError):
        told = {}
    if told.get("made_from") != fingerprint:
        told = {"made_from": fingerprint, "answer": make()}
        with written(path) as part:
            part.write_text(json.dumps(told))
    return told["answer"]
