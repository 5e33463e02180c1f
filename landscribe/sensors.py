"""Cards of a sensor, of who has its scenes, and of product files on disk."""

import re
from dataclasses import dataclass
from typing import Annotated, Literal, Self, get_args

from pydantic import Field, StringConstraints, field_validator, model_validator

from landscribe.card import Card, CollectionId, Fraction, Id, SafePath, twice
from landscribe.imagery.filters import fault_of

# The cloud detector's inputs, in its order: Skakun et al. 2022, doi:10.1016/j.rse.2022.112990
S2CLOUDLESS_BANDS = ("B01", "B02", "B04", "B05", "B08", "B8A", "B09", "B10", "B11", "B12")
Polarization = Literal["VV", "VH", "HH", "HV"]
POLARIZATIONS = get_args(Polarization)


@dataclass(frozen=True)
class Numbers:
    """What the numbers of a cube mean: quantity = number * scale + offset."""

    dtype: str
    nodata: int
    scale: float
    offset: float
    unit: str


DECIBELS = Numbers("int16", -32768, 0.01, 0.0, "dB")  # of a radar's cube


class Band(Card):
    """One band of a sensor, on its native grid."""

    name: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_]+$")] = Field(
        description="the product's own name, such as B04"
    )
    common_name: str | None = Field(None, description="common name of the STAC eo extension")
    polarization: Polarization | None = Field(
        None, description="of a radar's band: sent and received"
    )
    wavelength_um: float = Field(gt=0, description="centre [µm]; of a radar that of its carrier")
    fwhm_um: float | None = Field(
        None, gt=0, description="full width at half maximum [µm]; none for a radar"
    )
    gsd_m: float = Field(gt=0, description="side of a native pixel [m]")


class Clouds(Card):
    """How pixels that do not show the ground are found."""

    method: Literal["s2cloudless", "scl", "bits", "none"] = Field(
        description="s2cloudless for Sentinel-2 L1C, the SCL asset for L2A, bits of another asset"
    )
    threshold: Fraction = Field(0.4, description="cloud probability from which a pixel is cloud")
    resolution_m: float = Field(60, gt=0, description="pixel that clouds are looked for on [m]")
    average_m: float = Field(220, ge=0, description="diameter of the averaging disc [m]")
    dilate_m: float = Field(110, ge=0, description="diameter of the disc that masks grow by [m]")
    scl_clear: list[int] = Field([4, 5, 6, 7, 11], description="SCL classes that show the ground")
    bits_asset: str | None = Field(None, description="asset with the bits, such as QA_PIXEL")
    bits: list[Annotated[int, Field(ge=0, le=15)]] = Field(
        default_factory=list, description="bits, from 0, of which any says: not the ground"
    )

    @model_validator(mode="after")
    def _bits_are_named(self) -> Self:
        if self.method == "bits" and not (self.bits_asset and self.bits):
            raise ValueError("clouds.method bits needs bits_asset and bits; add them")
        return self

    @property
    def asset(self) -> str | None:
        """Asset that tells clouds, beside the bands."""
        return {"scl": "SCL", "bits": self.bits_asset}.get(self.method)


class Speckle(Card):
    """How the speckle of a radar is filtered."""

    looks: float = Field(
        gt=0, description="equivalent number of looks: mean**2 / variance of level ground"
    )
    window_px: int = Field(
        ge=3, description="side of the square that local means are taken over, odd [px]"
    )

    @field_validator("window_px")
    @classmethod
    def _has_a_middle(cls, window_px: int) -> int:
        if window_px % 2 == 0:
            raise ValueError(f"is even, so no pixel is in its middle; take {window_px + 1}")
        return window_px


class Provider(Card):
    """Who has a sensor's scenes, and what is special about how they are had there."""

    name: Id = Field(description="short name, for messages and the lock")
    catalogue: SafePath = Field(description="address or path of a STAC API or static catalogue")
    collection: CollectionId | None = Field(
        None, description="id of the collection there; none: the sensor's"
    )
    assets: dict[str, str] = Field(
        default_factory=dict,
        description="band of the sensor card -> asset key there; others are found by name, common"
        " name or wavelength",
    )
    signing: Literal["none", "planetary-computer"] = Field(
        "none", description="how addresses of files are signed before they are read"
    )
    filter: dict | None = Field(
        None, description="CQL2-JSON condition on an item's properties, such as a cloud cover"
    )

    @field_validator("filter")
    @classmethod
    def _can_be_tested(cls, condition: dict | None) -> dict | None:
        if condition is not None and (fault := fault_of(condition)):
            raise ValueError(fault)
        return condition


class Sensor(Card):
    """What a sensor's scenes hold: bands, numbers, clouds; and who has them."""

    title: str = Field(description="name for people")
    kind: Literal["optical", "radar"] = Field(
        "optical", description="optical: reflectance; radar: backscatter"
    )
    collection: CollectionId = Field(description="id of its STAC collection")
    constellation: str = Field(description="STAC constellation, such as sentinel-2")
    instrument: str = Field(description="STAC instrument, such as msi")
    orbit_direction: Literal["ascending", "descending"] | None = Field(
        None, description="of the scenes that are used (sat:orbit_state); none: both"
    )
    revisit_days: float | None = Field(
        None, gt=0, description="days from look to look at the equator, by all its satellites"
    )
    swath_km: float | None = Field(
        None, gt=0, description="width of a look [km]; none: images of a fixed grid, no swaths"
    )
    gsd_m: float = Field(gt=0, le=1000, description="side of a pixel of the cube's grid [m]")
    origin_m: float = Field(
        0, ge=0, description="edges of pixels lie at this plus multiples of gsd_m [m]"
    )
    dtype: Literal["uint8", "uint16", "int16", "float32"] = Field(
        description="data type of the pixels in the files"
    )
    nodata: int = Field(description="pixel value that means: not observed")
    scale: float = Field(
        gt=0,
        description="reflectance, or a radar's backscatter as linear power, = pixel * scale +"
        " offset",
    )
    offset: float = Field(description="see scale")
    clouds: Clouds = Field(description="how pixels that do not show the ground are found")
    speckle: Speckle | None = Field(
        None, description="how a radar's speckle is filtered; none: not at all"
    )
    bands: list[Band] = Field(min_length=1, description="bands of the cube, in its order")
    providers: list[Provider] = Field(
        default_factory=list,
        description="asked in this order where the config names no catalogue, until one has scenes",
    )

    @model_validator(mode="after")
    def _fits_grid_and_mask(self) -> Self:
        if self.origin_m >= self.gsd_m:
            raise ValueError(
                f"origin_m {self.origin_m:g} is a pixel or more (gsd_m {self.gsd_m:g}); take whole"
                " pixels off it"
            )
        _refuse_twice("bands", self.band_names())
        _refuse_twice("providers", [provider.name for provider in self.providers])
        missing = [name for name in S2CLOUDLESS_BANDS if name not in self.band_names()]
        if self.clouds.method == "s2cloudless" and missing:
            raise ValueError(
                f"clouds.method s2cloudless looks at {', '.join(missing)} too; add to bands, or use"
                " another method"
            )
        return self

    @model_validator(mode="after")
    def _bands_are_of_its_kind(self) -> Self:
        wanted = "polarization" if self.kind == "radar" else "fwhm_um"
        if lacking := [band.name for band in self.bands if getattr(band, wanted) is None]:
            raise ValueError(
                f"bands: {', '.join(lacking)} without {wanted}, which each band of kind {self.kind}"
                " has; add it"
            )
        if self.kind == "optical" and self.speckle:
            raise ValueError("speckle is of a radar, but kind is optical; remove one of them")
        if self.kind == "radar" and self.clouds.method != "none":
            raise ValueError(
                f"clouds.method {self.clouds.method}, but a radar sees through clouds; write none"
            )
        return self

    @property
    def quantity(self) -> str:
        """What its cube holds."""
        return {"optical": "reflectance", "radar": "backscatter"}[self.kind]

    @property
    def cube_numbers(self) -> Numbers:
        """Numbers of its cube: those of the files, but of a radar decibels."""
        if self.kind == "radar":
            return DECIBELS
        return Numbers(self.dtype, self.nodata, self.scale, self.offset, "1")

    @property
    def native_samples(self) -> float:
        """Samples of the files, of all bands, on the ground of a pixel of the cube."""
        return sum((self.gsd_m / band.gsd_m) ** 2 for band in self.bands)

    @property
    def margin_px(self) -> int:
        """How far beyond a window its pixels matter to those inside [px]."""
        return self.speckle.window_px // 2 if self.speckle else 0

    def band_names(self) -> list[str]:
        """Names in the cube's order."""
        return [band.name for band in self.bands]


class Archive(Card):
    """Product files on disk, in any layout: how scene, time and band are read off their names."""

    title: str = Field(description="name for people")
    sensor: Id = Field(description="id of the sensor's card")
    root: SafePath = Field(
        description="folder, or pip:<distribution>/<folder inside it> for data that came with pip"
    )
    pattern: str = Field(
        description="regular expression on the whole path below root, with the groups datetime and"
        " band; others are for scene_id, and tile (an MGRS tile) and baseline (Sentinel-2's, such"
        " as N0400) are understood"
    )
    datetime_format: str = Field(description="strptime format of the group datetime, UTC")
    scene_id: str = Field(
        description="id of a scene from the groups, such as S2A_{tile}_{datetime}"
    )
    platform: str = Field(description="STAC platform, such as sentinel-2a")
    band_names: dict[str, str] = Field(
        default_factory=dict, description="band in the file name -> band of the sensor card"
    )
    licence: str = Field(description="SPDX id, or other")
    attribution: str = Field(description="who made it, as it has to be named beside a map")

    @field_validator("pattern")
    @classmethod
    def _has_groups(cls, pattern: str) -> str:
        for group in ("(?P<datetime>", "(?P<band>"):
            if group not in pattern:
                raise ValueError(f"has no group {group}...); add it")
        try:
            re.compile(pattern)
        except re.error as error:
            raise ValueError(f"is not a regular expression ({error}); correct it") from None
        return pattern


def _refuse_twice(what: str, names: list[str]) -> None:
    if again := twice(names):
        raise ValueError(f"{what}: {', '.join(again)} stands twice; each needs a name of its own")
