"""Locks: the scenes that a run used, and those that all runs of a project share.

A run's lock lists its scenes' files with their checksums. A shared lock, in the folder `locks`,
holds whole items beside the question that found them: a run that asks the same needs no catalogue.
"""

import json
from pathlib import Path

from landscribe.command import InputError
from landscribe.formats.json_file import read_json, write_json
from landscribe.imagery.duplicates import same_pass
from landscribe.imagery.items import baseline, wanted_assets
from landscribe.imagery.providers import Found, search_providers, told_reason
from landscribe.imagery.search import Query
from landscribe.sensors import Provider, Sensor

_LISTED = ("href", "checksum", "size")  # of a file; the last two None where nobody says them
_NUMBERS = ("dtype", "nodata", "scale", "offset")  # of a sensor card, which items are filled from


def lock(found: Found) -> dict:
    """What makes a rebuild repeatable: the query, and each scene's files with their checksums.

    Holds no time of its own, so equal searches give equal bytes. Scenes are sorted by id; checksum
    (multihash) and size [bytes] are None where the catalogue does not give them.
    """
    scenes = [
        {
            "id": item["id"],
            "collection": item["collection"],
            "datetime": item["properties"]["datetime"],
            "assets": {name: _file(asset) for name, asset in item["assets"].items()},
        }
        for item in sorted(found.items, key=lambda item: item["id"])
    ]
    return {
        "catalogue": found.provider.catalogue,
        "provider": found.provider.name,
        "passed_over": found.passed_over,
        "query": found.query.as_dict(),
        "scenes": scenes,
    }


def shared_lock(found: Found, sensor: Sensor) -> dict:
    """The same with whole items, for the folder `locks`; `locked` reads it."""
    told = {
        "question": _question(found.provider, found.query, sensor),
        "passed_over": found.passed_over,
        "items": found.items,
    }
    return json.loads(json.dumps(told))  # as it comes back: lists in place of tuples


def locked(path: Path, providers: list[Provider], query: Query, sensor: Sensor) -> Found:
    """Scenes of a shared lock; `InputError` says in what its question differs from the run's."""
    told = _read(path)
    named = [p for p in providers if p.name == told["question"].get("provider")]
    differences = (
        _differences(told["question"], _question(named[0], query.at(named[0]), sensor))
        if named
        else [
            f"provider: {told['question'].get('provider')} in the lock, but the run asks"
            f" {', '.join(p.name for p in providers)}"
        ]
    )
    if differences:
        raise InputError(
            f"{path}: was made for another question:\n  "
            + "\n  ".join(differences)
            + "\n  `make refresh CONFIG=<your config>` asks the provider again and renews it"
        )
    wanted = wanted_assets(sensor)
    items = [
        item | {"assets": {name: item["assets"][name] for name in wanted}} for item in told["items"]
    ]
    return Found(named[0], query.at(named[0]), items, told["passed_over"])


def refreshed(path: Path, providers: list[Provider], query: Query, sensor: Sensor) -> list[str]:
    """Renew a shared lock by a search, if anything changed; lines about that.

    The provider that the lock is of is asked alone: another has other files for the same scenes.
    If the search fails, the lock stays as it is.
    """
    old = _read(path) if path.exists() else None
    name = old["question"].get("provider") if old else None
    chosen = [p for p in providers if p.name == name] or providers
    _refuse_local(chosen)
    try:
        found = search_providers(chosen, query, sensor)
    except InputError as error:
        stays = f"{path} stays as it is" if old else f"{path} is not written"
        raise InputError(f"{error}\n  {stays}") from None
    new = shared_lock(found, sensor)
    lines = changes(old, new)
    if old and not lines and old["question"] != new["question"]:
        lines = ["~ another question, the same scenes"]
    if old is None or lines:
        write_json(path, new)
    passed_over = [f"passed over {told_reason(told)}" for told in found.passed_over]
    count = f"{len(found.items)} scenes of {found.provider.name}"
    return [*passed_over, f"{path}: {count}, {len(lines) or 'nothing'} changed", *lines]


def changes(old: dict | None, new: dict) -> list[str]:
    """Lines about what came (+), went (-) and changed (~) between two shared locks."""
    before = {item["id"]: item for item in (old or {"items": []})["items"]}
    after = {item["id"]: item for item in new["items"]}
    gone = {same_pass(before[name]): name for name in before if name not in after}
    lines = []
    for name, item in after.items():
        if name in before:
            lines += [f"~ {name}: {what}" for what in _changed(before[name], item)]
        elif other := gone.pop(same_pass(item), None):
            lines.append(f"~ {name}: in place of {other}{_baselines(before[other], item)}")
        else:
            lines.append(f"+ {name}: new, of {item['properties']['datetime']}")
    return lines + [f"- {name}: gone" for name in gone.values()]


def _refuse_local(providers: list[Provider]) -> None:
    for provider in providers:
        if "://" not in provider.catalogue:
            raise InputError(
                f"{provider.catalogue}: lies on this machine, whose paths are of no use to others,"
                " so its scenes get no shared lock; name a `catalogue` behind an address"
            )


def _question(provider: Provider, query: Query, sensor: Sensor) -> dict:
    """All that the items of an answer depend on."""
    return {
        "provider": provider.name,
        "catalogue": provider.catalogue,
        "assets": provider.assets,
        "signing": provider.signing,
        "bands": wanted_assets(sensor),
        "numbers": {name: getattr(sensor, name) for name in _NUMBERS},
        **query.as_dict(),
    }


def _differences(told: dict, wanted: dict) -> list[str]:
    return [
        f"{name}: {told.get(name)} in the lock, {wanted.get(name)} in the run"
        for name in {**told, **wanted}
        if told.get(name) != wanted.get(name)
    ]


def _changed(old: dict, new: dict) -> list[str]:
    """What differs between two items of one id; their baselines first, then file by file."""
    found = [told] if (told := _baselines(old, new)) else []
    for name in {**old["assets"], **new["assets"]}:
        one, two = (_file(item["assets"].get(name, {})) for item in (old, new))
        found += [f"{name} has another {what}" for what in _LISTED if one[what] != two[what]]
    if not found and old != new:
        found = ["other properties"]
    return [what.removeprefix(", ") for what in found]


def _baselines(old: dict, new: dict) -> str:
    one, two = (".".join(f"{n:02}" for n in baseline(i["properties"])) for i in (old, new))
    return f", another baseline ({one} -> {two})" if one != two else ""


def _file(asset: dict) -> dict:
    checksum, size = asset.get("file:checksum"), asset.get("file:size")
    return {"href": asset.get("href"), "checksum": checksum, "size": size}


def _read(path: Path) -> dict:
    try:
        told = read_json(path)
    except ValueError:  # no JSON, or no text
        told = None
    wanted = {"question": dict, "passed_over": list, "items": list}
    if not isinstance(told, dict) or any(
        not isinstance(told.get(name), kind) for name, kind in wanted.items()
    ):
        raise InputError(
            f"{path}: is no lock (an object with {', '.join(wanted)}); take the file away, or renew"
            " it with `make refresh CONFIG=<your config>`"
        )
    return told
