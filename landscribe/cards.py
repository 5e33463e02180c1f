"""Cards: one YAML file per sensor, archive, region, task or model, and the checks on each.

A card's file name is its id. To add a region, add `config/regions/<id>.yaml`; nothing else has to
change. Every fault of a card is told at once, one line each. Ids and paths go into command lines
and file names, so whatever a shell could read as more than a name is refused here.
"""

import importlib
import re
from datetime import date
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, field_validator, model_validator
from pyproj import CRS, Transformer
from pyproj.exceptions import CRSError

from landscribe.card import Card, check
from landscribe.command import InputError
from landscribe.imagery.filters import fault_of

CONFIG = Path("config")
Id = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]*$", max_length=60)]
SafePath = Annotated[
    str, StringConstraints(pattern=r"^[A-Za-z0-9_./][A-Za-z0-9_./:+=@,%-]*$", max_length=400)
]
# A collection's id comes from whoever made the catalogue.
CollectionId = Annotated[
    str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$", max_length=100)
]
Fraction = Annotated[float, Field(ge=0, le=1)]
Colour = Annotated[str, StringConstraints(pattern=r"^#[0-9a-fA-F]{6}$")]
MonthDay = Annotated[str, StringConstraints(pattern=r"^(0[1-9]|1[0-2])-([0-2][0-9]|3[01])$")]
# The cloud detector's inputs, in its order: Skakun et al. 2022, doi:10.1016/j.rse.2022.112990
S2CLOUDLESS_BANDS = ("B01", "B02", "B04", "B05", "B08", "B8A", "B09", "B10", "B11", "B12")
MGRS_LATITUDES = (-80, 84)  # where the grid of UTM zones ends


class Band(Card):
    """One band of a sensor, on its native grid."""

    name: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_]+$")] = Field(
        description="the product's own name, such as B04"
    )
    common_name: str | None = Field(None, description="common name of the STAC eo extension")
    polarization: Literal["VV", "VH", "HH", "HV"] | None = Field(
        None, description="of a radar's band: sent and received"
    )
    wavelength_um: float = Field(gt=0, description="centre [µm]; of a radar that of its carrier")
    fwhm_um: float | None = Field(
        None, gt=0, description="full width at half maximum [µm]; none for a radar"
    )
    gsd_m: float = Field(gt=0, description="side of a native pixel [m]")


class Clouds(Card):
    """How pixels that do not show the ground are found."""

    method: Literal["s2cloudless", "scl", "none"] = Field(
        description="s2cloudless for Sentinel-2 L1C, the SCL asset for L2A"
    )
    threshold: Fraction = Field(0.4, description="cloud probability from which a pixel is cloud")
    resolution_m: float = Field(60, gt=0, description="pixel that clouds are looked for on [m]")
    average_m: float = Field(220, ge=0, description="diameter of the averaging disc [m]")
    dilate_m: float = Field(110, ge=0, description="diameter of the disc that masks grow by [m]")
    scl_clear: list[int] = Field([4, 5, 6, 7, 11], description="SCL classes that show the ground")


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
    gsd_m: float = Field(gt=0, le=1000, description="side of a pixel of the cube's grid [m]")
    origin_m: float = Field(
        0, ge=0, description="edges of pixels lie at this plus multiples of gsd_m [m]"
    )
    dtype: Literal["uint8", "uint16", "int16", "float32"] = Field(
        description="native data type of the pixels"
    )
    nodata: int = Field(description="pixel value that means: not observed")
    scale: float = Field(
        gt=0, description="reflectance, or a radar's backscatter, = dn * scale + offset"
    )
    offset: float = Field(description="see scale")
    clouds: Clouds = Field(description="how pixels that do not show the ground are found")
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
        return self

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


class Region(Card):
    """Ground that a map covers."""

    title: str = Field(description="name for people")
    bounds: tuple[float, float, float, float] = Field(
        description="west, south, east, north, in the units of crs"
    )
    crs: Annotated[str, StringConstraints(pattern=r"^EPSG:[0-9]+$")] = Field(
        "EPSG:4326", description="CRS of bounds (EPSG:4326: lon, lat)"
    )

    @field_validator("bounds")
    @classmethod
    def _in_order(cls, bounds: tuple) -> tuple:
        west, south, east, north = bounds
        if west >= east or south >= north:
            raise ValueError("must be west, south, east, north, with west < east and south < north")
        return bounds

    @model_validator(mode="after")
    def _on_the_grid(self) -> Self:
        try:
            crs = CRS.from_user_input(self.crs)
        except CRSError:
            raise ValueError(f"crs: {self.crs} is not in the EPSG registry; correct it") from None
        west, south, east, north = self.bounds
        if not crs.is_geographic:
            # Points along the edges, as the straight lines of one CRS are bent in another.
            west, south, east, north = Transformer.from_crs(
                crs, 4326, always_xy=True
            ).transform_bounds(*self.bounds)
        lowest, highest = MGRS_LATITUDES
        if not (-180 <= west < east <= 180 and lowest <= south < north <= highest):
            raise ValueError(
                f"bounds: lon {west:g} to {east:g}, lat {south:g} to {north:g} are outside -180 to"
                f" 180 and {lowest} to {highest} (UTM); a region across 180 degrees has to be two"
            )
        return self


class LandClass(Card):
    """One class of a legend."""

    id: int = Field(ge=1, le=254, description="value on the map (0 is unused, 255 is nodata)")
    name: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]*$")] = Field(
        description="short name"
    )
    title: str = Field(description="name for people")
    colour: Colour = Field(description="colour on the map, #rrggbb")
    labels: list[str] = Field(min_length=1, description="values of the label file of this class")


class Labels(Card):
    """A vector file with the classes of some ground."""

    source: SafePath = Field(
        description="vector file, or pip:<distribution>/<file inside it> if pip brought it"
    )
    column: str = Field(description="column with the class")
    feature: str = Field(description="column with the id of the feature that a polygon is part of")
    ignore: list[str] = Field(
        default_factory=list, description="values of the column that are left out on purpose"
    )
    probability_sample: bool = Field(
        description="true only for a probability sample (known, non-zero inclusion probabilities)"
    )
    licence: str = Field(description="SPDX id, or other")
    attribution: str = Field(description="who made it, as it has to be named beside a map")


class Split(Card):
    """How labelled polygons are held apart: by squares of ground."""

    square_m: float = Field(gt=0, description="side of a square whose polygons stay together [m]")
    validation: Fraction = Field(description="share of the labelled ground for early stopping")
    test: Fraction = Field(description="share of the labelled ground for the scores")
    seed: int = Field(0, description="of the assignment of squares")

    @model_validator(mode="after")
    def _some_train(self) -> Self:
        if self.validation + self.test >= 1:
            raise ValueError(
                f"validation {self.validation:g} and test {self.test:g} leave nothing to train on;"
                " their sum has to be below 1"
            )
        return self


class Task(Card):
    """What a map shows: the legend, and the labels to learn it from."""

    title: str = Field(description="name for people")
    legend: list[LandClass] = Field(min_length=2, description="classes of the map")
    labels: Labels = Field(description="where the classes are known")
    split: Split = Field(description="which labels train, validate and test")

    @field_validator("legend")
    @classmethod
    def _one_meaning_each(cls, legend: list[LandClass]) -> list[LandClass]:
        for what, values in {
            "id": [c.id for c in legend],
            "name": [c.name for c in legend],
            "colour": [c.colour.lower() for c in legend],
            "labels": [value for c in legend for value in c.labels],
        }.items():
            twice = sorted({str(v) for v in values if values.count(v) > 1})
            if twice:
                raise ValueError(f"{what} {', '.join(twice)} stands twice; each needs one meaning")
        return legend


class Model(Card):
    """A model to train: its kind (a file of landscribe/models) and that kind's settings."""

    title: str = Field(description="name for people")
    kind: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$")] = Field(
        description="name of a file in landscribe/models"
    )
    settings: dict = Field(default_factory=dict, description="checked by that kind's Settings")

    @model_validator(mode="after")
    def _kind_exists(self) -> Self:
        have = model_kinds()
        if self.kind not in have:
            raise ValueError(f"kind {self.kind!r} is not there; there is {', '.join(have)}")
        return self

    def resolved(self) -> Card:
        """Settings of the kind, checked, with defaults filled in."""
        kind = importlib.import_module(f"landscribe.models.{self.kind}")
        return check(kind.Settings, self.settings, f"settings of model {self.title!r}")


class Season(Card):
    """Part of each year that a map looks at."""

    first: MonthDay = Field("01-01", description="first day, MM-DD, UTC")
    last: MonthDay = Field("12-31", description="last day, MM-DD, UTC, itself included")


class Run(Card):
    """What one call of `snakemake` makes."""

    regions: list[Id] = Field(min_length=1, description="ids of cards in config/regions")
    years: list[int] = Field(min_length=1, description="calendar years, UTC")
    season: Season = Field(Season(), description="part of each year")
    sensor: Id = Field(description="id of a card in config/sensors")
    catalogue: SafePath | None = Field(
        None,
        description="archive:<id> for a card in config/archives, or the path or address of a static"
        " STAC catalogue or a STAC API; none: the providers of the sensor card are asked",
    )
    task: Id = Field(description="id of a card in config/tasks")
    models: list[Id] = Field(min_length=1, description="ids of cards in config/models")
    window_px: int = Field(
        1024, ge=128, multiple_of=64, description="side of a window, the unit of memory [px]"
    )

    @field_validator("years")
    @classmethod
    def _years_with_scenes(cls, years: list[int]) -> list[int]:
        for year in years:
            if not 1972 <= year <= date.today().year:
                raise ValueError(f"{year}: scenes exist from 1972 to now; name other years")
        return years

    @model_validator(mode="after")
    def _cards_exist(self) -> Self:
        named = {"regions": self.regions, "sensors": [self.sensor], "tasks": [self.task]}
        named["models"] = self.models
        if (self.catalogue or "").startswith("archive:"):
            named["archives"] = [self.catalogue.removeprefix("archive:")]
        faults = [
            f"no card {CONFIG}/{kind}/{name}.yaml; there is {', '.join(have) or 'none'}"
            for kind, names in named.items()
            for name in names
            if name not in (have := card_ids(kind))
        ]
        if faults:
            raise ValueError("\n  ".join(faults))
        return self


KINDS: dict[str, type[Card]] = {
    "sensors": Sensor,
    "archives": Archive,
    "regions": Region,
    "tasks": Task,
    "models": Model,
}


def card_ids(kind: str) -> list[str]:
    """Ids of the cards of a kind, sorted."""
    return sorted(p.stem for p in (CONFIG / kind).glob("*.yaml"))


def model_kinds() -> list[str]:
    """Kinds of models, sorted: the files of landscribe/models."""
    folder = Path(__file__).parent / "models"
    return sorted(p.stem for p in folder.glob("*.py") if p.stem != "__init__")


def check_cards(run: Run) -> None:
    """Read every card that a run names; `InputError` lists the faults of all of them."""
    named = {"sensors": [run.sensor], "regions": run.regions, "tasks": [run.task]}
    named["models"] = run.models
    if (run.catalogue or "").startswith("archive:"):
        named["archives"] = [run.catalogue.removeprefix("archive:")]
    faults = []
    for kind, names in named.items():
        for name in names:
            try:
                card = KINDS[kind].read(CONFIG / kind / f"{name}.yaml")
                if isinstance(card, Model):
                    card.resolved()
                if isinstance(card, Sensor) and not (run.catalogue or card.providers):
                    faults.append(
                        f"the config has no `catalogue`, and {CONFIG}/sensors/{name}.yaml no"
                        " `providers`, so there is nobody to ask for scenes; add one of the two"
                    )
            except InputError as error:
                faults.append(str(error))
    if faults:
        raise InputError("\n".join(faults))


def _refuse_twice(what: str, names: list[str]) -> None:
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise ValueError(f"{what}: {', '.join(twice)} stands twice; each needs a name of its own")
