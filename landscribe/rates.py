"""Rates: seconds and bytes of each rule per sample, pixel or scene, as measured."""

from pathlib import Path
from typing import Literal, Self

import numpy as np
import pandas as pd
import yaml
from pydantic import Field, model_validator
from scipy.optimize import nnls

from landscribe.card import Card, twice
from landscribe.command import InputError

Unit = Literal["samples", "pixels", "scenes"]


class Rate(Card):
    """Time and bytes of one rule, of one kind of model or one sensor where that matters.

    Units are a million samples (pixels x bands x times of a cube), a million pixels of a map, or
    a scene.
    """

    rule: str = Field(description="name of the rule")
    kind: str | None = Field(
        None, description="kind of the model that it runs, or sensor that it reads; none: of all"
    )
    unit: Unit = Field(description="what its time grows with")
    fixed_core_s: float = Field(ge=0, description="of each job, whatever its size [core-seconds]")
    unit_core_s: float = Field(ge=0, description="of a unit [core-seconds]")
    cores: float = Field(gt=0, description="cores that it keeps busy where nothing else does")
    gpus: int = Field(0, ge=0, description="GPUs that it holds")
    read_bytes: float = Field(
        0, ge=0, description="read from a catalogue's files, per unit of native pixels [bytes]"
    )
    fixed_bytes: float = Field(0, ge=0, description="left in results by each job [bytes]")
    stored_bytes: float = Field(0, ge=0, description="left in results, per unit [bytes]")
    jobs: int = Field(ge=1, description="jobs that it was measured on")
    sizes: int = Field(
        ge=1, description="different sizes of them; with one, what is fixed is unknown"
    )
    measured_on: str = Field(description="run and machine that it was measured on")


class Rates(Card):
    """What a profile knows about the time and bytes of its rules."""

    title: str = Field(description="machine, for people")
    rates: list[Rate] = Field(min_length=1, description="one per rule, or per rule and kind")

    @model_validator(mode="after")
    def _once_each(self) -> Self:
        if again := twice(f"{rate.rule} {rate.kind or ''}".strip() for rate in self.rates):
            raise ValueError(f"rates: {', '.join(again)} stands twice; keep one")
        return self

    def of(self, rule: str, kind: str | None) -> Rate:
        """Rate of a rule for a kind of model or a sensor, else of all; `InputError` if none."""
        found = {rate.kind: rate for rate in self.rates if rate.rule == rule}
        if rate := found.get(kind, found.get(None)):
            return rate
        told = f"{rule} of kind {kind}" if kind else rule
        have = ", ".join(sorted({rate.rule for rate in self.rates}))
        raise InputError(
            f"{self.title}: no rate for {told}; there is {have}. Make a small run with it, and then"
            " `python -m landscribe.measure_rates`"
        )


def fitted(measured: pd.DataFrame, measured_on: str) -> list[Rate]:
    """Rates that give the least squares of measured jobs, none below zero.

    Core-seconds are fitted, as the time on the clock tells more of a machine's other work.
    Jobs of one size cannot tell what is fixed; there all is put down to their size.

    Args:
        measured: a row per job: rule, kind (empty: no model), unit, amount [units], seconds,
            cpu_seconds, read_amount [units of native pixels], read_bytes, stored_amount and
            stored_bytes.
    """
    return [
        _rate(rule, kind, jobs, measured_on)
        for (rule, kind), jobs in measured.groupby(["rule", "kind"], sort=True)
    ]


def write_rates(path: Path, rates: Rates) -> None:
    """YAML of rates, as `Rates.read` reads it."""
    told = rates.model_dump(exclude_none=True)
    told["rates"] = [{name: _short(v) for name, v in rate.items()} for rate in told["rates"]]
    path.write_text(yaml.safe_dump(told, sort_keys=False))


def _rate(rule: str, kind: str, jobs: pd.DataFrame, measured_on: str) -> Rate:
    amount, seconds = jobs.amount.to_numpy(float), jobs.cpu_seconds.to_numpy(float)
    fixed_core_s, unit_core_s = _line(amount, seconds)
    stored = _line(jobs.stored_amount.to_numpy(float), jobs.stored_bytes.to_numpy(float))
    read = jobs.read_amount.sum()  # a region that shows a part of its files reads less of them
    return Rate(
        rule=rule,
        kind=kind or None,
        unit=jobs.unit.iloc[0],
        fixed_core_s=fixed_core_s,
        unit_core_s=unit_core_s,
        cores=max((jobs.cpu_seconds / jobs.seconds).max(), 0.01),  # of the job least held up
        read_bytes=(jobs.read_bytes / jobs.read_amount).min() if read else 0,
        fixed_bytes=stored[0],
        stored_bytes=stored[1],
        jobs=len(jobs),
        sizes=len(np.unique(amount.round(6))),
        measured_on=measured_on,
    )


def _line(amount: np.ndarray, values: np.ndarray) -> tuple[float, float]:
    """Value at no amount, and per unit of it; neither is below zero."""
    if len(np.unique(amount.round(6))) == 1:
        return 0.0, float(values.sum() / amount.sum())
    fixed, slope = nnls(np.stack([np.ones_like(amount), amount], 1), values)[0]
    return float(fixed), float(slope)


def _short(value: object) -> object:
    return float(f"{value:.6g}") if isinstance(value, float) else value
