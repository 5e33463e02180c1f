"""Documents of records with named fields: rows of Parquet, objects of JSON."""

from landscribe.corpora import Column, Corpus
from landscribe.text.documents import Document, two_letters, utc

_NAMES = {"document": "id"}  # of a field, where it differs from that of the column


def field_of(card: Corpus, column: Column) -> str:
    """Field of a file that a column of the documents table is read from."""
    return card.columns.get(column, _NAMES.get(column, column))


def document_of(record: dict, card: Corpus, place: str) -> Document:
    """Document of a record that has a text; of the other fields, those that it has."""

    def told(column: Column) -> str:
        value = record.get(field_of(card, column))
        return "" if value is None else str(value)

    return Document(
        place=place,
        text=told("text"),
        title=told("title"),
        id=told("document"),
        language=two_letters(told("language")),
        source=told("source"),
        outlet=told("outlet"),
        time=utc(record.get(field_of(card, "time"))),
    )
