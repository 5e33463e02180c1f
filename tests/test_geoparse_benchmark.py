"""The geoparsing benchmark on made data: what it learns from, how it scores, and that it runs."""

import json
from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely

from landscribe.command import InputError
from landscribe.geoparsers import GeoparserCard, Gold
from landscribe.places.lookup import Places
from landscribe.text.gold import GoldDocument, GoldMention
from landscribe.text.mentions import Toponym
from landscribe.text.pipelines import PIPELINES
from landscribe.text.resolver import Resolved
from landscribe.text.training import train_geoparser
from tests.benchmarks import geoparse
from tests.benchmarks.geoparsing import peak
from tests.benchmarks.geoparsing import shelf as shelves
from tests.benchmarks.geoparsing.misses import write_misses, write_wrong_spans
from tests.benchmarks.geoparsing.scores import scored, shown
from tests.benchmarks.geoparsing.sets import (
    Corpus,
    drawn,
    every_toponym,
    few,
    leaving_out,
    read_any,
    teachers,
)
from tests.benchmarks.geoparsing.shelf import Shelf
from tests.benchmarks.geoparsing.speed import REPEATS, ratios, speeds, write_shards
from tests.benchmarks.geoparsing.systems import Answer, floor, likeliest, trained
from tests.made_gazetteer import MadePlaces, a_name

pytest.importorskip(PIPELINES["en"][0])
MADE = {  # name: class, lon, lat, country, parents, population; the largest first
    "China": ("country", 105.0, 35.0, "CN", (), 1_400_000_000),
    "United States": ("country", -98.5, 39.8, "US", (), 330_000_000),
    "France": ("country", 2.0, 46.0, "FR", (), 67_000_000),
    "Texas": ("admin1", -99.3, 31.3, "US", (1,), 25_000_000),
    "Ontario": ("admin1", -84.5, 49.3, "CA", (), 13_000_000),
    "London": ("city", -0.13, 51.5, "GB", (), 8_900_000),
    "Berlin": ("city", 13.4, 52.5, "DE", (), 3_600_000),
    "Paris": ("city", 2.35, 48.85, "FR", (2,), 2_100_000),
    "London ": ("city", -81.2, 43.0, "CA", (4,), 380_000),
    "Paris ": ("city", -95.56, 33.66, "US", (1, 3), 25_000),
}
SENTENCES = (
    ("The mayor of {} met reporters on Monday.", ("Paris", "London", "Berlin")),
    ("Police in {}, {} closed the road to the airport.", ("Paris ", "Texas")),
    ("She flew from {} to {} last week.", ("London ", "Ontario")),
    ("Trade between {} and {} grew again.", ("China", "France")),
)
NAMES = ("TR-News", "GeoWebNews", "WoTR", "IDRISI", "WikToR")
FORMS = dict(zip(NAMES, ("news", "gwn", "wotr", "idrisi", "wiktor"), strict=True))


@pytest.fixture(scope="module")
def store(tmp_path_factory) -> Path:
    """Store of the made places; China has an outline."""
    places, names = [], []
    for row, (name, (kind, lon, lat, country, parents, people)) in enumerate(MADE.items()):
        told = {"row": row, "id": f"gn:{row}", "name": name.strip(), "class": kind, "lon": lon}
        told |= {"lat": lat, "country": country, "parents": [f"gn:{p}" for p in parents]}
        facts = [{"source": "made", "id": str(row), "version": "1"}]
        places.append(told | {"population": people, "extent_km": 10.0, "facts": facts})
        names.append(a_name(row, name.strip()))
    names += [a_name(0, "Chinese", "demonym"), a_name(2, "French", "demonym")]
    ground = gpd.GeoDataFrame(
        {"id": ["gn:0"], "source": ["made"]}, geometry=[shapely.box(75, 20, 125, 50)], crs=4326
    )
    return MadePlaces(tmp_path_factory.mktemp("world"), places, names, ground).write().index()


@pytest.fixture(scope="module")
def shelf(store, tmp_path_factory) -> Shelf:
    return Shelf(tmp_path_factory.mktemp("kept"), Places(store))


def _document(number: int, corpus: str) -> GoldDocument:
    """A text of three sentences, with all its toponyms."""
    rng = np.random.default_rng([number, *corpus.encode()])
    text, mentions = f"{corpus} {number}. ", []
    for at in rng.permutation(len(SENTENCES))[:3]:
        sentence, names = SENTENCES[at]
        count = sentence.count("{}")
        chosen = names if count == len(names) else tuple(rng.choice(names, count))
        for part, name in zip(sentence.split("{}"), (*chosen, None), strict=True):
            text += part
            if name:
                _, lon, lat, *_ = MADE[name]
                place = f"gn:{list(MADE).index(name)}"
                start, text = len(text), text + name.strip()
                mention = GoldMention(start, len(text), name.strip(), "", lon, lat, place)
                mentions.append(mention)
        text += " "
    return GoldDocument(f"{corpus}-{number}", text, "example.org", "en", tuple(mentions))


def _corpus(name: str, count: int = 12, **how: object) -> Corpus:
    gold = Gold(path="made", form=FORMS.get(name, "jsonl"), **how)
    return Corpus(name, gold, tuple(_document(n, name) for n in range(count)))


def _all() -> list[Corpus]:
    weak = {"weight": 0.3, "complete": False}
    return [_corpus(name, **(weak if name in ("IDRISI", "WikToR") else {})) for name in NAMES]


def _jsonl(path: Path, corpus: Corpus) -> Path:
    """File of a corpus."""
    rows = []
    for d in corpus.documents:
        told = {"id": d.id, "text": d.text, "outlet": d.outlet, "language": d.language}
        keys = ("start", "end", "text", "lon", "lat", "place")
        rows.append(told | {"mentions": [{k: getattr(m, k) for k in keys} for m in d.mentions]})
    path.write_text("\n".join(json.dumps(row) for row in rows))
    return path


def test_a_scored_corpus_never_teaches(tmp_path):
    corpora = _all()
    assert [c.name for c in leaving_out(corpora, corpora[1])] == [NAMES[0], *NAMES[2:]]
    copy = read_any(_jsonl(tmp_path / "copy.jsonl", corpora[0]), "jsonl")
    assert copy.name == "copy"
    assert [c.name for c in leaving_out(corpora, copy)] == list(NAMES[1:])
    assert [c.name for c in leaving_out(corpora, copy, ["WoTR"])] == ["GeoWebNews", *NAMES[3:]]


def test_a_document_that_is_scored_never_teaches():
    corpora = _all()
    one = replace(corpora[2].documents[5], text=f" {corpora[2].documents[5].text}\n")
    scored_ = replace(_corpus("other"), documents=(one,))
    left = {c.name: len(c.documents) for c in leaving_out(corpora, scored_)}
    assert left == {name: 12 - (name == "WoTR") for name in NAMES}


def test_draws_are_seeded_and_in_order():
    documents = _corpus("TR-News", 40).documents
    some = drawn(documents, 10)
    assert some == drawn(documents, 10)
    assert [documents.index(d) for d in some] == sorted(documents.index(d) for d in some)
    assert len(set(some)) == 10
    assert drawn(documents, None) == drawn(documents, 40) == documents
    assert few(_corpus("TR-News", 40), 10).documents == some


def test_what_is_learnt_changes_the_digest():
    corpus = _corpus("TR-News")
    weaker = replace(corpus, gold=corpus.gold.model_copy(update={"weight": 0.5}))
    digests = {corpus.digest, weaker.digest, replace(corpus, most=6).digest}
    assert len(digests) == 3
    assert _corpus("TR-News").digest == corpus.digest


@pytest.mark.data
def test_real_corpora_are_those_of_the_protocol(real_data):
    corpora = {corpus.name: corpus for corpus in teachers(real_data / "text")}
    sizes = {name: (len(c.documents), len(c.taught)) for name, c in corpora.items()}
    assert sizes["TR-News"] == (118, 118)
    assert sizes["GeoWebNews"] == (200, 200)
    assert sizes["WikToR"] == (2500, 600)
    located = [m.located for d in corpora["TR-News"].documents for m in d.mentions]
    assert sum(located) == 1275
    news = corpora["GeoWebNews"].documents
    assert sum(len(d.mentions) for d in news) == 2399
    assert sum(len(d.mentions) for d in every_toponym(news)) == 2718


def test_likeliest_is_a_candidate_even_if_none_is_likelier(store):
    places = Places(store).by_id(["gn:7", "gn:9", "gn:2"])
    candidates = ((places["gn:7"], 0.2), (places["gn:9"], 0.15), (places["gn:2"], 0.1))
    told = likeliest(3, 8, Resolved(None, 0.55, candidates))
    assert (told.start, told.end, told.place) == (3, 8, "gn:7")
    assert told.probability == pytest.approx(0.2)  # France's point is 318 km away from Paris
    sure = likeliest(3, 8, Resolved(places["gn:9"], 1.0000001, candidates[::-1]))
    assert (sure.place, sure.probability) == ("gn:9", 1.0)
    assert likeliest(3, 8, Resolved(None, 1.0, ())).lon is None


def test_floor_takes_the_most_populous_place_of_the_very_name(shelf):
    text = "Chinese officials flew from Paris to Texas. Nobody met them in Parisville."
    gold = [GoldMention(text.index(n), text.index(n) + len(n), n) for n in ("Paris", "Parisville")]
    document = GoldDocument("1", text, "", "en", tuple(gold))
    (bare,) = floor("bare", [document], shelf, ("GPE", "LOC", "FAC"))
    assert [p.place for p in bare.on_gold] == ["gn:7", None]
    found = {text[p.start : p.end]: p.place for p in bare.found}
    assert found["Paris"] == "gn:7"
    assert found["Texas"] == "gn:3"
    assert "Chinese" not in found
    (more,) = floor("bare", [document], shelf, ("GPE", "LOC", "FAC", "NORP"))
    assert {text[p.start : p.end]: p.place for p in more.found} == found | {"Chinese": "gn:0"}


def _answer(document: GoldDocument, **changes: object) -> Answer:
    told = [Resolved(p, 0.9, ((p, 0.9),)) for p in changes.pop("places")]
    gold = document.mentions
    right = [likeliest(m.start, m.end, r) for m, r in zip(gold, told, strict=True)]
    toponyms = [Toponym(m.start, m.end, m.text, "GPE") for m in gold]
    return Answer(right, right, toponyms, told)


@pytest.fixture
def perfect(store) -> tuple[list[GoldDocument], list[Answer]]:
    documents = [_document(n, "x") for n in range(6)]
    known = Places(store).by_id(f"gn:{row}" for row in range(len(MADE)))
    return documents, [_answer(d, places=[known[m.place] for m in d.mentions]) for d in documents]


def test_what_is_right_scores_one(perfect):
    documents, answers = perfect
    row = scored("x", "ours", documents, answers, True, 20).row
    for measure in ("acc161", "exact_id", "overlap_f1", "exact_f1", "e2e_f1", "acc161_at_80"):
        assert (row[measure], row[f"{measure} interval"]) == (1, (1, 1))
    assert row["mean_km"] == 0
    assert row["ece"] == pytest.approx(0.1)
    assert row["located"] == sum(len(d.mentions) for d in documents)
    assert row["overlap_f1_all_types"] is None


def test_no_place_is_found_but_not_predicted(perfect):
    documents, answers = perfect
    extra = [
        replace(a, found=[*a.found, replace(a.found[0], start=0, end=1, lon=None, lat=None,
                                            place=None)])
        for a in answers
    ]  # fmt: skip
    row = scored("x", "ours", documents, extra, True, 2).row
    assert row["e2e_f1"] == 1
    assert row["overlap_precision"] < 1


def test_gold_that_is_not_complete_is_scored_on_its_spans_only(perfect):
    row = scored("x", "ours", *perfect, False, 2).row
    assert row["acc161"] == 1
    assert row["overlap_f1"] is row["e2e_f1"] is row["exact_f1 interval"] is None


def test_ids_of_another_gazetteer_are_not_compared(perfect):
    documents, answers = perfect
    others = [
        replace(d, mentions=tuple(replace(m, place=f"osm:{m.place}") for m in d.mentions))
        for d in documents
    ]
    row = scored("x", "ours", others, answers, True, 2).row
    assert row["exact_id"] is None
    assert row["acc161"] == 1


def test_table_has_a_line_per_measure(perfect):
    row = scored("x", "ours", *perfect, True, 2).row
    text = shown([row, row | {"system": "floor", "ece": None, "ece interval": None}])
    assert "x: 6 documents" in text
    (line,) = [line for line in text.splitlines() if line.startswith("acc161 ")]
    assert line.split() == ["acc161", "1.000", "[1.000,", "1.000]", "1.000", "[1.000,", "1.000]"]


def test_misses_tell_what_was_there(store, tmp_path):
    places = Places(store)
    document = _document(0, "x")
    paris, texan = (places.by_id([i])[i] for i in ("gn:7", "gn:9"))
    text = 'The "mayor" of\tParis\nspoke.'
    gold = GoldMention(15, 20, "Paris", "", texan.lon, texan.lat, texan.id)
    document = GoldDocument("7", text, "", "en", (gold, replace(gold, lon=None, lat=None)))
    told = Resolved(paris, 0.75, ((paris, 0.75), (texan, 0.2)))
    wrong = likeliest(15, 20, told)
    answer = Answer([wrong, wrong], [replace(wrong, start=0, end=3)],
                    [Toponym(0, 3, "The", "ORG", 0.51)], [told, told])  # fmt: skip
    assert write_misses(tmp_path / "misses.tsv", [document], [answer], places) == 1
    head, row = (tmp_path / "misses.tsv").read_text().splitlines()
    found = dict(zip(head.split("\t"), row.split("\t"), strict=True))
    assert found["context"] == 'The "mayor" of [Paris] spoke.'
    assert found["gold"] == "gn:9 -95.56 33.66"
    assert found["predicted_name"] == "Paris (city, FR)"
    assert (found["probability"], found["right_candidate"]) == ("0.750", "yes")
    assert 7_000 < float(found["km"]) < 9_000
    assert write_wrong_spans(tmp_path / "spans.tsv", [document], [answer]) == 3
    rows = [line.split("\t")[1:3] for line in (tmp_path / "spans.tsv").read_text().splitlines()]
    assert rows[1:] == [["not found", "Paris"], ["not found", "Paris"], ["no gold", "The"]]


def test_ratios_are_medians_of_pairs():
    base = {"documents": 10, "ner_s": 2.0, "ner_again_s": 1.0, "recognition_s": 2.0}
    base |= {"warm_s": 1.0, "resolution_s": 0.05}
    rows = [base | {"end_to_end_s": seconds} for seconds in (2.0, 9.0, 3.0)]
    found = ratios(rows)
    assert found["e2e_ratio"] == 1.5
    assert found["ner_docs_per_cpu_s"] == 5
    assert found["resolve_docs_per_cpu_s"] == pytest.approx(200)


@pytest.fixture(scope="module")
def learnt(shelf) -> Geoparser:
    """Geoparser of the made corpora."""
    return trained(_all(), shelf, {"en"}).geoparser


def test_geoparser_is_that_of_the_product(learnt, shelf, tmp_path):
    gold = []
    for corpus in _all():
        path = _jsonl(tmp_path / f"{corpus.name}.jsonl", corpus)
        told = {"weight": corpus.gold.weight, "complete": corpus.gold.complete}
        gold.append(Gold(path=str(path), form="jsonl", **told))
    card = GeoparserCard(title="T", gazetteer="world", languages=["en"], gold=gold)
    product = train_geoparser(card, shelf.places)
    assert learnt.resolver.digest == product.resolver.digest
    assert learnt.recognizers["en"].digest == product.recognizers["en"].digest


def test_peak_is_that_of_geoparsing_shards(learnt, store, tmp_path, capsys):
    learnt.save(tmp_path / "model")
    write_shards(tmp_path / "documents", [_corpus("a", 3).documents, _corpus("b", 3).documents])
    peak.main(tmp_path / "documents", tmp_path / "model", store, tmp_path)
    peak_kb = int(capsys.readouterr().out.split()[-1])
    assert 50_000 < peak_kb < 20_000_000
    assert len(list((tmp_path / "mentions").rglob("shard-*.parquet"))) >= 2


def test_parts_are_measured_on_the_same_documents(learnt, store, tmp_path):
    learnt.save(tmp_path / "model")
    rows = speeds(tmp_path / "model", store, _corpus("a", 4).documents)
    assert [row["documents"] for row in rows] == [4] * REPEATS
    assert all(value > 0 for row in rows for value in row.values())


@pytest.fixture
def made(monkeypatch, tmp_path, store):
    """The benchmark on made corpora, in an empty folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(geoparse, "DATA", tmp_path)
    monkeypatch.setattr(geoparse, "teachers", lambda _: _all())
    row = {"documents": 12, "once_mb": 100.0, "times_mb": 101.0, "ratio": 1.01}
    monkeypatch.setattr(geoparse, "memory", lambda *_: row)
    return tmp_path / "results/benchmarks"


def test_benchmark_reports_every_goal(made, store, capsys):
    geoparse.main(store=store, quick=True)
    told = json.loads(capsys.readouterr().out.splitlines()[-1])
    folder = made / "geoparse_quick"
    assert json.loads((folder / "geoparse_quick.json").read_text()) == told
    goals = {goal["id"]: goal for goal in told["goals"]}
    wanted = {f"M2.{c}.{m}" for c in ("TR", "GWN") for m in ("acc161", "e2e", "recognition", "ece")}
    wanted |= {"M2.wiktor.acc161", "M2.idrisi.in_box", "M2.memory.ratio"}
    wanted |= {f"M2.speed.{m}" for m in ("e2e_ratio", "resolve_docs_per_cpu_s", "train_s")}
    assert set(goals) == wanted
    assert goals["M2.TR.acc161"]["n"] > 12
    assert goals["M2.idrisi.in_box"]["value"] is None  # made gold has no boxes
    systems = {(row["corpus"], row["system"]) for row in told["rows"] if "system" in row}
    more = ("floor + NORP", "ours without gold")
    both = {(name, s) for name in ("TR-News", "GeoWebNews") for s in more}
    every = {(name, s) for name in NAMES if name != "WoTR" for s in ("floor", "ours")}
    assert systems == both | every
    files = {path.name for path in folder.iterdir()}
    assert {"reliability.png", "coverage.png", "end_to_end.png", "misses.TR-News.tsv"} <= files


def test_what_was_trained_is_kept(shelf, monkeypatch):
    corpora = _all()[:3]
    first = shelf.recognizer(corpora)
    monkeypatch.setattr(shelves, "train_recognizer", None)
    assert shelf.recognizer(corpora).digest == first.digest
    with pytest.raises(TypeError):  # other gold: it would be trained
        shelf.recognizer(corpora[:2])


def test_any_corpus_is_scored_with_the_floor_beside_it(made, store, capsys):
    path = _jsonl(made.parent.parent / "held.jsonl", _corpus("held"))
    geoparse.main(store=store, corpus=path, without=("WoTR",), quick=True)
    out = capsys.readouterr()
    rows = {row["system"]: row for row in json.loads(out.out.splitlines()[-1])["rows"]}
    assert set(rows) == {"floor", "floor + NORP", "ours without gold", "ours"}
    assert rows["ours"]["corpus"] == "held"
    assert rows["floor"]["acc161"] < 1  # not every London is the largest
    assert "learn from TR-News, GeoWebNews, IDRISI, WikToR" in out.err


def test_a_corpus_to_leave_out_has_to_be_there(made, store):
    path = _jsonl(made.parent.parent / "held.jsonl", _corpus("held"))
    with pytest.raises(InputError, match="no corpus Nowhere to leave out"):
        geoparse.main(store=store, corpus=path, without=("Nowhere",), quick=True)


def test_no_data_is_told(monkeypatch, tmp_path):
    monkeypatch.setattr(geoparse, "DATA", tmp_path / "none")
    with pytest.raises(InputError, match="set LANDSCRIBE_DATA"):
        geoparse.main()
