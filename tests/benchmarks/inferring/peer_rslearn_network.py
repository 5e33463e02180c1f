"""The network as rslearn wants one; on its own, as rslearn imports it by name."""

from pathlib import Path
from typing import Any

import torch
from rslearn.models.component import FeatureExtractor, FeatureMaps
from rslearn.train.model_context import ModelContext


class Scripted(FeatureExtractor):
    """A TorchScript file."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.network = torch.jit.load(path)

    def forward(self, context: ModelContext) -> Any:
        """Logits of a batch of crops."""
        images = [each["image"].single_ts_to_chw_tensor() for each in context.inputs]
        return FeatureMaps([self.network(torch.stack(images))])
