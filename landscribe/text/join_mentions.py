"""Parts of a geoparsed corpus, put together: the same files however many parts there were."""

import json
import os
import shutil
from collections.abc import Sequence
from pathlib import Path

from landscribe.command import InputError, written
from landscribe.tables import REJECTS, read_table, write_table
from landscribe.text.parsing import COUNTS, summed

TABLES = ("mentions", "grounds", "rejects")  # folders of shards in a folder of mentions
_SUMS = ("rejects", "languages")  # counts by name
_ABOUT_PART = ("part", "parts")


def join_mentions(
    parts: Sequence[Path], abouts: Sequence[Path], mentions: Path, rejects: Path, about: Path
) -> dict:
    """Write the whole of a corpus from its parts; what is told of it.

    Args:
        parts: folders of mentions.
        abouts: what was told of each part.
    """
    told = _sum([json.loads(path.read_text()) for path in abouts])
    with written(mentions) as folder:
        for part in parts:
            for table in TABLES:
                (folder / table).mkdir(parents=True, exist_ok=True)
                for shard in (part / table).glob("shard-*.parquet"):
                    _link(shard, folder / table / shard.name)
        shards = sorted((folder / "rejects").iterdir())
        write_table(rejects, (read_table(shard, REJECTS) for shard in shards), REJECTS)
    with written(about) as file:
        file.write_text(json.dumps(told, indent=1, ensure_ascii=False) + "\n")
    return told


def _sum(told: Sequence[dict]) -> dict:
    """What is told of all parts together."""
    first = {key: value for key, value in told[0].items() if key not in _ABOUT_PART}
    made_with = [{k: one[k] for k in ("gazetteer", "recognizers", "resolver")} for one in told]
    if any(one != made_with[0] for one in made_with):
        raise InputError(f"parts of several geoparsers: {made_with}; geoparse all parts again")
    sums = {name: sum(one[name] for one in told) for name in (*COUNTS, "shards")}
    sums |= {name: summed(one[name] for one in told) for name in _SUMS}
    if first["llm"]:
        sums["llm"] = first["llm"] | {"counts": summed(one["llm"]["counts"] for one in told)}
    return first | sums


def _link(source: Path, target: Path) -> None:
    """The same file at another place; a copy where the disk knows no links."""
    try:
        os.link(source, target)
    except FileExistsError:
        raise InputError(f"{source.name} stands in two parts; geoparse all parts again") from None
    except OSError:
        shutil.copy2(source, target)
