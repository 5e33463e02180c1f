"""A U-Net that nobody has trained, but whose every part does something."""

import torch

from landscribe.models import segment
from tests.test_predict import BANDS, SIGNATURE


def made_network(depth: int = 2) -> segment.Predictor:
    """Three classes from two bands."""
    torch.manual_seed(1)
    settings = segment.Settings(width=8, depth=depth)
    network = segment.UNet(len(BANDS), 3, settings)
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.running_mean.normal_(std=0.3)
            module.running_var.uniform_(0.02, 0.2)
    network.mean.fill_(0.5)
    network.std.fill_(0.3)
    return segment.Predictor(network, SIGNATURE, settings, [])
