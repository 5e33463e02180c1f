"""Short documents, all different, of real sentences put together anew."""

import json
import random
import re
from collections.abc import Iterator
from pathlib import Path

from tqdm import tqdm

from landscribe.text.gold import read_gold

SEED = 0
SHORTEST, LONGEST = 120, 280  # characters of a document
_CORPORA = {  # file below `text` of LANDSCRIBE_DATA -> its form
    "news/TR-News.xml": "news",
    "news/GWN.xml": "gwn",
    "wiktor/wiktor-even.jsonl.gz": "wiktor",
    "wotr/trconll-train.tar.gz": "wotr",
    "idrisi/idrisi_en_train.jsonl.gz": "idrisi",
}
_ENDS = re.compile(r"(?<=[.!?])\s+|\n+")
_SENTENCE = range(30, 301)  # characters of one that is taken


def sentences(folder: Path) -> list[str]:
    """Sentences of the corpora, each once, in their order."""
    texts = (d.text for file, form in _CORPORA.items() for d in read_gold(folder / file, form))
    told = (" ".join(part.split()) for text in texts for part in _ENDS.split(text))
    return [*dict.fromkeys(part for part in told if len(part) in _SENTENCE)]


def made_texts(some: list[str], count: int, seed: int = SEED) -> Iterator[str]:
    """Texts of SHORTEST to LONGEST characters, all different."""
    rng = random.Random(seed)
    seen: set[str] = set()
    while len(seen) < count:
        text = _text(some, rng)
        if text not in seen:
            seen.add(text)
            yield text


def write_corpus(path: Path, some: list[str], count: int) -> None:
    """Documents as JSON lines."""
    with path.open("w", encoding="utf-8") as file:
        for number, text in enumerate(tqdm(made_texts(some, count), "make documents", count)):
            file.write(json.dumps({"id": str(number), "text": text}, ensure_ascii=False) + "\n")


def _text(some: list[str], rng: random.Random) -> str:
    wanted = rng.randint(SHORTEST, LONGEST)
    text = rng.choice(some)
    while len(text) < wanted:
        longer = f"{text} {rng.choice(some)}"
        if len(longer) <= LONGEST:
            text = longer
        elif len(text) >= SHORTEST:
            break
    return text
