"""Relative places: sentences of both languages, with names in angle brackets."""

import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from landscribe.command import InputError
from landscribe.text.plain import plain
from landscribe.text.relations import relations

ENGLISH = [  # sentence, kind, words, bearing
    ("It lies 30 km north of <Ulm>.", "distance_direction", "30 km north of", 0),
    ("30 km (19 mi) to the north-west of the city of <Ulm>", "distance_direction", None, 315),
    ("a farm about twenty miles south-east of <Ulm>", "distance_direction", None, 135),
    ("two hours' drive south of <Ulm>", "distance_direction", "two hours' drive south of", 180),
    ("2½ miles NNE of <Ulm>", "distance_direction", "2½ miles NNE of", 22.5),
    ("some 5 km S.W. of <Ulm>", "distance_direction", "some 5 km S.W. of", 225),
    ("an hour's drive from <Ulm>", "distance", "an hour's drive from", None),
    ("within 10 km of <Ulm>", "distance", "within 10 km of", None),
    ("a few miles away from <Ulm>", "distance", "a few miles away from", None),
    ("villages north of <Ulm>", "direction", "north of", 0),
    ("just to the south-west of the town of <Ulm>", "direction", None, 225),
    ("fields between <Ulm> and <Augsburg>", "between", "between", None),
    ("halfway between the village of <Au> and the <Rhine>", "between", "halfway between", None),
    ("on the road from <Ulm> to <Augsburg>", "between", "on the road from", None),
    ("on the banks of the <Beetzsee>", "along", "on the banks of", None),
    ("along the <Rhine>", "along", "along", None),
    ("on the rocky west coast of <Skye>", "along", "west coast of", None),
    ("a town on the <Oder>", "along", "town on", None),
    ("the <Rhine> valley", "along", "valley", None),
    ("near <Ulm>", "near", "near", None),
    ("near the <Turkish> border", "border", "border", None),
    ("not far from the town of <Ulm>", "near", "not far from", None),
    ("at the mouth of the river <Elbe>", "near", "at the mouth of", None),
    ("on the outskirts of <Ulm>", "around", "on the outskirts of", None),
    ("<Berlin>'s northern suburbs", "around", "northern suburbs", 0),
    ("just outside <Ulm>", "around", "outside", None),
    ("off the coast of <Chile>", "off", None, None),
    ("in northern <Germany>", "part", "in northern", 0),
    ("in the north of <France>", "part", "in the north of", 0),
    ("the south-eastern part of <Spain>", "part", "the south-eastern part of", 135),
    ("at the southern tip of <Sweden>", "tip", "at the southern tip of", 180),
    ("in central <Spain>", "centre", "in central", None),
    ("on the border with <Poland>", "border", "on the border with", None),
    ("bounded to the north by <Kent>", "border", "bounded to the north by", 180),  # south of Kent
    ("farms in <Kent>", "inside", "in", None),
    ("in the province of <Teruel>", "inside", "in", None),
]
FRENCH = [
    ("ville à 10 lieues de <Metz>", "distance", "à 10 lieues de", None),
    ("à une lieue & demie de <Metz>", "distance", "à une lieue & demie de", None),
    ("éloignée de six lieues de <Metz>", "distance", "éloignée de six lieues de", None),
    ("à 4 lieues au nord de <Metz>", "distance_direction", "à 4 lieues au nord de", 0),
    ("à dix milles à l'orient d'<Arles>", "distance_direction", "à dix milles à l'orient d'", 90),
    ("à 12 lieues S. O. de <Metz>", "distance_direction", "à 12 lieues S. O. de", 225),
    ("à 7 lieues nord-oüest d'<Ulm>", "distance_direction", "à 7 lieues nord-oüest d'", 315),
    ("à environ trente kilomètres au sud de la ville de <Lyon>", "distance_direction", None, 180),
    ("bourg au midi de <Metz>", "direction", "au midi de", 180),
    ("au septentrion du <Rhin>", "direction", "au septentrion du", 0),
    ("à l'est du lac de <Côme>", "direction", "à l'est du", 90),
    ("entre <Bude> & <Belgrade>", "between", "entre", None),
    ("à mi-chemin entre <Lyon> et la ville de <Vienne>", "between", "à mi-chemin entre", None),
    ("sur la route de <Lyon> à <Vienne>", "between", "sur la route de", None),
    ("sur la rivière de <Care>", "along", "sur", None),
    ("sur les bords de la <Loire>", "along", "sur les bords de la", None),
    ("le long du <Rhône>", "along", "le long du", None),
    ("sur la côte orientale du <Brésil>", "along", "sur la côte orientale du", None),
    ("près de <Metz>", "near", "près de", None),
    ("tout proche d'<Arles>", "near", "tout proche d'", None),
    ("vis-à-vis <Mayence>", "near", "vis-à-vis", None),
    ("au pié du mont <Athos>", "near", "au pié du", None),
    ("à côté de <Metz>", "near", "à côté de", None),
    ("à l'embouchure de la rivière d'<Aure>", "near", "à l'embouchure de la", None),
    ("dans les environs de <Metz>", "around", "dans les environs de", None),
    ("au large de <Brest>", "off", "au large de", None),
    ("aux confins de la <Lorraine>", "border", "aux confins de la", None),
    ("bornée au levant par la <Saxe>", "border", "bornée au levant par", 270),
    ("dans le nord de la <France>", "part", "dans le nord de la", 0),
    ("la partie occidentale de la <Nubie>", "part", "la partie occidentale de la", 270),
    ("dans la <Pologne> orientale", "part", "orientale", 90),
    ("au centre de la <France>", "centre", "au centre de la", None),
    ("au royaume de <Naples>", "inside", "au", None),
    ("ville de France en <Bourgogne>", "inside", "en", None),
    ("dans l'état de la république de <Venise>", "inside", "dans", None),
    ("se jette dans la <Vienne>", "inside", "se jette dans", None),
]
NONE = [
    ("en", "the mayor of <Ulm>"),
    ("en", "<Ulm> is north"),
    ("en", "a work of 30 years, says <Paris>"),
    ("en", "the north-south of <Ulm>"),
    ("en", "relations between <Mexico> and <Peru>"),
    ("fr", "la guerre entre <Rome> & <Carthage>"),
    ("en", "the Bank of <England>"),
    ("en", "the people of <Scotland>"),
    ("fr", "le maire de <Metz>"),
    ("fr", "<Metz> est une ville"),
    ("fr", "évêque de <Metz>, mort en 1292"),
    ("fr", "la bataille de <Metz>"),
]


def marked(sentence):
    """Text without brackets, and the spans that were in them."""
    text, spans = "", []
    for piece in re.split("(<[^>]*>)", sentence):
        bare = piece.strip("<>")
        if piece.startswith("<"):
            spans.append((len(text), len(text) + len(bare)))
        text += bare
    return text, spans


@pytest.mark.parametrize(
    ("language", "sentence", "kind", "words", "bearing"),
    [("en", *row) for row in ENGLISH] + [("fr", *row) for row in FRENCH],
)
def test_a_sentence_has_its_relation(language, sentence, kind, words, bearing):
    text, spans = marked(sentence)
    (found,) = relations(text, spans, language)
    assert (found.kind, found.bearing_deg) == (kind, bearing)
    assert words is None or found.words == words
    assert found.mentions == tuple(range(len(spans)))
    assert (found.distance_km is None) == (not kind.startswith("distance"))


@pytest.mark.parametrize(("language", "sentence"), NONE)
def test_a_sentence_without_a_relation_has_none(language, sentence):
    assert relations(*marked(sentence), language) == []


def test_the_whole_expression_holds_words_and_mentions():
    text, spans = marked("A farm 30 km north of the town of <Ulm>, and one in the <Rhine> valley.")
    one, other = relations(text, spans, "en")
    assert text[one.start : one.end] == "30 km north of the town of Ulm"
    assert text[other.start : other.end] == "Rhine valley"
    assert one.distance_km == (30, 30) and one.about_km == 30


def test_blanks_and_ends_of_lines_do_not_count():
    (found,) = relations(*marked("30 \n km\u00a0to the\n north  of <Ulm>"), "en")
    assert (found.distance_km, found.bearing_deg) == ((30, 30), 0)


def test_old_units_are_intervals():
    (found,) = relations(*marked("à dix lieues de <Metz>"), "fr")
    assert found.distance_km == pytest.approx((39, 59))
    assert found.about_km == pytest.approx(44.5)


def test_a_distance_without_a_unit_takes_the_one_before():
    sentence = (
        "à 24 lieues au midi de <Compostel>, & à 100 au nord-ouest de <Madrid>, 9 de <Tolede>"
    )
    found = relations(*marked(sentence), "fr")
    assert [round(r.about_km, 1) for r in found] == [106.8, 445.0]
    (far, near) = relations(*marked("30 miles north of <Ulm> and 20 from <Au>"), "en")
    assert near.about_km == pytest.approx(20 * 1.609)
    far_away = "à 24 lieues de <Metz>." + " Rien." * 40 + " À 100 de <Madrid>"
    assert len(relations(*marked(far_away), "fr")) == 1


def test_each_side_of_a_bounded_place_is_a_relation():
    sentence = "bornée au nord par <A>, au midi par le <B>, à l'occident par <C>"
    found = relations(*marked(sentence), "fr")
    assert [r.bearing_deg for r in found] == [180, 0, 90]


def test_between_takes_one_mention_where_the_other_is_unknown():
    (found,) = relations(*marked("entre <Bude> & une ville"), "fr")
    assert (found.kind, found.mentions) == ("between", (0,))


def test_recognizers_may_take_the_french_of_for_a_part_of_the_name():
    (found,) = relations(*marked("à 50 lieues <d'Archangel>"), "fr")
    assert found.kind == "distance" and found.end == len("à 50 lieues d'Archangel")


def test_mentions_may_come_in_any_order():
    text, (one, other) = marked("north of <Ulm> and near <Augsburg>")
    assert [r.mentions for r in relations(text, [other, one], "en")] == [(1,), (0,)]
    assert relations(text, [], "en") == []


@pytest.mark.parametrize("span", [(0, 99), (-1, 2), (3, 3), (4, 2)])
def test_spans_outside_the_text_are_refused(span):
    with pytest.raises(InputError, match="counted in characters"):
        relations("near Ulm", [span], "en")


def test_other_languages_are_refused():
    with pytest.raises(InputError, match="en, fr"):
        relations("bei Ulm", [(4, 7)], "de")


@given(st.text())
def test_plain_text_is_as_long_as_the_text(text):
    assert len(plain(text)) == len(text)
    assert plain(plain(text)) == plain(text)


PIECES = [*"0123456789 .,'-&()½’—ÀÉœ", " ", "\n", "north", " of ", "à ", "lieues ", "de ", "Ulm "]
PIECES += ["between ", "entre ", "the ", "la ", "ville ", "km ", "twenty ", "quatre-vingt ", "sur "]


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.sampled_from(PIECES), max_size=60).map("".join),
    st.lists(st.tuples(st.integers(0, 99), st.integers(1, 9)), max_size=8),
    st.sampled_from(["en", "fr"]),
)
def test_any_text_gives_relations_that_lie_in_it(text, spans, language):
    spans = [(a, a + n) for a, n in spans if a + n <= len(text)]
    for found in relations(text, spans, language):
        assert found.words == text[found.words_start :][: len(found.words)]
        assert 0 <= found.start <= found.words_start < found.end <= len(text)
        first, *_ = (spans[i] for i in found.mentions)
        assert found.start <= first[0] and first[1] <= found.end
        assert (found.distance_km is None) == (found.about_km is None)
        assert found.distance_km is None or found.distance_km[0] <= found.about_km
        assert found.bearing_deg is None or 0 <= found.bearing_deg < 360


@pytest.mark.parametrize("unit", ["twenty " * 30 + "X ", "1 " * 60 + "X ", "de la ville X ", "X "])
@pytest.mark.parametrize("language", ["en", "fr"])
def test_time_is_in_proportion_to_the_text(unit, language):
    def seconds(size):
        text = unit * (size // len(unit))
        spans = [(m.start(), m.end()) for m in re.finditer("X", text)]
        begin = time.process_time()
        relations(text, spans, language)
        return time.process_time() - begin

    seconds(1000)
    assert seconds(160_000) < 8 * max(seconds(40_000), 0.01)  # 4 if in proportion, 16 if squared
