"""Cards of corpora: what they may say, and one line for each fault."""

import pytest

from landscribe.card import check
from landscribe.command import InputError
from landscribe.corpora import Corpus

CARD = {"title": "T", "reader": "plain", "paths": ["a.txt"], "licence": "CC0-1.0"}
CARD |= {"attribution": "I"}


@pytest.mark.parametrize(
    "path",
    [
        "data/a.txt",
        "/data/Übersicht/*.jsonl.gz",
        "**/[ab]?.xml",
        "pip:scikit-learn/sklearn/datasets/descr",
        "https://a.org/feed?format=atom&lang=de",
    ],
)
def test_paths_that_are_allowed(path):
    assert check(Corpus, CARD | {"paths": [path]}, "card").paths == [path]


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"paths": ["a b.txt"]}, "paths.0: String should match pattern"),
        ({"paths": ["$(touch x)"]}, "paths.0: String should match pattern"),
        ({"paths": ["https://a.org/$(x)"]}, "paths.0: String should match pattern"),
        ({"paths": []}, "paths: "),
        ({"reader": "pdf"}, "reader: is not there; there is jsonl, parquet, plain, rss, warc, "),
        ({"columns": {"body": "text"}}, "columns.body."),
        ({"encoding": "utf-9"}, "encoding: is no encoding that Python knows, such as cp1252"),
        ({"language": "german"}, "language: String should match pattern"),
        ({"language": "de", "languages": ["en"]}, "card: language: all texts are de, but "),
        ({"most_characters": 0}, "most_characters: "),
        ({"most_characters": 10**9}, "most_characters: "),
        ({"shard_documents": 0}, "shard_documents: "),
        ({"shard_size": 5}, "shard_size: unknown key"),
    ],
)
def test_a_fault_is_told_in_one_line(changed, told):
    with pytest.raises(InputError) as error:
        check(Corpus, CARD | changed, "card")
    head, *lines = str(error.value).split("\n")
    assert head == "card is not valid (1 fault):" and len(lines) == 1
    assert lines[0].startswith(f"  {told}")
