"""Workers of any kind make the same bits; those that are not there are told."""

import pytest
from distributed import LocalCluster

from landscribe.command import InputError
from landscribe.imagery.cluster import workers
from landscribe.imagery.stack import write_cube
from landscribe.provenance import file_digest
from tests.made_cube import BLOCK, SENSOR, scene


def test_a_dask_cluster_makes_the_same_bits(tmp_path):
    made = [scene(tmp_path / "scenes", day, seed=day)[0] for day in (1, 2, 3)]
    write_cube(tmp_path / "here.zarr", made, SENSOR, BLOCK)
    with workers("local", 2) as pool:
        write_cube(tmp_path / "local.zarr", made, SENSOR, BLOCK, pool=pool)
    with (
        LocalCluster(1, processes=True, dashboard_address=None) as cluster,
        workers(cluster.scheduler_address, 0) as pool,
    ):
        write_cube(tmp_path / "address.zarr", made, SENSOR, BLOCK, pool=pool)
    assert file_digest(tmp_path / "local.zarr") == file_digest(tmp_path / "here.zarr")
    assert file_digest(tmp_path / "address.zarr") == file_digest(tmp_path / "here.zarr")


def test_a_cluster_that_is_not_there_is_told(monkeypatch):
    monkeypatch.setattr("landscribe.imagery.cluster._PATIENCE_S", 0.5)
    monkeypatch.setattr("shutil.which", lambda name: None)
    for where, told in (
        ("tcp://127.0.0.1:1", "no dask scheduler answers at tcp://127.0.0.1:1"),
        ("here", "'here' is no place for workers"),
        ("slurm", "no sbatch here"),
    ):
        with pytest.raises(InputError, match=told), workers(where, 1):
            pass
