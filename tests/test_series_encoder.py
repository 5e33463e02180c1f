"""The transformer of pixel series: Presto's weights fit, and what is hidden stays hidden."""

import pytest
import torch

from landscribe.card import check
from landscribe.command import InputError
from landscribe.encoders import series
from landscribe.encoders.encoder import Encoder
from landscribe.encoders.weights import read_weights
from tests.published import presto, presto_case

OWN = series.Settings(  # of other sensors than Presto's
    groups={"radar": ("VV",), "thermal": ("B10", "B11"), "ground": ("elevation",)},
    static=("ground",),
    land_cover_classes=3,
    longest=12,
    dim=32,
    heads=4,
    decoder_heads=4,
)
MONTH = torch.arange(6).repeat(4, 1) + 3
WHERE = torch.tensor([[52.4, 12.5], [-10.0, 30.0], [0.0, 180.0], [89.0, -120.0]])
COVER = torch.tensor([[0, 1, 2, 3, 0, 1]] * 4)


def made(seed: int = 0) -> torch.Tensor:
    """Four series of 6 dates and 4 bands."""
    return torch.randn(4, 6, 4, generator=torch.Generator().manual_seed(seed))


def network(settings: series.Settings = OWN) -> series.SeriesMae:
    torch.manual_seed(0)
    return series.SeriesMae(settings).eval()


@pytest.mark.data
@pytest.mark.parametrize("hidden", [False, True])
def test_pooled_features_are_those_of_the_published_code(real_data, hidden):
    case = presto_case(real_data)
    mask, wanted = (case.hidden, case.pooled_hidden) if hidden else (None, case.pooled)
    encoder = presto(real_data).encoder
    ours = encoder(case.bands, case.month, case.coords, case.land_cover, mask)[-1]
    torch.testing.assert_close(ours, wanted, atol=1e-5, rtol=0)
    gone = case.bands.masked_fill(case.hidden, torch.nan) if hidden else case.bands
    again = encoder(gone, case.month, case.coords, case.land_cover)[-1]
    assert torch.equal(again, ours)


@pytest.mark.data
def test_published_weights_say_what_was_hidden(real_data):
    """Far better than the mean of each band: so the decoder is right, too."""
    case = presto_case(real_data)
    made = presto(real_data)(case.bands, case.month, case.hidden, case.coords, case.land_cover)
    mean = case.bands.mean((0, 1))
    apart = ((case.bands - mean)[case.hidden] ** 2).mean()
    assert made.loss < 0.5 * apart
    for band in ("B05", "B06", "B07"):
        index = made_bands().index(band)
        gone = case.hidden[..., index]
        told = (made.series[..., index] - case.bands[..., index])[gone].square().mean()
        assert told < 0.05 * (case.bands[..., index] - mean[index])[gone].square().mean()


def made_bands() -> tuple[str, ...]:
    return series.Settings().bands


@pytest.mark.data
def test_files_of_others_fit_where_settings_say_how(real_data):
    """WorldCereal's Presto sees up to 72 dates and comes without a decoder."""
    weights = read_weights(real_data / "weights/worldcereal_presto_finetuned.pt")
    encoder = series.build(series.Settings(longest=72))
    series.load(encoder, weights)
    own = encoder.state_dict()
    torch.testing.assert_close(own["pos_embed"], weights["encoder.pos_embed"], atol=1e-5, rtol=0)
    with pytest.raises(InputError, match=r"missing: decoder.channel_embeddings.weight"):
        series.load(series.SeriesMae(series.Settings(longest=72)), weights)


@pytest.mark.data
def test_waves_of_dates_and_months_are_the_published_ones(real_data):
    weights = read_weights(real_data / "weights/presto_default_model.pt")
    own = series.SeriesMae(series.Settings()).state_dict()
    assert own.keys() == weights.keys()
    for name in [n for n in own if n.endswith("pos_embed") or "month_embed" in n]:
        torch.testing.assert_close(own[name], weights[name], atol=1e-5, rtol=0)


def test_every_kind_of_token_is_there():
    encoder, x = network().encoder, made()
    tokens, hidden = encoder.tokens(x, MONTH, COVER)
    assert tokens.shape == (4, 6 + 6 + 1 + 6, 32)  # radar, thermal, ground, land cover
    assert hidden.sum(1).tolist() == [1] * 4 and hidden[:, 16].all()  # the class not known
    assert encoder.tokens(x, MONTH)[1][:, 13:].all()


def test_hidden_values_change_nothing_and_shown_ones_do():
    encoder, x = network().encoder, made()
    hidden = torch.zeros(4, 6, 4, dtype=torch.bool)
    hidden[:, 2:4, 1:3], hidden[:2, :, 0] = True, True
    one = encoder(x, MONTH, WHERE, COVER, hidden)[-1]
    assert torch.equal(encoder(x.masked_fill(hidden, 77.0), MONTH, WHERE, COVER, hidden)[-1], one)
    assert torch.equal(encoder(x.masked_fill(hidden, torch.nan), MONTH, WHERE, COVER)[-1], one)
    assert (encoder(x + 1, MONTH, WHERE, COVER, hidden)[-1] - one).abs().amin(1).max() > 0


def test_a_group_is_seen_if_all_its_bands_are():
    encoder, x = network().encoder, made()
    half, whole = (torch.zeros(4, 6, 4, dtype=torch.bool) for _ in range(2))
    half[..., 2], whole[..., 1:3] = True, True
    assert torch.equal(
        encoder(x, MONTH, WHERE, COVER, half)[-1], encoder(x, MONTH, WHERE, COVER, whole)[-1]
    )


def test_samples_know_nothing_of_each_other():
    """Those of which less is seen are filled up to the fullest one."""
    encoder, x = network().encoder, made()
    hidden = torch.rand(4, 6, 4, generator=torch.Generator().manual_seed(2)) < 0.5
    hidden[3] = False
    whole = encoder(x, MONTH, WHERE, COVER, hidden)
    for i in range(4):
        one = slice(i, i + 1)
        alone = encoder(x[one], MONTH[one], WHERE[one], COVER[one], hidden[one])
        for ours, theirs in zip(alone, whole, strict=True):
            torch.testing.assert_close(ours, theirs[one], atol=1e-5, rtol=1e-5)


def test_month_place_and_land_cover_matter():
    encoder, x = network().encoder, made()
    one = encoder(x, MONTH, WHERE, COVER)[-1]
    for other in [(MONTH - 2, WHERE, COVER), (MONTH, -WHERE, COVER), (MONTH, WHERE, COVER * 0)]:
        assert (encoder(x, *other)[-1] - one).abs().max() > 1e-4
    full_turn = WHERE + torch.tensor([0.0, 360.0])
    torch.testing.assert_close(encoder(x, MONTH, full_turn, COVER)[-1], one, atol=1e-5, rtol=0)
    assert (encoder(x, MONTH, None, COVER)[-1] - one).abs().max() > 1e-4


def test_static_groups_are_read_at_the_first_date():
    encoder, x = network().encoder, made()
    later, first = x.clone(), x.clone()
    later[:, 1:, 3] += 1
    first[:, 0, 3] += 1
    one = encoder(x, MONTH, WHERE)[-1]
    assert torch.equal(encoder(later, MONTH, WHERE)[-1], one)
    assert not torch.equal(encoder(first, MONTH, WHERE)[-1], one)


def test_only_hidden_and_observed_values_count():
    net, x = network(), made()
    hidden = torch.rand(4, 6, 4, generator=torch.Generator().manual_seed(1)) < 0.4
    x[0, :2] = torch.nan
    told = net(x, MONTH, hidden, WHERE)
    known = hidden & x.isfinite()
    assert told.loss.item() == pytest.approx((told.series - x)[known].square().mean().item())
    assert told.series.shape == x.shape and told.land_cover.shape == (4, 6, 3)


def test_hidden_classes_count_by_their_number():
    net, x = network(), made()
    hidden = torch.rand(4, 6, 4, generator=torch.Generator().manual_seed(1)) < 0.4
    classes = torch.zeros(4, 6, dtype=torch.bool)
    classes[:, 2:5] = True  # one of them is not known: 8 count
    told = net(x, MONTH, hidden, WHERE, COVER, classes)
    other = COVER.clone()
    other[:, 2:5] = 3
    alone = net(x, MONTH, hidden, WHERE, other)
    assert torch.equal(alone.series, told.series)  # the classes were not seen
    chosen = [2, 4]
    shares = told.land_cover.log_softmax(-1)[:, chosen]
    entropy = -shares.gather(-1, COVER[:, chosen, None]).sum()
    wanted = alone.loss + 2 * entropy / hidden.sum()
    assert told.loss.item() == pytest.approx(wanted.item(), rel=1e-5)


def test_groups_have_one_embedding_in_both_networks():
    net = network()
    assert net.decoder.channel_embeddings is net.encoder.channel_embed
    again = series.SeriesMae(OWN)
    series.load(again, net.state_dict())
    x, hidden = made(), torch.rand(4, 6, 4) < 0.3
    assert torch.equal(again.eval()(x, MONTH, hidden).series, net(x, MONTH, hidden).series)


def test_features_are_those_of_the_chosen_layers():
    encoder = series.build(OWN.model_copy(update={"layers": (0,)})).eval()
    whole = network()
    series.load(encoder, whole.state_dict())
    assert isinstance(encoder, Encoder) and encoder.out_channels == [32]
    (first,) = encoder(made(), MONTH, WHERE)
    torch.testing.assert_close(first, whole.encoder(made(), MONTH, WHERE)[0])


def test_it_works_without_land_cover():
    net = network(OWN.model_copy(update={"land_cover_classes": 0}))
    told = net(made(), MONTH, torch.ones(4, 6, 4, dtype=torch.bool), WHERE)
    assert told.land_cover is None and told.loss > 0


def test_it_learns_four_series_by_heart():
    net, x = network().train(), made()
    hidden = torch.zeros(4, 6, 4, dtype=torch.bool)
    hidden[:, 1::2, 1:3], hidden[:, 2, 0] = True, True
    optimiser, losses = torch.optim.AdamW(net.parameters(), 3e-3), []
    for _ in range(120):
        loss = net(x, MONTH, hidden, WHERE).loss
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    assert losses[0] > 0.8 and losses[-1] < 0.02


def test_waves_of_dates_and_months_do_not_learn():
    net = network()
    learnt = {name for name, value in net.named_parameters() if value.requires_grad}
    assert not [name for name in learnt if "month_embed" in name or "pos_embed" in name]


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"series": made()[..., :3]}, r"series: shape \(4, 6, 3\), .* 4 bands: VV, B10, B11, elev"),
        ({"series": made().repeat(1, 3, 1)}, "of at most 12 dates"),
        ({"month": MONTH + 9}, "month: 12 to 17, but wanted is 0 to 11"),
        ({"month": MONTH[:, :2]}, r"month: shape \(4, 2\), but wanted is \(4, 6\)"),
        ({"land_cover": COVER + 1}, "land_cover: 1 to 4, but wanted is 0 to 3"),
        ({"series": made() * torch.nan, "location_coords": None}, "4 of 4 samples show nothing"),
    ],
)
def test_series_that_do_not_fit_are_refused(changed, told):
    given = {"series": made(), "month": MONTH, "location_coords": WHERE} | changed
    with pytest.raises(InputError, match=told):
        network().encoder(**given)


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"static": ["DEM"]}, r"static \['DEM'\] are no groups; there are S1, S2_RGB"),
        ({"groups": {"a": ["x"], "b": ["x"]}, "static": []}, "a band stands in one group"),
        ({"groups": {"a": []}, "static": []}, "each wants bands"),
        ({"heads": 5}, "dim 128 cannot be dealt"),
        ({"layers": [2]}, "there are 0 to 1"),
    ],
)
def test_settings_that_cannot_work_are_refused(changed, told):
    with pytest.raises(InputError, match=told):
        check(series.Settings, changed, "card")
