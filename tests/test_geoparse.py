"""Whole corpora through a geoparser: the same result after kills, in parts, by many processes."""

import hashlib
import json
from pathlib import Path

import pytest
import shapely

from landscribe.command import InputError
from landscribe.tables import GROUNDS, MENTIONS, REJECTS, read_table
from landscribe.text import geoparse as module
from landscribe.text import llm, parsing
from landscribe.text.geoparse import Geoparsing, geoparse_documents
from landscribe.text.geoparser import Geoparser
from landscribe.text.llm_settings import LlmSettings
from landscribe.text.pipelines import PIPELINES
from scripts.geoparse_documents import main
from tests.made_chat import Says, chatting, chooses
from tests.made_geoparser import TEXTS, a_document, documents, make_geoparser, write_shards
from tests.made_world import make_world

pytest.importorskip(PIPELINES["en"][0])
FOREIGN = a_document(90, "Der Zug von Paris nach Lyon.", language="de")


class Job:
    """A folder with documents, model and gazetteer, in which corpora are geoparsed."""

    def __init__(self, made: Path, here: Path) -> None:
        self.model, self.store = made / "model", made / "world/store"
        self.documents, self.here = here / "documents", here

    def run(self, name="out", processes=1, **more):
        """What is told; all is written below `name`."""
        told = {"documents": self.documents, "model": self.model, "store": self.store} | more
        out = self.here / name
        job = Geoparsing(mentions=out / "mentions", **told)
        return geoparse_documents(job, out / "rejects.parquet", out / "geoparse.json", processes)

    def bytes(self, name="out"):
        """Digest of each file that was written."""
        out = self.here / name
        files = sorted(p for p in out.rglob("*") if p.is_file())
        return {str(p.relative_to(out)): hashlib.sha256(p.read_bytes()).hexdigest() for p in files}

    def rows(self, table, schema, name="out"):
        shards = sorted((self.here / name / "mentions" / table).glob("*.parquet"))
        return [row for shard in shards for row in read_table(shard, schema).to_pylist()]


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Folder of a geoparser and its gazetteer."""
    folder = tmp_path_factory.mktemp("made")
    make_geoparser(folder).save(folder / "model")
    return folder


@pytest.fixture
def job(made, tmp_path):
    """Sixteen documents in four shards."""
    found = Job(made, tmp_path)
    write_shards(found.documents, [*documents()[:9], FOREIGN, *documents()[9:]], 4)
    module._open.cache_clear()
    return found


def test_tables_and_what_is_told_agree(job):
    told = job.run()
    out = job.here / "out"
    assert json.loads((out / "geoparse.json").read_text()) == told
    rows = job.rows("mentions", MENTIONS)
    relations = [row for row in rows if row["label"] == "relation"]
    assert (told["documents"], told["parsed"], told["shards"]) == (16, 15, 4)
    assert told["mentions"] == len(rows) - len(relations)
    assert told["relations"] == len(relations)
    assert told["with_place"] + told["relations"] == sum(r["place"] is not None for r in rows)
    assert told["rejects"] == {"other language": 1}
    assert told["languages"] == {"de": 1, "en": 15}
    assert told["llm"] is None
    assert {row["gazetteer"] for row in rows} == {told["gazetteer"]}
    assert {row["recognizer"] for row in rows} == {*told["recognizers"].values()}
    assert {row["resolver"] for row in rows} == {told["resolver"]}
    order = [document["document"] for document in documents()]
    found = [row["document"] for row in rows]
    assert found == sorted(found, key=order.index)
    assert len(job.rows("grounds", GROUNDS)) == told["grounds"]
    (reject,) = read_table(out / "rejects.parquet", REJECTS).to_pylist()
    assert (reject["corpus"], reject["source"]) == ("made", FOREIGN["source"])


def test_tables_are_geoparquet(job):
    geopandas = pytest.importorskip("geopandas")
    job.run()
    for table in ("mentions", "grounds"):
        path = job.here / "out/mentions" / table / "shard-00000.parquet"
        found = geopandas.read_parquet(path)
        assert found.crs.equals("OGC:CRS84")
        assert found.geometry.name == "footprint"
        assert shapely.is_valid(found.geometry.dropna()).all()


def test_two_processes_give_the_same_bytes(job):
    assert job.run("two", processes=2) == job.run()
    assert job.bytes("two") == job.bytes()


def test_the_command_writes_the_same(job, capsys):
    job.run()
    out = job.here / "command"
    paths = {"mentions": out / "mentions", "rejects": out / "rejects.parquet"}
    main(job.documents, job.model, job.store, about=out / "geoparse.json", **paths)
    assert job.bytes("command") == job.bytes()
    assert "in 15 of 16 documents" in capsys.readouterr().out


@pytest.fixture
def killed(monkeypatch):
    """Let a run die after some shards."""
    parse = module._parse

    def after(count):
        done = []

        def dying(job, folder, shard):
            if len(done) == count:
                raise KeyboardInterrupt
            parse(job, folder, shard)
            done.append(shard.name)

        monkeypatch.setattr(module, "_parse", dying)
        return done

    return after


def test_a_run_that_died_goes_on(job, killed):
    job.run("whole")
    killed(2)
    with pytest.raises(KeyboardInterrupt):
        job.run()
    assert not (job.here / "out/mentions").exists()
    assert not (job.here / "out/geoparse.json").exists()
    done = killed(9)
    job.run()
    assert done == ["shard-00002.parquet", "shard-00003.parquet"]
    assert job.bytes() == job.bytes("whole")


def test_a_half_written_shard_is_written_again(job, killed):
    job.run("whole")
    killed(1)
    with pytest.raises(KeyboardInterrupt):
        job.run()
    (told,) = (job.here / "out").glob("mentions-*/mentions/told/*.json")
    told.unlink()  # the last thing that a shard gets
    done = killed(9)
    job.run()
    assert len(done) == 4
    assert job.bytes() == job.bytes("whole")


@pytest.mark.parametrize("what", ["documents", "model", "code", "part"])
def test_what_another_run_finished_is_not_taken(job, killed, monkeypatch, tmp_path, what):
    more = {}
    killed(2)
    with pytest.raises(KeyboardInterrupt):
        job.run()
    if what == "documents":
        write_shards(job.documents, [a_document(n, "Paris, Texas") for n in range(8)], 4)
    if what == "model":
        llm = LlmSettings(model="m", endpoint="http://localhost:1/v1", below_probability=0)
        model = Geoparser.load(job.model, make_world(tmp_path / "world"))
        Geoparser(model.places, model.recognizers, model.resolver, llm).save(tmp_path / "model")
        more = {"model": tmp_path / "model"}
    if what == "code":
        monkeypatch.setattr(module, "code_version", lambda _: "another")
    if what == "part":
        more = {"parts": 2}
    done = killed(9)
    told = job.run(**more)
    assert len(done) == told["shards"]
    assert not [*(job.here / "out").glob("mentions-*")]


@pytest.mark.parametrize("parts", [2, 3, 6])
def test_parts_have_each_shard_once(job, parts):
    whole = job.run("whole")
    told = [job.run(f"part-{part}", part=part, parts=parts) for part in range(parts)]
    for name in ("documents", "parsed", "mentions", "with_place", "relations", "grounds", "shards"):
        assert sum(one[name] for one in told) == whole[name]
    shards = {k: v for k, v in job.bytes("whole").items() if "shard-" in k}
    found = [job.bytes(f"part-{part}") for part in range(parts)]
    parted = [(k, v) for one in found for k, v in one.items() if "shard-" in k]
    assert sorted(parted) == sorted(shards.items())
    assert all((job.here / f"part-{part}/mentions").is_dir() for part in range(parts))


@pytest.mark.parametrize("part, parts", [(2, 2), (-1, 2), (0, 0)])
def test_a_part_that_is_none_is_told(job, part, parts):
    with pytest.raises(InputError, match=f"part {part} of {parts}"):
        job.run(part=part, parts=parts)


def test_no_documents_are_told(job, tmp_path):
    with pytest.raises(InputError, match="no shard of documents; run the rule read_corpus"):
        job.run(documents=tmp_path / "none")


def test_another_gazetteer_is_told_before_any_work(job, tmp_path):
    other = make_world(tmp_path / "world", drop=1)
    with pytest.raises(InputError, match=other.version):
        job.run(store=other.folder)
    assert not (job.here / "out").exists()


def test_one_bad_document_does_not_stop_the_others(job, monkeypatch):
    job.run("whole")
    ground = parsing.document_ground

    def failing(rows):
        if any("Springfield" in row["text"] for row in rows):
            raise ValueError("side location conflict")
        return ground(rows)

    monkeypatch.setattr(parsing, "document_ground", failing)
    told = job.run()
    bad = {d["document"] for d in documents() if "Springfield" in d["text"]}
    assert told["rejects"] == {"other language": 1, "parser failed": len(bad)}
    found = read_table(job.here / "out/rejects.parquet", REJECTS).to_pylist()
    assert "parser failed: ValueError: side location conflict" in {r["reason"] for r in found}
    wanted = [r for r in job.rows("mentions", MENTIONS, "whole") if r["document"] not in bad]
    assert job.rows("mentions", MENTIONS) == wanted


def test_a_corpus_of_which_nothing_can_be_parsed_is_told(job, monkeypatch):
    monkeypatch.setattr(parsing, "document_ground", lambda _: 1 / 0)
    with pytest.raises(InputError, match="none of 16 documents could be parsed") as fault:
        job.run()
    rejects = Path(str(fault.value).split("look at ")[1].split(",")[0])
    assert read_table(rejects, REJECTS).num_rows  # it is still there
    assert not (job.here / "out/geoparse.json").exists()


@pytest.fixture
def asking(job, made, monkeypatch):
    """A job whose geoparser asks a scripted server, and what it saw."""
    monkeypatch.setattr(llm.time, "sleep", lambda _: None)

    def run(script, name="out", **more):
        module._opinion.cache_clear()
        with chatting(script) as (endpoint, seen):
            card = {"model": "m", "endpoint": endpoint, "below_probability": 1, "retries": 0}
            settings = LlmSettings(**card | more)
            one = module._open(job.model, job.store)
            model = job.here / "model"
            Geoparser(one.places, one.recognizers, one.resolver, settings).save(model)
            module._open.cache_clear()
            told = job.run(name, model=model, answers=job.here / "kept.sqlite")
        return told, seen

    return run


def paris(request, _):
    """Paris in Texas, if it is offered."""
    shown = request.body["messages"][0]["content"]
    return chooses("made:Paris TX", 1.0) if "made:Paris TX" in shown else chooses("made:US", 0)


def test_a_language_model_is_asked_after_the_resolver(job, asking):
    job.run("whole")
    before = job.rows("mentions", MENTIONS, "whole")
    told, seen = asking(paris, weight=10)
    after = job.rows("mentions", MENTIONS)
    texan, now = (
        [
            c["probability"]
            for row in rows
            for c in row["candidates"]
            if (row["text"], c["place"]) == ("Paris", "made:Paris TX")
        ]
        for rows in (before, after)
    )
    assert all(b >= a for a, b in zip(texan, now, strict=True))
    assert sum(now) > sum(texan)
    others = [[r for r in rows if r["text"] == "Lyon"] for rows in (before, after)]
    assert others[0] == others[1]
    counts = told["llm"]["counts"]
    assert counts["questions"] == told["mentions"]
    assert counts["asked"] == len(seen) > counts["chosen"] >= 1
    assert counts["questions"] == sum(counts.get(k, 0) for k in ("asked", "cached", "sure")) + (
        counts.get("no_candidates", 0)
    )
    assert told["llm"]["model"] == "m"
    assert told["llm"]["weight"] == 10
    again, seen = asking(paris, "again", weight=10)
    assert not seen
    assert again["llm"]["counts"]["cached"] == counts["asked"] + counts.get("cached", 0)
    assert job.rows("mentions", MENTIONS, "again") == after


def test_a_server_that_fails_changes_nothing(job, asking):
    job.run("whole")
    told, seen = asking(lambda *_: Says(b"", 500), give_up_after=2)
    assert len(seen) == 2
    assert told["llm"]["counts"]["failed: HTTP 500"] == 2
    assert job.rows("mentions", MENTIONS) == job.rows("mentions", MENTIONS, "whole")


def test_a_missing_key_ends_the_run(job, asking, monkeypatch):
    monkeypatch.delenv("MADE_KEY", raising=False)
    with pytest.raises(InputError, match="MADE_KEY"):
        asking(paris, key_variable="MADE_KEY")
    assert not (job.here / "out/mentions").exists()


def test_without_settings_nobody_is_asked_and_nothing_kept(job):
    told = job.run()
    assert told["llm"] is None
    assert sorted(p.name for p in (job.here / "out").iterdir()) == [
        "geoparse.json",
        "mentions",
        "rejects.parquet",
    ]
    assert len(TEXTS) == told["parsed"]
