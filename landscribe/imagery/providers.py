"""Providers: who is asked for a sensor's scenes, in which order, and what came of it."""

from dataclasses import dataclass

from landscribe.command import InputError
from landscribe.imagery.catalogues import NoAnswer
from landscribe.imagery.search import Query, search_provider
from landscribe.sensors import Provider, Sensor


@dataclass(frozen=True)
class Found:
    """Scenes, and how they were found."""

    provider: Provider  # who has them
    query: Query  # as that one was asked
    items: list[dict]  # normalised, by time and id
    passed_over: list[dict]  # `provider`, `catalogue` and `reason` of those asked before


def asked(sensor: Sensor, catalogue: str | None) -> list[Provider]:
    """Providers to ask, in order: the config's catalogue alone, or else those of the sensor card.

    A catalogue that a provider of the card has at that address is asked as the card says.
    """
    if catalogue is None:
        if not sensor.providers:
            raise InputError(
                f"the config names no `catalogue`, and sensor card {sensor.title!r} no `providers`,"
                " so there is nobody to ask for scenes; add one of the two"
            )
        return sensor.providers
    known = [p for p in sensor.providers if p.catalogue.rstrip("/") == catalogue.rstrip("/")]
    return known[:1] or [Provider.model_construct(name=catalogue, catalogue=catalogue)]


def search_providers(providers: list[Provider], query: Query, sensor: Sensor) -> Found:
    """Scenes of the first provider that can be read and has some; `InputError` if none has.

    Faults of an item are not a reason to go on: they end the search with a message.
    """
    passed_over: list[dict] = []
    for provider in providers:
        try:
            items = search_provider(provider, query, sensor)
        except NoAnswer as error:
            if len(providers) == 1:
                raise
            told = {"provider": provider.name, "catalogue": provider.catalogue}
            passed_over.append(told | {"reason": error.reason})
            continue
        return Found(provider, query.at(provider), items, passed_over)
    reasons = "".join(f"\n  {told_reason(told)}" for told in passed_over)
    raise InputError(
        f"none of the {len(providers)} providers of sensor card {sensor.title!r} has scenes:"
        f"{reasons}\n  check the network, the region, the years and the season, or name another"
        " `catalogue` in the config"
    )


def told_reason(passed_over: dict) -> str:
    """One line about a provider that was passed over."""
    return "{provider} ({catalogue}): {reason}".format(**passed_over)
