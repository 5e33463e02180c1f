"""The resolver: which place each mention of a document means, with a calibrated probability.

Two rankers of gradient-boosted trees, one after the other: the first looks at a mention alone, the
second also at what the likely places of the other mentions say. Scores become probabilities by a
softmax over a mention's candidates, "none of these" among them, whose temperature is fitted on
documents that the rankers did not see (Guo et al. 2017, doi:10.48550/arXiv.1706.04599).
"""

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import lightgbm
import numpy as np
from scipy.optimize import minimize_scalar

from landscribe.command import InputError, written
from landscribe.places.lookup import Place, Places
from landscribe.scores.places import NEAR_KM, great_circle_km
from landscribe.text.candidates import Candidates
from landscribe.text.evidence import OWN, SHARED, Case, Row, case_of, shared
from landscribe.text.mentions import Toponym
from landscribe.text.resolver_settings import ResolverSettings

ABOUT = "resolver.json"
_FIRST, _SECOND = "first.txt", "second.txt"
_CATEGORIES = ["how", "class", "kind", "label", "cue_before", "cue_after"]
_PASSES = 2  # of the second ranker: what it finds likely is what the others are seen from
_CLOSE_KM = 25  # a candidate this near is better than one that is just near enough


@dataclass(frozen=True)
class Example:
    """A document whose mentions are known."""

    text: str
    outlet: str
    mentions: tuple[Toponym, ...]
    points: tuple[tuple[float, float] | None, ...]  # lon, lat of each mention; none: no place
    ids: tuple[str | None, ...]  # of the place, where known
    judged: tuple[bool, ...]  # whether anybody looked at the mention; others are only context
    weight: float = 1.0


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
        """Places of the mentions of documents, each given as text, outlet and mentions."""
        cases = [
            case_of(text, mentions, outlet, self.candidates) for text, outlet, mentions in documents
        ]
        heat = self.about["first_temperature"], self.about["temperature"]
        scores = _scores(self.first, [case.own for case in cases])
        chances = [_chances(c.rows, s, heat[0]) for c, s in zip(cases, scores, strict=True)]
        for _ in range(_PASSES):
            tables = [shared(case, chance) for case, chance in zip(cases, chances, strict=True)]
            scores = _scores(self.second, [table for _, table in tables])
            chances = [
                _of_own_rows(case, rows, _chances(rows, score, heat[1]))
                for case, (rows, _), score in zip(cases, tables, scores, strict=True)
            ]
        for case, (rows, _), score in zip(cases, tables, scores, strict=True):
            told = _resolved(rows, _chances(rows, score, heat[1]), len(case.mentions))
            yield [told[key] for key in case.keys]


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
    candidates = Candidates(places)
    cases = [case_of(e.text, e.mentions, e.outlet, candidates) for e in examples]
    fold = np.random.default_rng(seed).permutation(len(cases)) % settings.folds
    weights = np.array([example.weight for example in examples])

    own = [case.own for case in cases]
    grades = [_grades(c, c.rows, e) for c, e in zip(cases, examples, strict=True)]
    rows = [case.rows for case in cases]
    fit = _Fit(settings, settings.first_trees, list(OWN), seed)
    unseen = fit.unseen(own, rows, grades, weights, fold)
    heat = _temperature(rows, unseen, grades)
    firsts = [_chances(r, s, heat) for r, s in zip(rows, unseen, strict=True)]
    first = fit.whole(own, rows, grades, weights)

    tables = [shared(case, chance) for case, chance in zip(cases, firsts, strict=True)]
    rows, table = [list(side) for side in zip(*tables, strict=True)]
    grades = [_grades(c, r, e) for c, r, e in zip(cases, rows, examples, strict=True)]
    fit = _Fit(settings, settings.second_trees, [*OWN, *SHARED], seed)
    unseen = fit.unseen(table, rows, grades, weights, fold)
    second = fit.whole(table, rows, grades, weights)
    about = {
        **{"gazetteer": places.version, "settings": settings.model_dump(), "seed": seed},
        **{"first_temperature": heat, "temperature": _temperature(rows, unseen, grades)},
        "documents": len(examples),
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

    def unseen(
        self,
        tables: list[np.ndarray],
        rows: list[list[Row]],
        grades: list[np.ndarray],
        weights: np.ndarray,
        fold: np.ndarray,
    ) -> list[np.ndarray]:
        """Scores of each document's rows by a ranker that was trained without its fold."""
        scores: list = [None] * len(tables)
        for number in range(fold.max() + 1):
            train, test = np.flatnonzero(fold != number), np.flatnonzero(fold == number)
            of_train = ([side[n] for n in train] for side in (tables, rows, grades))
            ranker = self.whole(*of_train, weights[train])
            for n, score in zip(test, _scores(ranker, [tables[n] for n in test]), strict=True):
                scores[n] = score
        return scores

    def whole(
        self,
        tables: list[np.ndarray],
        rows: list[list[Row]],
        grades: list[np.ndarray],
        weights: np.ndarray,
    ) -> lightgbm.Booster:
        """A ranker of all documents."""
        grade = np.concatenate(grades)
        known = grade >= 0
        first = np.cumsum([0, *(len(table) for table in tables)])
        group = np.concatenate(
            [
                np.array([row.mention for row in r], int) + n
                for n, r in zip(first, rows, strict=False)
            ]
        )
        weight = np.repeat(weights, [len(table) for table in tables])
        data = lightgbm.Dataset(
            np.concatenate(tables)[known],
            grade[known],
            weight=weight[known],
            group=np.unique(group[known], return_counts=True)[1],
            feature_name=self.columns,
            categorical_feature=_CATEGORIES,
        )
        parameters = {
            **{"objective": "rank_xendcg", "learning_rate": self.settings.learning_rate},
            **{"num_leaves": self.settings.leaves, "min_data_in_leaf": self.settings.leaf_rows},
            **{"seed": self.seed, "deterministic": True, "force_row_wise": True},
            # Each tree sees half of the evidence, so that no single kind of it decides everything.
            **{"feature_fraction": 0.5, "lambda_l2": 10},
            **{"num_threads": 1, "verbosity": -1, "cat_smooth": 20, "label_gain": [0, 1, 2, 4]},
        }
        return lightgbm.train(parameters, data, self.trees)


def _of_own_rows(case: Case, rows: list[Row], chances: np.ndarray) -> np.ndarray:
    """Chances of the rows that a case has by itself, in its order."""
    known = {(r.mention, r.place and r.place.row): c for r, c in zip(rows, chances, strict=True)}
    return np.array([known[row.mention, row.place and row.place.row] for row in case.rows])


def _scores(ranker: lightgbm.Booster, tables: list[np.ndarray]) -> list[np.ndarray]:
    """Scores of the rows of each document."""
    if not (ends := np.cumsum([len(table) for table in tables])).size or not ends[-1]:
        return [np.zeros(0) for _ in tables]
    scores = ranker.predict(np.concatenate(tables), num_threads=1)
    return np.split(scores, ends[:-1])


def _grades(case: Case, rows: list[Row], example: Example) -> np.ndarray:
    """How right each row is: 3 the very place, 2 close to it, 1 near enough, 0 wrong.

    "None of these" is right where nothing else is; -1 is not to be learnt from.
    """
    known = {key: n for n, key in reversed([*enumerate(case.keys)])}
    grades = np.zeros(len(rows), np.int32)
    right = set()
    for number, row in enumerate(rows):
        gold = known[row.mention]
        if row.place and (point := example.points[gold]):
            km = great_circle_km(row.place.lon, row.place.lat, *point)
            grades[number] = (km <= NEAR_KM) + (km <= _CLOSE_KM)
            if row.place.id == example.ids[gold]:
                grades[number] = 3
            if grades[number]:
                right.add(row.mention)
    for number, row in enumerate(rows):
        if row.place is None and row.mention not in right:
            grades[number] = 3
        if not example.judged[known[row.mention]]:
            grades[number] = -1
    return grades


def _chances(rows: list[Row], scores: np.ndarray, temperature: float) -> np.ndarray:
    """Softmax of the scores of each mention's rows."""
    if not rows:
        return np.zeros(0)
    mention = np.array([row.mention for row in rows])
    highest = np.full(mention[-1] + 1, -np.inf)
    np.maximum.at(highest, mention, scores)
    weight = np.exp((scores - highest[mention]) / temperature)
    return weight / np.bincount(mention, weight)[mention]


def _temperature(
    rows: list[list[Row]], scores: list[np.ndarray], grades: list[np.ndarray]
) -> float:
    """Temperature at which the right rows of unseen documents are the likeliest."""

    def loss(log_temperature: float) -> float:
        total = count = 0.0
        for r, s, g in zip(rows, scores, grades, strict=True):
            if not r:
                continue
            mention = np.array([row.mention for row in r])
            right = np.bincount(mention, _chances(r, s, np.exp(log_temperature)) * (g > 0))
            right = right[np.unique(mention[g >= 0])]
            total -= np.log(np.maximum(right, 1e-6)).sum()
            count += len(right)
        return total / max(count, 1)

    return float(np.exp(minimize_scalar(loss, bounds=(-3, 3), method="bounded").x))


def _resolved(rows: list[Row], chances: np.ndarray, mentions: int) -> list[Resolved]:
    """Of each mention the likeliest place.

    Its probability is that of all candidates as near to it as makes no difference, as a town and
    the unit of its name are two places.
    """
    of_mention: list[list[tuple[float, Place | None]]] = [[] for _ in range(mentions)]
    for row, chance in zip(rows, chances, strict=True):
        of_mention[row.mention].append((float(chance), row.place))
    found = []
    for told in of_mention:
        told.sort(key=lambda pair: -pair[0])
        none = next(chance for chance, place in told if place is None)
        likely = [(place, chance) for chance, place in told if place]
        if not likely:
            found.append(Resolved(None, 1.0, ()))
            continue
        points = np.array([(place.lon, place.lat) for place, _ in likely])
        near = great_circle_km(*points[0], *points.T) <= NEAR_KM
        mass = float(np.array([chance for _, chance in likely])[near].sum())
        place = likely[0][0] if mass >= none else None
        found.append(Resolved(place, mass if place else none, tuple(likely)))
    return found
