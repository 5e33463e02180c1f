"""The resolver: which place each mention of a document means, with a calibrated probability.

Two rankers of gradient-boosted trees, one after the other: the first looks at a mention alone, the
second also at what the likely places of the other mentions say. Both learn to put the right
candidate of a mention first (XE-NDCG: Bruch 2021, doi:10.48550/arXiv.1911.09798). Scores become
probabilities by a softmax over a mention's candidates, "none of these" among them, whose
temperature is fitted on documents that the rankers did not see (Guo et al. 2017,
doi:10.48550/arXiv.1706.04599).
"""

import hashlib
import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain, islice, pairwise
from pathlib import Path
from typing import Self

import lightgbm
import numpy as np
from scipy.optimize import minimize_scalar

from landscribe.command import InputError, written
from landscribe.places.lookup import Place, Places
from landscribe.scores.places import EARTH_KM, NEAR_KM, great_circle_km
from landscribe.text.candidates import Candidates
from landscribe.text.evidence import NOWHERE, OWN, Case, case_of
from landscribe.text.examples import Example
from landscribe.text.mentions import Toponym
from landscribe.text.resolver_settings import ResolverSettings
from landscribe.text.shared_evidence import SHARED, Rows, own_rows, shared
from landscribe.text.unlisted import unlisted

ABOUT = "resolver.json"
_FIRST, _SECOND = "first.txt", "second.txt"
_TOLD = {"gazetteer", "digest", "first_temperature", "temperature"}  # by ABOUT
_CATEGORIES = ["how", "class", "kind", "label", "cue_before", "cue_after"]
_PASSES = 2  # of the second ranker: what it finds likely is what the others are seen from
_MOST = 256  # mentions that are resolved together: a longer document is cut into passages
_BATCH = 64  # passages that are ranked at once
_CLOSE_KM = 25  # a candidate this near is better than one that is just near enough


@dataclass(frozen=True)
class Resolved:
    """What a mention means."""

    place: Place | None  # none of the candidates
    probability: float  # of the place, or one as near as makes no difference, or of none
    candidates: tuple[tuple[Place, float], ...]  # the likeliest first


class Resolver:
    """A trained resolver over an open gazetteer."""

    def __init__(
        self, places: Places, first: lightgbm.Booster, second: lightgbm.Booster, about: dict
    ) -> None:
        self.places, self.first, self.second, self.about = places, first, second, about
        self.candidates = Candidates(places)

    @property
    def digest(self) -> str:
        """12 hex digits of all that decides about a place, the gazetteer apart."""
        return self.about["digest"]

    @classmethod
    def load(cls, folder: Path, places: Places) -> Self:
        """Resolver of a folder; it has to be trained with this very gazetteer."""
        try:
            about = json.loads((folder / ABOUT).read_text())
            rankers = [lightgbm.Booster(model_file=folder / name) for name in (_FIRST, _SECOND)]
            if missing := _TOLD - {*about}:
                raise ValueError(f"{ABOUT} does not tell {', '.join(sorted(missing))}")
            if [ranker.feature_name() for ranker in rankers] != [[*OWN], [*OWN, *SHARED]]:
                raise ValueError("it was trained on other evidence than is collected now")
        except (OSError, ValueError, lightgbm.basic.LightGBMError) as error:
            raise InputError(f"{folder}: no resolver there ({error}); train it") from None
        if about["gazetteer"] != places.version:
            raise InputError(
                f"{folder}: trained with gazetteer {about['gazetteer']}, but {places.folder} is"
                f" {places.version}; train it again, or name the gazetteer that it knows"
            )
        return cls(places, *rankers, about)

    def save(self, folder: Path) -> None:
        """Write the resolver to a folder, which it replaces."""
        with written(folder) as part:
            part.mkdir()
            self.first.save_model(part / _FIRST)
            self.second.save_model(part / _SECOND)
            (part / ABOUT).write_text(json.dumps(self.about, indent=1, sort_keys=True) + "\n")

    def resolve(
        self, documents: Sequence[tuple[str, str, Sequence[Toponym]]]
    ) -> Iterator[list[Resolved]]:
        """Places of the mentions of documents, each given as text, outlet and mentions.

        Mentions are in the order of the text. More than 256 of a document are resolved in passages
        that know nothing of each other.
        """
        passages = [
            (text, outlet, mentions[part])
            for text, outlet, mentions in documents
            for part in _passages(mentions)
        ]
        batches = (passages[n : n + _BATCH] for n in range(0, len(passages), _BATCH))
        told = chain.from_iterable(map(self._resolve, batches))
        for _, _, mentions in documents:
            yield [*islice(told, len(mentions))]

    def _resolve(
        self, passages: Sequence[tuple[str, str, Sequence[Toponym]]]
    ) -> Iterator[Resolved]:
        cases = [case_of(text, told, outlet, self.candidates) for text, outlet, told in passages]
        rows, tables = [own_rows(case) for case in cases], [case.own for case in cases]
        chances = _ranked(self.first, rows, tables, self.about["first_temperature"])
        for _ in range(_PASSES):
            before = [chance[r.is_own] for r, chance in zip(rows, chances, strict=True)]
            rows, tables = _shared(cases, before)
            chances = _ranked(self.second, rows, tables, self.about["temperature"])
        for case, r, chance in zip(cases, rows, chances, strict=True):
            told = _resolved(case, r, chance)
            yield from (told[key] for key in case.keys)


def train_resolver(
    examples: Sequence[Example],
    places: Places,
    settings: ResolverSettings | None = None,
    seed: int = 0,
) -> Resolver:
    """Train both rankers and fit their temperatures.

    The second one learns from probabilities that the first gave to documents it had not seen.
    """
    settings = settings or ResolverSettings()
    if len(examples) < settings.folds:
        raise InputError(f"{len(examples)} documents to learn from; {settings.folds} at least")
    if not any(any(example.judged) for example in examples):
        raise InputError(f"{len(examples)} documents, but nobody judged a mention; give some gold")
    documents = len(examples)
    fold = np.random.default_rng(seed).permutation(len(examples)) % settings.folds
    cut = [[*_cut(example)] for example in examples]
    fold = np.repeat(fold, [len(parts) for parts in cut])
    examples = [*chain.from_iterable(cut)]
    candidates = Candidates(places)
    cases = [case_of(e.text, e.mentions, e.outlet, candidates) for e in examples]
    examples, cases, fold = _with_unlisted(examples, cases, fold, candidates, settings, seed)
    weights = np.array([example.weight for example in examples])

    rows, tables = [own_rows(case) for case in cases], [case.own for case in cases]
    fit = _Fit(settings, settings.first_trees, list(OWN), seed)
    grades = _grades(cases, rows, examples)
    first, chances, first_heat = fit.all(rows, tables, grades, weights, fold)

    rows, tables = _shared(cases, chances)
    fit = _Fit(settings, settings.second_trees, [*OWN, *SHARED], seed)
    grades = _grades(cases, rows, examples)
    second, _, heat = fit.all(rows, tables, grades, weights, fold)
    about = {
        **{"gazetteer": places.version, "settings": settings.model_dump(), "seed": seed},
        **{"first_temperature": first_heat, "temperature": heat, "documents": documents},
    }
    whole = f"{first.model_to_string()}{second.model_to_string()}{json.dumps(about)}"
    about["digest"] = hashlib.sha256(whole.encode()).hexdigest()[:12]
    return Resolver(places, first, second, about)


@dataclass(frozen=True)
class _Fit:
    """How one of the two rankers is trained."""

    settings: ResolverSettings
    trees: int
    columns: list[str]
    seed: int

    def all(
        self,
        rows: list[Rows],
        tables: list[np.ndarray],
        grades: list[np.ndarray],
        weights: np.ndarray,
        fold: np.ndarray,
    ) -> tuple[lightgbm.Booster, list[np.ndarray], float]:
        """Ranker of all passages, what those without their fold find likely, and temperature.

        Args:
            grades: of each passage (row), as `_grades` gives them.
            weights: (passage).
            fold: (passage) number of its fold, the same for all of a document.
        """
        scores: list = [None] * len(tables)
        for number in np.unique(fold):
            train, test = np.flatnonzero(fold != number), np.flatnonzero(fold == number)
            of_train = ([side[n] for n in train] for side in (rows, tables, grades))
            ranker = self._ranker(*of_train, weights[train])
            for n, score in zip(test, _scores(ranker, [tables[n] for n in test]), strict=True):
                scores[n] = score
        group, score = _groups(rows), np.concatenate(scores)
        heat = _temperature(group, score, np.concatenate(grades))
        chances = _split(_chances(group, score, heat), rows)
        return self._ranker(rows, tables, grades, weights), chances, heat

    def _ranker(
        self,
        rows: list[Rows],
        tables: list[np.ndarray],
        grades: list[np.ndarray],
        weights: np.ndarray,
    ) -> lightgbm.Booster:
        grade = np.concatenate([np.zeros(0, int), *grades])
        known = grade >= 0
        if not known.any():
            raise InputError("all judged mentions are in one fold of documents; give more gold")
        data = lightgbm.Dataset(
            np.concatenate(tables)[known],
            grade[known],
            weight=np.repeat(weights, [len(table) for table in tables])[known],
            group=np.unique(_groups(rows)[known], return_counts=True)[1],
            feature_name=self.columns,
            categorical_feature=_CATEGORIES,
        )
        parameters = {
            **{"objective": "rank_xendcg", "learning_rate": self.settings.learning_rate},
            **{"num_leaves": self.settings.leaves, "min_data_in_leaf": self.settings.leaf_rows},
            **{"seed": self.seed, "deterministic": True, "force_row_wise": True},
            "feature_fraction": self.settings.evidence_share,
            "lambda_l2": self.settings.l2,
            **{"num_threads": 1, "verbosity": -1, "cat_smooth": 20, "label_gain": [0, 1, 2, 4]},
        }
        return lightgbm.train(parameters, data, self.trees)


def _passages(mentions: Sequence[Toponym]) -> Iterator[slice]:
    """Runs of at most _MOST mentions, cut where the text between two of them is the longest."""
    start = 0
    while len(mentions) - start > _MOST:
        gaps = [
            mentions[n].start - mentions[n - 1].end
            for n in range(start + _MOST // 2, start + _MOST + 1)
        ]
        end = start + _MOST // 2 + int(np.argmax(gaps))
        yield slice(start, end)
        start = end
    if start < len(mentions):
        yield slice(start, len(mentions))


def _cut(example: Example) -> Iterator[Example]:
    """Passages of an example."""
    for part in _passages(example.mentions):
        sides = ("mentions", "points", "ids", "judged")
        yield replace(example, **{side: getattr(example, side)[part] for side in sides})


def _with_unlisted(
    examples: list[Example],
    cases: list[Case],
    fold: np.ndarray,
    candidates: Candidates,
    settings: ResolverSettings,
    seed: int,
) -> tuple[list[Example], list[Case], np.ndarray]:
    """Examples, their cases and folds, with those in which places are hidden."""
    rng = np.random.default_rng(seed)
    found = [unlisted(*pair, candidates, rng) for pair in zip(examples, cases, strict=True)]
    more = [(n, *told) for n, told in enumerate(found) if told]
    weight = settings.unlisted_weight
    return (
        [*examples, *(replace(e, weight=e.weight * weight) for _, e, _ in more)],
        [*cases, *(case for _, _, case in more)],
        np.concatenate([fold, fold[[n for n, _, _ in more]]]).astype(int),
    )


def _shared(
    cases: Sequence[Case], chances: Sequence[np.ndarray]
) -> tuple[list[Rows], list[np.ndarray]]:
    """Rows and tables of the second ranker."""
    tables = [shared(case, chance) for case, chance in zip(cases, chances, strict=True)]
    return [rows for rows, _ in tables], [table for _, table in tables]


def _ranked(
    ranker: lightgbm.Booster, rows: list[Rows], tables: list[np.ndarray], temperature: float
) -> list[np.ndarray]:
    """Probabilities of the rows of each passage."""
    scores = np.concatenate(_scores(ranker, tables))
    return _split(_chances(_groups(rows), scores, temperature), rows)


def _scores(ranker: lightgbm.Booster, tables: list[np.ndarray]) -> list[np.ndarray]:
    """Scores of the rows of each passage."""
    table = np.concatenate(tables)
    scores = ranker.predict(table, num_threads=1) if len(table) else np.zeros(0)
    return np.split(scores, np.cumsum([len(table) for table in tables])[:-1])


def _groups(rows: list[Rows]) -> np.ndarray:
    """A number for each mention of each passage (row of all), rising."""
    counts = [len(r.mention) for r in rows]
    starts = np.cumsum([0, *counts])[:-1]
    return np.concatenate([r.mention for r in rows]) + np.repeat(starts, counts)


def _split(values: np.ndarray, rows: list[Rows]) -> list[np.ndarray]:
    return np.split(values, np.cumsum([len(r.mention) for r in rows])[:-1])


def _grades(
    cases: Sequence[Case], rows: Sequence[Rows], examples: Sequence[Example]
) -> list[np.ndarray]:
    return [_grade(*three) for three in zip(cases, rows, examples, strict=True)]


def _grade(case: Case, rows: Rows, example: Example) -> np.ndarray:
    """How right each row is: 3 the very place, 2 close to it, 1 near enough, 0 wrong.

    "None of these" is right where nothing else is; -1 is not to be learnt from.
    """
    known = {key: n for n, key in reversed([*enumerate(case.keys)])}
    gold = np.array([known[key] for key in range(len(known))], int)[rows.mention]
    nowhere = (np.nan, np.nan)
    point = np.array([example.points[n] or nowhere for n in gold]).reshape(-1, 2)
    places = [case.places[n] for n in rows.source]
    spot = np.array([(p.lon, p.lat) if p else nowhere for p in places]).reshape(-1, 2)
    km = great_circle_km(*point.T, *spot.T)
    grades = (km <= NEAR_KM).astype(np.int32) + (km <= _CLOSE_KM)
    ids = [p and p.id == example.ids[n] for p, n in zip(places, gold, strict=True)]
    grades[np.array(ids, bool) & ~np.isnan(km)] = 3
    right = np.bincount(rows.mention, grades)[rows.mention] > 0
    grades[np.array([p is None for p in places], bool) & ~right] = 3
    grades[~np.array(example.judged, bool)[gold]] = -1
    return grades


def _chances(group: np.ndarray, scores: np.ndarray, temperature: float) -> np.ndarray:
    """Softmax of the scores of each group's rows, which stand together."""
    new = np.diff(group, prepend=-1) > 0
    number = np.cumsum(new) - 1
    highest = np.maximum.reduceat(scores, np.flatnonzero(new)) if len(group) else scores
    weight = np.exp((scores - highest[number]) / temperature)
    return weight / np.bincount(number, weight)[number]


def _temperature(group: np.ndarray, scores: np.ndarray, grades: np.ndarray) -> float:
    """Temperature at which the right rows of unseen documents are the likeliest."""
    known = grades >= 0
    group, scores, right = group[known], scores[known], grades[known] > 0
    starts = np.flatnonzero(np.diff(group, prepend=-1))

    def loss(log_temperature: float) -> float:
        chances = _chances(group, scores, np.exp(log_temperature)) * right
        return -np.log(np.maximum(np.add.reduceat(chances, starts), 1e-6)).mean()

    return float(np.exp(minimize_scalar(loss, bounds=(-3, 3), method="bounded").x))


def _resolved(case: Case, rows: Rows, chances: np.ndarray) -> list[Resolved]:
    """Of each distinct mention the likeliest place.

    Its probability is that of all candidates as near to it as makes no difference, as a town and
    the unit of its name are two places.
    """
    count = len(case.mentions)
    order = np.lexsort((-chances, rows.mention))
    mention, source, chances = rows.mention[order], rows.source[order], chances[order]
    placed = case.ties.place[source] != NOWHERE
    none = chances[~placed].tolist()
    mention, source, chances = mention[placed], source[placed], chances[placed]
    starts = np.searchsorted(mention, np.arange(count + 1))
    likeliest = case.point[source[starts[mention]]]
    near = (case.point[source] * likeliest).sum(1) >= math.cos(NEAR_KM / EARTH_KM)
    mass = np.bincount(mention, chances * near, count).tolist()
    pairs = [*zip([case.places[row] for row in source.tolist()], chances.tolist(), strict=True)]
    return [
        _one(tuple(pairs[start:end]), mass[number], none[number])
        for number, (start, end) in enumerate(pairwise(starts.tolist()))
    ]


def _one(candidates: tuple[tuple[Place, float], ...], mass: float, none: float) -> Resolved:
    if not candidates:
        return Resolved(None, 1.0, ())
    place = candidates[0][0] if mass >= none else None
    return Resolved(place, mass if place else none, candidates)
