"""What an interpreted sample says: accuracy.json, and the table that an agency reports."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from landscribe.campaigns import Campaign
from landscribe.cards import LandClass
from landscribe.command import InputError
from landscribe.scores.accuracy import (
    Change,
    DesignBased,
    Sample,
    change_of,
    estimates,
    estimates_of_part,
)
from landscribe.scores.design import code_names
from landscribe.scores.interpretation import Readings
from landscribe.scores.population import FROM

METHOD = (
    "Olofsson et al. 2014 (doi:10.1016/j.rse.2014.02.015), where strata are not the map's classes"
    " Stehman 2014 (doi:10.1080/01431161.2014.930207); 95 % intervals from limits of each stratum"
    " (Zou et al. 2009, doi:10.1016/j.csda.2008.09.033), `wald_interval` as the papers have it"
)
ALL_READ = "All units were read."
SOME_UNREAD = (
    "Units that could not be read are left out, which assumes that they are like the other units of"
    " their stratum; `strata` tells how many they are."
)


@dataclass(frozen=True)
class _Read:
    """Units that were read, with the codes of the map and of the reference."""

    units: pd.DataFrame  # id, stratum, region, code, reference (a code)
    population: pd.DataFrame  # stratum, region, code, pixels, area_ha
    strata: list[str]  # names; with `none`, of post-strata
    codes: list[int]  # of the error matrix

    def counts(self, units: pd.DataFrame) -> np.ndarray:
        """Units (stratum, map class, reference class)."""
        place = {code: i for i, code in enumerate(self.codes)}
        counts = np.zeros((len(self.strata), len(place), len(place)))
        where = units.stratum, units.code.map(place), units.reference.map(place)
        np.add.at(counts, tuple(values.to_numpy() for values in where), 1)
        return counts

    def shown(self, population: pd.DataFrame) -> np.ndarray:
        """Area on the map (stratum, map class)."""
        areas = population.pivot_table("area_ha", "stratum", "code", aggfunc="sum", fill_value=0)
        rows = range(len(self.strata))
        return areas.reindex(index=rows, columns=self.codes, fill_value=0).to_numpy()

    def sample(self) -> Sample:
        """All of them."""
        names, shown = range(len(self.strata)), self.shown(self.population)
        pixels = self.population.groupby("stratum").pixels.sum().reindex(names).to_numpy()
        titles, counts = list(map(str, self.codes)), self.counts(self.units)
        return Sample(counts, shown.sum(1), self.strata, titles, shown, pixels)


def campaign_report(
    name: str, readings: Readings, campaign: Campaign, legend: Sequence[LandClass]
) -> dict:
    """What accuracy.json holds; areas in hectares."""
    read = _read(readings, campaign, legend)
    sample, names = read.sample(), code_names(read.codes, legend, _changes(campaign))
    found = estimates(sample)
    strata = _strata_told(readings, read, campaign)
    unread = sum(row["units"] - row["read"] for row in strata)
    return {
        "campaign": {
            "id": name,
            "title": campaign.title,
            "year": campaign.year,
            "before": campaign.before,
            "design": _design_told(campaign),
            "units": len(readings.units),
            "read": len(read.units),
            "non_response": SOME_UNREAD if unread else ALL_READ,
            "method": METHOD,
            "map_digest": readings.design.map_digest,
            "design_digest": readings.design.digest,
        },
        "strata": strata,
        **_told(found, names, _mapped(read, None)),
        "counts": sample.counts.sum(0).astype(int).tolist(),
        "proportions": found.proportions.tolist(),
        "change": _change(read, sample, legend) if _changes(campaign) else None,
        "regions": _regions(read, sample, names),
        "readers": _readers(readings),
    }


def report_table(told: dict) -> pd.DataFrame:
    """Rows to paste into a report: a row per estimate, areas in hectares, shares 0-1."""
    rows = [_row("all", "overall accuracy", "", "share", told["overall_accuracy"])]
    rows += _class_rows("all", told["classes"])
    for row in told["change"] or []:
        for kind in ("gain", "loss", "net"):
            rows.append(_row("all", f"{kind} of area", row["title"], "ha", row[f"{kind}_ha"]))
    for region, part in told["regions"].items():
        rows.append(_row(region, "overall accuracy", "", "share", part["overall_accuracy"]))
        rows += _class_rows(region, part["classes"])
    return pd.DataFrame(rows)


def _read(readings: Readings, campaign: Campaign, legend: Sequence[LandClass]) -> _Read:
    ids, design = {land.name: land.id for land in legend}, readings.design
    units = design.units[["id", "stratum", "region", "code"]].merge(readings.units, on="id")
    reference = units.reference.map(ids)
    if _changes(campaign):
        reference = units.reference_before.map(ids) * FROM + reference
    units = units.assign(reference=reference)
    read = units[units.reference.notna()].astype({"reference": int})
    if read.empty:
        raise InputError("no unit has a class yet; give the file to the interpreters first")
    codes = sorted({*design.population.code, *read.reference})
    population, names = design.population, design.strata.name.to_list()
    if campaign.strata == "none":
        group, names = _post_strata(read, population)
        read = read.assign(stratum=read.code.map(group))
        population = population.assign(stratum=population.code.map(group))
    return _Read(read, population, names, codes)


def _post_strata(read: pd.DataFrame, population: pd.DataFrame) -> tuple[dict[int, int], list[str]]:
    """Post-stratum of each class of the map; those with fewer than 2 units join the next bigger."""
    units = read.code.value_counts()
    groups: list[list[int]] = [[]]
    for code in population.groupby("code").area_ha.sum().sort_values().index:
        groups[-1].append(code)
        if sum(units.get(one, 0) for one in groups[-1]) >= 2:
            groups.append([])
    if (rest := groups.pop()) and groups:
        groups[-1] += rest
    elif rest:
        groups = [rest]
    group = {code: i for i, codes in enumerate(groups) for code in codes}
    return group, [" and ".join(map(str, codes)) for codes in groups]


def _changes(campaign: Campaign) -> bool:
    return campaign.strata == "change"


def _design_told(campaign: Campaign) -> str:
    if campaign.strata == "none":
        return "simple random sample of pixels, post-stratified by the classes of the map"
    of = "the map's classes" if campaign.strata == "classes" else "from-to classes of two maps"
    rule = campaign.allocation.rule.replace("neyman", "Neyman")
    return f"stratified random sample of pixels; strata: {of}; {rule} allocation"


def _strata_told(readings: Readings, read: _Read, campaign: Campaign) -> list[dict]:
    """Strata as they were drawn, and how many of their units were read; refuses too few."""
    design = readings.design
    of_read = design.units[design.units.id.isin(read.units.id)].stratum.value_counts()
    rows, faults = [], []
    for row in design.strata.itertuples():
        was_read = int(of_read.get(row.stratum, 0))
        if was_read < row.units * (1 - campaign.most_unread):
            faults.append(f"{row.units - was_read} of the {row.units} of {row.name}")
        rows.append(
            {
                "name": row.name,
                "title": row.title,
                "pixels": int(row.pixels),
                "area_ha": float(row.area_ha),
                "units": int(row.units),
                "read": was_read,
                "inclusion_probability": float(row.inclusion_probability),
            }
        )
    if faults:
        raise InputError(
            f"units without a class: {', '.join(faults)}; have them read. If they cannot be, raise"
            f" `most_unread` (now {campaign.most_unread:g}): those of the stratum that were read"
            " then stand for them, and the report says so"
        )
    return rows


def _told(found: DesignBased, names: pd.DataFrame, mapped: np.ndarray) -> dict:
    estimated = zip(found.users, found.producers, found.areas, strict=True)
    return {
        "overall_accuracy": found.overall.as_dict(),
        "classes": [
            {
                "name": row.name,
                "title": row.title,
                "mapped_ha": float(area_ha),
                "users_accuracy": users.as_dict(),
                "producers_accuracy": producers.as_dict(),
                "area_ha": area.as_dict(),
            }
            for row, area_ha, (users, producers, area) in zip(
                names.set_index("code").itertuples(index=False, name="Row"),
                mapped,
                estimated,
                strict=True,
            )
        ],
    }


def _mapped(read: _Read, region: str | None) -> np.ndarray:
    table = read.population
    table = table if region is None else table[table.region == region]
    return table.groupby("code").area_ha.sum().reindex(read.codes, fill_value=0).to_numpy()


def _regions(read: _Read, sample: Sample, names: pd.DataFrame) -> dict[str, dict]:
    """Estimates of each region, where there are several."""
    regions = sorted(read.population.region.unique())
    found = {}
    for region in regions if len(regions) > 1 else []:
        mapped, mine = _mapped(read, region), read.units[read.units.region == region]
        there = read.shown(read.population[read.population.region == region])
        part = estimates_of_part(sample, read.counts(mine), there)
        found[region] = {"read": len(mine), **_told(part, names, mapped)}
    return found


def _change(read: _Read, sample: Sample, legend: Sequence[LandClass]) -> list[dict]:
    """Gain, loss and net change of each class, from the reference alone."""
    before, after = np.divmod(read.units.reference.to_numpy(), FROM)
    stratum, rows = read.units.stratum.to_numpy(), []

    def counted(of_them: np.ndarray) -> np.ndarray:
        return np.bincount(stratum[of_them], minlength=len(read.strata)).astype(float)

    for land in legend:
        gained = counted((after == land.id) & (before != land.id))
        lost = counted((before == land.id) & (after != land.id))
        found: Change = change_of(sample, gained, lost)
        told = {"name": land.name, "title": land.title}
        parts = {"gain_ha": found.gain, "loss_ha": found.loss, "net_ha": found.net}
        rows.append(told | {name: one.as_dict() for name, one in parts.items()})
    return rows


def _readers(readings: Readings) -> dict | None:
    """How often two readers of a unit said the same; the first reading is what counts."""
    if "second_reference" not in readings.units:
        return None
    wanted = readings.units[readings.design.units.second.to_numpy()]
    columns = [name for name in ("reference_before", "reference") if name in wanted]
    both = wanted.dropna(subset=[*columns, *(f"second_{name}" for name in columns)])
    agree = np.ones(len(both), bool)
    for name in columns:
        agree &= (both[name] == both[f"second_{name}"]).to_numpy()
    return {
        "wanted": len(wanted),
        "read_twice": len(both),
        "agreement": float(agree.mean()) if len(both) else None,
        "differ": both.id[~agree].tolist(),
    }


def _class_rows(region: str, classes: Sequence[dict]) -> list[dict]:
    kinds = {"users_accuracy": "user's accuracy", "producers_accuracy": "producer's accuracy"}
    rows = [
        _row(region, told, row["title"], "share", row[kind])
        for kind, told in kinds.items()
        for row in classes
    ]
    for row in classes:
        told = _row(region, "area", row["title"], "ha", row["area_ha"])
        rows.append(told | {"mapped": row["mapped_ha"]})
    return rows


def _row(region: str, quantity: str, of: str, unit: str, one: dict) -> dict:
    low, high = one["interval"] or (None, None)
    value = {"estimate": one["value"], "standard_error": one["standard_error"]}
    ends = {"low_95": low, "high_95": high, "mapped": None}
    return {"region": region, "quantity": quantity, "class": of, "unit": unit, **value, **ends}
