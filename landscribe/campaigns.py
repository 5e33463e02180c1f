"""Validation campaigns: which sample is drawn from a map, and where its interpretation lies."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from landscribe.card import Card, Fraction, Id, SafePath, twice

Positive = Annotated[float, Field(gt=0, lt=1)]


class Target(Card):
    """How exact an estimate has to be, from which the number of units follows."""

    standard_error: Positive = Field(
        description="of overall accuracy, or of the area of `area_of` as a share of the mapped"
        " ground (0-1); an interval is about 4 times as wide"
    )
    area_of: Id | None = Field(
        None, description="name of the class whose area is meant; none: overall accuracy"
    )
    omitted: Fraction = Field(
        0.01, description="share of every other stratum that is expected to be of that class"
    )


class Allocation(Card):
    """How units are dealt out to strata."""

    rule: Literal["proportional", "equal", "neyman"] = Field(
        "neyman",
        description="by area; the same for all; or by area times the expected spread, which gives"
        " overall accuracy the smallest standard error",
    )
    minimum: int = Field(50, ge=2, description="units of a stratum, whatever the rule says")
    expected_users: Fraction = Field(0.85, description="expected user's accuracy of a class")
    expected_users_of: dict[Id, Fraction] = Field(
        default_factory=dict, description="class -> its own expected user's accuracy"
    )


class Campaign(Card):
    """One probability sample of a map's pixels, to be read by interpreters."""

    title: str = Field(description="name for people")
    regions: list[Id] = Field(
        min_length=1, description="ids of regions; each has estimates of its own too"
    )
    year: int = Field(description="of the map")
    before: int | None = Field(
        None, description="year of an earlier map, of strata `change`: units have two readings"
    )
    task: Id = Field(description="id of the task of the map")
    model: Id = Field(description="id of the model of the map")
    strata: Literal["classes", "change", "none"] = Field(
        "classes",
        description="classes of the map; from-to classes of the maps of `before` and `year`; or"
        " none, a simple random sample, which is weighed by the map's classes afterwards",
    )
    least_share: Fraction = Field(
        0, description="strata that are less of the ground are joined into one, `rare`"
    )
    units: int | None = Field(None, ge=2, description="units to draw; or say `target`")
    target: Target | None = Field(None, description="instead of units: how exact to be")
    allocation: Allocation = Field(Allocation(), description="of units to strata")
    second_readings: Fraction = Field(
        0, description="share of the units that a second interpreter reads too"
    )
    most_unread: Fraction = Field(
        0,
        description="share of a stratum's units that may stay unread; those that were read then"
        " stand for them, which is an assumption that the report states",
    )
    seed: int = Field(0, ge=0, description="of the draw")
    interpreted: SafePath | None = Field(
        None, description="GeoPackage that came back from the interpreters; none: not yet"
    )

    @model_validator(mode="after")
    def _says_how_many(self) -> Self:
        if (self.units is None) == (self.target is None):
            raise ValueError("units, target: one of the two has to be there, and one only")
        return self

    @model_validator(mode="after")
    def _of_two_years(self) -> Self:
        if (self.before is not None) != (self.strata == "change"):
            raise ValueError(
                "before: belongs to strata `change`, and only to it; add it, or take it away"
            )
        if self.before is not None and self.before >= self.year:
            raise ValueError(f"before: {self.before} is not before {self.year}; correct one")
        if self.target and self.target.area_of and self.strata != "classes":
            raise ValueError("target.area_of: needs strata `classes`; say `units` instead")
        if again := twice(self.regions):
            raise ValueError(f"regions: {', '.join(again)} stands twice; name each once")
        return self


def check_names(campaign: Campaign, names: list[str], source: str) -> list[str]:
    """Faults of the names of classes in a campaign, against a legend."""
    named = list(campaign.allocation.expected_users_of)
    if campaign.target and campaign.target.area_of:
        named.append(campaign.target.area_of)
    return [
        f"{source}: class {name} is not in the legend of {campaign.task}, which has"
        f" {', '.join(names)}; correct its name"
        for name in dict.fromkeys(named)
        if name not in names
    ]
