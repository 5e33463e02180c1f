"""Names one edit away: the index finds what a comparison with every name finds."""

import random
import string

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rapidfuzz.distance import OSA

from landscribe.places import near_names
from landscribe.places.near_names import SHORTEST, NearNames, write_near_names

WORDS = st.text("abc é東🗺\0%", min_size=1, max_size=9)


@pytest.fixture(scope="module")
def index_of(tmp_path_factory):
    def make(names):
        folder = tmp_path_factory.mktemp("near") / "near"
        write_near_names(folder, iter(sorted(set(names))))
        return NearNames(folder)

    return make


def by_comparison(names, asked):
    near = (name for name in set(names) if len(name) >= SHORTEST)
    return sorted(name for name in near if OSA.distance(name, asked) == 1)


@settings(max_examples=40, deadline=None)
@given(names=st.lists(WORDS, max_size=40), asked=st.lists(WORDS, max_size=20))
def test_equals_a_comparison_with_all_names(index_of, names, asked):
    index = index_of(names)
    for name in [*asked, *names, ""]:
        assert index.near(name) == by_comparison(names, name)


def test_finds_every_name_from_every_one_of_its_typos(index_of):
    names = ["beetzsee", "saint denis", "muenchen", "東京都庁", "aaaa", "a" * 40]
    index = index_of(names)
    for name in names:
        for typo in typos(name):
            assert name == typo or name in index.near(typo), typo


def test_is_the_same_however_the_names_are_cut_in_chunks(tmp_path, monkeypatch):
    rng = random.Random(1)
    names = sorted({"".join(rng.choices("abcde", k=rng.randint(1, 8))) for _ in range(3000)})
    write_near_names(tmp_path / "whole", iter(names))
    monkeypatch.setattr(near_names, "_CHUNK", 7)
    write_near_names(tmp_path / "chunks", iter(names))
    for file in near_names.FILES:
        assert (tmp_path / "whole" / file).read_bytes() == (tmp_path / "chunks" / file).read_bytes()


@settings(max_examples=40, deadline=None)
@given(st.lists(WORDS, min_size=1))
def test_a_name_has_the_same_hashes_alone_and_among_others(names):
    names = list(dict.fromkeys(names))
    among = {(int(form), int(name)) for form, name in near_names._forms(names, 5)}
    alone = {(form, 5 + at) for at, name in enumerate(names) for form in near_names._hashes(name)}
    assert among == alone


def test_half_a_character_is_near_to_nothing(index_of):
    assert index_of(["berlin"]).near("berl\ud800n") == ["berlin"]  # a letter replaced
    assert index_of(["berlin"]).near("\ud800") == []


def typos(name):
    """All names that one edit parts from a name; some letters of the alphabet will do."""
    for at in range(len(name) + 1):
        before, after = name[:at], name[at:]
        for letter in string.ascii_lowercase[::7]:
            yield before + letter + after
            yield before + letter + after[1:]
        yield before + after[1:]
        yield before + after[1:2] + after[:1] + after[2:]
