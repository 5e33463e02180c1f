"""A training that was killed ends with the bits of one that was left alone."""

import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file
from torch.nn.functional import cross_entropy

from landscribe.training.data import IGNORE
from landscribe.training.loop import balanced_loss

CODE = """
import sys
from pathlib import Path
from safetensors.numpy import save_file
from landscribe.models import segment
from landscribe.training.predictor import Work
from tests.made_samples import SIGNATURE, sample
folder = Path(sys.argv[1])
settings = segment.Settings(width=8, depth=2, train_px=32, epochs=8, tiles_per_epoch=48, batch=4)
model = segment.train([sample()], SIGNATURE, settings, Work(folder / "work", 1, "cpu", 0))
save_file({k: v.copy() for k, v in model.tensors().items()}, folder / "done.safetensors")
print(len(model.history))
"""


def test_a_killed_training_goes_on_to_the_same_bits(tmp_path):
    alone, killed = tmp_path / "alone", tmp_path / "killed"
    for folder in (alone, killed):
        folder.mkdir()
    run = [sys.executable, "-c", CODE]
    whole = subprocess.run([*run, alone], capture_output=True, text=True, check=True)
    process = subprocess.Popen([*run, killed], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    for _ in range(600):
        if list(killed.rglob("last.ckpt")) or process.poll() is not None:
            break
        time.sleep(0.05)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert not (killed / "done.safetensors").exists(), "it ended before it could be killed"
    again = subprocess.run([*run, killed], capture_output=True, text=True, check=True)
    assert again.stdout.splitlines()[-1] == whole.stdout.splitlines()[-1] == "8"  # epochs told
    one, two = (load_file(folder / "done.safetensors") for folder in (alone, killed))
    assert all(np.array_equal(one[name], two[name]) for name in one)


@pytest.mark.parametrize("smoothing", [0, 0.1])
def test_every_tile_counts_the_same_and_every_class_of_it(smoothing):
    rng = torch.Generator().manual_seed(0)
    logits = torch.randn(4, 3, 8, 8, generator=rng)
    target = torch.randint(-1, 3, (4, 8, 8), generator=rng)
    target[1][target[1] == 2] = IGNORE  # a tile without one class
    target[2, 1:] = IGNORE  # a tile with few labels
    target[3] = IGNORE  # and one without any
    tiles = []
    for tile, truth in zip(logits[:3], target[:3], strict=True):
        classes = [k for k in (0, 1, 2) if (truth == k).any()]
        losses = [
            cross_entropy(tile[:, truth == k].T, truth[truth == k], label_smoothing=smoothing)
            for k in classes
        ]
        tiles.append(torch.stack(losses).mean())
    assert balanced_loss(logits, target, smoothing) == pytest.approx(torch.stack(tiles).mean())
    assert balanced_loss(logits[3:], target[3:]) == 0
