"""The end of a benchmark: goals are judged by what they say, and the file equals the line."""

import json

import numpy as np
import pytest

from tests.benchmarks import report
from tests.benchmarks.report import Goal, is_met


@pytest.mark.parametrize(
    ("value", "goal", "met"),
    [
        (0.95, "<= 0.95", True),
        (0.951, "<= 0.95", False),
        (0.56, ">= .56", True),
        (0.559, ">=.56", False),
        (0.9465, "== 0.947", True),
        (0.9476, "== 0.947", False),
        (0.9466, "== 0.9470", False),
        (21157.76, "== 21158", True),
        (21157.4, "== 21158", False),
        (0, "== 0", True),
        (-2, "< -1.5", True),
        (1, "> 1", False),
        (None, ">= 0", False),
        (float("nan"), "<= 1", False),
    ],
)
def test_a_goal_is_met_as_it_says(value, goal, met):
    assert is_met(value, goal) is met
    assert Goal("M1.x", value, goal).met is met


@pytest.mark.parametrize("goal", ["about 3", "0.5", "=> 1", ">= 50 %"])
def test_a_goal_that_says_nothing_is_refused(goal):
    with pytest.raises(ValueError, match="wanted <=, >=, ==, < or >"):
        is_met(1, goal)


def test_the_line_is_what_the_file_holds(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(report, "RESULTS", tmp_path)
    goals = [
        Goal("M1.a", np.float32(0.5), ">= 0.4", np.int64(7), (0.4, np.float64(0.6))),
        Goal("M1.b", None, "<= 1"),
    ]
    path = report.report("made", goals, [{"model": "forest", "score": np.float64(0.5)}])
    printed = capsys.readouterr()
    line = json.loads(printed.out.splitlines()[-1])
    assert line == json.loads(path.read_text())
    assert path == tmp_path / "made/made.json"
    assert [goal["met"] for goal in line["goals"]] == [True, False]
    keys = {"id", "value", "goal", "met", "n", "interval"}
    assert all(set(goal) == keys for goal in line["goals"])
    assert set(line) == {"benchmark", "goals", "rows", "environment"}
    assert "MISSED" in printed.err


def test_a_table_keeps_text_left_and_numbers_right():
    lines = report.table([{"name": "a", "n": 1.5}, {"name": "long", "n": 12345}]).splitlines()
    assert lines == ["name       n", "------------", "a        1.5", "long  12,345"]
