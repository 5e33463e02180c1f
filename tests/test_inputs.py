"""Paths of a card lead to files, in an order that lasts; addresses are fetched, or say why not."""

import socket

import pytest

from landscribe.command import InputError
from landscribe.text import inputs as module
from landscribe.text.inputs import NotFetchedError, fetch, input_files, inputs
from tests.made_corpora import card, written_to
from tests.made_server import served


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The working folder, with some files."""
    for name in ("b/2.txt", "b/1.txt", "b/c/Ä ö.txt", "b/.hidden", "b/.git/x", "a.txt", "z.txt"):
        written_to(tmp_path / name, "x")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("paths", "names"),
    [
        (["z.txt", "a.txt"], ["z.txt", "a.txt"]),
        (["b"], ["b/1.txt", "b/2.txt", "b/c/Ä ö.txt"]),
        (["*.txt", "a.txt"], ["a.txt", "z.txt"]),
        (["b/[12].txt", "b/?.txt", "b/"], ["b/1.txt", "b/2.txt", "b/c/Ä ö.txt"]),
        (["**/1.txt"], ["b/1.txt"]),
        (["https://a.org/x?y=1&z=%20"], ["https://a.org/x?y=1&z=%20"]),
    ],
)
def test_paths_are_files_each_once(folder, paths, names):
    found = inputs(card("plain", *paths))
    assert [one.name for one in found] == names
    assert all(one.path is None or one.path.is_file() for one in found)


def test_what_pip_brought_is_found():
    (found,) = inputs(card("plain", "pip:pytest/pytest/py.typed"))
    assert found.name == "pip:pytest/pytest/py.typed" and found.path.is_file()
    assert input_files(card("plain", "pip:pytest/pytest/py.typed", "https://a.org/x")) == []
    found = inputs(card("plain", "pip:pytest/pytest/py.*", "pip:pytest/pytest/__init__.p?"))
    assert [one.name for one in found] == [
        f"pip:pytest/pytest/{n}" for n in ("py.typed", "__init__.py")
    ]


def test_a_glob_may_begin_at_the_root(folder):
    found = inputs(card("plain", f"{folder}/b/[1].txt", f"{str(folder)[:-1]}[0-9]/a.txt"))
    assert [one.name for one in found] == [f"{folder}/b/1.txt", f"{folder}/a.txt"]


def test_a_rule_depends_on_files_and_folders(folder):
    assert input_files(card("plain", "b", "*.txt")) == ["b", "a.txt", "z.txt"]


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("c.txt", "c.txt: no such file or folder"),
        ("c*.txt", "no file has such a name"),
        ("c/*.txt", "c: no such file or folder"),
        ("empty", "a folder without files"),
        ("ftp://a.org/x", "only addresses of http and https"),
    ],
)
def test_a_path_to_nothing_is_told(folder, path, told):
    (folder / "empty").mkdir()
    with pytest.raises(InputError, match=told):
        inputs(card("plain", path))


def test_a_file_that_changes_has_another_mark(folder):
    (before,) = inputs(card("plain", "a.txt"))
    mark = before.mark()
    assert mark == before.mark()
    (folder / "a.txt").write_text("other")
    assert before.mark() != mark


def test_an_address_is_fetched_whole(tmp_path):
    data = bytes(range(256)) * 9000
    written_to(tmp_path / "www/x.bin", data)
    with served(tmp_path / "www") as (address, seen):
        fetch(f"{address}/x.bin", tmp_path / "got/0")
    assert (tmp_path / "got/0").read_bytes() == data and len(seen) == 1


@pytest.mark.parametrize(("failing", "requests"), [(503, 3), ("half", 3)])
def test_faults_that_pass_are_borne(tmp_path, monkeypatch, failing, requests):
    monkeypatch.setattr(module, "WAIT_S", 0)
    data = b"x" * 100_000
    written_to(tmp_path / "www/x", data)
    seen: list[str] = []
    with served(tmp_path / "www", lambda *_: failing if len(seen) < requests else None) as server:
        address, seen = server
        fetch(f"{address}/x", tmp_path / "got")
    assert (tmp_path / "got").read_bytes() == data and len(seen) == requests


@pytest.mark.parametrize(
    ("fault", "told"),
    [(404, "no answer: status 404 "), (500, "no answer: "), ("half", "no answer: ")],
)
def test_faults_that_stay_are_told(tmp_path, monkeypatch, fault, told):
    monkeypatch.setattr(module, "WAIT_S", 0)
    written_to(tmp_path / "www/x", b"x" * 100_000)
    with (
        served(tmp_path / "www", lambda *_: fault) as (address, _),
        pytest.raises(NotFetchedError, match=f"^{told}") as error,
    ):
        fetch(f"{address}/x", tmp_path / "got/x")
    assert "\n" not in str(error.value) and not list((tmp_path / "got").glob("*"))


def test_a_server_that_is_down_or_says_nothing_is_told(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "WAIT_S", 0)
    monkeypatch.setattr(module, "TIMEOUT_S", (0.2, 0.2))
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        port = silent.getsockname()[1]
        with pytest.raises(NotFetchedError, match="refused"):
            fetch(f"http://127.0.0.1:{port}/x", tmp_path / "x")
        silent.listen()
        with pytest.raises(NotFetchedError, match="timed out"):
            fetch(f"http://127.0.0.1:{port}/x", tmp_path / "x")
    assert not list(tmp_path.iterdir())
