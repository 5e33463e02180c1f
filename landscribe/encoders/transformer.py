"""The layers that encoders share: blocks of a vision transformer, and positions as waves.

Dosovitskiy et al. 2021, arXiv:2010.11929 (blocks); Vaswani et al. 2017, arXiv:1706.03762 (waves).
Names of parts are those of published checkpoints: `norm1`, `attn.qkv`, `attn.proj`, `norm2`,
`mlp.fc1`, `mlp.fc2`.

Letters of shapes: n samples, l tokens, h heads, d channels.
"""

from collections import OrderedDict

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class Block(nn.Module):
    """Attention, then a network of two layers; each is added to what it was given."""

    def __init__(self, dim: int, heads: int, mlp_ratio: float = 4.0) -> None:
        super().__init__()
        inner = int(dim * mlp_ratio)
        self.norm1 = nn.LayerNorm(dim)
        self.attn = Attention(dim, heads)
        self.norm2 = nn.LayerNorm(dim)
        self.mlp = nn.Sequential(
            OrderedDict(fc1=nn.Linear(dim, inner), act=nn.GELU(), fc2=nn.Linear(inner, dim))
        )

    def forward(self, x: Tensor, seen: Tensor | None = None) -> Tensor:
        """Tokens (n, l, d) of tokens; where `seen` (n, l) is false, the others learn nothing."""
        x = x + self.attn(self.norm1(x), seen)
        return x + self.mlp(self.norm2(x))


class Attention(nn.Module):
    """Each token takes from all others, as much as they fit its question."""

    def __init__(self, dim: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(dim, 3 * dim)
        self.proj = nn.Linear(dim, dim)

    def forward(self, x: Tensor, seen: Tensor | None = None) -> Tensor:
        """Tokens (n, l, d) of tokens; `seen` (n, l) bool."""
        qkv = self.qkv(x).unflatten(-1, (3, self.heads, -1))  # (n, l, 3, h, d/h)
        queries, keys, values = qkv.permute(2, 0, 3, 1, 4)  # (n, h, l, d/h) each
        mask = None if seen is None else seen[:, None, None]  # (n, 1, 1, l)
        x = F.scaled_dot_product_attention(queries, keys, values, attn_mask=mask)
        return self.proj(x.transpose(1, 2).flatten(2))  # (n, l, d)


def waves(positions: Tensor, dim: int) -> Tensor:
    """Sines, then cosines (..., dim) of positions (...), in their dtype.

    Lengths of the waves grow from 2 pi towards 10,000 times that.
    """
    steps = torch.arange(dim // 2, dtype=positions.dtype, device=positions.device)
    angles = positions[..., None] * (1.0 / 10000 ** (steps / (dim / 2)))
    return torch.cat([angles.sin(), angles.cos()], -1)


def start(module: nn.Module) -> None:
    """Weights to begin with, by `apply`: uniform ones of Glorot and Bengio 2010, no biases."""
    if isinstance(module, nn.Linear):
        nn.init.xavier_uniform_(module.weight)
        nn.init.zeros_(module.bias)
