"""The terminal tells scores, maps and page of a finished run, as the files have them."""

from pathlib import Path

import yaml

from landscribe.cards import Run, check
from landscribe.formats.json_file import write_json
from landscribe.publish.summary import summary


def test_it_tells_every_model_and_the_page(tmp_path):
    run = check(Run, yaml.safe_load(Path("config/demo.yaml").read_text()), "demo")
    for number, model in enumerate(run.models, start=1):
        shares = {"overall_accuracy": 0.1 * number, "balanced_accuracy": 0.2, "macro_f1": 0.3}
        told = shares | {"sample": {"pixels": 77}}
        write_json(tmp_path / f"evaluate/beetzsee/2017/landuse/{model}/scores.json", told)
        folder = tmp_path / f"map/beetzsee/2017/landuse/{model}/33UUU"
        folder.mkdir(parents=True)
        (folder / "classes.tif").touch()
    text = summary(run, tmp_path)
    assert "forest: overall accuracy 0.100, balanced accuracy 0.200" in text
    assert "unet: overall accuracy 0.200" in text
    assert str(tmp_path / "map/beetzsee/2017/landuse/unet/33UUU/classes.tif") in text
    assert text.endswith(str(tmp_path / "publish/beetzsee/2017/landuse/index.html"))
