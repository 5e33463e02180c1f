"""Kept answers: made once, anew where what they come from changes, never when making fails."""

import pytest

from landscribe.kept import kept


def test_an_answer_is_made_once_per_question(tmp_path):
    path, made = tmp_path / "a" / "b.json", []

    def make():
        made.append(1)
        return {"count": len(made)}

    assert kept(path, ["x"], make) == kept(path, ["x"], make) == {"count": 1}
    assert kept(path, ["y"], make) == {"count": 2}
    path.write_text("cut sh")
    assert kept(path, ["y"], make) == {"count": 3}
    assert [p.name for p in path.parent.iterdir()] == ["b.json"]


def test_a_failure_is_not_kept(tmp_path):
    with pytest.raises(ZeroDivisionError):
        kept(tmp_path / "k.json", ["x"], lambda: 1 / 0)
    assert not list(tmp_path.iterdir())
