"""The U-Net learns, ignores what it should, and keeps its weights bit for bit."""

import itertools
from pathlib import Path

import numpy as np
import pytest
import torch

from landscribe.models import segment
from landscribe.training.data import IGNORE
from landscribe.training.predictor import Work
from tests.made_samples import SIGNATURE, sample

TINY = segment.Settings(
    width=8,
    depth=2,
    train_px=32,
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


@pytest.mark.parametrize("depth", [1, 3, 5])
def test_a_pixel_depends_on_none_beyond_its_reach(depth):
    torch.manual_seed(0)
    settings = segment.Settings(width=8, depth=depth)
    model = segment.Predictor(segment.UNet(1, 2, settings), SIGNATURE, settings, [])
    side = 16 * 2**depth
    for at in (side // 2, side // 2 + 1, side // 2 - 1):
        image = torch.rand(1, 1, side, side, requires_grad=True)
        model.network(image)[0, :, at, at].sum().backward()
        felt = np.flatnonzero(image.grad[0, 0].abs().sum(1).numpy())
        far = abs(felt - at).max()
        assert model.reach_px / 2 < far <= model.reach_px


@pytest.mark.parametrize("height, width", [(64, 64), (61, 83)])
@pytest.mark.parametrize("turns", [False, True])
def test_rows_that_are_asked_for_are_those_of_the_whole_image(height, width, turns):
    torch.manual_seed(0)
    settings = TINY.model_copy(update={"turns": turns})
    model = segment.Predictor(segment.UNet(4, 3, settings), SIGNATURE, settings, [])
    model.network.measure([sample()])
    image = sample().reflectance[:, :height, :width].copy()
    image[:, 20:31, 5:40] = np.nan
    side = model.multiple_px
    short = [(0, 0), (0, -height % side), (0, -width % side)]
    whole = np.pad(image, short, constant_values=np.nan)
    asked = []

    def rows(first, stop):
        asked.append((first, stop))
        return whole[:, first:stop]

    shares = model.probabilities(image[None])[0]
    for top in (0, 24):
        stream = model.stream(rows, whole.shape[1], torch.float32)
        steps = [top, top + 1, top + 8, top + 9, height]
        found = [stream(a, b) for a, b in itertools.pairwise(steps)]
        found = np.concatenate(found, axis=1)[:, :, :width]
        np.testing.assert_allclose(found, shares[:, top:], atol=1e-6)
        assert asked[0][0] == max(0, top - model.reach_px) or asked[0][0] > top - model.reach_px
        assert all(one[1] == other[0] for one, other in itertools.pairwise(asked))
        asked.clear()


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
