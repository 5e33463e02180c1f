"""Whole corpora: documents, rejects and counts; the same after any number of kills; flat memory."""

import hashlib
import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pyarrow.parquet as pq
import pytest
import yaml

from landscribe.command import InputError
from landscribe.tables import DOCUMENTS, REJECTS, read_table
from landscribe.text import corpora
from landscribe.text import inputs as fetching
from landscribe.text.corpora import read_corpus
from landscribe.text.journal import Journal
from tests.made_corpora import card, dump, feed, html, item, jsonl, page, text, warc, written_to
from tests.made_server import served
from tests.workflow_runs import ROOT, environment

GERMAN = "Die Fähre brachte am Morgen vierzig Leute über den Fluss nach Werder."


@pytest.fixture
def here(tmp_path, monkeypatch) -> Path:
    """The working folder."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def digest(folder: Path) -> dict[str, str]:
    """Of each file below a folder."""
    files = sorted(p for p in folder.rglob("*") if p.is_file())
    return {str(p.relative_to(folder)): hashlib.sha256(p.read_bytes()).hexdigest() for p in files}


def rows(folder: Path) -> list[dict]:
    """Of all shards, in their order."""
    shards = sorted((folder / "documents").glob("shard-*.parquet"))
    return [row for shard in shards for row in read_table(shard, DOCUMENTS).to_pylist()]


def rejected(folder: Path) -> dict[str, str]:
    """Source -> reason."""
    table = read_table(folder / "rejects.parquet", REJECTS).to_pylist()
    return {row["source"]: row["reason"] for row in table}


def test_a_corpus_of_several_files(here):
    written_to(here / "a.jsonl", jsonl(range(5)) + b"{broken\n" + jsonl(range(2)))
    written_to(here / "b.jsonl", jsonl(range(4, 9)))
    written_to(here / "c.jsonl", b"")
    told = read_corpus("news", card("jsonl", "*.jsonl", shard_documents=4), here / "out")
    found = rows(here / "out")
    assert [row["document"] for row in found] == [f"news:n{n}" for n in range(9)]
    assert [row["text"] for row in found] == [text(n) for n in range(9)]
    assert found[5]["source"] == "b.jsonl, line 2" and found[5]["licence"] == "CC0-1.0"
    assert [shard["documents"] for shard in told["shards"]] == [4, 4, 1]
    assert (told["documents"], told["duplicates"], told["languages"]) == (9, 3, {"en": 9})
    assert told["rejects"] == {"empty": 1, "no JSON": 1} and told["inputs"] == 3
    reasons = rejected(here / "out")
    assert list(reasons) == ["a.jsonl, line 6", "c.jsonl"]
    assert reasons["c.jsonl"] == "empty: no document for the reader jsonl"


def test_the_folder_says_all_about_itself(here):
    written_to(here / "a.jsonl", jsonl(range(5)))
    told = read_corpus("news", card("jsonl", "a.jsonl", shard_documents=2), here / "out")
    assert json.loads((here / "out/corpus.json").read_text()) == told
    assert (told["corpus"], told["licence"], told["attribution"]) == ("news", "CC0-1.0", "I")
    files = digest(here / "out")
    assert {shard["file"]: shard["sha256"] for shard in told["shards"]}.items() <= files.items()
    assert set(files) - {shard["file"] for shard in told["shards"]} == {
        "corpus.json",
        "rejects.parquet",
    }
    assert rejected(here / "out") == {}


def bad_files(folder: Path) -> dict[str, str]:
    """Files of one text each that cannot be used as they are -> what has to become of them."""
    made = {
        "big.txt": (b"ten megabytes " * 750_000, "too long: more than 400,004 bytes"),
        "binary.txt": (bytes(range(256)) * 9, "binary: a zero byte at 0; text was wanted"),
        "empty.txt": (b"", "empty: no character but blanks"),
        "latin.txt": (GERMAN.encode("latin-1"), ""),
        "long.txt": (b"x" * 100_001, "too long: 100,001 characters, at most 100,000 were wanted"),
        "mojibake.txt": (f"Im Mai. {GERMAN}".encode().decode("cp1252").encode(), ""),
        "stray.txt": (b"\x01\x02 abc\n", "binary: 29% of the characters stand in no text"),
        "utf16.txt": (f"Im Juni. {GERMAN}".encode("utf-16"), ""),
        "utf8.txt": (b"F\xc3\xa4hre, M\xc3\xbchle, B\xff", "encoding: byte 17 is no utf-8"),
    }
    for name, (data, _) in made.items():
        written_to(folder / name, data)
    return {name: told for name, (_, told) in made.items()}


def test_every_bad_file_is_told_and_every_good_one_read(here):
    wanted = bad_files(here / "in")
    told = read_corpus("plain", card("plain", "in", most_characters=100_000), here / "out")
    reasons = rejected(here / "out")
    assert list(reasons) == [f"in/{name}" for name, reason in wanted.items() if reason]
    for name, reason in wanted.items():
        assert not reason or reasons[f"in/{name}"].startswith(reason)
    assert [row["text"] for row in rows(here / "out")] == [
        GERMAN,
        f"Im Mai. {GERMAN}",
        f"Im Juni. {GERMAN}",
    ]
    assert told["mended"] == 1 and told["rejects"]["too long"] == 2


def test_only_the_languages_of_the_card_are_kept(here):
    lines = [json.dumps({"text": words}) for words in (text(1), GERMAN, "Werder", text(2))]
    written_to(here / "a.jsonl", "\n".join(lines))
    told = read_corpus("x", card("jsonl", "a.jsonl", languages=["de"]), here / "out")
    assert [row["text"] for row in rows(here / "out")] == [GERMAN]
    assert told["languages"] == {"de": 1} and told["other_languages"] == {"": 1, "en": 2}


def test_addresses_are_read_and_those_that_are_down_are_told(tmp_path, monkeypatch):
    monkeypatch.setattr(fetching, "WAIT_S", 0)
    written_to(tmp_path / "www/good.xml", feed(*(item(n, text(n)) for n in range(3))))
    written_to(tmp_path / "www/page.xml", html("x"))
    with served(tmp_path / "www", lambda path, _: 503 if "down" in path else None) as (root, _):
        paths = [f"{root}/{name}.xml" for name in ("down", "good", "none", "page")]
        read_corpus("feeds", card("rss", *paths), tmp_path / "out")
        found = rows(tmp_path / "out")
        assert [row["document"] for row in found] == [f"feeds:tag:{n}" for n in range(3)]
        reasons = rejected(tmp_path / "out")
        assert list(reasons) == [paths[0], paths[2], paths[3]]
        assert "503" in reasons[paths[0]] and "404" in reasons[paths[2]]
        assert reasons[paths[3]].startswith("no feed: ")
        with pytest.raises(InputError, match="there is no document to keep") as error:
            read_corpus("feeds", card("rss", paths[0], paths[3]), tmp_path / "none")
    assert "no answer" in str(error.value) and "no feed" in str(error.value)
    assert not (tmp_path / "none/documents").exists()
    assert not (tmp_path / "none/corpus.json").exists()


def test_a_corpus_without_a_document_is_an_error(here):
    lines = "".join(f"{json.dumps({'text': text(n)})}\n" for n in range(3))
    written_to(here / "a.jsonl", f"{{\n{lines}\n{{\n[]\n")
    with pytest.raises(InputError) as error:
        read_corpus("news", card("jsonl", "a.jsonl", languages=["de"]), here / "out")
    assert str(error.value).split("\n") == [
        "corpus news: there is no document to keep; correct its card or its files",
        "  2 rejects such as a.jsonl, line 1: no JSON: Expecting property name enclosed in double"
        " quotes: line 2 column 1 (char 2)",
        "  1 rejects such as a.jsonl, line 7: no object: list; an object in braces was wanted",
        "  3 of en that `languages` leaves out",
    ]


def test_a_shard_ends_early_where_texts_are_long(here, monkeypatch):
    monkeypatch.setattr(corpora, "_SHARD_CHARACTERS", 1000)
    written_to(here / "a.jsonl", jsonl(range(20)))
    told = read_corpus("news", card("jsonl", "a.jsonl"), here / "out")
    counts = [shard["documents"] for shard in told["shards"]]
    assert sum(counts) == 20 and max(counts) == 1000 // len(text(1)) + 1


MADE = {
    "jsonl": lambda folder: [
        written_to(folder / f"{n}.jsonl", jsonl(range(n * 150, n * 150 + 200)) + b"{\n[]\n")
        for n in range(3)
    ],
    "wikimedia": lambda folder: [
        written_to(folder / "a.xml", dump(*(page(n, text(n // 2 * 3)) for n in range(600)))[:-99])
    ],
    "warc": lambda folder: [
        written_to(
            folder / "a.warc.gz",
            warc([(f"https://a.org/{n}", html(text(n, 9))) for n in range(120)])[:-9],
        )
    ],
}


def stopped(monkeypatch, made: object, out: Path, shards: int, where: str) -> bool:
    """Whether reading a corpus was stopped: before or after its n-th shard is written."""
    whole, left = Journal.commit if where == "after" else corpora.write_table, [shards]

    def writing(*given: object) -> object:
        left[0] -= 1
        if left[0] < 0:
            raise KeyboardInterrupt
        return whole(*given)

    with monkeypatch.context() as patch:
        of, name = (Journal, "commit") if where == "after" else (corpora, "write_table")
        patch.setattr(of, name, writing)
        try:
            read_corpus("news", made, out)
        except KeyboardInterrupt:
            return True
    return False


@pytest.mark.parametrize("reader", MADE)
@pytest.mark.parametrize("where", ["before", "after"])
def test_a_run_that_goes_on_ends_as_one_that_was_not_stopped(reader, where, monkeypatch, tmp_path):
    made = card(reader, *MADE[reader](tmp_path / "in"), shard_documents=31)
    whole = read_corpus("news", made, tmp_path / "whole")
    stops = 0
    while stopped(monkeypatch, made, tmp_path / "out", 2, where):
        stops += 1
    assert stops >= (len(whole["shards"]) - 1) // 2 >= 1
    assert digest(tmp_path / "out") == digest(tmp_path / "whole")
    assert whole["rejects"] and (whole["duplicates"] or reader == "warc")


def test_another_card_or_file_begins_anew(tmp_path, monkeypatch):
    path = written_to(tmp_path / "a.jsonl", jsonl(range(90)))
    made = card("jsonl", path, shard_documents=20)
    assert stopped(monkeypatch, made, tmp_path / "out", 2, "before")
    (digests,) = tmp_path.rglob("digests.u64")
    assert digests.stat().st_size == 2 * 20 * 16  # bytes: a text and an id each
    written_to(path, jsonl(range(40, 130)))
    read_corpus("news", made, tmp_path / "out")
    assert [row["text"] for row in rows(tmp_path / "out")] == [text(n) for n in range(40, 130)]
    assert [p.name for p in (tmp_path / "out").iterdir() if "-" in p.name] == []


def test_an_answer_is_kept_until_all_of_it_is_read(tmp_path, monkeypatch):
    """A feed that has changed when the run goes on does not lose or double an entry."""
    written_to(tmp_path / "www/a.xml", feed(*(item(n, text(n)) for n in range(9))))
    written_to(tmp_path / "www/b.xml", feed(*(item(n, text(n)) for n in range(20, 30))))
    with served(tmp_path / "www") as (root, seen):
        made = card("rss", f"{root}/a.xml", f"{root}/b.xml", shard_documents=4)
        assert stopped(monkeypatch, made, tmp_path / "out", 3, "before")
        for name in "ab":
            written_to(tmp_path / f"www/{name}.xml", feed(item(99, text(99))))
        read_corpus("news", made, tmp_path / "out")
    wanted = [text(n) for n in [*range(9), *range(20, 30)]]
    assert [row["text"] for row in rows(tmp_path / "out")] == wanted and len(seen) == 2


def test_killed_at_random_it_ends_with_the_same_bytes(tmp_path):
    """The command, killed three times by SIGKILL, against an undisturbed run of it."""
    rng = random.Random(4)
    written_to(tmp_path / "in/a.jsonl", jsonl(range(1500)) + b"{broken\n" + jsonl(range(900)))
    written_to(tmp_path / "in/b.jsonl", jsonl(range(1400, 2200)) + b'{"text": ""}\n')
    told = card("jsonl", tmp_path / "in", shard_documents=60, language="en")
    told = told.model_dump(exclude_defaults=True)
    written_to(tmp_path / "news.yaml", yaml.safe_dump(told))
    command = [sys.executable, "-m", "scripts.read_corpus", "--corpus", tmp_path / "news.yaml"]
    run = {"cwd": ROOT, "env": environment(), "stderr": subprocess.DEVNULL}
    subprocess.run([*command, "--folder", tmp_path / "whole"], check=True, **run)
    killed = []
    for _ in range(3):
        process = subprocess.Popen([*command, "--folder", tmp_path / "out"], **run)
        wanted = len(set(killed)) + rng.randrange(1, 8) + max([0, *killed])
        while process.poll() is None and shards(tmp_path / "out") < wanted:
            time.sleep(0.001)
        os.kill(process.pid, signal.SIGKILL)
        assert process.wait() == -signal.SIGKILL
        killed.append(shards(tmp_path / "out"))
    subprocess.run([*command, "--folder", tmp_path / "out"], check=True, **run)
    assert digest(tmp_path / "out") == digest(tmp_path / "whole")
    assert 0 < killed[0] < killed[1] < killed[2] < len(pq_files(tmp_path / "out")) == 37
    assert len(rows(tmp_path / "out")) == 2200


def shards(folder: Path) -> int:
    """How many the run that is going on has written."""
    return len(list(folder.glob("documents-*/documents/shard-*.parquet")))


def pq_files(folder: Path) -> list[pq.ParquetFile]:
    """Shards, each opened without a fault."""
    return [pq.ParquetFile(path) for path in sorted((folder / "documents").glob("*.parquet"))]


def test_bad_input_ends_the_command_in_one_message(here):
    made = {"reader": "jsonl", "paths": ["a.jsonl"], "licence": "other", "attribution": "I"}
    for name, changed in {"card": {"reader": "pdf"}, "path": {}, "text": {}}.items():
        written_to(here / f"{name}.yaml", yaml.safe_dump(made | {"title": "T"} | changed))
    told = {"card": "reader: is not there; there is jsonl", "path": "a.jsonl: no such file"}
    for name in ("card", "path", "text"):
        if name == "text":
            written_to(here / "a.jsonl", "\xff\n{}\n")
        command = [sys.executable, "-m", "scripts.read_corpus", "--folder", "out"]
        done = subprocess.run(
            [*command, "--corpus", f"{name}.yaml"],
            capture_output=True,
            text=True,
            env=environment() | {"PYTHONPATH": str(ROOT)},
        )
        assert done.returncode == 1 and "Traceback" not in done.stderr
        assert done.stderr.count("error: ") == 1
        assert told.get(name, "corpus text: there is no document to keep") in done.stderr
    assert not list(here.rglob("*.parquet"))


def test_the_first_try_of_the_docs_gives_what_they_say(here):
    page = (ROOT / "docs/add-a-corpus.md").read_text().split("`config/corpora/first-try.yaml`.")[1]
    _, made, _, command, _, told, *_ = page.split("```")
    written_to(here / "config/corpora/first-try.yaml", made.removeprefix("yaml\n"))
    words = command.removeprefix("sh\npython ").split()
    run = {"capture_output": True, "text": True, "env": environment() | {"PYTHONPATH": str(ROOT)}}
    done = subprocess.run([sys.executable, *words], check=True, **run)
    assert done.stdout.strip() == told.strip()


@pytest.mark.data
def test_real_texts(real_data, tmp_path):
    folder = real_data.absolute() / "text"
    wikitext = (folder / "wikivoyage/boston.wikitext").read_text()
    path = written_to(tmp_path / "dump.xml", dump(page(1, wikitext, "Boston"), page(2, text(2))))
    told = read_corpus("boston", card("wikimedia", path), tmp_path / "boston")
    assert told["documents"] == 2 and told["languages"] == {"en": 2}
    made = card("jsonl", folder / "wiktor/wiktor-even.jsonl.gz", shard_documents=1000)
    told = read_corpus("wiktor", made, tmp_path / "wiktor")
    assert told["documents"] + told["duplicates"] == 2500 and told["languages"]["en"] > 2480
    assert [shard["documents"] for shard in told["shards"]] == [1000, 1000, 500]
    assert told["rejects"] == {} and told["mended"] == 0
