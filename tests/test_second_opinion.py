"""A language model's opinion: who is asked, what it changes, and that it may fail."""

import math
import re

import pytest

from landscribe.command import InputError
from landscribe.text import llm
from landscribe.text.llm_settings import LlmSettings
from landscribe.text.resolver import Resolved
from landscribe.text.second_opinion import OpinionError, SecondOpinion, decided
from tests.made_chat import Says, chatting, chooses, says
from tests.made_geoparser import a_document
from tests.made_world import a_place, marked

TEXT, TOPONYMS = marked("The mayor of [Paris] went to [Lyon], [Atlantis] and [Springfield].")


@pytest.fixture
def resolved(places):
    """What a resolver says: unsure, sure, of nothing, and sure that it is none."""
    paris, texan, lyon, il, mo = (
        a_place(places, id_)
        for id_ in ("Paris", "Paris TX", "Lyon", "Springfield IL", "Springfield MO")
    )
    return [
        Resolved(paris, 0.5, ((paris, 0.5), (texan, 0.3))),
        Resolved(lyon, 0.95, ((lyon, 0.95),)),
        Resolved(None, 1.0, ()),
        Resolved(None, 0.6, ((mo, 0.25), (il, 0.15))),
    ]


@pytest.fixture
def ask(places, resolved, tmp_path, monkeypatch):
    """What mentions mean after the opinion of a scripted server, and its requests."""
    monkeypatch.setattr(llm.time, "sleep", lambda _: None)

    def asked(script, documents=1, **more):
        with chatting(script) as (endpoint, seen):
            told = {"model": "m", "endpoint": endpoint, "timeout_s": 0.4, "retries": 0} | more
            opinion = SecondOpinion(LlmSettings(**told), tmp_path / "answers.sqlite", places)
            found = [
                opinion.joined(a_document(n, f"{TEXT} {n}"), TOPONYMS, resolved)
                for n in range(documents)
            ]
        return found, opinion, seen

    return asked


def offered(request):
    """Ids that a request offers."""
    return re.findall(r"id=(\S+)", request.body["messages"][0]["content"])


def test_the_choice_moves_the_odds(ask, resolved):
    replies = {"[[Paris]]": chooses("made:Paris TX", 1.0), "[[Springfield]]": says("none")}

    def script(request, _):
        text = request.body["messages"][0]["content"]
        return next(reply for mark, reply in replies.items() if mark in text)

    ((paris, *others, springfield),), _, seen = ask(script, weight=2.0)
    before = {p.id: c for p, c in resolved[0].candidates}
    after = {p.id: c for p, c in paris.candidates}
    total = before["made:Paris"] + 0.2 + before["made:Paris TX"] * math.e**2
    assert paris.place.id == "made:Paris TX"
    assert after["made:Paris TX"] == pytest.approx(0.3 * math.e**2 / total)
    assert after["made:Paris"] == pytest.approx(0.5 / total)
    assert [p.id for p, _ in paris.candidates] == ["made:Paris TX", "made:Paris"]
    assert springfield.place is None
    assert springfield.probability == pytest.approx(0.6 * math.e / (0.6 * math.e + 0.4))
    assert others == resolved[1:3]  # sure, or nothing to choose from
    assert [sorted(offered(request)) for request in seen] == [
        ["made:Paris", "made:Paris"],  # as far as its first blank
        ["made:Springfield", "made:Springfield"],
    ]


def test_a_model_sees_names_of_units_but_no_coordinates(ask):
    _, _, seen = ask(lambda *_: says("none"))
    shown = seen[0].body["messages"][0]["content"]
    assert "city in US > Texas > Lamar County" in shown
    assert not re.search(r"2\.35|48\.8|-95\.5|33\.6", shown)


@pytest.mark.parametrize(
    "reply",
    [Says(b"", 500), Says(b"no"), says("what?"), chooses("made:Lyon"), Says(b"", how="drop")],
)
def test_whatever_a_server_says_the_resolver_stands(ask, resolved, reply):
    ((found),), _, _ = ask(lambda *_: reply)
    assert found == resolved


def test_counts_are_those_since_they_were_last_asked(ask):
    _, opinion, _ = ask(lambda _, n: chooses("made:Lyon") if n else Says(b"", 500), documents=2)
    told = opinion.new_counts()
    assert (told["questions"], told["sure"], told["no_candidates"]) == (8, 4, 0)
    assert (told["failed: HTTP 500"], told["asked"], told["refused"]) == (1, 3, 3)
    assert opinion.new_counts() == {}


def test_a_dead_server_is_given_up_for_good(ask, resolved):
    found, opinion, seen = ask(lambda *_: Says(b"", 500), documents=6, give_up_after=3)
    assert found == [resolved] * 6
    assert len(seen) == 3
    assert opinion.new_counts()["given_up"] == 9


def test_settings_that_cannot_work_end_the_run(places, resolved, tmp_path, monkeypatch):
    monkeypatch.delenv("MADE_KEY", raising=False)
    card = LlmSettings(model="m", endpoint="http://localhost:1/v1", key_variable="MADE_KEY")
    opinion = SecondOpinion(card, tmp_path / "answers.sqlite", places)
    for _ in range(2):  # a second document must not pass either
        with pytest.raises(OpinionError, match="MADE_KEY"):
            opinion.joined(a_document(1, TEXT), TOPONYMS, resolved)
    assert issubclass(OpinionError, InputError)


def test_nobody_is_asked_until_it_is_needed(places, tmp_path):
    card = LlmSettings(model="m", endpoint="http://localhost:1/v1", key_variable="MADE_KEY")
    opinion = SecondOpinion(card, tmp_path / "answers.sqlite", places)
    assert opinion.joined(a_document(1, ""), [], []) == []
    assert not (tmp_path / "answers.sqlite").exists()


def test_places_that_are_as_good_as_one_count_together(places):
    paris, orly, texan = (a_place(places, id_) for id_ in ("Paris", "Orly", "Paris TX"))
    found = decided([(texan, 0.3), (paris, 0.35), (orly, 0.1)], 0.25)
    assert found.place == paris
    assert found.probability == pytest.approx(0.45)  # Orly is not 161 km away
    assert [place for place, _ in found.candidates] == [paris, texan, orly]
    assert decided([(texan, 0.3), (paris, 0.2)], 0.5) == Resolved(
        None, 0.5, ((texan, 0.3), (paris, 0.2))
    )
