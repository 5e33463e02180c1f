"""Parts of a geoparsed corpus, put together: the whole is the same however it was parted."""

import json
import os
from pathlib import Path

import pytest

from landscribe.command import InputError
from landscribe.text import join_mentions as module
from landscribe.text.join_mentions import TABLES, join_mentions
from landscribe.text.pipelines import PIPELINES
from tests.test_geoparse import Job, job, made  # noqa: F401 - fixtures

pytest.importorskip(PIPELINES["en"][0])


def whole(job: Job, parts: int) -> dict:  # noqa: F811
    """Geoparse in parts and join them; what is told."""
    names = [f"parts-{parts}/{part}" for part in range(parts)]
    for part, name in enumerate(names):
        job.run(name, part=part, parts=parts)
    folders, out = [job.here / name for name in names], job.here / f"whole-{parts}"
    return join_mentions(
        [folder / "mentions" for folder in folders],
        [folder / "geoparse.json" for folder in folders],
        *(out / name for name in ("mentions", "rejects.parquet", "geoparse.json")),
    )


@pytest.mark.parametrize("parts", [2, 3, 9])  # of four shards
def test_the_whole_does_not_tell_how_it_was_parted(job, parts):  # noqa: F811
    told = whole(job, 1)
    assert whole(job, parts) == told
    assert job.bytes(f"whole-{parts}") == job.bytes("whole-1")
    assert told["documents"] == told["parsed"] + sum(told["rejects"].values()) > 0
    assert json.loads((job.here / f"whole-{parts}/geoparse.json").read_text()) == told


def test_one_part_is_the_whole(job):  # noqa: F811
    told = whole(job, 1)
    alone = json.loads((job.here / "parts-1/0/geoparse.json").read_text())
    assert {key: alone[key] for key in told} == told
    assert set(alone) - set(told) == {"part", "parts"}
    of_part, joined = job.bytes("parts-1/0"), job.bytes("whole-1")
    tables = [name for name in of_part if Path(name).parent.name in TABLES]
    assert tables and all(joined[name] == of_part[name] for name in tables)
    assert joined["rejects.parquet"] == of_part["rejects.parquet"]


def test_files_are_on_the_disk_once_or_copied(job, monkeypatch):  # noqa: F811
    whole(job, 2)
    linked = job.bytes("whole-2")
    shard = next((job.here / "whole-2/mentions/mentions").iterdir())
    assert shard.stat().st_nlink == 2

    def refuse(*_: object) -> None:
        raise OSError(18, "Invalid cross-device link")

    monkeypatch.setattr(os, "link", refuse)
    whole(job, 2)
    assert job.bytes("whole-2") == linked
    assert shard.stat().st_nlink == 1
    assert module.os.link is refuse


def test_parts_that_do_not_fit_are_told(job):  # noqa: F811
    whole(job, 2)
    parts = [job.here / f"parts-2/{part}" for part in (0, 1)]
    out = [job.here / name for name in ("a/mentions", "a/rejects.parquet", "a/geoparse.json")]
    twice = [parts[0] / "mentions"] * 2, [parts[0] / "geoparse.json"] * 2
    with pytest.raises(InputError, match="shard-.*stands in two parts"):
        join_mentions(*twice, *out)
    about = json.loads((parts[1] / "geoparse.json").read_text())
    (parts[1] / "geoparse.json").write_text(json.dumps(about | {"resolver": "another"}))
    with pytest.raises(InputError, match="parts of several geoparsers"):
        join_mentions(
            *([part / name for part in parts] for name in ("mentions", "geoparse.json")), *out
        )
    assert not list((job.here / "a").glob("*"))
