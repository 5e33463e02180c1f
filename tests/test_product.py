from dataclasses import replace

import pytest

from landscribe.command import InputError
from landscribe.provenance import code_version
from landscribe.publish.product import STEPS, read_origin, step_versions
from tests.made_product import GRIDS, TRUST_LAYERS, make_run


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return make_run(tmp_path_factory.mktemp("run"), GRIDS, ("forest",))


def test_the_origin_has_the_ids_of_the_cards(run):
    origin = read_origin(run.product("forest"), 2017)
    assert origin.id == "beetzsee-2017-landuse-forest"
    assert origin.attributions == [
        "Contains modified Copernicus Sentinel data 2017",
        "© OpenStreetMap contributors",
    ]
    anonymous = [{"properties": {"datetime": "2017-02-16T00:00:00Z"}}]
    assert replace(origin, scenes_by_sensor=(anonymous,)).attributions == [
        "© OpenStreetMap contributors"
    ]


def test_rasters_are_sorted_by_block(run):
    blocks = run.product("forest").blocks
    assert list(blocks) == ["33UUT", "33UUU"]
    for block, rasters in blocks.items():
        assert set(rasters) == {"classes", "confidence", "observations", *TRUST_LAYERS}
        assert all(path.parent.name == block for path in rasters.values())


def test_a_block_without_all_rasters_is_named(run):
    files = run.product("forest")
    with pytest.raises(InputError, match="block 33UUT: only classes, observations, "):
        replace(files, confidence=files.confidence[:1]).blocks  # noqa: B018


def test_steps_have_the_version_of_their_code_and_of_the_model():
    versions = step_versions("forest", {})
    assert list(versions) == list(STEPS)
    assert versions["search_scenes"] == code_version("scripts/search_scenes.py")
    left = {"import_scenes": False, "compose_periods": False, "smooth_map": False}
    other = step_versions("segment", left)
    assert set(STEPS) - set(other) == set(left)
    differ = {step for step, version in other.items() if version != versions[step]}
    assert differ == {
        "train_model",
        "predict_block",
        "sample_reference",
        "measure_applicability",
    }
