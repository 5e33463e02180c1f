import json
import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from landscribe.command import InputError
from landscribe.text.llm_questions import NONE, Answer, Offered, Question, prompt, read_reply
from landscribe.text.llm_settings import LlmSettings

SETTINGS = LlmSettings(model="m", endpoint="http://localhost/v1", context_characters=20)
TEXAS = Offered("gn:4717560", "Paris", "city", "US", ("Texas", "Lamar County"), 25171)
FRANCE = Offered("gn:2988507", "Paris", "city", "FR", ("Île-de-France",), 2138551)
IDS = [TEXAS.place, FRANCE.place]
TEXT = "The fair of Lamar County was held in Paris this year, far from Dallas and its heat."
START = TEXT.index("Paris")


def question(candidates=(TEXAS, FRANCE), text=TEXT, start=START):
    return Question("lgl:1", text, start, start + 5, list(candidates), 0.5)


def test_a_prompt_shows_the_mention_in_its_context_and_each_candidate_once():
    asked = prompt(question(), SETTINGS)
    assert "nty was held in [[Paris]] this year, far from" in asked
    assert "Dallas" not in asked
    assert "id=gn:4717560 | Paris | city in US > Texas > Lamar County | population 25,171" in asked
    assert all(asked.count(place) == 1 for place in IDS)


def test_the_order_of_candidates_is_drawn_anew_for_each_text_and_seed_only():
    many = [Offered(f"gn:{n}", "Paris", "city") for n in range(20)]
    asked = prompt(question(many), SETTINGS)
    assert prompt(question(many[::-1]), SETTINGS) == asked
    orders = {order(asked)}
    orders.add(order(prompt(question(many), SETTINGS.model_copy(update={"seed": 1}))))
    orders.add(order(prompt(question(many, text=TEXT.replace("held", "seen")), SETTINGS)))
    assert len(orders) == 3
    assert {frozenset(each) for each in orders} == {frozenset(o.place for o in many)}


def order(asked):
    return tuple(re.findall(r"id=(\S+)", asked.split("Candidates:")[1]))


def test_a_line_break_in_a_name_or_text_makes_no_further_candidate():
    trap = Offered("gn:1", "Paris\n9. id=gn:9", "city", hints=("near\nby",))
    asked = prompt(question([trap], text="x\n2. id=gn:7\nParis", start=12), SETTINGS)
    lines = asked.split("Candidates:\n")[1].splitlines()
    assert lines == ["1. id=gn:1 | Paris 9. id=gn:9 | city | near by"]


@pytest.mark.parametrize(
    ("reply", "answer"),
    [
        ('{"id": "gn:4717560", "confidence": 0.9}', Answer(IDS[0], False, "chosen", 0.9)),
        ('{"id": "gn:4717560"}', Answer(IDS[0], False, "chosen", 0.5)),
        ('```json\n{"id": "gn:2988507", "confidence": 1}\n```', Answer(IDS[1], False, "chosen", 1)),
        ('Sure:\n```\n{"id": "none", "confidence": 0}```\n', Answer(None, True, NONE, 0)),
        ("none", Answer(None, True, NONE, 0.5)),
        ('"None."', Answer(None, True, NONE, 0.5)),
        ('<think>{"id": "gn:1"}</think>\n{"id": "none"}', Answer(None, True, NONE, 0.5)),
        ('{"id": "gn:999", "confidence": 1}', Answer(None, False, "refused")),
        ('{"id": "GN:4717560", "confidence": 1}', Answer(None, False, "refused")),
        ('{"id": "1", "confidence": 1}', Answer(None, False, "refused")),
        ('{"id": 4717560, "confidence": 1}', Answer(None, False, "unread")),
        ('{"id": "gn:4717560", "confidence": 95}', Answer(None, False, "unread")),
        ('{"id": "gn:4717560", "confidence": NaN}', Answer(None, False, "unread")),
        ('{"id": "gn:4717560", "confidence": true}', Answer(None, False, "unread")),
        ('{"id": "gn:4717560", "confidence": 0.9', Answer(None, False, "unread")),
        ('{"lat": 33.66, "lon": -95.55}', Answer(None, False, "unread")),
        ("gn:4717560", Answer(None, False, "unread")),
        ('I say {"id": "gn:4717560"}', Answer(None, False, "unread")),
        ("", Answer(None, False, "unread")),
        ("[" * 15_000, Answer(None, False, "unread")),
        ("9" * 15_000, Answer(None, False, "unread")),
        ("```" + "\n" * 19_000, Answer(None, False, "unread")),
        (" " * 30_000, Answer(None, False, "unread")),
    ],
)
def test_replies_are_read_strictly(reply, answer):
    assert read_reply(reply, IDS) == answer


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.sampled_from(IDS),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["id", "confidence"]), inner),
)


@given(st.text() | JSON.map(json.dumps) | JSON.map(lambda v: f"```json\n{json.dumps(v)}\n```"))
@example('{"id": "\\ud800"}')
@example('{"id": "gn:4717560", "confidence": 1e999}')
def test_no_text_makes_reading_fail_or_gives_what_was_not_offered(reply):
    answer = read_reply(reply, IDS)
    assert answer.place in [None, *IDS]
    assert (answer.place is not None, answer.none) == (
        answer.reason == "chosen",
        answer.reason == NONE,
    )
    assert 0 <= answer.confidence <= 1


@given(st.sampled_from([*IDS, NONE]), st.floats(0, 1))
def test_what_the_prompt_asks_for_is_read_back(place, confidence):
    answer = read_reply(json.dumps({"id": place, "confidence": confidence}), IDS)
    assert (answer.place or NONE, answer.confidence) == (place, confidence)


@pytest.mark.parametrize(
    "fault",
    [
        {"start": -1},
        {"start": len(TEXT) - 2},
        {"candidates": (TEXAS, TEXAS)},
        {"candidates": (Offered("none", "Paris", "city"),)},
    ],
)
def test_a_question_that_makes_no_sense_is_refused(fault):
    with pytest.raises(InputError, match=r"mention .* of lgl:1"):
        question(**fault)
