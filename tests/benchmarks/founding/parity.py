"""E1 and the first of E2: our networks give what the published code gives of the same weights."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import torch
from torch import Tensor

from landscribe.encoders import mae
from landscribe.encoders.image_patches import split_patches
from landscribe.encoders.masking import draw_shown, hidden_error
from tests.benchmarks.report import Goal
from tests.published import PRITHVI, PrithviCase, presto, presto_case, prithvi_cases

_APART = "<= 0.00001"
_RATIOS = (0.1, 0.5, 0.6, 0.75, 0.9)


def parity_rows(data: Path) -> Iterator[dict]:
    """How far features are from the published ones, by model, size and layer."""
    for case in prithvi_cases(data):
        network = mae.build(PRITHVI[case.model]).eval()
        mae.load(network, case.state)
        ours = network(case.image, *case.coords)
        for layer, (one, other) in enumerate(zip(ours, case.features, strict=True)):
            yield _row(f"prithvi {case.model}, {case.side_px} px, layer {layer}", one, other)
    known, encoder = presto_case(data), presto(data).encoder
    for name, hidden, wanted in [
        ("presto, all shown", None, known.pooled),
        ("presto, some hidden", known.hidden, known.pooled_hidden),
    ]:
        given = (known.bands, known.month, known.coords, known.land_cover, hidden)
        yield _row(name, encoder(*given)[-1], wanted)


def parity_goals(rows: Sequence[dict], data: Path) -> Iterator[Goal]:
    """Goals of these rows, of strict loading, and of what a loss may depend on."""
    for model in PRITHVI:
        yield _worst(rows, f"E1.features.{model}", f"prithvi {model}, ")
    cases = {case.model: case for case in prithvi_cases(data)}
    both = [(case, first) for case in cases.values() for first in (False, True)]
    # The first version knows neither time nor place.
    unlike = [_unlike(*one) for one in both if not (one[1] and PRITHVI[one[0].model].temporal)]
    yield Goal("E1.weights_not_as_in_file", sum(unlike), "<= 0", len(unlike))
    gradients = [_gradient_of_shown(case) for case in cases.values()]
    yield Goal("E1.gradient_of_shown_targets", max(gradients), "<= 0", len(gradients))
    apart = [_hidden_apart(tokens, ratio) for tokens in (16, 49, 588) for ratio in _RATIOS]
    yield Goal("E1.hidden_more_or_less", max(apart), "<= 0", len(apart))
    yield _worst(rows, "E2.pooled.all_shown", "presto, all")
    yield _worst(rows, "E2.pooled.some_hidden", "presto, some")


def _row(name: str, ours: Tensor, theirs: Tensor) -> dict:
    apart = (ours - theirs).abs().max().item()
    return {"part": name, "apart": apart, "size": theirs.abs().mean().item(), "n": theirs.numel()}


def _worst(rows: Sequence[dict], goal: str, start: str) -> Goal:
    found = [row for row in rows if row["part"].startswith(start)]
    return Goal(goal, max(row["apart"] for row in found), _APART, sum(row["n"] for row in found))


def _unlike(case: PrithviCase, first_version: bool) -> int:
    """Weights of a file, or of one with names as in the first version, that are not loaded."""
    names = {name: name.split(".", 1)[1] if first_version else name for name in case.state}
    network = mae.Mae(PRITHVI[case.model])
    mae.load(network, {names[name]: value for name, value in case.state.items()})
    own = network.state_dict()
    return sum(not torch.equal(own[name], value) for name, value in case.state.items())


def _gradient_of_shown(case: PrithviCase) -> float:
    """Largest derivative of the loss by a value of a shown patch, as target."""
    network = mae.Mae(PRITHVI[case.model])
    mae.load(network, case.state)
    made = network(case.image, *case.coords, generator=torch.Generator().manual_seed(0))
    target = split_patches(case.image, network.settings.patch).requires_grad_()
    loss = hidden_error(made.patches.detach(), target, made.hidden[..., None])
    if not torch.isclose(loss, made.loss):
        raise RuntimeError(f"{case.model}: the loss is {made.loss}, not {loss} as measured here")
    (gradient,) = torch.autograd.grad(loss, target)
    return gradient[~made.hidden].abs().max().item()


def _hidden_apart(tokens: int, ratio: float) -> int:
    """By how many patches the worst of 100 samples is off its share."""
    shown = draw_shown(100, tokens, ratio, torch.Generator().manual_seed(tokens))
    hidden = torch.ones(100, tokens, dtype=torch.bool).scatter(1, shown, False).sum(1)
    return int((hidden - round(ratio * tokens)).abs().max())
