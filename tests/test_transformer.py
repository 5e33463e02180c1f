"""Blocks and waves."""

import torch

from landscribe.encoders.transformer import Attention, Block, waves


def test_attention_is_that_of_torch():
    torch.manual_seed(0)
    ours, known = Attention(16, 4), torch.nn.MultiheadAttention(16, 4, batch_first=True)
    known.in_proj_weight.data, known.in_proj_bias.data = ours.qkv.weight, ours.qkv.bias
    known.out_proj = ours.proj
    x, seen = torch.randn(3, 7, 16), torch.rand(3, 7) < 0.7
    seen[:, 0] = True
    torch.testing.assert_close(ours(x), known(x, x, x)[0])
    torch.testing.assert_close(ours(x, seen), known(x, x, x, key_padding_mask=~seen)[0])


def test_what_is_not_seen_changes_nothing():
    torch.manual_seed(0)
    block, x = Block(16, 4), torch.randn(2, 6, 16)
    seen = torch.tensor([[1, 1, 1, 0, 0, 0], [1, 0, 1, 0, 1, 0]], dtype=torch.bool)
    other = torch.where(seen[..., None], x, 1e3)
    torch.testing.assert_close(block(x, seen)[seen], block(other, seen)[seen])
    torch.testing.assert_close(block(x, seen)[:1, :3], block(x[:1, :3]))


def test_waves_begin_at_zero_and_grow_longer():
    made = waves(torch.arange(50, dtype=torch.float64), 8)
    assert made.shape == (50, 8) and made.dtype == torch.float64
    assert made[0].tolist() == [0] * 4 + [1] * 4
    torch.testing.assert_close(made[:, 0], torch.arange(50, dtype=torch.float64).sin())
    torch.testing.assert_close(made[:, 7], (torch.arange(50, dtype=torch.float64) / 1000).cos())
