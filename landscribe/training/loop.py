"""Training loop of every network: lightning, with early stopping and resuming after a kill.

Each batch starts from a seed of its own, so a training that was killed and goes on from its last
checkpoint ends with the same bits as one that was left alone.
"""

import hashlib
import warnings
from dataclasses import dataclass

import lightning.pytorch as pl
import numpy as np
import torch
import torch.nn.functional as F
from lightning.pytorch.callbacks import EarlyStopping, ModelCheckpoint, TQDMProgressBar
from lightning.pytorch.callbacks.progress.tqdm_progress import Tqdm
from lightning.pytorch.utilities import disable_possible_user_warnings
from torch import Tensor, nn
from torch.utils.data import DataLoader
from torchmetrics.classification import MulticlassAccuracy

from landscribe.provenance import code_version
from landscribe.training.data import IGNORE, Tiles
from landscribe.training.predictor import Work

_METRIC = "validation_balanced_accuracy"


@dataclass(frozen=True)
class Schedule:
    """How long and how fast a network learns."""

    epochs: int
    patience: int  # epochs without a better validation before training stops
    batch: int
    learning_rate: float  # highest one of the cycle: Smith and Topin 2019, arXiv:1708.07120
    weight_decay: float
    label_smoothing: float


def fit(
    network: nn.Module, tiles: Tiles, validation: list[tuple], schedule: Schedule, work: Work
) -> tuple[dict[str, Tensor], list[dict]]:
    """Weights of the epoch that is best on validation, and one row of history per epoch.

    Args:
        network: (n, channel, y, x) reflectance -> (n, class, y, x) logits.
        validation: (image, target) tiles whose targets are IGNORE outside the validation split.
    """
    folder = work.folder / _fingerprint(network, tiles, schedule, work)
    torch.set_num_threads(work.threads)
    pl.seed_everything(work.seed, verbose=False)
    module = Learner(network, schedule, len(tiles.pixels), len(tiles), work.seed)
    best = ModelCheckpoint(folder, "best", monitor=_METRIC, mode="max", save_last=True)
    stop = EarlyStopping(_METRIC, patience=schedule.patience, mode="max")
    disable_possible_user_warnings()
    warnings.filterwarnings("ignore", message=".*num_workers|.*log_every_n_steps|.*isinstance")
    trainer = pl.Trainer(
        accelerator="auto" if work.device == "auto" else work.device,
        precision="bf16-mixed" if _cuda(work) else "32-true",
        max_epochs=schedule.epochs,
        callbacks=[best, stop, _Bar(refresh_rate=4), _Seed()],
        deterministic=True,
        logger=False,
        enable_model_summary=False,
        default_root_dir=work.folder,
        num_sanity_val_steps=0,
    )
    last = folder / "last.ckpt"
    if last.exists():  # lightning draws the first batch before an epoch is said to start
        tiles.epoch = torch.load(last, map_location="cpu", weights_only=True)["epoch"] + 1
    trainer.fit(
        module,
        DataLoader(tiles, batch_size=schedule.batch),
        DataLoader(validation, batch_size=schedule.batch),
        ckpt_path=last if last.exists() else None,
        weights_only=True,
    )
    state = torch.load(best.best_model_path, map_location="cpu", weights_only=True)["state_dict"]
    own = {n.removeprefix("network."): v for n, v in state.items() if n.startswith("network.")}
    return own, module.history


def balanced_loss(logits: Tensor, target: Tensor, label_smoothing: float = 0) -> Tensor:
    """Cross-entropy in which every tile counts the same, and in a tile every class.

    Else a large field drowns the small polygon that its tile was drawn for.

    Args:
        logits: (n, class, y, x).
        target: (n, y, x) class indices or IGNORE; a tile of IGNORE alone counts nothing.
    """
    truth = F.one_hot(target.clamp(min=0), logits.shape[1]).movedim(-1, 1)  # (n, class, y, x)
    truth = (truth * (target != IGNORE).unsqueeze(1)).to(logits.dtype)
    # Shares as targets: with class indices CUDA has no deterministic way.
    loss = F.cross_entropy(logits, truth, label_smoothing=label_smoothing, reduction="none")
    pixels = truth.sum((2, 3))  # (n, class)
    by_class = (truth * loss.unsqueeze(1)).sum((2, 3)) / pixels.clamp(min=1)
    classes = (pixels > 0).sum(1)  # (n)
    by_tile = by_class.sum(1) / classes.clamp(min=1)
    return by_tile.sum() / (classes > 0).sum().clamp(min=1)


class Learner(pl.LightningModule):
    """A network with its loss, its optimiser and its validation metric."""

    def __init__(
        self, network: nn.Module, schedule: Schedule, classes: int, length: int, seed: int
    ) -> None:
        super().__init__()
        self.network, self.schedule, self.seed = network, schedule, seed
        self.steps = schedule.epochs * -(-length // schedule.batch)
        self.metric = MulticlassAccuracy(classes, average="macro", ignore_index=IGNORE)
        self.history: list[dict] = []
        self.losses: list[float] = []

    def training_step(self, batch: tuple[Tensor, Tensor], _: int) -> Tensor:
        """Loss of a batch."""
        image, target = batch
        loss = balanced_loss(self.network(image), target, self.schedule.label_smoothing)
        self.losses.append(float(loss.detach()))
        self.log("loss", loss, prog_bar=True)
        return loss

    def validation_step(self, batch: tuple[Tensor, Tensor], _: int) -> None:
        """Count agreement on validation labels."""
        image, target = batch
        self.metric.update(self.network(image).argmax(1), target)

    def on_validation_epoch_end(self) -> None:
        """Balanced accuracy over all validation labels."""
        value = self.metric.compute()
        self.log(_METRIC, value, prog_bar=True)
        self.metric.reset()
        loss = float(np.mean(self.losses)) if self.losses else 0.0
        self.history.append({"epoch": self.current_epoch, "loss": loss, _METRIC: float(value)})
        self.losses = []

    def on_save_checkpoint(self, checkpoint: dict) -> None:
        """Keep the learning curve, so that a resumed training has all of it."""
        checkpoint["history"] = self.history

    def on_load_checkpoint(self, checkpoint: dict) -> None:
        """Take the learning curve up again."""
        self.history = checkpoint["history"]

    def configure_optimizers(self) -> dict:
        """AdamW with one cycle of the learning rate."""
        plan = self.schedule
        optimiser = torch.optim.AdamW(
            self.network.parameters(), plan.learning_rate, weight_decay=plan.weight_decay
        )
        cycle = torch.optim.lr_scheduler.OneCycleLR(
            optimiser, plan.learning_rate, total_steps=self.steps
        )
        return {"optimizer": optimiser, "lr_scheduler": {"scheduler": cycle, "interval": "step"}}


class _Bar(TQDMProgressBar):
    """One bar for all: a second one below it would fill the logs with empty lines."""

    def init_validation_tqdm(self) -> Tqdm:
        """A bar that does not show."""
        bar = super().init_validation_tqdm()
        bar.disable = True
        return bar


class _Seed(pl.Callback):
    """Starts every batch from a seed of its own, whatever was drawn before it."""

    def on_train_epoch_start(self, trainer: pl.Trainer, module: Learner) -> None:
        """Tell the tiles their epoch."""
        trainer.train_dataloader.dataset.epoch = trainer.current_epoch

    def on_train_batch_start(
        self, trainer: pl.Trainer, module: Learner, batch: tuple, number: int
    ) -> None:
        """Seed the network's random draws."""
        torch.manual_seed((module.seed * 100_003 + trainer.current_epoch) * 100_003 + number)


def _fingerprint(network: nn.Module, tiles: Tiles, schedule: Schedule, work: Work) -> str:
    """Name of what is being trained, so that the checkpoint of something else is never used."""
    whole = hashlib.sha256(f"{network}{schedule}{work.seed}{work.threads}{_cuda(work)}".encode())
    whole.update(f"{tiles.tile_px} {tiles.length} {code_version(__file__)}".encode())
    for sample in tiles.samples:
        for layer in (sample.reflectance, sample.classes, sample.splits):
            whole.update(np.ascontiguousarray(layer).view("uint8"))
    return whole.hexdigest()[:12]


def _cuda(work: Work) -> bool:
    return work.device == "cuda" or (work.device == "auto" and torch.cuda.is_available())
