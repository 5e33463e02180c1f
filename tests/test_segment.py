"""The U-Net learns, ignores what it should, and keeps its weights bit for bit."""

from pathlib import Path

import numpy as np
import torch

from landscribe.models import segment
from landscribe.training.data import IGNORE
from landscribe.training.predictor import Work
from tests.made_samples import SIGNATURE, sample

TINY = segment.Settings(
    width=8,
    depth=2,
    train_px=32,
    tile_px=64,
    halo_px=16,
    epochs=6,
    tiles_per_epoch=32,
    dropout=0,
    batch=4,
)


def test_it_overfits_four_tiles():
    torch.manual_seed(0)
    network = segment.UNet(4, 3, TINY)
    made = sample()
    network.measure([made])
    image = torch.from_numpy(
        np.stack([made.reflectance[:, r : r + 32, c : c + 32] for r in (8, 60) for c in (8, 60)])
    )
    index = np.full(256, IGNORE)
    index[list(SIGNATURE.classes)] = range(3)
    target = torch.from_numpy(
        np.stack([index[made.classes[r : r + 32, c : c + 32]] for r in (8, 60) for c in (8, 60)])
    )
    optimiser = torch.optim.AdamW(network.parameters(), 5e-3)
    for _ in range(60):
        loss = torch.nn.functional.cross_entropy(network(image), target, ignore_index=IGNORE)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    known = target != IGNORE
    assert (network(image).argmax(1)[known] == target[known]).float().mean() > 0.99


def test_ignored_labels_teach_nothing():
    network = segment.UNet(4, 3, TINY)
    image = torch.rand(1, 4, 32, 32)
    target = torch.full((1, 32, 32), IGNORE)
    target[0, 4, 4] = 1
    logits = network(image)
    logits.retain_grad()
    torch.nn.functional.cross_entropy(logits, target, ignore_index=IGNORE).backward()
    grads = logits.grad.abs().sum(1)[0]
    assert grads[4, 4] > 0
    grads[4, 4] = 0
    assert grads.sum() == 0


def test_training_is_better_than_chance_and_the_model_survives_the_disk(tmp_path):
    made = sample()
    work = Work(Path(tmp_path), threads=1, device="cpu", seed=0)
    model = segment.train([made], SIGNATURE, TINY, work)
    assert len(model.history) <= TINY.epochs
    assert max(row["validation_balanced_accuracy"] for row in model.history) > 0.6
    tile = made.reflectance[None, :, :64, :64]
    shares = model.probabilities(tile)
    np.testing.assert_allclose(shares.sum(1), 1, atol=1e-5)
    again = segment.load(model.tensors(), SIGNATURE, TINY)
    np.testing.assert_array_equal(again.probabilities(tile), shares)


def test_turns_are_averaged():
    torch.manual_seed(0)
    settings = TINY.model_copy(update={"turns": True})
    model = segment.Predictor(segment.UNet(4, 3, settings), SIGNATURE, settings, [])
    tile = sample().reflectance[None, :, :64, :64]
    turned = np.rot90(tile, 1, (2, 3)).copy()
    np.testing.assert_allclose(
        np.rot90(model.probabilities(turned), -1, (2, 3)), model.probabilities(tile), atol=1e-6
    )
