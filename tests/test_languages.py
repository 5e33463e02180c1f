"""Languages are told where a text allows it, and left open where not."""

import gzip
import json

import pytest

from landscribe.text.languages import language_of


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("The ferry carried forty passengers across the river that morning.", "en"),
        ("Die Fähre brachte am Morgen vierzig Leute über den Fluss.", "de"),
        ("Le bac a transporté quarante personnes de l'autre côté du fleuve.", "fr"),
        ("نقلت العبارة أربعين راكبا عبر النهر في ذلك الصباح", "ar"),
        ("Potsdam", ""),
        ("1,204 + 33 = 1,237 (12.5 %); 44-55-66; 2024-05-03 10:00", ""),
        ("", ""),
    ],
)
def test_the_language_of_a_text(text, language):
    assert language_of(text) == language


def test_a_language_without_two_letters_is_left_open():
    assert (
        language_of("μῆνιν ἄειδε θεὰ Πηληϊάδεω Ἀχιλῆος οὐλομένην, ἣ μυρί᾽ Ἀχαιοῖς ἄλγε᾽ ἔθηκε")
        == ""
    )


@pytest.mark.data
@pytest.mark.parametrize(
    ("file", "language"),
    [("wiktor/wiktor-even.jsonl.gz", "en"), ("idrisi/idrisi_ar_train.jsonl.gz", "ar")],
)
def test_real_texts_are_told_right(real_data, file, language):
    with gzip.open(real_data / "text" / file, "rt") as lines:
        texts = [json.loads(line)["text"] for line, _ in zip(lines, range(300), strict=False)]
    found = [language_of(text) for text in texts]
    named = [code for code in found if code]
    assert len(named) / len(found) > 0.95 and named.count(language) / len(named) > 0.98
