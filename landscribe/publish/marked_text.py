"""Text with marked spans as pieces that nest, so that a page can show it without counting.

Offsets count characters in Python, but UTF-16 units in a browser; so the text is cut here.
"""

from collections.abc import Sequence

Piece = str | tuple[int, list["Piece"]]  # plain text, or the number of a span and what is in it
_Span = tuple[int, int, int]  # start, end, number


def marked_text(text: str, spans: Sequence[tuple[int, int]]) -> list[Piece]:
    """Pieces of a text, in its order: put together, they are the text.

    A span lies inside another that holds it. One that begins in another and ends behind it comes in
    two parts. Of two equal spans the first one is the outer one.

    Args:
        spans: start, end of each [characters], in any order.
    """
    numbered = ((start, end, number) for number, (start, end) in enumerate(spans))
    return _pieces(text, 0, len(text), sorted(numbered, key=_order))


def _order(span: _Span) -> _Span:
    start, end, number = span
    return start, -end, number


def _pieces(text: str, start: int, end: int, spans: list[_Span]) -> list[Piece]:
    """Pieces from `start` to `end`; all of the spans, which are in order, lie there."""
    pieces: list[Piece] = []
    while spans:
        first, last, number = spans[0]
        within = [span for span in spans[1:] if span[0] < last]
        behind = [(last, b, n) for _, b, n in within if b > last]
        spans = sorted([*behind, *spans[1 + len(within) :]], key=_order)
        inner = _pieces(text, first, last, [(a, min(b, last), n) for a, b, n in within])
        pieces += [text[start:first]] if first > start else []
        pieces.append((number, inner))
        start = last
    return [*pieces, text[start:end]] if start < end else pieces
