"""Masked autoencoder of image series, whose weights are those of published Prithvi files.

Jakubik et al. 2023, arXiv:2310.18660 (Prithvi-EO-1.0); Szwarcman et al. 2024, arXiv:2412.02732
(2.0: encodings of time and place); He et al. 2022, arXiv:2111.06377 (masked autoencoders).

Letters of shapes: n samples, b bands, t dates, y, x; l patches, k shown patches, d channels;
p values of a patch (dates, rows, columns and bands of it, in that order).
"""

from typing import NamedTuple, Self

import torch
import torch.nn.functional as F
from pydantic import Field, model_validator
from torch import Tensor, nn

from landscribe.card import Card, Fraction
from landscribe.command import InputError
from landscribe.encoders.image_patches import split_patches, standardised
from landscribe.encoders.masking import draw_shown, hidden_error, put_back, taken
from landscribe.encoders.transformer import Block, start, waves
from landscribe.encoders.weights import load_strictly

PUBLISHED_BANDS = ("BLUE", "GREEN", "RED", "NIR_NARROW", "SWIR_1", "SWIR_2")


class Settings(Card):
    """How large the networks are and what they see; defaults are those of Prithvi 2.0 100M."""

    bands: tuple[str, ...] = Field(PUBLISHED_BANDS, min_length=1, description="in input order")
    dates: int = Field(4, ge=1, description="dates of the series that it was made for")
    image_px: int = Field(224, ge=1, description="side of the images that it was made for [px]")
    patch_dates: int = Field(1, ge=1, description="dates of a patch")
    patch_px: int = Field(16, ge=1, description="side of a patch [px]")
    dim: int = Field(768, ge=16, multiple_of=16, description="channels of a token")
    depth: int = Field(12, ge=1, description="blocks of the encoder")
    heads: int = Field(12, ge=1, description="heads of its attention")
    decoder_dim: int = Field(512, ge=16, multiple_of=16, description="channels in the decoder")
    decoder_depth: int = Field(8, ge=1, description="blocks of the decoder")
    decoder_heads: int = Field(16, ge=1, description="heads of its attention")
    mlp_ratio: float = Field(4.0, gt=0, description="width of a block's layers, in its channels")
    temporal: bool = Field(False, description="knows the year and the day of year of each date")
    location: bool = Field(False, description="knows latitude and longitude")
    mask_ratio: Fraction = Field(0.75, description="share of patches hidden in pre-training")
    norm_pix_loss: bool = Field(False, description="judge patches by their own mean and spread")
    layers: tuple[int, ...] | None = Field(
        None, min_length=1, description="blocks whose features are given, from 0; null: all"
    )

    @model_validator(mode="after")
    def _fits(self) -> Self:
        for name, dim, heads in [
            ("dim", self.dim, self.heads),
            ("decoder_dim", self.decoder_dim, self.decoder_heads),
        ]:
            if dim % heads:
                raise ValueError(f"{name} {dim} cannot be dealt to {heads} heads; make it divide")
        if self.image_px % self.patch_px or self.dates % self.patch_dates:
            raise ValueError(
                f"{self.dates} dates of {self.image_px} px are not whole patches of"
                f" {self.patch_dates} dates of {self.patch_px} px"
            )
        if self.temporal and self.patch_dates > 1:
            raise ValueError("temporal wants patches of one date; set patch_dates to 1")
        wrong = [layer for layer in self.layers or () if not 0 <= layer < self.depth]
        if wrong:
            raise ValueError(f"layers {wrong} are not there; there are 0 to {self.depth - 1}")
        return self

    @property
    def patch(self) -> tuple[int, int, int]:
        """Dates, rows and columns of a patch."""
        return self.patch_dates, self.patch_px, self.patch_px

    @property
    def grid(self) -> tuple[int, int, int]:
        """Patches of what it was made for: over dates, rows, columns."""
        side = self.image_px // self.patch_px
        return self.dates // self.patch_dates, side, side


def build(settings: Settings) -> "MaeEncoder":
    """The encoder alone, with random weights."""
    return MaeEncoder(settings)


class Reconstruction(NamedTuple):
    """What a masked autoencoder gives."""

    loss: Tensor  # scalar
    patches: Tensor  # (n, l, p) predicted
    hidden: Tensor  # (n, l) bool


class Mae(nn.Module):
    """An encoder that sees some patches, and a decoder that says what is in the others."""

    def __init__(self, settings: Settings) -> None:
        super().__init__()
        self.settings = settings
        self.encoder = MaeEncoder(settings)
        self.decoder = MaeDecoder(settings)

    def forward(
        self,
        image: Tensor,
        temporal_coords: Tensor | None = None,
        location_coords: Tensor | None = None,
        shown: Tensor | None = None,
        generator: torch.Generator | None = None,
    ) -> Reconstruction:
        """Hide patches of image series, and judge what is said of them.

        Args:
            image: (n, b, t, y, x), or (n, b, y, x) of one date, scaled as the weights want it;
                NaN where not observed: 0 to the encoder, and no part of the loss.
            temporal_coords: (n, t, 2) year and day of year.
            location_coords: (n, 2) latitude and longitude [degrees].
            shown: (n, k) patches that the encoder sees; None: drawn, by `mask_ratio`.
            generator: what draws them.
        """
        image = _series(image)
        grid = self.encoder.grid_of(image)
        if shown is None:
            tokens, ratio = grid[0] * grid[1] * grid[2], self.settings.mask_ratio
            shown = draw_shown(len(image), tokens, ratio, generator).to(image.device)
        coords = (temporal_coords, location_coords)
        features = self.encoder.features(self.encoder.tokens(image, *coords), shown)
        patches = self.decoder(features[-1], shown, grid, *coords)  # (n, l, p)
        hidden = patches.new_ones(patches.shape[:2], dtype=torch.bool).scatter(1, shown, False)
        target = split_patches(image, self.settings.patch)
        if self.settings.norm_pix_loss:
            target = standardised(target)
        return Reconstruction(hidden_error(patches, target, hidden[..., None]), patches, hidden)


class MaeEncoder(nn.Module):
    """A vision transformer over the patches of image series; see `encoder.Encoder`."""

    def __init__(self, settings: Settings) -> None:
        super().__init__()
        dim = settings.dim
        self.settings = settings
        self.layers = settings.layers or tuple(range(settings.depth))
        self.out_channels = [dim] * len(self.layers)
        self.patch_embed = PatchEmbed(settings)
        self.cls_token = nn.Parameter(torch.zeros(1, 1, dim))
        self.register_buffer("pos_embed", positions(settings.grid, dim))
        self.temporal_embed_enc = WaveEncoding(dim) if settings.temporal else None
        self.location_embed_enc = WaveEncoding(dim) if settings.location else None
        self.blocks = nn.ModuleList(
            [Block(dim, settings.heads, settings.mlp_ratio) for _ in range(settings.depth)]
        )
        self.norm = nn.LayerNorm(dim)
        self.apply(start)
        nn.init.xavier_uniform_(self.patch_embed.proj.weight.data.flatten(1))  # a view
        nn.init.normal_(self.cls_token, std=0.02)

    def forward(
        self,
        image: Tensor,
        temporal_coords: Tensor | None = None,
        location_coords: Tensor | None = None,
    ) -> list[Tensor]:
        """Features (n, 1 + l, d) of each of `layers`, the class token first.

        Patches are in the order of dates, rows, columns. The last block's features are normalised.
        Coordinates that are not given, or that the encoder does not know, change nothing.

        Args:
            image: (n, b, t, y, x), or (n, b, y, x) of one date, of any number of dates and any
                size of whole patches; scaled as the weights want it, NaN where not observed.
            temporal_coords: (n, t, 2) year and day of year.
            location_coords: (n, 2) latitude and longitude [degrees].
        """
        features = self.features(self.tokens(_series(image), temporal_coords, location_coords))
        return [features[layer] for layer in self.layers]

    def grid_of(self, image: Tensor) -> tuple[int, ...]:
        """Patches of an image (n, b, t, y, x) over dates, rows, columns; `InputError` if none."""
        settings, sizes = self.settings, tuple(image.shape[2:])
        if image.shape[1] != len(settings.bands):
            raise InputError(
                f"image: {image.shape[1]} bands, but the encoder wants {len(settings.bands)}:"
                f" {', '.join(settings.bands)}"
            )
        if any(size % of for size, of in zip(sizes, settings.patch, strict=True)):
            raise InputError(
                f"image: {sizes[0]} dates of {sizes[1]} x {sizes[2]} px are not whole patches of"
                f" {settings.patch_dates} dates of {settings.patch_px} px; pad or crop it"
            )
        return tuple(size // of for size, of in zip(sizes, settings.patch, strict=True))

    def tokens(
        self, image: Tensor, temporal_coords: Tensor | None, location_coords: Tensor | None
    ) -> Tensor:
        """All patches (n, l, d) of an image (n, b, t, y, x), each with its position."""
        grid = self.grid_of(image)
        x = self.patch_embed(image.nan_to_num())  # (n, l, d)
        x = x + resized(self.pos_embed, self.settings.grid, grid)[:, 1:].to(x.dtype)
        coders = (self.temporal_embed_enc, self.location_embed_enc)
        return x + _coded(coders, (temporal_coords, location_coords), grid, x)

    def features(self, tokens: Tensor, shown: Tensor | None = None) -> list[Tensor]:
        """Features (n, 1 + k, d) of each block, of tokens (n, l, d), or of those shown (n, k)."""
        x = tokens if shown is None else taken(tokens, shown)  # (n, k, d)
        first = (self.cls_token + self.pos_embed[:, :1]).to(x.dtype)
        x, found = torch.cat([first.expand(len(x), -1, -1), x], 1), []  # (n, 1+k, d)
        for block in self.blocks:
            x = block(x)
            found.append(x)
        return [*found[:-1], self.norm(x)]


class MaeDecoder(nn.Module):
    """A smaller transformer that says from the patches shown what is in all of them."""

    def __init__(self, settings: Settings) -> None:
        super().__init__()
        dim, patch = settings.decoder_dim, settings.patch
        self.settings = settings
        self.decoder_embed = nn.Linear(settings.dim, dim)
        self.mask_token = nn.Parameter(torch.zeros(1, 1, dim))
        self.register_buffer("decoder_pos_embed", positions(settings.grid, dim))
        self.temporal_embed_dec = WaveEncoding(dim) if settings.temporal else None
        self.location_embed_dec = WaveEncoding(dim) if settings.location else None
        self.decoder_blocks = nn.ModuleList(
            [
                Block(dim, settings.decoder_heads, settings.mlp_ratio)
                for _ in range(settings.decoder_depth)
            ]
        )
        self.decoder_norm = nn.LayerNorm(dim)
        self.decoder_pred = nn.Linear(dim, patch[0] * patch[1] * patch[2] * len(settings.bands))
        self.apply(start)
        nn.init.normal_(self.mask_token, std=0.02)

    def forward(
        self,
        features: Tensor,
        shown: Tensor,
        grid: tuple[int, int, int],
        temporal_coords: Tensor | None = None,
        location_coords: Tensor | None = None,
    ) -> Tensor:
        """Values (n, l, p) of all patches, from features (n, 1 + k, d) of those shown (n, k)."""
        x = self.decoder_embed(features)  # (n, 1+k, d)
        empty = self.mask_token.to(x.dtype).expand(len(x), grid[0] * grid[1] * grid[2], -1)
        x = torch.cat([x[:, :1], put_back(x[:, 1:], shown, empty)], 1)  # (n, 1+l, d)
        x = x + resized(self.decoder_pos_embed, self.settings.grid, grid).to(x.dtype)
        coders = (self.temporal_embed_dec, self.location_embed_dec)
        coded = _coded(coders, (temporal_coords, location_coords), grid, x)
        x = torch.cat([x[:, :1], x[:, 1:] + coded], 1)  # the class token has no date and no place
        for block in self.decoder_blocks:
            x = block(x)
        return self.decoder_pred(self.decoder_norm(x))[:, 1:]  # (n, l, p)


class PatchEmbed(nn.Module):
    """Patches of image series as tokens."""

    def __init__(self, settings: Settings) -> None:
        super().__init__()
        size = settings.patch
        self.proj = nn.Conv3d(len(settings.bands), settings.dim, size, stride=size)

    def forward(self, image: Tensor) -> Tensor:
        """Tokens (n, l, d) of images (n, b, t, y, x)."""
        return self.proj(image).flatten(2).transpose(1, 2)


class WaveEncoding(nn.Module):
    """Two numbers as waves, half of the channels each, as strong as was learnt."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.dim = dim
        self.scale = nn.Parameter(torch.full((1,), 0.1))  # of Prithvi-EO-2.0, section 3

    def forward(self, numbers: Tensor) -> Tensor:
        """Encodings (..., d) of pairs of numbers (..., 2), in float32: a year has four digits."""
        first, second = numbers.float().unbind(-1)
        return self.scale * torch.cat(
            [waves(first, self.dim // 2), waves(second, self.dim - self.dim // 2)], -1
        )


def positions(grid: tuple[int, ...], dim: int) -> Tensor:
    """Positions (1, 1 + l, d) of a grid of patches; that of the class token is 0.

    6 of 16 parts of the channels tell the column, 6 the row, 4 the date.
    """
    date, row, column = (torch.arange(n, dtype=torch.float64) for n in grid)
    parts = [
        waves(column, dim // 16 * 6)[None, None].expand(*grid, -1),
        waves(row, dim // 16 * 6)[None, :, None].expand(*grid, -1),
        waves(date, dim // 16 * 4)[:, None, None].expand(*grid, -1),
    ]
    return F.pad(torch.cat(parts, -1).flatten(0, 2), (0, 0, 1, 0))[None].float()


def resized(known: Tensor, grid: tuple[int, ...], wanted: tuple[int, ...]) -> Tensor:
    """Positions (1, 1 + l, d) of a wanted grid, from those of the grid that weights were made for.

    Rows and columns are interpolated, so that the image's corners stay where they were; dates are
    counted on.
    """
    if wanted == grid:
        return known
    if wanted[0] != grid[0]:
        known = positions((wanted[0], *grid[1:]), known.shape[-1]).to(known.device)
    if wanted[1:] == grid[1:]:
        return known
    plane = known[0, 1:].unflatten(0, (wanted[0], *grid[1:])).permute(0, 3, 1, 2)  # (t, d, y, x)
    plane = F.interpolate(plane, wanted[1:], mode="bicubic", align_corners=True)
    return torch.cat([known[:, :1], plane.permute(0, 2, 3, 1).flatten(0, 2)[None]], 1)


def load(
    network: Mae | MaeEncoder, weights: dict[str, Tensor], bands: tuple[str, ...] = PUBLISHED_BANDS
) -> None:
    """Put published weights into a network; `InputError` names all that does not fit.

    Positions are left as they are: they follow from the grid. Of files of an autoencoder, an
    encoder takes its part.

    Args:
        weights: of Prithvi 2.0 files (`encoder.`, `decoder.`) or of 1.0 files (without).
        bands: that the weights were learnt on; the network's bands have to be among them.
    """
    given = {_prefixed(name): value for name, value in weights.items()}
    if not isinstance(network, Mae):
        part = "encoder."
        given = {k.removeprefix(part): v for k, v in given.items() if k.startswith(part)}
    own = network.state_dict()
    given |= {k: own[k] for k in given.keys() & own.keys() if k.endswith("pos_embed")}
    load_strictly(network, _with_bands(given, bands, network.settings))


def _prefixed(name: str) -> str:
    if name.startswith(("encoder.", "decoder.")):
        return name
    part = (
        "decoder" if name.startswith(("decoder_", "mask_token")) or "_dec." in name else "encoder"
    )
    return f"{part}.{name}"


def _with_bands(
    weights: dict[str, Tensor], bands: tuple[str, ...], settings: Settings
) -> dict[str, Tensor]:
    """Weights of the first and the last layer for the bands of the settings, in their order."""
    missing = [band for band in settings.bands if band not in bands]
    if missing:
        raise InputError(
            f"bands: no weights for {', '.join(missing)}; the file has {', '.join(bands)}"
        )
    index = torch.tensor([bands.index(band) for band in settings.bands])
    found = dict(weights)
    for name, value in weights.items():
        if name.endswith("patch_embed.proj.weight"):
            found[name] = value[:, index]
        if "decoder_pred." in name:  # bands are the last of a patch's values
            found[name] = value.unflatten(0, (-1, len(bands)))[:, index].flatten(0, 1)
    return found


def _series(image: Tensor) -> Tensor:
    """Images (n, b, t, y, x) of such, or of images (n, b, y, x) of one date."""
    if image.ndim not in (4, 5):
        raise InputError(
            f"image: {image.ndim} dimensions, but wanted are (sample, band, y, x) or"
            " (sample, band, date, y, x)"
        )
    return image if image.ndim == 5 else image[:, :, None]


def _coded(
    coders: tuple[WaveEncoding | None, WaveEncoding | None],
    coords: tuple[Tensor | None, Tensor | None],
    grid: tuple[int, ...],
    like: Tensor,
) -> Tensor:
    """What dates and places add to patches (n, l, d), or (1, 1, d) zeros."""
    whole = like.new_zeros(1, 1, like.shape[-1])
    (time_coder, place_coder), (times, places) = coders, coords
    if time_coder is not None and times is not None:
        _check("temporal_coords", times, (len(like), grid[0], 2), "year and day of year of a date")
        whole = whole + time_coder(times).repeat_interleave(grid[1] * grid[2], 1).to(like.dtype)
    if place_coder is not None and places is not None:
        _check("location_coords", places, (len(like), 2), "latitude and longitude")
        whole = whole + place_coder(places)[:, None].to(like.dtype)  # (n, 1, d)
    return whole


def _check(name: str, found: Tensor, wanted: tuple[int, ...], meaning: str) -> None:
    if found.shape != wanted:
        raise InputError(f"{name}: shape {tuple(found.shape)}, but wanted is {wanted}: {meaning}")
