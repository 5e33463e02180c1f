"""What a masked autoencoder is shown, and how what it did not see is judged.

He et al. 2022, arXiv:2111.06377: tokens are hidden at random, and only hidden ones count.

Letters of shapes: n samples, l tokens, k shown tokens, d channels.
"""

import torch
from torch import Tensor


def draw_shown(
    samples: int, tokens: int, mask_ratio: float, generator: torch.Generator | None = None
) -> Tensor:
    """Which tokens are shown (n, k), in random order: in each sample all but the share to hide.

    Args:
        mask_ratio: share of hidden tokens, 0-1; `round(mask_ratio * tokens)` are hidden.
        generator: draws on its own device; None: torch's own.
    """
    device = generator.device if generator else None
    order = torch.rand(samples, tokens, generator=generator, device=device).argsort(1)  # (n, l)
    return order[:, : tokens - round(mask_ratio * tokens)]


def taken(tokens: Tensor, index: Tensor) -> Tensor:
    """Tokens (n, k, d) of tokens (n, l, d), those of an index (n, k)."""
    return tokens.gather(1, index[..., None].expand(-1, -1, tokens.shape[-1]))


def put_back(shown: Tensor, index: Tensor, empty: Tensor) -> Tensor:
    """Tokens (n, l, d): those shown (n, k, d) at their index (n, k), and `empty` (n, l, d) else."""
    return empty.scatter(1, index[..., None].expand_as(shown), shown)


def hidden_error(predicted: Tensor, target: Tensor, hidden: Tensor) -> Tensor:
    """Mean squared error of what was hidden; 0 where nothing was.

    Args:
        predicted: of any shape.
        target: of the same shape; NaN where nothing was observed, which does not count.
        hidden: bool, can be broadcast to that shape.
    """
    counts = hidden & target.isfinite()
    apart = torch.where(counts, predicted - target.nan_to_num(), 0.0)
    return apart.square().sum() / counts.sum().clamp(min=1)
