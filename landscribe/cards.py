"""Cards: one YAML file per sensor, archive, region, task or model, and the checks on each.

A card's file name is its id. To add a region, add `config/regions/<id>.yaml`; nothing else has to
change. Every fault of a card is told at once, one line each. Ids and paths go into command lines
and file names, so whatever a shell could read as more than a name is refused here.
"""

import importlib
from datetime import date
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Discriminator, Field, StringConstraints, Tag, field_validator, model_validator
from pyproj import CRS, Transformer
from pyproj.exceptions import CRSError

from landscribe.campaigns import Campaign
from landscribe.card import Card, Fraction, Id, SafePath, check, twice
from landscribe.corpora import Corpus
from landscribe.gazetteers import Gazetteer
from landscribe.geoparsers import GeoparserCard
from landscribe.sensors import Archive, Sensor
from landscribe.smoothing import Smoothing

CONFIG = Path("config")
KEPT = Path("results/kept")  # of what reading a config finds out
Colour = Annotated[str, StringConstraints(pattern=r"^#[0-9a-fA-F]{6}$")]
MonthDay = Annotated[str, StringConstraints(pattern=r"^(0[1-9]|1[0-2])-([0-2][0-9]|3[01])$")]
Value = str | int
_ARCHIVE = "archive:"  # a catalogue that is made from the archive whose id follows
MGRS_LATITUDES = (-80, 84)  # where the grid of UTM zones ends


class Region(Card):
    """Ground that a map covers: a box, or the features of a vector file."""

    title: str = Field(description="name for people")
    bounds: tuple[float, float, float, float] | None = Field(
        None,
        description="west, south, east, north, in the units of crs; with an outline: what of it is"
        " mapped",
    )
    crs: Annotated[str, StringConstraints(pattern=r"^EPSG:[0-9]+$")] = Field(
        "EPSG:4326", description="CRS of bounds (EPSG:4326: lon, lat)"
    )
    outline: SafePath | None = Field(
        None, description="vector file of polygons, or pip:<distribution>/<file inside it>"
    )
    where: dict[str, Value | list[Value]] = Field(
        default_factory=dict,
        description="column of the outline -> value, or list of values, of the features to map",
    )

    @field_validator("bounds")
    @classmethod
    def _in_order(cls, bounds: tuple | None) -> tuple | None:
        if bounds and (bounds[0] >= bounds[2] or bounds[1] >= bounds[3]):
            raise ValueError("must be west, south, east, north, with west < east and south < north")
        return bounds

    @model_validator(mode="after")
    def _says_where(self) -> Self:
        if self.bounds is None and self.outline is None:
            raise ValueError("bounds or outline: both are missing; add one of them")
        if self.where and self.outline is None:
            raise ValueError(
                "where: chooses features of an outline, but there is none; add outline"
            )
        return self

    @model_validator(mode="after")
    def _on_the_grid(self) -> Self:
        try:
            crs = CRS.from_user_input(self.crs)
        except CRSError:
            raise ValueError(f"crs: {self.crs} is not in the EPSG registry; correct it") from None
        if self.bounds is None:
            return self
        degrees = self.bounds
        if not crs.is_geographic:
            # Points along the edges, as the straight lines of one CRS are bent in another.
            degrees = Transformer.from_crs(crs, 4326, always_xy=True).transform_bounds(*self.bounds)
        if fault := off_the_grid(degrees):
            raise ValueError(f"bounds: {fault}; a region across 180 degrees has to be two")
        return self


def off_the_grid(degrees: tuple[float, float, float, float]) -> str:
    """What is wrong with west, south, east, north [degrees] that the UTM grid lacks; else empty."""
    west, south, east, north = degrees
    lowest, highest = MGRS_LATITUDES
    if -180 <= west < east <= 180 and lowest <= south < north <= highest:
        return ""
    return (
        f"lon {west:g} to {east:g}, lat {south:g} to {north:g} are outside -180 to 180 and"
        f" {lowest} to {highest} (UTM)"
    )


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
            if again := twice(values):
                raise ValueError(f"{what} {', '.join(again)} stands twice; each needs one meaning")
        return legend


class Model(Card):
    """A model to train: its kind (a file of landscribe/models) and that kind's settings."""

    title: str = Field(description="name for people")
    kind: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$")] = Field(
        description="name of a file in landscribe/models"
    )
    sees: Literal["season", "periods"] = Field(
        "periods",
        description="of a run with `composites`: each of the images, or season, the median of them;"
        " without composites both are the median of the season's observations",
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


class Composites(Card):
    """Images that are made of a cube's observations before anything is learnt from them."""

    step: Literal["10-day", "month", "season"] = Field(
        description="days that become one image: a month's third, a month, or the season"
    )
    method: Literal["median", "medoid", "best"] = Field(
        "median",
        description="median of each band; medoid, the observation nearest to all others; best, the"
        " one nearest to the middle of its days and far from clouds",
    )


class Trust(Card):
    """What the layers beside a map say about how far it can be trusted."""

    coverage: float = Field(
        0.9, gt=0, lt=1, description="share of pixels whose set of classes is to hold their class"
    )
    each_class: bool = Field(
        False, description="promise that for each class: rare ones then stand in most sets"
    )
    applicability: bool = Field(
        True, description="whether to map how unlike the training pixels the ground is"
    )


def _form(value: object) -> str:
    return "each" if isinstance(value, dict) else "all"


# By its form, so that a fault is told once.
Catalogues = Annotated[
    Annotated[SafePath, Tag("all")] | Annotated[dict[Id, SafePath], Tag("each")],
    Discriminator(_form),
]


class Run(Card):
    """What one call of `snakemake` makes."""

    regions: list[Id] = Field(min_length=1, description="ids of cards in config/regions")
    years: list[int] = Field(min_length=1, description="calendar years, UTC")
    season: Season = Field(Season(), description="part of each year")
    sensors: list[Id] = Field(
        min_length=1,
        description="ids of cards in config/sensors, whose bands models see together; the first one"
        " gives the pictures, the counts of clear observations and the grid of the labels",
    )
    catalogue: Catalogues | None = Field(
        None,
        description="of all sensors, or sensor -> its own: archive:<id> for a card in"
        " config/archives, or the path or address of a static STAC catalogue or a STAC API; without"
        " one the providers of the sensor's card are asked",
    )
    task: Id = Field(description="id of a card in config/tasks")
    models: list[Id] = Field(min_length=1, description="ids of cards in config/models")
    gazetteer: Id | None = Field(
        None, description="id of a card in config/gazetteers; none: no places are looked up"
    )
    geoparser: Id | None = Field(
        None, description="id of a card in config/geoparsers, which reads the corpora"
    )
    corpora: list[Id] = Field(
        default_factory=list, description="ids of cards in config/corpora, whose texts are read"
    )
    text_parts: int = Field(
        1, ge=1, description="jobs that geoparse a corpus side by side, such as one for each node"
    )
    campaigns: list[Id] = Field(
        default_factory=list,
        description="ids of cards in config/campaigns, for which samples of the maps are drawn and,"
        " once they were interpreted, accuracy and areas estimated",
    )
    composites: Composites | None = Field(
        None, description="images of periods to learn from; without it, all observations"
    )
    trust: Trust = Field(Trust(), description="layers on how far a map can be trusted")
    smoothing: Smoothing | None = Field(
        None, description="a smoothed map beside the raw one; without it, the raw map alone"
    )
    max_gap_fraction: Fraction = Field(
        0, description="share of reads of scenes that may fail for good; more stop the run"
    )
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

    @field_validator("sensors")
    @classmethod
    def _each_once(cls, sensors: list[str]) -> list[str]:
        if again := twice(sensors):
            raise ValueError(f"{', '.join(again)} stands twice; name each sensor once")
        return sensors

    @model_validator(mode="after")
    def _names_fit(self) -> Self:
        named = self.catalogue if isinstance(self.catalogue, dict) else {}
        faults = [
            f"catalogue: {name} is not one of `sensors`; add it there, or remove it here"
            for name in sorted(set(named) - set(self.sensors))
        ]
        faults += [
            f"no card {CONFIG}/{kind}/{name}.yaml; there is {', '.join(have) or 'none'}"
            for kind, names in self.cards().items()
            for name in names
            if name not in (have := card_ids(kind))
        ]
        if self.corpora and not self.geoparser:
            faults.append("corpora: need a geoparser that reads them; add geoparser")
        if faults:
            raise ValueError("\n  ".join(faults))
        return self

    def catalogue_of(self, sensor: str) -> str | None:
        """What the config names as a sensor's catalogue; None: its providers."""
        if isinstance(self.catalogue, dict):
            return self.catalogue.get(sensor)
        return self.catalogue

    def archives(self) -> dict[str, str]:
        """Sensor -> id of the archive that its catalogue is made from, of those that have one."""
        named = {sensor: self.catalogue_of(sensor) or "" for sensor in self.sensors}
        return {
            sensor: catalogue.removeprefix(_ARCHIVE)
            for sensor, catalogue in named.items()
            if catalogue.startswith(_ARCHIVE)
        }

    def cards(self) -> dict[str, list[str]]:
        """Ids of the cards that the run names, by kind."""
        return {
            "sensors": self.sensors,
            "regions": self.regions,
            "tasks": [self.task],
            "models": self.models,
            "archives": list(dict.fromkeys(self.archives().values())),
            "gazetteers": [self.gazetteer] if self.gazetteer else [],
            "geoparsers": [self.geoparser] if self.geoparser else [],
            "corpora": self.corpora,
            "campaigns": self.campaigns,
        }


KINDS: dict[str, type[Card]] = {
    "sensors": Sensor,
    "archives": Archive,
    "regions": Region,
    "gazetteers": Gazetteer,
    "geoparsers": GeoparserCard,
    "corpora": Corpus,
    "campaigns": Campaign,
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
