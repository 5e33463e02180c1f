"""What is shown, put back and judged."""

import pytest
import torch

from landscribe.encoders.masking import draw_shown, hidden_error, put_back, taken


@pytest.mark.parametrize("ratio", [0.0, 0.1, 0.5, 0.75, 0.9, 1.0])
@pytest.mark.parametrize("tokens", [1, 16, 100, 588])
def test_each_sample_hides_exactly_its_share(ratio, tokens):
    shown = draw_shown(5, tokens, ratio, torch.Generator().manual_seed(0))
    assert shown.shape == (5, tokens - round(ratio * tokens))
    assert all(len(set(row)) == len(row) for row in shown.tolist())
    assert not shown.numel() or 0 <= shown.min() <= shown.max() < tokens


def test_draws_differ_by_sample_and_repeat_by_seed():
    one, other = (draw_shown(4, 64, 0.75, torch.Generator().manual_seed(7)) for _ in range(2))
    assert torch.equal(one, other)
    assert len({tuple(sorted(row)) for row in one.tolist()}) == 4


def test_all_tokens_are_shown_alike():
    shown = draw_shown(4000, 8, 0.75, torch.Generator().manual_seed(1))
    counts = torch.bincount(shown.flatten(), minlength=8)
    assert (counts - 1000).abs().max() < 4 * (1000 * 0.75) ** 0.5


def test_what_was_taken_is_put_back_where_it_was():
    x = torch.randn(3, 10, 4)
    shown = draw_shown(3, 10, 0.6, torch.Generator().manual_seed(0))
    back = put_back(taken(x, shown), shown, torch.full((3, 10, 4), -9.0))
    kept = torch.zeros(3, 10, dtype=torch.bool).scatter(1, shown, True)
    assert torch.equal(back[kept], x[kept]) and (back[~kept] == -9).all()


def test_only_what_was_hidden_and_observed_counts():
    predicted = torch.tensor([1.0, 2.0, 3.0, 4.0], requires_grad=True)
    target = torch.tensor([0.0, 0.0, 0.0, float("nan")])
    hidden = torch.tensor([True, False, True, True])
    error = hidden_error(predicted, target, hidden)
    assert error.item() == pytest.approx((1 + 9) / 2)
    assert torch.autograd.grad(error, predicted)[0].tolist() == [1.0, 0.0, 3.0, 0.0]
    assert hidden_error(predicted, target, torch.zeros(4, dtype=torch.bool)).item() == 0
