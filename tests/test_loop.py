"""A training that was killed ends with the bits of one that was left alone."""

import os
import signal
import subprocess
import sys
import time

import numpy as np
from safetensors.numpy import load_file

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
