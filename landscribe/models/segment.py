"""Segment: a small U-Net that gives every pixel of a tile its class.

Ronneberger et al. 2015, arXiv:1505.04597, with batch normalisation (Ioffe and Szegedy 2015,
arXiv:1502.03167): on few labels and a short training it learnt far more than group normalisation.

Letters of shapes: n tiles, b input channels, c channels, k classes, y, x.
"""

import numpy as np
import torch
import torch.nn.functional as F
from pydantic import Field
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_weights

from landscribe.card import Card
from landscribe.mapping.rows import Rows, convolved, halved, joined
from landscribe.training.data import IGNORE, VALIDATION, Tiles, class_indices
from landscribe.training.predictor import Image, Sample, Signature, Work


class Settings(Card):
    """How large the network is and how it learns."""

    width: int = Field(16, ge=8, multiple_of=8, description="channels of the finest level")
    depth: int = Field(3, ge=1, le=5, description="number of coarser levels")
    dropout: float = Field(0.2, ge=0, lt=1, description="share of channels dropped in training")
    train_px: int = Field(96, ge=32, multiple_of=32, description="side of a training tile [px]")
    batch: int = Field(8, ge=1, description="training tiles between two steps of the weights")
    epochs: int = Field(40, ge=1, description="largest number of epochs")
    tiles_per_epoch: int = Field(128, ge=1, description="tiles seen in an epoch")
    patience: int = Field(12, ge=1, description="epochs without a better validation, then stop")
    learning_rate: float = Field(3e-3, gt=0, description="highest learning rate of the cycle")
    weight_decay: float = Field(0.02, ge=0, description="of AdamW")
    label_smoothing: float = Field(0.1, ge=0, lt=1, description="share given to the other classes")
    turns: bool = Field(False, description="mean over the 4 turns of the image: 4 times slower")


def train(
    samples: list[Sample], signature: Signature, settings: Settings, work: Work
) -> "Predictor":
    """Learn from the training split, stop early on the validation split."""
    from landscribe.training.loop import Schedule, fit  # lightning: 180 MB that no map needs

    torch.manual_seed(work.seed)
    network = UNet(len(signature.channels), len(signature.classes), settings)
    network.measure(samples)
    tiles = Tiles(samples, signature, settings.train_px, settings.tiles_per_epoch, work.seed)
    schedule = Schedule(
        settings.epochs,
        settings.patience,
        settings.batch,
        settings.learning_rate,
        settings.weight_decay,
        settings.label_smoothing,
    )
    validation = _validation(samples, signature, settings)
    weights, history = fit(network, tiles, validation, schedule, work)
    network.load_state_dict(weights)
    return Predictor(network, signature, settings, history)


def load(tensors: dict[str, np.ndarray], signature: Signature, settings: Settings) -> "Predictor":
    """U-Net from what `Predictor.tensors` gave."""
    network = UNet(len(signature.channels), len(signature.classes), settings)
    network.load_state_dict({name: torch.from_numpy(value) for name, value in tensors.items()})
    return Predictor(network, signature, settings, [])


class UNet(nn.Module):
    """Encoder and decoder with skips; a pixel depends on those within 7 * 2**depth of it."""

    def __init__(self, inputs: int, classes: int, settings: Settings) -> None:
        super().__init__()
        widths = [settings.width * 2**level for level in range(settings.depth + 1)]
        self.register_buffer("mean", torch.zeros(inputs))
        self.register_buffer("std", torch.ones(inputs))
        self.down = nn.ModuleList(
            [_stage(i, o) for i, o in zip([inputs + 1, *widths], widths, strict=False)]
        )
        self.up = nn.ModuleList(
            [_stage(o + i, o) for o, i in zip(widths, widths[1:], strict=False)]
        )
        self.drop = nn.Dropout2d(settings.dropout)
        self.head = nn.Conv2d(widths[0], classes, 1)
        self.to(memory_format=torch.channels_last)

    def measure(self, samples: list[Sample]) -> None:
        """Take mean and spread of each input from the observed pixels of the samples."""
        seen = [s.reflectance[:, np.isfinite(s.reflectance).all(0)] for s in samples]
        pixels = np.concatenate(seen, axis=1, dtype="float64")
        self.mean.copy_(torch.from_numpy(pixels.mean(1)))
        self.std.copy_(torch.from_numpy(pixels.std(1) + 1e-6))

    def scaled(self, image: Tensor) -> Tensor:
        """What the first layer sees (n, b+1, y, x) of reflectance (n, b, y, x), NaN if missing."""
        seen = image.isfinite().all(1, keepdim=True)  # (n, 1, y, x)
        x = (image - self.mean[:, None, None]) / self.std[:, None, None]
        x = torch.where(seen, x, 0.0).clamp(-6, 6)
        x = torch.cat([x, seen.to(x.dtype)], 1)  # (n, b+1, y, x)
        return x.contiguous(memory_format=torch.channels_last)  # twice as fast on processors

    def forward(self, image: Tensor) -> Tensor:
        """Logits (n, k, y, x) of reflectance (n, b, y, x) with NaN where missing."""
        x = self.scaled(image)
        skips = []
        for level, stage in enumerate(self.down):
            x = stage(x if level == 0 else F.max_pool2d(x, 2))  # (n, c*2**level, y/2**level, ...)
            skips.append(x)
        x = self.drop(skips.pop())
        for stage, skip in zip(reversed(self.up), reversed(skips), strict=True):
            x = F.interpolate(x, scale_factor=2.0, mode="nearest")
            x = stage(torch.cat([skip, x], 1))  # (n, c*2**level, y/2**level, ...)
        return self.head(self.drop(x))  # (n, k, y, x)

    def by_rows(self, rows: Rows, turn: int, dtype: torch.dtype) -> Rows:
        """Channels (1, c, y, x) of the last stage, as if what the first sees were turned."""
        skips = []
        for level, stage in enumerate(self.down):
            rows = rows if level == 0 else halved(rows)
            for folded in _folded(stage, turn, dtype):
                rows = convolved(rows, *folded)
            skips.append(rows)
        rows = skips.pop()
        for stage, skip in zip(reversed(self.up), reversed(skips), strict=True):
            first, second = _folded(stage, turn, dtype)
            rows = convolved(joined(skip, len(first[0]), rows, *first), *second)
        return rows


class Predictor:
    """A trained U-Net; see `landscribe.training.predictor.Predictor`."""

    def __init__(
        self, network: UNet, signature: Signature, settings: Settings, history: list[dict]
    ) -> None:
        self.network = network.eval()
        self.signature, self.settings, self.history = signature, settings, history

    @property
    def reach_px(self) -> int:
        """How far away pixels are that a pixel depends on."""
        return 7 * self.multiple_px

    @property
    def multiple_px(self) -> int:
        """Sides of an image are multiples of it."""
        return 2**self.settings.depth

    def to(self, device: str) -> "Predictor":
        """Itself, on that device."""
        self.network.to(device)
        return self

    @torch.inference_mode()
    def probabilities(self, tiles: np.ndarray) -> np.ndarray:
        """Class probabilities (n, class, y, x) float32 of reflectance (n, channel, y, x)."""
        height, width = tiles.shape[2:]
        short = [(0, -side % self.multiple_px) for side in (height, width)]
        whole = np.pad(tiles, [(0, 0), (0, 0), *short], constant_values=np.nan)
        image = torch.from_numpy(whole).to(self.network.mean.device)
        told = [
            torch.rot90(self.network(torch.rot90(image, n, (2, 3))).softmax(1), -n, (2, 3))
            for n in self._turns()
        ]
        return torch.stack(told).mean(0)[..., :height, :width].float().cpu().numpy()

    def stream(
        self, image: Image, height: int, dtype: torch.dtype, features: bool = False
    ) -> Image:
        """Probabilities (class, y, x), or features (c, y, x), of rows asked for from the top."""
        network, device = self.network, self.network.mean.device

        def scaled(first: int, stop: int) -> Tensor:
            return network.scaled(torch.from_numpy(image(first, stop))[None].to(device)).to(dtype)

        seen, turns = Rows(height, scaled), range(1) if features else self._turns()
        turned = [network.by_rows(seen, turn, dtype).reader() for turn in turns]

        @torch.inference_mode()
        def rows(first: int, stop: int) -> np.ndarray:
            told = [read(first, stop).float() for read in turned]  # (1, c, y, x) each
            if not features:
                told = [network.head(one).softmax(1) for one in told]  # (1, k, y, x) each
            return (told[0] if len(told) == 1 else torch.stack(told).mean(0))[0].cpu().numpy()

        return rows

    def _turns(self) -> range:
        return range(4 if self.settings.turns else 1)

    def tensors(self) -> dict[str, np.ndarray]:
        """Weights by name."""
        return {name: value.cpu().numpy() for name, value in self.network.state_dict().items()}

    @torch.inference_mode()
    def features(self, tiles: np.ndarray) -> np.ndarray:
        """Channels (n, c, y, x) float32 of the decoder's last stage, which the head tells apart."""
        image = torch.from_numpy(np.ascontiguousarray(tiles)).to(self.network.mean.device)
        kept: list[Tensor] = []
        hook = self.network.head.register_forward_pre_hook(lambda _, given: kept.append(given[0]))
        try:
            self.network(image)
        finally:
            hook.remove()
        return kept[0].float().cpu().numpy()


def _stage(channels_in: int, channels_out: int) -> nn.Sequential:
    """Two 3x3 convolutions, each normalised and rectified."""
    layers: list[nn.Module] = []
    for channels in (channels_in, channels_out):
        layers += [
            nn.Conv2d(channels, channels_out, 3, padding=1, bias=False),
            nn.BatchNorm2d(channels_out),
            nn.ReLU(),
        ]
    return nn.Sequential(*layers)


def _folded(stage: nn.Sequential, turn: int, dtype: torch.dtype) -> list[tuple[Tensor, Tensor]]:
    """Weight and bias of each convolution of a stage, with its normalisation in them, turned."""
    found = []
    for conv, norm in zip(stage[0::3], stage[1::3], strict=True):
        weight, bias = fuse_conv_bn_weights(
            *(conv.weight, conv.bias, norm.running_mean, norm.running_var, norm.eps),
            *(norm.weight, norm.bias),
        )
        weight = torch.rot90(weight.detach(), -turn, (2, 3)).to(dtype)
        weight = weight.contiguous(memory_format=torch.channels_last)
        found.append((weight, bias.detach().to(dtype)))
    return found


def _validation(
    samples: list[Sample], signature: Signature, settings: Settings
) -> list[tuple[np.ndarray, np.ndarray]]:
    """Tiles of a fixed grid that hold validation labels; all other labels are IGNORE."""
    side, found = settings.train_px, []
    for sample in samples:
        targets = np.where(
            sample.splits == VALIDATION, class_indices(sample.classes, signature.classes), IGNORE
        )
        targets[~np.isfinite(sample.reflectance).all(0)] = IGNORE
        height, width = targets.shape
        for top in range(0, height, side):
            for left in range(0, width, side):
                part = np.s_[top : top + side, left : left + side]
                short = [(0, side - n) for n in targets[part].shape]
                if (targets[part] != IGNORE).any():
                    image = sample.reflectance[:, part[0], part[1]]
                    image = np.pad(image, [(0, 0), *short], constant_values=np.nan)
                    found.append((image, np.pad(targets[part], short, constant_values=IGNORE)))
    return found
