"""What a killed run left is where its last shard ended."""

import json

from landscribe.text.documents import Reject
from landscribe.text.journal import Journal


def test_it_begins_at_the_beginning(tmp_path):
    with Journal(tmp_path) as journal:
        assert journal.at == (0, 0) and journal.shards == [] and len(journal.digests()) == 0
        assert list(journal.rejects()) == []


def test_what_came_after_the_last_shard_is_forgotten(tmp_path):
    with Journal(tmp_path) as journal:
        journal.reject("a, line 1", Reject("line 1", "no JSON: x"))
        journal.commit((0, 3), 2, [5, 2**64 - 1])
        journal.reject("a, line 4", Reject("line 4", "empty: y"))
        assert len(list(journal.rejects())) == 2
    with Journal(tmp_path) as journal:
        assert (journal.at, journal.shards) == ((0, 3), [2])
        assert journal.digests().tolist() == [5, 2**64 - 1]
        assert list(journal.rejects()) == [("a, line 1", "no JSON: x")]
        assert journal.counts.rejects == {"no JSON": 1}
        journal.reject("b, line 1", Reject("line 1", "empty: z"))
        journal.commit((1, 1), 1, [7])
    with Journal(tmp_path) as journal:
        assert journal.digests().tolist() == [5, 2**64 - 1, 7]
        assert [source for source, _ in journal.rejects()] == ["a, line 1", "b, line 1"]


def test_logs_that_are_not_all_on_the_disk_count_as_none(tmp_path):
    with Journal(tmp_path) as journal:
        journal.commit((0, 3), 2, [5, 6])
    (tmp_path / "digests.u64").write_bytes(b"12345678")
    with Journal(tmp_path) as journal:
        assert (journal.at, journal.shards) == ((0, 0), []) and len(journal.digests()) == 0


def test_long_reasons_are_cut(tmp_path):
    with Journal(tmp_path) as journal:
        journal.reject("a", Reject("", f"no JSON: {'x' * 9999}"))
        ((_, reason),) = journal.rejects()
    assert len(reason) == 500 and json.dumps(reason)
