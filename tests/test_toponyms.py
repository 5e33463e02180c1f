"""A recognizer on made news: what it learns, that it lasts, and texts of every kind."""

import json
from dataclasses import dataclass, replace

import pytest

from landscribe.command import InputError
from landscribe.text import toponyms
from landscribe.text.gold import GoldDocument, GoldMention, read_gold
from landscribe.text.pipelines import PIPELINES
from landscribe.text.toponyms import (
    ABOUT,
    Recognizer,
    Settings,
    Toponym,
    train_recognizer,
)

pytest.importorskip(PIPELINES["en"][0])
SETTINGS = Settings(trees=100, leaf_candidates=2)
MADE = (  # brackets around the toponyms
    "[Kentucky] State Police said the [Russian] ambassador left [Paris] for [Lyon] on Monday.",
    "Republicans and Muslims met the [Turkish] minister near the [Ohio] border, Jordan Smith said.",
    "The [Texas] Department of Health closed an office in [Dallas]. Chelsea Brown had no comment.",
    "A man from [Innisfail], [Alta.], told [Toronto] police that Paris Hilton flew to [Berlin].",
)


@dataclass(frozen=True)
class MadePlace:
    class_: str
    population: int
    kind: str = "main"


class MadePlaces:
    """A gazetteer of a few names, some of them also of people."""

    NAMES = {
        "kentucky": MadePlace("admin1", 4_000_000),
        "texas": MadePlace("admin1", 25_000_000),
        "ohio": MadePlace("admin1", 11_000_000),
        "paris": MadePlace("city", 2_000_000),
        "lyon": MadePlace("city", 500_000),
        "dallas": MadePlace("city", 1_300_000),
        "berlin": MadePlace("city", 3_600_000),
        "toronto": MadePlace("city", 2_900_000),
        "innisfail": MadePlace("city", 8_000),
        "jordan": MadePlace("country", 10_000_000),
        "chelsea": MadePlace("city", 40_000),
        "brown": MadePlace("admin2", 40_000),
    }

    def exact(self, normals):
        return {normal: [self.NAMES[normal]] for normal in normals if normal in self.NAMES}


def gold(marked: str, number: int) -> GoldDocument:
    """Document of a text in which the toponyms stand in brackets."""
    text, mentions = "", []
    for at, part in enumerate(marked.replace("]", "[").split("[")):
        if at % 2:
            mentions.append(GoldMention(len(text), len(text) + len(part), part))
        text += part
    return GoldDocument(str(number), text, "", "en", tuple(mentions))


DOCUMENTS = [gold(text, number) for number, text in enumerate(MADE)]
OFTEN = [replace(d, id=f"{d.id}-{n}") for n in range(8) for d in DOCUMENTS]  # trees need many


def spans(found):
    return [(t.start, t.end, t.text) for t in found]


def wanted(document):
    return [(m.start, m.end, m.text) for m in document.mentions]


@pytest.fixture(scope="module")
def trained() -> Recognizer:
    return train_recognizer(OFTEN, "en", SETTINGS, 0, MadePlaces())


@pytest.fixture(scope="module")
def bare() -> Recognizer:
    return Recognizer.load("en")


def test_it_learns_four_documents_by_heart(trained):
    found = trained.find(document.text for document in DOCUMENTS)
    assert [spans(each) for each in found] == [wanted(d) for d in DOCUMENTS]


def test_labels_and_scores(trained):
    found = {t.text: t for t in next(trained.find([DOCUMENTS[0].text]))}
    assert found["Russian"].label == "NORP"
    assert found["Kentucky"].label == "gazetteer"  # the pipeline sees only the police
    assert found["Paris"].label == "GPE"
    assert all(0 <= toponym.score <= 1 for toponym in found.values())


def test_saved_and_loaded_it_finds_the_same(trained, tmp_path):
    trained.save(tmp_path / "a")
    loaded = Recognizer.load(tmp_path / "a", MadePlaces())
    texts = [document.text for document in DOCUMENTS]
    assert list(loaded.find(texts)) == list(trained.find(texts))
    assert (loaded.digest, loaded.language) == (trained.digest, "en")
    assert len(loaded.digest) == 12


def test_equal_training_writes_equal_files(trained, tmp_path):
    trained.save(tmp_path / "a")
    train_recognizer(OFTEN, "en", SETTINGS, 0, MadePlaces()).save(tmp_path / "b")
    files = sorted(path.name for path in (tmp_path / "a").iterdir())
    assert files == sorted(path.name for path in (tmp_path / "b").iterdir())
    for name in files:
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


def test_another_seed_is_another_digest(trained):
    other = train_recognizer(OFTEN, "en", SETTINGS, 1, MadePlaces())
    assert other.digest != trained.digest


def test_a_batch_does_not_change_what_is_found(trained):
    texts = [document.text for document in DOCUMENTS] * 3
    assert list(trained.find(texts, batch=1)) == list(trained.find(texts, batch=32))


def test_it_reads_no_further_than_it_has_to(trained):
    read = []

    def texts():
        for number in range(1000):
            read.append(number)
            yield DOCUMENTS[0].text

    next(trained.find(texts(), batch=2))
    assert len(read) < 10


def test_a_long_text_is_read_whole_with_its_offsets(trained, monkeypatch):
    monkeypatch.setattr(toponyms, "MOST_CHARACTERS", 300)
    text = DOCUMENTS[0].text
    long = (text + "\n\n") * 40
    (found,) = trained.find([long], batch=2)
    assert all(long[t.start : t.end] == t.text for t in found)
    assert all(a.end <= b.start for a, b in zip(found, found[1:], strict=False))
    assert sum(t.text == "Paris" for t in found) == 40


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "\n\n",
        "12 345.6",
        "...",
        "غادر الوزير القاهرة",
        "ירושלים",
        "東京で",
        "\ud83d",
        "é́" * 9,
        "A",
    ],
)
def test_texts_without_much_to_read(trained, bare, text):
    for recognizer in (trained, bare):
        (found,) = recognizer.find([text])
        assert all(text[t.start : t.end] == t.text for t in found)


def test_no_texts(trained):
    assert list(trained.find([])) == []


def test_without_an_acceptor_the_pipelines_places_are_found(bare):
    (found,) = bare.find(["The minister flew from Paris to the United States."])
    assert [(t.text, t.label, t.score) for t in found] == [
        ("Paris", "GPE", 1.0),
        ("United States", "GPE", 1.0),
    ]


def test_french_has_a_pipeline():
    pytest.importorskip(PIPELINES["fr"][0])
    (found,) = Recognizer.load("fr").find(["Le ministre est parti de Lyon pour Genève."])
    assert [(t.text, t.label) for t in found] == [("Lyon", "GPE"), ("Genève", "GPE")]


def test_what_a_corpus_located_beside_its_gold_is_learnt_too():
    aside = [
        replace(d, mentions=(), others=tuple(replace(m, lon=0.0, lat=51.5) for m in d.mentions))
        for d in OFTEN
    ]
    learner = train_recognizer(aside, "en", SETTINGS, 0, MadePlaces())
    (found,) = learner.find([DOCUMENTS[3].text])
    assert spans(found) == wanted(DOCUMENTS[3])


def test_a_document_that_counts_little_teaches_little():
    blank = [replace(d, mentions=()) for d in OFTEN]
    both = [*OFTEN, *blank]

    def names(weight: float) -> list[str]:
        weights = [1.0] * len(OFTEN) + [weight] * len(blank)
        learner = train_recognizer(both, "en", SETTINGS, 0, MadePlaces(), weights)
        return [t.text for found in learner.find(d.text for d in DOCUMENTS) for t in found]

    assert names(0.01) == [text for d in DOCUMENTS for _, _, text in wanted(d)]
    assert names(100) == []


@pytest.mark.parametrize(
    ("source", "told"), [("xx", "no pipeline finds entities"), ("no/such/folder", "no pipeline")]
)
def test_what_cannot_be_loaded(source, told):
    with pytest.raises(InputError, match=told):
        Recognizer.load(source)


def test_faults_of_a_saved_recognizer(trained, tmp_path):
    folder = tmp_path / "a"
    trained.save(folder)
    with pytest.raises(InputError, match="trained with a gazetteer"):
        Recognizer.load(folder)
    about = json.loads((folder / ABOUT).read_text())
    (folder / ABOUT).write_text(json.dumps(about | {"pipeline": "0" * 64}))
    with pytest.raises(InputError, match="another version of the en pipeline"):
        Recognizer.load(folder, MadePlaces())
    (folder / ABOUT).write_text("{")
    with pytest.raises(InputError, match="not JSON"):
        Recognizer.load(folder, MadePlaces())
    (folder / ABOUT).unlink()
    with pytest.raises(InputError, match="no recognizer"):
        Recognizer.load(folder, MadePlaces())


def test_gold_that_cannot_be_learnt_from():
    with pytest.raises(InputError, match="one document"):
        train_recognizer(DOCUMENTS[:1], "en", SETTINGS, 0)
    with pytest.raises(InputError, match="nothing to learn from"):
        train_recognizer([], "en", SETTINGS, 0)
    with pytest.raises(InputError, match="gold in fr"):
        train_recognizer([GoldDocument("0", "Lyon", "", "fr", ())], "en", SETTINGS, 0)


def test_nothing_trained_is_not_saved(bare, tmp_path):
    with pytest.raises(InputError, match="nothing was trained"):
        bare.save(tmp_path / "a")


@pytest.mark.data
def test_trained_on_a_half_it_beats_the_pipeline_on_the_other(real_data, bare):
    documents = read_gold(real_data / "text" / "news" / "TR-News.xml", "news")[:60]
    learner = train_recognizer(documents[::2], "en", Settings(), 0)
    assert f1(learner, documents[1::2]) > f1(bare, documents[1::2]) + 0.02


def f1(recognizer, documents):
    hits = count = 0
    for document, found in zip(documents, recognizer.find(d.text for d in documents), strict=True):
        hits += len(set(spans(found)) & set(wanted(document)))
        count += len(found)
    return 2 * hits / (count + sum(len(document.mentions) for document in documents))


def test_a_toponym_cannot_be_changed():
    with pytest.raises(AttributeError):
        Toponym(0, 1, "a", "GPE", 1.0).start = 2
