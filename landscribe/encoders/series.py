"""Pixel series of many sensors as tokens of channel groups, whose weights are those of Presto.

Tseng et al. 2023, arXiv:2304.14065. Each group of channels is a token of each date; groups that do
not change with time are one token, the place is another. What was not observed is not shown.

Letters of shapes: n samples, t dates, b bands, l tokens, k shown tokens, d channels, c classes.
"""

import math
from typing import NamedTuple, Self

import torch
import torch.nn.functional as F
from pydantic import Field, model_validator
from torch import Tensor, nn

from landscribe.card import Card
from landscribe.command import InputError
from landscribe.encoders.masking import hidden_error, put_back, taken
from landscribe.encoders.transformer import Block, start
from landscribe.encoders.weights import load_strictly

PUBLISHED_GROUPS = {
    "S1": ("VV", "VH"),
    "S2_RGB": ("B02", "B03", "B04"),
    "S2_Red_Edge": ("B05", "B06", "B07"),
    "S2_NIR_10m": ("B08",),
    "S2_NIR_20m": ("B8A",),
    "S2_SWIR": ("B11", "B12"),
    "ERA5": ("temperature", "precipitation"),
    "SRTM": ("elevation", "slope"),
    "NDVI": ("NDVI",),
}
PUBLISHED_SCALES = {  # band -> what is added, then what it is divided by
    **dict.fromkeys(("VV", "VH"), (25.0, 25.0)),  # [dB]
    **dict.fromkeys("B02 B03 B04 B05 B06 B07 B08 B8A B11 B12".split(), (0.0, 1e4)),  # numbers
    "temperature": (-272.15, 35.0),  # [K]
    "precipitation": (0.0, 0.03),  # [m]
    "elevation": (0.0, 2000.0),  # [m]
    "slope": (0.0, 50.0),  # [degrees]
    "NDVI": (0.0, 1.0),
}


class Settings(Card):
    """How large the networks are and what they are shown; defaults are those of Presto."""

    groups: dict[str, tuple[str, ...]] = Field(
        PUBLISHED_GROUPS, min_length=1, description="channel group -> its bands, in input order"
    )
    static: tuple[str, ...] = Field(("SRTM",), description="groups that do not change with time")
    land_cover_classes: int = Field(
        9, ge=0, description="classes of a land-cover series beside the bands; 0: none"
    )
    longest: int = Field(24, ge=1, description="most dates of a series")
    dim: int = Field(128, ge=16, multiple_of=16, description="channels of a token")
    depth: int = Field(2, ge=1, description="blocks of the encoder")
    heads: int = Field(8, ge=1, description="heads of its attention")
    decoder_depth: int = Field(2, ge=1, description="blocks of the decoder")
    decoder_heads: int = Field(8, ge=1, description="heads of its attention")
    mlp_ratio: float = Field(4.0, gt=0, description="width of a block's layers, in its channels")
    land_cover_weight: float = Field(
        2.0, ge=0, description="what one hidden class counts in the loss, in hidden values"
    )
    layers: tuple[int, ...] | None = Field(
        None, min_length=1, description="blocks whose features are given, from 0; null: all"
    )

    @model_validator(mode="after")
    def _fits(self) -> Self:
        wrong = [group for group in self.static if group not in self.groups]
        if wrong:
            raise ValueError(f"static {wrong} are no groups; there are {', '.join(self.groups)}")
        empty = [group for group, bands in self.groups.items() if not bands]
        if empty or len(set(self.bands)) < len(self.bands):
            raise ValueError("groups: each wants bands, and a band stands in one group")
        if self.dim % self.heads or self.dim % self.decoder_heads:
            raise ValueError(f"dim {self.dim} cannot be dealt to the heads; make it divide")
        wrong = [layer for layer in self.layers or () if not 0 <= layer < self.depth]
        if wrong:
            raise ValueError(f"layers {wrong} are not there; there are 0 to {self.depth - 1}")
        return self

    @property
    def bands(self) -> tuple[str, ...]:
        """Bands in the order of groups."""
        return tuple(band for bands in self.groups.values() for band in bands)

    @property
    def is_static(self) -> list[bool]:
        """Whether a group is one token, in the order of groups; land cover at last."""
        land_cover = [False] if self.land_cover_classes else []
        return [group in self.static for group in self.groups] + land_cover


def build(settings: Settings) -> "SeriesEncoder":
    """The encoder alone, with random weights."""
    return SeriesEncoder(settings)


class Reconstruction(NamedTuple):
    """What a masked autoencoder of series gives."""

    loss: Tensor  # scalar
    series: Tensor  # (n, t, b) predicted
    land_cover: Tensor | None  # (n, t, c) logits


class Shown(NamedTuple):
    """Which tokens an encoder sees: as many of each sample as the fullest one has."""

    index: Tensor  # (n, k) of all tokens but the place
    seen: Tensor  # (n, 1 + k) bool, the place first: false fills up, and tells nothing


class SeriesMae(nn.Module):
    """An encoder that sees some tokens of series, and a decoder that says what the others are."""

    def __init__(self, settings: Settings) -> None:
        super().__init__()
        self.settings = settings
        self.encoder = SeriesEncoder(settings)
        self.decoder = SeriesDecoder(settings, self.encoder.channel_embed)

    def forward(
        self,
        series: Tensor,
        month: Tensor,
        hidden: Tensor,
        location_coords: Tensor | None = None,
        land_cover: Tensor | None = None,
        hidden_land_cover: Tensor | None = None,
    ) -> Reconstruction:
        """Hide parts of series, and judge what is said of them; else as `SeriesEncoder.forward`.

        The loss is that of section 3.1 of Tseng et al. 2023: squared errors of bands, and cross
        entropy of classes by their number.

        Args:
            hidden: (n, t, b) bool; what was not observed may be hidden or not, and never counts.
            hidden_land_cover: (n, t) bool; None: nothing of it.
        """
        given = land_cover
        if land_cover is not None and hidden_land_cover is not None:
            given = land_cover.masked_fill(hidden_land_cover, self.settings.land_cover_classes)
        tokens, unseen = self.encoder.tokens(series, month, given, hidden)
        features, shown = self.encoder.features(tokens, unseen, location_coords)
        predicted, logits = self.decoder(self.encoder.norm(features[-1]), shown, month)
        loss = hidden_error(predicted, series, hidden)
        if logits is not None and land_cover is not None and hidden_land_cover is not None:
            counts = hidden_land_cover & (land_cover < self.settings.land_cover_classes)
            values = (hidden & series.isfinite()).sum().clamp(min=1)
            entropy = F.cross_entropy(logits[counts], land_cover[counts].long(), reduction="sum")
            loss = loss + self.settings.land_cover_weight * entropy / values
        return Reconstruction(loss, predicted, logits)


class SeriesEncoder(nn.Module):
    """A transformer over the channel groups and dates of pixels; see `encoder.Encoder`."""

    def __init__(self, settings: Settings) -> None:
        super().__init__()
        dim, classes = settings.dim, settings.land_cover_classes
        self.settings = settings
        self.layers = settings.layers or tuple(range(settings.depth))
        self.out_channels = [dim] * len(self.layers)
        self.eo_patch_embed = nn.ModuleDict(
            {group: nn.Linear(len(bands), dim) for group, bands in settings.groups.items()}
        )
        self.dw_embed = nn.Embedding(classes + 1, dim) if classes else None
        self.latlon_embed = nn.Linear(3, dim)
        self.channel_embed = nn.Embedding(len(settings.is_static), dim // 4)
        self.month_embed = _month_waves(dim // 4)
        self.register_buffer("pos_embed", _date_waves(settings.longest, dim // 2))
        self.blocks = nn.ModuleList(
            [Block(dim, settings.heads, settings.mlp_ratio) for _ in range(settings.depth)]
        )
        self.norm = nn.LayerNorm(dim)
        self.apply(start)

    def forward(
        self,
        series: Tensor,
        month: Tensor,
        location_coords: Tensor | None = None,
        land_cover: Tensor | None = None,
        hidden: Tensor | None = None,
    ) -> list[Tensor]:
        """Features (n, d) of each of `layers`: means over the tokens seen; the last normalised.

        A group is seen at a date if all of its bands are. Static groups are read at the first date.

        Args:
            series: (n, t, b), bands in the order of `settings.bands`, scaled as the weights want
                it (`PUBLISHED_SCALES`); NaN where not observed.
            month: (n, t) integers, 0 is January.
            location_coords: (n, 2) latitude and longitude [degrees]; None: not known.
            land_cover: (n, t) integers; `settings.land_cover_classes` where not known, or None.
            hidden: (n, t, b) bool, what is not to be seen; None: nothing.
        """
        tokens, unseen = self.tokens(series, month, land_cover, hidden)
        features, shown = self.features(tokens, unseen, location_coords)
        pooled = [_mean_of_seen(features[layer], shown.seen) for layer in self.layers]
        last = self.settings.depth - 1
        return [
            self.norm(x) if layer == last else x
            for layer, x in zip(self.layers, pooled, strict=True)
        ]

    def tokens(
        self,
        series: Tensor,
        month: Tensor,
        land_cover: Tensor | None = None,
        hidden: Tensor | None = None,
    ) -> tuple[Tensor, Tensor]:
        """All tokens (n, l, d) but that of the place, and which of them are hidden (n, l)."""
        settings = self.settings
        _check(series, month, land_cover, settings)
        lost = series.isnan() if hidden is None else series.isnan() | hidden  # (n, t, b)
        widths = [len(bands) for bands in settings.groups.values()]
        groups = zip(series.nan_to_num().split(widths, -1), lost.split(widths, -1), strict=True)
        found, unseen = [], []
        for (name, embed), (values, gone) in zip(self.eo_patch_embed.items(), groups, strict=True):
            dates = slice(1) if name in settings.static else slice(None)
            found.append(embed(values[:, dates]))  # (n, t, d)
            unseen.append(gone[:, dates].any(-1))  # (n, t)
        if self.dw_embed is not None:
            unknown = torch.full_like(month, settings.land_cover_classes)
            classes = unknown if land_cover is None else land_cover.long()
            found.append(self.dw_embed(classes))
            unseen.append(classes == settings.land_cover_classes)
        when = _positions(self, self.channel_embed, month)
        return torch.cat(found, 1) + when, torch.cat(unseen, 1)

    def features(
        self, tokens: Tensor, hidden: Tensor, location_coords: Tensor | None
    ) -> tuple[list[Tensor], Shown]:
        """Features (n, 1 + k, d) of each block, the place first, of tokens (n, l, d) not hidden."""
        most = int((~hidden).sum(1).max())
        index = hidden.int().argsort(dim=1, stable=True)[:, :most]  # (n, k)
        seen = torch.cat([hidden.new_ones(len(hidden), 1), ~hidden.gather(1, index)], 1)
        place = tokens.new_zeros(len(tokens), 1, 3)
        if location_coords is None:
            seen[:, 0] = False
        else:
            place = _on_sphere(location_coords)[:, None].to(tokens.dtype)
        if not seen.any(1).all():
            raise InputError(
                f"series: {int((~seen.any(1)).sum())} of {len(seen)} samples show nothing; leave"
                " them out, or give their place"
            )
        x, found = torch.cat([self.latlon_embed(place), taken(tokens, index)], 1), []  # (n, 1+k, d)
        for block in self.blocks:
            x = block(x, seen)
            found.append(x)
        return found, Shown(index, seen)


class SeriesDecoder(nn.Module):
    """A transformer that says from the tokens shown what is in all of them.

    It knows groups by the encoder's own embedding, `channels`.
    """

    def __init__(self, settings: Settings, channels: nn.Embedding) -> None:
        super().__init__()
        dim, classes = settings.dim, settings.land_cover_classes
        self.settings = settings
        self.decoder_embed = nn.Linear(dim, dim)
        self.mask_token = nn.Parameter(torch.zeros(dim))
        self.channel_embeddings = channels
        self.month_embed = _month_waves(dim // 8 * 3)
        self.register_buffer("pos_embed", _date_waves(settings.longest, dim // 8 * 3))
        self.decoder_blocks = nn.ModuleList(
            [
                Block(dim, settings.decoder_heads, settings.mlp_ratio)
                for _ in range(settings.decoder_depth)
            ]
        )
        self.decoder_norm = nn.LayerNorm(dim)
        self.eo_decoder_pred = nn.ModuleDict(
            {group: nn.Linear(dim, len(bands)) for group, bands in settings.groups.items()}
        )
        self.dw_decoder_pred = nn.Linear(dim, classes) if classes else None
        self.apply(start)
        nn.init.normal_(self.mask_token, std=0.02)

    def forward(
        self, features: Tensor, shown: Shown, month: Tensor
    ) -> tuple[Tensor, Tensor | None]:
        """Bands (n, t, b) and logits of land cover (n, t, c), from features (n, 1 + k, d)."""
        x, dates = self.decoder_embed(features), month.shape[1]  # (n, 1+k, d)
        when = _positions(self, self.channel_embeddings, month)  # (n, l, d)
        empty = self.mask_token.to(x.dtype).expand_as(when)
        kept = torch.where(shown.seen[:, 1:, None], x[:, 1:], empty[:, :1])
        x = torch.cat([x[:, :1], put_back(kept, shown.index, empty) + when], 1)  # (n, 1+l, d)
        seen = F.pad(shown.seen[:, :1], (0, when.shape[1]), value=True)  # all but an unknown place
        for block in self.decoder_blocks:
            x = block(x, seen)
        counts = [1 if fixed else dates for fixed in self.settings.is_static]
        parts = self.decoder_norm(x)[:, 1:].split(counts, 1)  # (n, t, d) of each group
        told = zip(self.eo_decoder_pred.values(), parts, strict=False)
        series = torch.cat([say(part).expand(-1, dates, -1) for say, part in told], -1)
        return series, None if self.dw_decoder_pred is None else self.dw_decoder_pred(parts[-1])


def load(network: SeriesMae | SeriesEncoder, weights: dict[str, Tensor]) -> None:
    """Put published weights into a network; `InputError` names all that does not fit.

    Waves of dates are left as they are: they follow from `settings.longest`. Of files of an
    autoencoder, an encoder takes its part.
    """
    given, part = dict(weights), "encoder."
    if isinstance(network, SeriesEncoder):
        given = {k.removeprefix(part): v for k, v in given.items() if k.startswith(part)}
    own = network.state_dict()
    given |= {k: own[k] for k in given.keys() & own.keys() if k.endswith("pos_embed")}
    load_strictly(network, given)


def _check(series: Tensor, month: Tensor, land_cover: Tensor | None, settings: Settings) -> None:
    wanted = (len(settings.bands), settings.longest)
    if series.ndim != 3 or series.shape[2] != wanted[0] or not 1 <= series.shape[1] <= wanted[1]:
        raise InputError(
            f"series: shape {tuple(series.shape)}, but wanted is (sample, date, band) of at most"
            f" {wanted[1]} dates and {wanted[0]} bands: {', '.join(settings.bands)}"
        )
    for name, found, most in [
        ("month", month, 11),
        ("land_cover", land_cover, settings.land_cover_classes),
    ]:
        if found is None:
            continue
        if found.shape != series.shape[:2]:
            raise InputError(
                f"{name}: shape {tuple(found.shape)}, but wanted is {tuple(series.shape[:2])}"
            )
        if found.numel() and not 0 <= int(found.min()) <= int(found.max()) <= most:
            raise InputError(
                f"{name}: {int(found.min())} to {int(found.max())}, but wanted is 0 to {most}"
            )


def _positions(
    network: SeriesEncoder | SeriesDecoder, channels: nn.Embedding, month: Tensor
) -> Tensor:
    """Month, group and date of tokens (n, l, d); of static groups the group alone."""
    dates = network.pos_embed[:, : month.shape[1]].expand(len(month), -1, -1)  # (n, t, d)
    months, found = network.month_embed(month), []  # (n, t, d)
    for group, fixed in zip(channels.weight, network.settings.is_static, strict=True):
        when, where = [x[:, :1] * 0 if fixed else x for x in (months, dates)]
        found.append(torch.cat([when, group.expand(*when.shape[:2], -1), where], -1))
    return torch.cat(found, 1)


def _date_waves(longest: int, dim: int) -> Tensor:
    """Sines and cosines (1, t, d) in turn, of waves from 2 pi towards 1,000 times that."""
    steps = torch.arange(longest, dtype=torch.float64)[:, None]
    angles = steps / 1000 ** (torch.arange(0, dim, 2) / dim)
    return torch.stack([angles.sin(), angles.cos()], -1).flatten(1)[None].float()


def _month_waves(dim: int) -> nn.Embedding:
    """Month of the year on a circle, as sines then cosines: not learnt."""
    angles = torch.arange(12, dtype=torch.float64)[:, None] * (2 * math.pi / 12)
    halves = [angles.sin().expand(-1, dim // 2), angles.cos().expand(-1, dim // 2)]
    return nn.Embedding.from_pretrained(torch.cat(halves, 1).float(), freeze=True)


def _on_sphere(coords: Tensor) -> Tensor:
    """Points (n, 3) of the unit sphere, of latitude and longitude (n, 2) [degrees]."""
    lat, lon = coords.deg2rad().unbind(-1)
    return torch.stack([lat.cos() * lon.cos(), lat.cos() * lon.sin(), lat.sin()], -1)


def _mean_of_seen(x: Tensor, seen: Tensor) -> Tensor:
    """Means (n, d) of those tokens (n, k, d) that are seen (n, k)."""
    return torch.where(seen[..., None], x, 0.0).sum(1) / seen.sum(1, keepdim=True)
