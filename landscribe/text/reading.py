"""What the readers give of all inputs of a corpus, from any position on."""

import importlib
from collections.abc import Iterator
from pathlib import Path

from tqdm import tqdm

from landscribe.command import InputError
from landscribe.corpora import Corpus
from landscribe.text.documents import Document, Reject
from landscribe.text.inputs import Input, NotFetchedError, fetch

Position = tuple[int, int]  # number of an input, and how many items it has given
_BUFFER = 2**20  # bytes


def items(
    card: Corpus, found: list[Input], first: Position, fetched: Path
) -> Iterator[tuple[Position, Document | Reject]]:
    """Documents and rejects of the inputs in their order, each with the position behind it.

    Args:
        first: position to go on from.
        fetched: folder for what addresses answer, until `forget` is called: a run that goes on has
            to find it there, as an address may answer something else later.
    """
    sizes = [one.path.stat().st_size if one.path else 0 for one in found]
    done = sum(sizes[: first[0]])
    with tqdm(
        desc="read corpus",
        total=sum(sizes),
        initial=done,
        unit="B",
        unit_scale=True,
        mininterval=1,
    ) as bar:
        for number, one in enumerate(found[first[0] :], first[0]):
            start = first[1] if number == first[0] else 0
            path = one.path or fetched / _file_name(number)
            try:
                if one.path is None:
                    bar.total += _fetched(one.name, path)
            except NotFetchedError as error:
                yield (number, 0), Reject("", str(error))
                continue
            for given, item in enumerate(_items(one.name, path, card, start, bar), start + 1):
                yield (number, given), item


def forget(fetched: Path, number: int) -> None:
    """Remove what addresses before an input answered: no run needs it any more."""
    for path in fetched.glob("*"):
        if path.name < _file_name(number):
            path.unlink()


def _items(
    name: str, path: Path, card: Corpus, start: int, bar: tqdm
) -> Iterator[Document | Reject]:
    """What the reader gives of one file; a reject if that is nothing."""
    reader = importlib.import_module(f"landscribe.text.readers.{card.reader}")
    before, given = bar.n, start
    try:
        with path.open("rb", _BUFFER) as file:
            for item in reader.read(file, card, start):
                given += 1
                yield item
                bar.update(max(0, before + file.tell() - bar.n))
            bar.update(max(0, before + path.stat().st_size - bar.n))
    except OSError as error:  # of the disk: damaged content is a reject
        raise InputError(
            f"{name}: cannot be read ({error}); mend that and run again, which keeps what is done"
        ) from None
    if not given:
        yield Reject("", f"empty: no document for the reader {card.reader}")


def _fetched(address: str, path: Path) -> int:
    """Bytes of the answer of an address, which is asked for if it is not there."""
    if not path.exists():
        fetch(address, path)
    return path.stat().st_size


def _file_name(number: int) -> str:
    return f"{number:06}"
