"""The cards of a run, read together: the faults of each, and what does not fit together."""

from functools import partial
from itertools import combinations

from landscribe.campaigns import Campaign, check_names
from landscribe.card import Card
from landscribe.cards import CONFIG, KEPT, KINDS, Model, Run, Task
from landscribe.command import InputError
from landscribe.geoparsers import GeoparserCard
from landscribe.kept import kept
from landscribe.provenance import code_version
from landscribe.sensors import Archive, Sensor


def check_cards(run: Run) -> None:
    """Read every card that a run names; `InputError` lists the faults of all of them."""
    faults: list[str] = []
    found: dict[str, dict[str, Card]] = {}
    for kind, names in run.cards().items():
        found[kind] = {}
        for name in names:
            try:
                card = KINDS[kind].read(CONFIG / kind / f"{name}.yaml")
                found[kind][name] = card
                if isinstance(card, Model):
                    check_settings(name, card)
            except InputError as error:
                faults.append(str(error))
    faults += _unasked(run, found["sensors"])
    faults += _of_others(run, found["archives"])
    faults += _apart(found["sensors"])
    faults += _elsewhere(run, found["geoparsers"])
    faults += _unknown_classes(run, found["tasks"])
    faults += _unmapped(run, found["campaigns"], found["tasks"])
    if faults:
        raise InputError("\n".join(faults))


def _unasked(run: Run, sensors: dict[str, Sensor]) -> list[str]:
    """Faults of sensors whose scenes nobody can be asked for."""
    return [
        f"the config has no `catalogue` of {name}, and {CONFIG}/sensors/{name}.yaml no `providers`,"
        " so there is nobody to ask for scenes; add one of the two"
        for name, card in sensors.items()
        if not (run.catalogue_of(name) or card.providers)
    ]


def _of_others(run: Run, archives: dict[str, Archive]) -> list[str]:
    """Faults of archives that are named for another sensor than theirs."""
    return [
        f"{CONFIG}/archives/{name}.yaml is of sensor {archives[name].sensor}, but the config names"
        f" it for {sensor}; name an archive of that sensor, or the sensor of that archive"
        for sensor, name in run.archives().items()
        if name in archives and archives[name].sensor != sensor
    ]


def _apart(sensors: dict[str, Sensor]) -> list[str]:
    """Faults of pairs of sensors that cannot be in one run: other pixels, bands of one name."""
    faults = []
    for (name, card), (other, known) in combinations(sensors.items(), 2):
        grids = [f"gsd_m {c.gsd_m:g}, origin_m {c.origin_m:g}" for c in (card, known)]
        if grids[0] != grids[1]:
            faults.append(
                f"pixels of {name} ({grids[0]}) and of {other} ({grids[1]}) do not lie"
                " on each other; take sensors of equal gsd_m and origin_m, or make a run for each"
            )
        if shared := [band for band in card.band_names() if band in known.band_names()]:
            faults.append(
                f"sensors {name} and {other} both have {', '.join(shared)}, but models know a band"
                " by its name; rename it on a copy of one card, or make a run for each"
            )
    return faults


def _elsewhere(run: Run, geoparsers: dict[str, GeoparserCard]) -> list[str]:
    """Faults of a geoparser that resolves to a gazetteer which the run does not make."""
    return [
        f"{CONFIG}/geoparsers/{name}.yaml resolves to the gazetteer {card.gazetteer}, but the"
        f" config has {run.gazetteer or 'none'}; write `gazetteer: {card.gazetteer}`"
        for name, card in geoparsers.items()
        if card.gazetteer != run.gazetteer
    ]


def _unknown_classes(run: Run, tasks: dict[str, Task]) -> list[str]:
    """Faults of a smoothing of classes that the legend does not have."""
    named = run.smoothing.class_smoothness if run.smoothing else {}
    have = [land.name for task in tasks.values() for land in task.legend]
    return [
        f"smoothing.class_smoothness: {name} is no class of {CONFIG}/tasks/{run.task}.yaml; there"
        f" is {', '.join(have)}"
        for name in named
        if have and name not in have
    ]


def _unmapped(run: Run, campaigns: dict[str, Campaign], tasks: dict[str, Task]) -> list[str]:
    """Faults of campaigns that sample maps which the run does not make, or classes unknown."""
    faults = []
    for name, card in campaigns.items():
        source = f"{CONFIG}/campaigns/{name}.yaml"
        years = [year for year in (card.before, card.year) if year is not None]
        for what, asked, made in (
            ("regions", card.regions, run.regions),
            ("years", years, run.years),
            ("task", [card.task], [run.task]),
            ("models", [card.model], run.models),
        ):
            if missing := [str(one) for one in asked if one not in made]:
                faults.append(
                    f"{source} samples maps of {what} {', '.join(missing)}, but the config has"
                    f" {', '.join(map(str, made))}; add it there, or correct the card"
                )
        if card.task in tasks:
            names = [land.name for land in tasks[card.task].legend]
            faults += check_names(card, names, source)
    return faults


def check_settings(name: str, model: Model) -> None:
    """Check the settings of a model card, once: that imports torch, and so costs seconds.

    Kept under `KEPT`, as each job of a cluster reads the cards again.
    """
    code = code_version(f"landscribe/models/{model.kind}.py")
    made_from = [model.model_dump_json(), code]
    kept(KEPT / "settings" / f"{name}.json", made_from, partial(_as_json, model))


def _as_json(model: Model) -> dict:
    return model.resolved().model_dump(mode="json")
