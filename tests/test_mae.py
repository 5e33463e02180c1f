"""The masked autoencoder: published weights fit, only what is hidden counts, and it learns."""

import pytest
import torch

from landscribe.card import check
from landscribe.command import InputError
from landscribe.encoders import mae
from landscribe.encoders.encoder import Encoder
from landscribe.encoders.image_patches import split_patches
from landscribe.encoders.masking import draw_shown, hidden_error
from tests.published import PRITHVI, prithvi_cases

TINY = PRITHVI["tl_T3"]
WHEN = torch.tensor([[[2020, 10], [2020, 150], [2021, 300]], [[2019, 1], [2022, 2], [2023, 3]]])
WHERE = torch.tensor([[52.4, 12.5], [-10.0, 30.0]])


@pytest.fixture
def tiny():
    torch.manual_seed(0)
    return mae.Mae(TINY)


@pytest.fixture
def image():
    return torch.randn(2, 6, 3, 64, 64, generator=torch.Generator().manual_seed(1))


@pytest.mark.data
def test_features_are_those_of_the_published_code(real_data):
    cases = list(prithvi_cases(real_data))
    assert len(cases) == 8
    for case in cases:
        network = mae.build(PRITHVI[case.model]).eval()
        mae.load(network, case.state)
        for ours, theirs in zip(network(case.image, *case.coords), case.features, strict=True):
            torch.testing.assert_close(ours, theirs, atol=1e-5, rtol=0)


@pytest.mark.data
def test_reference_files_are_loaded_whole(real_data):
    for case in prithvi_cases(real_data):
        network = mae.Mae(PRITHVI[case.model])
        mae.load(network, case.state)
        own = network.state_dict()
        assert own.keys() == case.state.keys()
        assert all(torch.equal(own[name], value) for name, value in case.state.items())


PUBLISHED_KEYS = {
    "encoder.cls_token encoder.pos_embed encoder.patch_embed.proj.weight",
    "encoder.patch_embed.proj.bias encoder.norm.weight encoder.norm.bias decoder.mask_token",
    "decoder.decoder_pos_embed decoder.decoder_embed.weight decoder.decoder_embed.bias",
    "decoder.decoder_norm.weight decoder.decoder_norm.bias decoder.decoder_pred.weight",
    "decoder.decoder_pred.bias encoder.temporal_embed_enc.scale encoder.location_embed_enc.scale",
    "decoder.temporal_embed_dec.scale decoder.location_embed_dec.scale",
}
BLOCK_KEYS = "norm1 norm2 attn.qkv attn.proj mlp.fc1 mlp.fc2"


def test_names_of_weights_are_the_published_ones(tiny):
    blocks = ["encoder.blocks.0", "encoder.blocks.1", "decoder.decoder_blocks.0"]
    wanted = {name for line in PUBLISHED_KEYS for name in line.split()}
    wanted |= {
        f"{b}.{k}.{w}" for b in blocks for k in BLOCK_KEYS.split() for w in ("weight", "bias")
    }
    assert set(tiny.state_dict()) == wanted


@pytest.mark.parametrize("kind", ["base_T1", "base_T3"])
def test_files_of_the_first_version_fit(kind):
    """They name the parts of the encoder and the decoder without a prefix."""
    torch.manual_seed(0)
    whole = mae.Mae(PRITHVI[kind]).eval()
    first = {k.split(".", 1)[1]: v for k, v in whole.state_dict().items()}
    assert "mask_token" in first and "blocks.0.attn.qkv.weight" in first
    again, encoder = mae.Mae(PRITHVI[kind]).eval(), mae.build(PRITHVI[kind]).eval()
    mae.load(again, first)
    mae.load(encoder, first)
    image = torch.randn(1, 6, PRITHVI[kind].dates, 64, 64)
    shown = torch.arange(4)[None]
    assert torch.equal(again(image, shown=shown).patches, whole(image, shown=shown).patches)
    assert torch.equal(encoder(image)[-1], whole.encoder(image)[-1])


def test_weights_that_do_not_fit_are_refused(tiny):
    state = tiny.state_dict()
    state.pop("encoder.norm.weight")
    with pytest.raises(InputError, match=r"missing: encoder.norm.weight"):
        mae.load(mae.Mae(TINY), state)
    with pytest.raises(InputError, match=r"unknown: .*temporal_embed_enc.scale"):
        mae.load(mae.Mae(PRITHVI["base_T3"]), tiny.state_dict())
    with pytest.raises(InputError, match="another shape"):
        mae.load(mae.build(TINY.model_copy(update={"dim": 96})), tiny.state_dict())


def test_bands_are_chosen_at_load(tiny, image):
    """Fewer bands in another order: as if the others were 0."""
    bands = ("RED", "BLUE", "SWIR_2")
    index = [mae.PUBLISHED_BANDS.index(band) for band in bands]
    some = mae.Mae(TINY.model_copy(update={"bands": bands})).eval()
    mae.load(some, tiny.state_dict(), mae.PUBLISHED_BANDS)
    others_0 = torch.zeros_like(image)
    others_0[:, index] = image[:, index]
    tiny.eval()
    torch.testing.assert_close(
        some.encoder(image[:, index], WHEN, WHERE), tiny.encoder(others_0, WHEN, WHERE)
    )
    shown = torch.arange(12).repeat(2, 1)
    ours, whole = (n(x, WHEN, WHERE, shown) for n, x in [(some, image[:, index]), (tiny, others_0)])
    told = whole.patches.unflatten(-1, (-1, 6))[..., index].flatten(-2)
    torch.testing.assert_close(ours.patches, told, atol=1e-5, rtol=1e-5)
    with pytest.raises(InputError, match="no weights for VV; the file has BLUE, GREEN"):
        mae.load(mae.Mae(TINY.model_copy(update={"bands": ("RED", "VV")})), tiny.state_dict())


def test_any_size_and_any_number_of_dates(tiny):
    tiny.eval()
    for dates, height, width in [(1, 16, 16), (2, 48, 112), (3, 64, 64), (5, 96, 32)]:
        image = torch.randn(1, 6, dates, height, width)
        features = tiny.encoder(image)
        tokens = 1 + dates * (height // 16) * (width // 16)
        assert [f.shape for f in features] == [(1, tokens, 48)] * 2
    one = torch.randn(1, 6, 64, 64)
    assert torch.equal(tiny.encoder(one)[0], tiny.encoder(one[:, :, None])[0])


def test_positions_of_more_dates_begin_with_those_of_fewer():
    few, many = (mae.positions((n, 4, 4), 48) for n in (3, 7))
    assert torch.equal(mae.resized(few, (3, 4, 4), (7, 4, 4)), many)
    assert torch.equal(many[:, : few.shape[1]], few)
    assert few[:, 0].abs().max() == 0


def test_corners_stay_where_they_were_in_other_sizes():
    known = mae.positions((1, 4, 4), 48)[0, 1:].reshape(4, 4, 48)
    larger = mae.resized(mae.positions((1, 4, 4), 48), (1, 4, 4), (1, 6, 9))[0, 1:].reshape(
        6, 9, 48
    )
    torch.testing.assert_close(larger[::5, ::8], known[::3, ::3])


def test_time_and_place_matter_only_where_known(tiny, image):
    tiny.eval()
    none = tiny.encoder(image)[-1]
    for coords in [(WHEN, None), (None, WHERE), (WHEN, WHERE)]:
        assert (tiny.encoder(image, *coords)[-1] - none).abs().max() > 1e-3
    base = mae.build(PRITHVI["base_T3"]).eval()
    assert torch.equal(base(image, WHEN, WHERE)[-1], base(image)[-1])
    loss = tiny.encoder(image, WHEN, WHERE)[-1].square().sum()
    loss.backward()
    assert tiny.encoder.temporal_embed_enc.scale.grad.abs() > 0
    assert tiny.encoder.location_embed_enc.scale.grad.abs() > 0


def test_each_date_has_its_own_time(tiny, image):
    """Another day of the last date changes tokens of that date alone, before the blocks."""
    other = WHEN.clone()
    other[:, 2, 1] += 20
    apart = tiny.encoder.tokens(image, other, None) - tiny.encoder.tokens(image, WHEN, None)
    changed = apart.abs().amax((0, 2)) > 0
    assert changed.tolist() == [False] * 32 + [True] * 16


@pytest.mark.parametrize("ratio", [0.3, 0.75, 0.9])
def test_the_share_of_hidden_patches_is_exact(image, ratio):
    network = mae.Mae(TINY.model_copy(update={"mask_ratio": ratio}))
    hidden = network(image, generator=torch.Generator().manual_seed(3)).hidden
    assert hidden.sum(1).tolist() == [round(ratio * 48)] * 2
    assert (hidden[0] != hidden[1]).any()


@pytest.mark.parametrize("norm_pix_loss", [False, True])
def test_shown_patches_have_no_gradient_as_targets(image, norm_pix_loss):
    network = mae.Mae(TINY.model_copy(update={"norm_pix_loss": norm_pix_loss}))
    made = network(image, WHEN, WHERE, generator=torch.Generator().manual_seed(0))
    target = split_patches(image, TINY.patch).requires_grad_()
    scaled = mae.standardised(target) if norm_pix_loss else target
    loss = hidden_error(made.patches.detach(), scaled, made.hidden[..., None])
    assert loss.item() == pytest.approx(made.loss.item())
    (gradient,) = torch.autograd.grad(loss, target)
    assert (gradient[~made.hidden] == 0).all() and (gradient[made.hidden] != 0).any(-1).all()


def test_what_is_hidden_reaches_the_loss_as_target_alone(tiny, image):
    """The encoder sees nothing of it: the whole gradient is that of the squared error."""
    image.requires_grad_()
    made = tiny(image, WHEN, WHERE, generator=torch.Generator().manual_seed(0))
    (gradient,) = torch.autograd.grad(made.loss, image)
    found = split_patches(gradient, TINY.patch)[made.hidden]
    apart = split_patches(image.detach(), TINY.patch)[made.hidden] - made.patches[made.hidden]
    torch.testing.assert_close(found, 2 * apart / apart.numel())


def test_what_was_not_observed_does_not_count(tiny, image):
    shown = torch.arange(12).repeat(2, 1)
    gaps = image.clone()
    gaps[:, :, 1:, :20] = torch.nan
    other = torch.where(gaps.isnan(), 0.0, gaps)
    made, filled = (tiny(x, WHEN, WHERE, shown) for x in (gaps, other))
    assert torch.equal(made.patches, filled.patches)
    target = split_patches(gaps, TINY.patch)
    known = made.hidden[..., None] & target.isfinite()
    assert made.loss.item() == pytest.approx(
        (made.patches[known] - target[known]).square().mean().item()
    )


def test_features_are_those_of_the_chosen_layers(tiny, image):
    encoder = mae.build(TINY.model_copy(update={"layers": (1,)})).eval()
    mae.load(encoder, tiny.state_dict())
    assert isinstance(encoder, Encoder) and encoder.out_channels == [48]
    (last,) = encoder(image)
    torch.testing.assert_close(last, tiny.eval().encoder(image)[1])


def test_it_learns_four_images_by_heart():
    torch.manual_seed(0)
    settings = mae.Settings(
        bands=("A", "B"), dates=1, image_px=32, patch_px=8, dim=64, depth=2, heads=4,
        decoder_dim=64, decoder_depth=1, decoder_heads=4, mask_ratio=0.5,
    )  # fmt: skip
    network, image = mae.Mae(settings), torch.randn(4, 2, 4, 4)
    image = image.repeat_interleave(8, 2).repeat_interleave(8, 3)  # a patch is one colour
    shown = draw_shown(4, 16, 0.5, torch.Generator().manual_seed(0))
    optimiser, losses = torch.optim.AdamW(network.parameters(), 3e-3), []
    cooling = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, 200)
    for _ in range(200):
        loss = network(image, shown=shown).loss
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        cooling.step()
        losses.append(loss.item())
    assert losses[0] > 0.8 and losses[-1] < 0.02, losses[-1]


def test_images_that_do_not_fit_are_refused(tiny, image):
    for wrong, told in [
        (image[:, :5], "5 bands, but the encoder wants 6: BLUE"),
        (image[..., :50], r"64 x 50 px are not whole patches of 1 dates of 16 px; pad or crop"),
        (image[0, 0], r"3 dimensions, but wanted are \(sample, band, y, x\)"),
    ]:
        with pytest.raises(InputError, match=told):
            tiny.encoder(wrong)
    with pytest.raises(InputError, match=r"temporal_coords: shape \(2, 2, 2\), .* \(2, 3, 2\)"):
        tiny.encoder(image, WHEN[:, :2])
    with pytest.raises(InputError, match=r"location_coords: shape \(1, 2\)"):
        tiny.encoder(image, WHEN, WHERE[:1])


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"heads": 5}, "dim 768 cannot be dealt to 5 heads"),
        ({"decoder_heads": 7}, "decoder_dim 512 cannot be dealt to 7"),
        ({"image_px": 100}, "not whole patches"),
        ({"dates": 3, "patch_dates": 2}, "not whole patches"),
        ({"patch_dates": 2, "temporal": True}, "wants patches of one date"),
        ({"layers": (3, 12)}, r"layers \[12\] are not there; there are 0 to 11"),
        ({"dim": 100}, "dim"),
        ({"mask_ratio": 75}, "mask_ratio"),
    ],
)
def test_settings_that_cannot_work_are_refused(changed, told):
    with pytest.raises(InputError, match=told):
        check(mae.Settings, changed, "card")
