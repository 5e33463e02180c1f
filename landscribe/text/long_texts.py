"""Cut a text that is too long for a model where it hurts least."""

from collections.abc import Iterator

MOST_CHARACTERS = 50_000  # read at once: memory grows with it, context does not reach so far
_ENDS = ("\n\n", "\n", ". ", "! ", "? ", "。", "؟ ", " ")  # the best place to cut first


def parts(text: str, most: int) -> Iterator[tuple[int, str]]:
    """Parts of a text with the character at which each starts; joined they are the text.

    Cut after a paragraph, else a line, a sentence or a word, else in the middle of it.

    Args:
        most: characters of a part.
    """
    start = 0
    while len(text) - start > most:
        end = _end(text, start, start + most)
        yield start, text[start:end]
        start = end
    if start < len(text):
        yield start, text[start:]


def _end(text: str, start: int, last: int) -> int:
    """Where a part ends: in its second half, so that parts do not get short."""
    for mark in _ENDS:
        at = text.rfind(mark, start + (last - start) // 2, last)
        if at >= 0:
            return at + len(mark)
    return last
