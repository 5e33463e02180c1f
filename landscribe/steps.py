"""The steps of a run as a plan sees them: what a job is of, follows, works on and leaves."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Step:
    """One rule."""

    rule: str
    stage: str
    per: tuple[str, ...]  # what there is a job of each of; in the order of its benchmarks' names
    unit: str  # that its time grows with, a column of a plan's blocks
    after: tuple[str, ...] = ()  # rules whose jobs it waits for
    stores: tuple[str, ...] = ()  # what it leaves, as paths below results/
    of_kind: bool = False  # whether it costs what the kind of its model costs
    stored_unit: str = ""  # that what it leaves grows with, if that is another
    of_first: bool = False  # whether it waits for jobs of the first sensor alone


_YEAR = ("region", "year")
_BLOCK = (*_YEAR, "block")
_TASK = (*_YEAR, "task")
_MODEL = (*_TASK, "model")
_MAP = (*_MODEL, "block")
_SCENES = (*_YEAR, "sensor")
_STACK = (*_BLOCK, "sensor")
_CUBE = "fetch/{region}/{year}/{block}/{sensor}/cube.zarr"
_COMPOSITES = "fetch/{region}/{year}/{block}/{sensor}/composites.zarr"
_LABELS = "fetch/{region}/{year}/{block}/{task}"
_TRAINED = "train/{region}/{year}/{task}/{model}"
_PROBABILITIES = "infer/{region}/{year}/{task}/{model}/{block}"
_DRAWN = "map/{region}/{year}/{task}/{model}/{block}"
_PAGE = "publish/{region}/{year}/{task}/index.html"
_LEARNT_FROM = ("compose_periods", "stack_scenes", "split_labels")
_SHOWN = ("plot_scores", "describe_product")
STEPS = (  # in the order of the stages, so that each comes after those that it follows
    Step("import_scenes", "fetch", ("archive",), "scenes"),
    Step("search_scenes", "fetch", _SCENES, "scenes", ("import_scenes",)),
    Step("stack_scenes", "fetch", _STACK, "samples", ("search_scenes",), (_CUBE,)),
    Step(
        "compose_periods",
        "fetch",
        _STACK,
        "samples",
        ("stack_scenes",),
        (_COMPOSITES,),
        stored_unit="composed",
    ),
    Step(
        "fetch_labels",
        "fetch",
        (*_BLOCK, "task"),
        "pixels",
        ("stack_scenes",),
        (_LABELS,),
        of_first=True,
    ),
    Step("split_labels", "train", _TASK, "pixels", ("fetch_labels",)),
    Step("train_model", "train", _MODEL, "pixels", _LEARNT_FROM, (_TRAINED,), True),
    Step("sample_reference", "train", _MODEL, "pixels", ("train_model",), of_kind=True),
    Step("predict_block", "infer", _MAP, "pixels", ("train_model",), (_PROBABILITIES,), True),
    Step("calibrate_map", "map", _MODEL, "pixels", ("predict_block",)),
    Step("draw_map", "map", _MAP, "pixels", ("calibrate_map",), (_DRAWN,)),
    Step("measure_applicability", "map", _MAP, "pixels", ("sample_reference",), of_kind=True),
    Step("smooth_map", "map", _MAP, "pixels", ("draw_map",), (f"{_DRAWN}/smoothed.tif",)),
    Step("sum_areas", "map", _MODEL, "pixels", ("draw_map", "smooth_map")),
    Step("score_map", "evaluate", _MODEL, "pixels", ("sum_areas",)),
    Step("score_trust", "evaluate", _MODEL, "pixels", ("draw_map", "measure_applicability")),
    Step("plot_scores", "evaluate", _MODEL, "pixels", ("score_map",)),
    Step("describe_product", "publish", _MODEL, "pixels", ("score_map", "score_trust")),
    Step("build_page", "publish", _TASK, "pixels", _SHOWN, (_PAGE,)),
)
