"""Models on disk: weights as safetensors, everything else as JSON, and never a pickle."""

import importlib
from pathlib import Path

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load_file, save

from landscribe.cards import Model, check
from landscribe.command import InputError, written
from landscribe.formats.json_file import read_json, write_json
from landscribe.provenance import file_digest
from landscribe.training.predictor import Predictor, Signature


def save_model(
    weights: Path, description: Path, card: Model, model: Predictor, about: dict
) -> None:
    """Write model.safetensors and model.json; equal models give equal bytes.

    Args:
        about: what else model.json tells, such as the counts of training pixels.
    """
    tensors = {name: np.ascontiguousarray(value) for name, value in model.tensors().items()}
    with written(weights) as part:
        part.write_bytes(save(tensors))  # its save_file hides that a disk is full
    told = {
        "kind": card.kind,
        "title": card.title,
        "settings": model.settings.model_dump(),
        "signature": model.signature.as_dict(),
        "parameters": int(sum(value.size for value in tensors.values())),
        "history": model.history,
        "sha256": file_digest(weights),
    }
    write_json(description, told | about)


def load_model(weights: Path, description: Path) -> Predictor:
    """Trained model of any kind; its weights have to be those that its description names."""
    told = read_json(description)
    digest = file_digest(weights)
    if digest != told["sha256"]:
        raise InputError(
            f"{weights}: has SHA-256 {digest[:12]}..., but {description.name} describes"
            f" {told['sha256'][:12]}...; train the model again"
        )
    kind = importlib.import_module(f"landscribe.models.{told['kind']}")
    try:
        tensors = load_file(weights)
    except SafetensorError as error:
        raise InputError(f"{weights}: not a safetensors file ({error}); train again") from None
    signature = Signature(
        **{n: tuple(v) if isinstance(v, list) else v for n, v in told["signature"].items()}
    )
    settings = check(kind.Settings, told["settings"], f"settings in {description}")
    return kind.load(tensors, signature, settings)
