import subprocess
import sys
from contextlib import closing

import pytest

from landscribe.command import InputError
from landscribe.text.llm_cache import LlmCache
from landscribe.text.llm_questions import Answer
from landscribe.text.llm_settings import LlmSettings

SETTINGS = LlmSettings(model="tiny", endpoint="http://a/v1", most_calls=50, most_tokens=1000)


@pytest.fixture
def cache(tmp_path):
    with closing(LlmCache(tmp_path / "new" / "llm.sqlite", SETTINGS)) as cache:
        yield cache


def test_an_answer_is_kept_as_it_was(cache):
    answers = [
        Answer("gn:1", False, "chosen", 0.25),
        Answer(None, True, "none", 1.0),
        Answer(None, False, "unread"),
        Answer(None, False, "refused"),
    ]
    for number, answer in enumerate(answers):
        cache.keep(str(number), answer)
    assert [cache.answer(str(number)) for number in range(4)] == answers
    assert cache.answer("4") is None


def test_the_first_answer_of_several_jobs_stands(cache):
    cache.keep("0", Answer("gn:1", False, "chosen", 1.0))
    cache.keep("0", Answer("gn:2", False, "chosen", 1.0))
    assert cache.answer("0").place == "gn:1"


def test_calls_and_tokens_stop_at_their_limits(cache):
    assert cache.reserve(990)
    assert not cache.reserve(11)
    cache.correct(-900)
    assert [cache.reserve(10) for _ in range(50)] == [True] * 49 + [False]
    assert cache.spent() == (50, 580)


def test_each_model_has_its_own_budget_and_a_file_keeps_it(cache, tmp_path):
    cache.reserve(7)
    other = SETTINGS.model_copy(update={"model": "other"})
    for settings, spent in ((SETTINGS, (1, 7)), (other, (0, 0))):
        with closing(LlmCache(tmp_path / "new" / "llm.sqlite", settings)) as again:
            assert again.spent() == spent


JOB = """
import sys
from contextlib import closing
from pathlib import Path
from landscribe.text.llm_cache import LlmCache
from landscribe.text.llm_questions import Answer
from landscribe.text.llm_settings import LlmSettings
settings = LlmSettings(model="tiny", endpoint="http://a/v1", most_calls=50, most_tokens=1000)
with closing(LlmCache(Path(sys.argv[1]), settings)) as cache:
    for n in range(40):
        cache.keep(str(n), Answer(sys.argv[2], False, "chosen", 1.0))
    print(sum(cache.reserve(10) for _ in range(40)))
"""


def test_jobs_that_start_at_once_share_the_file_and_the_budget(tmp_path):
    path = tmp_path / "llm.sqlite"
    jobs = [
        subprocess.Popen(
            [sys.executable, "-c", JOB, str(path), f"gn:{n}"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for n in range(4)
    ]
    told = [job.communicate() for job in jobs]
    assert [err for _, err in told] == [""] * 4
    assert sum(int(out) for out, _ in told) == 50
    with closing(LlmCache(path, SETTINGS)) as cache:
        assert cache.spent() == (50, 500)
        assert all(cache.answer(str(n)) for n in range(40))


def test_a_file_that_is_no_cache_is_told(tmp_path):
    (tmp_path / "llm.sqlite").write_text("not a database, " * 100)
    with pytest.raises(InputError, match="llm.sqlite: cannot be used as the cache"):
        LlmCache(tmp_path / "llm.sqlite", SETTINGS)


def test_a_disk_that_is_full_is_told(cache):
    cache._file.execute("PRAGMA max_page_count = 1")
    with pytest.raises(InputError, match="full"):
        for number in range(10_000):
            cache.keep(str(number), Answer("gn:1", False, "chosen", 1.0))


def test_nothing_else_than_an_answer_is_kept(cache):
    with pytest.raises(InputError, match="CHECK"):
        cache.keep("0", Answer(None, False, "failed: timeout"))
