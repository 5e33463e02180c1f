"""The corpora that a geoparser learns from and is scored on, each with the weight it has."""

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from landscribe.geoparsers import Gold
from landscribe.text.gold import GoldDocument, drawn, read_gold

SEED = 0
WIKTOR_SCORED = 500  # of 2,500 leads
INCOMPLETE = ("wiktor", "idrisi")  # forms of gold in which not every toponym is marked
_NO_TOPONYM = ("Non_Lit_Expression", "Literal_Expression", "Non_Toponym")  # types of GeoWebNews


@dataclass(frozen=True)
class Corpus:
    """Gold that is read: what a geoparser may learn from, or be scored on."""

    name: str
    gold: Gold
    documents: tuple[GoldDocument, ...]

    @property
    def taught(self) -> Sequence[GoldDocument]:
        """Documents to learn from."""
        return drawn(self.documents, self.gold.most, SEED)

    @property
    def digest(self) -> str:
        """Changes with what is learnt from it."""
        told = repr((self.gold.weight, self.gold.complete, tuple(self.taught)))
        return hashlib.sha256(told.encode()).hexdigest()


def teachers(text: Path) -> list[Corpus]:
    """All corpora that a geoparser of this benchmark may learn from.

    Args:
        text: folder `text` of LANDSCRIBE_DATA.
    """
    weak = {"weight": 0.1, "most": 500}
    some = {"weight": 0.3, "most": 1000, "complete": False}
    leads = {"weight": 0.3, "most": 600, "complete": False}
    return [
        read("TR-News", Gold(path=f"{text}/news/TR-News.xml", form="news")),
        read("GeoWebNews", Gold(path=f"{text}/news/GWN.xml", form="gwn")),
        read("WoTR", Gold(path=f"{text}/wotr/trconll-train.tar.gz", form="wotr", **weak)),
        read("IDRISI", Gold(path=f"{text}/idrisi/idrisi_en_train.jsonl.gz", form="idrisi", **some)),
        read("WikToR", Gold(path=f"{text}/wiktor/wiktor-even.jsonl.gz", form="wiktor", **leads)),
    ]


def read(name: str, gold: Gold) -> Corpus:
    """Corpus of a card's entry."""
    return Corpus(name, gold, tuple(read_gold(Path(gold.path), gold.form)))


def read_any(path: Path, form: str) -> Corpus:
    """Corpus of a file that is only scored; its name is that of the file."""
    documents = tuple(read_gold(path, form))
    gold = Gold(path="scored", form=form, complete=form not in INCOMPLETE)
    return Corpus(path.name.split(".")[0], gold, documents)


def leaving_out(
    corpora: Sequence[Corpus], scored: Corpus, names: Collection[str] = ()
) -> list[Corpus]:
    """Corpora to learn from where one is scored: none of it, and no document that stands in it.

    Args:
        names: further corpora to leave out.
    """
    texts = {_words(document.text) for document in scored.documents}
    found = []
    for corpus in corpora:
        if corpus.name != scored.name and corpus.name not in names:
            rest = tuple(d for d in corpus.documents if _words(d.text) not in texts)
            if 2 * len(rest) > len(corpus.documents):  # else it is the same corpus in another file
                found.append(replace(corpus, documents=rest))
    return found


def few(corpus: Corpus, most: int) -> Corpus:
    """Corpus of a smoke test."""
    return replace(corpus, documents=tuple(drawn(corpus.documents, most, SEED)))


def every_toponym(documents: Sequence[GoldDocument]) -> list[GoldDocument]:
    """Documents in which also toponyms without an id count: 2,718 of GeoWebNews, not 2,399."""
    return [
        replace(
            document,
            mentions=(
                *document.mentions,
                *(m for m in document.others if m.kind not in _NO_TOPONYM),
            ),
        )
        for document in documents
    ]


def _words(text: str) -> str:
    return " ".join(text.split())
