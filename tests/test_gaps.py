"""What cannot be read is tried again, then recorded, and never a silent hole."""

import hashlib

import numpy as np
import pytest

from landscribe.command import InputError
from landscribe.formats.cubes import MASK_CLEAR, MASK_GAP, read_cube
from landscribe.imagery import reader, stack
from landscribe.imagery.gaps import COLUMNS, read_gaps, write_gaps
from landscribe.imagery.stack import write_cube
from tests.made_cube import BLOCK, SENSOR, scene
from tests.made_server import served

DAYS = (1, 6, 11, 16, 21)


@pytest.fixture(autouse=True)
def small_pieces(monkeypatch):
    """Nine pieces a day, and no waits."""
    monkeypatch.setattr(stack, "SHARD_PX", 32)
    monkeypatch.setattr(reader, "WAITS_S", (0, 0))


@pytest.fixture
def scenes(tmp_path):
    return [scene(tmp_path / "scenes", day, seed=day)[0] for day in DAYS]


def moved(scenes, address):
    """The scenes, at a server's address."""
    for item in scenes:
        for asset in item["assets"].values():
            asset["href"] = f"{address}/{asset['href'].rsplit('/')[-1]}"
    return scenes


def whole(scenes, tmp_path):
    write_cube(tmp_path / "whole.zarr", scenes, SENSOR, BLOCK)
    return read_cube(tmp_path / "whole.zarr")


def lost(href, top):
    """Whether a read is one of the twentieth that fails for good."""
    return hashlib.sha256(f"{href} {top}".encode()).digest()[0] % 20 == 0


def test_a_twentieth_of_the_reads_fails_and_nothing_else_differs(scenes, tmp_path, monkeypatch):
    wanted = whole(scenes, tmp_path)
    read = reader.Reader._read

    def failing(self, window):
        if lost(self.url.rsplit("/")[-1], self.spec.bounds):
            raise OSError("the disk is gone")
        return read(self, window)

    monkeypatch.setattr(reader.Reader, "_read", failing)
    gaps = write_cube(tmp_path / "holes.zarr", scenes, SENSOR, BLOCK, max_gap_fraction=0.2)
    found = read_cube(tmp_path / "holes.zarr")
    assert 3 <= len(gaps) <= 15  # of 135 reads
    hit = np.zeros(found.mask.shape, bool)
    for gap in gaps.itertuples():
        time = DAYS.index(int(gap.scene.removeprefix("made-")))
        place = np.s_[gap.top : gap.top + gap.height, gap.left : gap.left + gap.width]
        hit[time][place] = True
        assert gap.reason == "the disk is gone"
        if gap.asset != "SCL":
            band = SENSOR.band_names().index(gap.asset)
            assert (found.dn.values[time, band][place] == 0).all()
        assert (found.mask.values[time][place] == MASK_GAP).all()
    np.testing.assert_array_equal(found.mask.values[~hit], wanted.mask.values[~hit])
    same = np.broadcast_to(~hit[:, None], found.dn.shape)
    np.testing.assert_array_equal(found.dn.values[same], wanted.dn.values[same])
    clear = (found.mask.values == MASK_CLEAR).sum(0)
    np.testing.assert_array_equal(found.valid_count.values, clear)


def test_over_the_limit_the_worst_scenes_are_named_and_a_later_run_goes_on(
    scenes, tmp_path, monkeypatch
):
    wanted = whole(scenes, tmp_path)
    bad = tmp_path / "scenes" / "6_B02.tif"
    content = bad.read_bytes()
    bad.write_bytes(content[:300])
    with pytest.raises(InputError, match=r"9 of 135 reads failed \(6.67%\)") as caught:
        write_cube(tmp_path / "x.zarr", scenes, SENSOR, BLOCK, max_gap_fraction=0.05)
    assert "made-6: 9 windows of B02" in str(caught.value)
    assert "max_gap_fraction" in str(caught.value)
    bad.write_bytes(content)
    again = []
    write = stack.write_piece
    monkeypatch.setattr(
        stack, "write_piece", lambda *args: again.append(args[-1].time) or write(*args)
    )
    assert write_cube(tmp_path / "x.zarr", scenes, SENSOR, BLOCK).empty
    assert again == [1] * 9  # pieces with a gap alone
    found = read_cube(tmp_path / "x.zarr")
    for name in ("dn", "mask", "valid_count"):
        np.testing.assert_array_equal(found[name].values, wanted[name].values)


def test_a_cut_file_is_no_hole_wherever_it_is_cut(scenes, tmp_path):
    path = tmp_path / "scenes" / "1_B02.tif"
    content = path.read_bytes()
    for share in (0.1, 0.5, 0.9):
        path.write_bytes(content[: int(len(content) * share)])
        gaps = write_cube(tmp_path / f"{share}.zarr", scenes, SENSOR, BLOCK, max_gap_fraction=1)
        found = read_cube(tmp_path / f"{share}.zarr")
        lost = np.zeros((96, 96), bool)
        for gap in gaps.itertuples():
            assert (gap.scene, gap.asset) == ("made-1", "B02")
            lost[gap.top : gap.top + 32, gap.left : gap.left + 32] = True
        assert lost.any()
        np.testing.assert_array_equal((found.dn.values[0, 0] == 0)[:, 2:], lost[:, 2:])


def test_a_scene_without_an_asset_is_a_gap(scenes, tmp_path):
    del scenes[2]["assets"]["B05"]
    gaps = write_cube(tmp_path / "x.zarr", scenes, SENSOR, BLOCK, max_gap_fraction=1)
    assert set(gaps.scene) == {"made-11"} and set(gaps.asset) == {"B05"} and len(gaps) == 9
    assert set(gaps.reason) == {"the scene has no such asset"}


def test_bursts_of_faults_of_a_server_heal(scenes, tmp_path):
    wanted = whole(scenes, tmp_path)
    counts: dict[str, int] = {}

    def fault(path, span):
        counts[path] = counts.get(path, 0) + 1
        return {1: 503, 2: "half", 3: 429}.get(counts[path])

    with served(tmp_path / "scenes", fault) as (address, _):
        gaps = write_cube(tmp_path / "x.zarr", moved(scenes, address), SENSOR, BLOCK)
    assert gaps.empty
    np.testing.assert_array_equal(read_cube(tmp_path / "x.zarr").dn.values, wanted.dn.values)


def test_a_file_that_a_server_refuses_is_a_gap_with_its_status(scenes, tmp_path):
    def fault(path, _span):
        return 403 if "16_B05" in path else None

    with served(tmp_path / "scenes", fault) as (address, _):
        gaps = write_cube(
            tmp_path / "x.zarr", moved(scenes, address), SENSOR, BLOCK, max_gap_fraction=1
        )
    assert set(gaps.scene) == {"made-16"} and set(gaps.asset) == {"B05"} and len(gaps) == 9
    assert gaps.reason.str.contains("403").all()


def test_a_file_that_is_gone_is_not_waited_for(scenes, tmp_path, monkeypatch):
    """Of a scene that a server lost, a block asks hundreds of times: 10 s each were an hour."""
    monkeypatch.setattr(reader, "WAITS_S", (60,))
    with served(tmp_path / "scenes") as (address, seen):
        (tmp_path / "scenes" / "16_B05.tif").unlink()
        items = moved(scenes, address)
        gaps = write_cube(tmp_path / "x.zarr", items, SENSOR, BLOCK, max_gap_fraction=1)
    assert set(gaps.scene) == {"made-16"} and set(gaps.asset) == {"B05"} and len(gaps) == 9
    assert gaps.reason.str.contains("404").all()
    assert sum("16_B05" in line for line in seen) <= 9


def test_the_table_goes_round(scenes, tmp_path):
    del scenes[0]["assets"]["SCL"]
    gaps = write_cube(tmp_path / "x.zarr", scenes, SENSOR, BLOCK, max_gap_fraction=1)
    write_gaps(tmp_path / "gaps.parquet", gaps)
    assert tuple(read_gaps(tmp_path / "gaps.parquet").columns) == COLUMNS
    assert read_gaps(tmp_path / "gaps.parquet").equals(gaps)
    write_gaps(tmp_path / "none.parquet", gaps.head(0))
    assert read_gaps(tmp_path / "none.parquet").empty
