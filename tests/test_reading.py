"""Items of all inputs come in one order, from any position, and faults of the disk end the run."""

import pytest

from landscribe.command import InputError
from landscribe.text import reading
from landscribe.text.documents import Reject
from landscribe.text.inputs import inputs
from landscribe.text.reading import forget, items
from tests.made_corpora import card, jsonl, written_to


@pytest.fixture
def made(tmp_path):
    """Card of three files, of 3, no and 2 documents."""
    for name, count in {"a": 3, "b": 0, "c": 2}.items():
        written_to(tmp_path / f"in/{name}.jsonl", jsonl(range(count)))
    return card("jsonl", tmp_path / "in")


def test_it_goes_on_from_every_position(made, tmp_path):
    found = inputs(made)
    whole = list(items(made, found, (0, 0), tmp_path))
    assert [at for at, _ in whole] == [(0, 1), (0, 2), (0, 3), (1, 1), (2, 1), (2, 2)]
    assert whole[3][1] == Reject("", "empty: no document for the reader jsonl")
    for number, (at, _) in enumerate(whole, 1):
        rest = list(items(made, found, at, tmp_path))
        assert [item for item in rest if item[0] != (1, 1)] == [
            item for item in whole[number:] if item[0] != (1, 1)
        ]


@pytest.mark.parametrize("first", [(0, 0), (0, 2), (2, 1)])
def test_the_bar_ends_at_the_bytes_of_all_files(made, tmp_path, monkeypatch, first):
    bars = []

    class Bar(reading.tqdm):
        def close(self) -> None:
            bars.append((self.n, self.total))
            super().close()

    monkeypatch.setattr(reading, "tqdm", Bar)
    found = inputs(made)
    list(items(made, found, first, tmp_path))
    size = sum(one.path.stat().st_size for one in found)
    assert (size, size) in bars


def test_a_fault_of_the_disk_ends_in_a_message(made, tmp_path, monkeypatch):
    def fails(*_: object) -> None:
        raise PermissionError(13, "Permission denied", "a.jsonl")

    monkeypatch.setattr("landscribe.text.readers.jsonl.read", fails)
    with pytest.raises(InputError, match="a.jsonl: cannot be read .*keeps what is done"):
        list(items(made, inputs(made), (0, 0), tmp_path))


def test_only_answers_that_are_behind_are_forgotten(tmp_path):
    for number in (0, 9, 10, 11, 100):
        written_to(tmp_path / f"{number:06}", "x")
    forget(tmp_path, 10)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["000010", "000011", "000100"]
    forget(tmp_path / "none", 3)
