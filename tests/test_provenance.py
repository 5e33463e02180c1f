"""The code version follows code, not text; digests follow bytes and names."""

import pytest

from landscribe import provenance


@pytest.fixture
def project(tmp_path, monkeypatch):
    monkeypatch.setattr(provenance, "ROOT", tmp_path)
    (tmp_path / "lib/deep").mkdir(parents=True)
    (tmp_path / "lib/deep/base.py").write_text("z = 1\n")
    (tmp_path / "lib/used.py").write_text("from lib.deep.base import z\nx = z\n")
    (tmp_path / "lib/other.py").write_text("y = 1\n")
    (tmp_path / "step.py").write_text('"""Doc."""\nfrom lib import used\nprint(used.x)\n')

    def version():
        provenance._read.cache_clear()
        return provenance.code_version("step.py")

    return tmp_path, version


@pytest.mark.parametrize(
    ("file", "text", "changes"),
    [
        ("lib/used.py", "from lib.deep.base import z\nx = z + 1\n", True),
        ("lib/deep/base.py", "z = 2\n", True),
        ("lib/used.py", "from lib.deep.base import z\nx = z  # why\n", False),
        ("lib/used.py", '"""New docstring."""\nfrom lib.deep.base import z\n\n\nx = z\n', False),
        ("lib/other.py", "y = 2\n", False),
        ("step.py", '"""Other."""\nfrom lib import used\n\nprint(used.x)\n', False),
        ("step.py", "from lib import used\nprint(used.x + 1)\n", True),
    ],
)
def test_version_follows_code_not_text(project, file, text, changes):
    root, version = project
    before = version()
    (root / file).write_text(text)
    assert (version() != before) is changes


def test_a_changed_docstring_of_a_function_changes_nothing(project):
    root, version = project
    (root / "step.py").write_text('def f() -> int:\n    """One."""\n    return 1\n')
    before = version()
    (root / "step.py").write_text('def f() -> int:\n    """Two."""\n    return 1\n')
    assert version() == before


def test_a_model_counts_only_for_its_own_steps():
    code = provenance.code_version_with_model(
        "scripts/train_model.py", {"a": "forest", "b": "segment"}
    )

    class Wildcards:
        model = "a"

    one = code(Wildcards())
    Wildcards.model = "b"
    assert code(Wildcards()) != one


def test_a_folder_digest_follows_names_and_bytes(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "a/x").write_text("1")
    one = provenance.file_digest(tmp_path)
    (tmp_path / "a/x").rename(tmp_path / "a/y")
    two = provenance.file_digest(tmp_path)
    (tmp_path / "a/y").write_text("2")
    assert len({one, two, provenance.file_digest(tmp_path)}) == 3


def test_the_commit_is_told_or_unknown(monkeypatch, tmp_path):
    monkeypatch.setattr(provenance, "ROOT", tmp_path)
    assert provenance.git_commit() == "unknown"
