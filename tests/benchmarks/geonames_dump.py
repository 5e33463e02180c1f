"""A made GeoNames dump of any size, seeded, with the shape of the real one."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from tqdm import tqdm

COUNTRIES, FIRST, SECOND = 250, 16, 10  # countries, units in each, units in each of those
FEATURES = {  # shares of allCountries.txt, roughly
    **{"P.PPL": 0.36, "P.PPLX": 0.02, "P.PPLA3": 0.02, "H.STM": 0.13, "H.LK": 0.04, "S.CH": 0.04},
    **{"S.SCH": 0.05, "S.FRM": 0.05, "S.HTL": 0.03, "T.MT": 0.06, "T.HLL": 0.06, "T.ISL": 0.02},
    **{"L.LCTY": 0.03, "L.PRK": 0.02, "A.ADM3": 0.03, "A.ADM4": 0.03, "V.FRST": 0.03},
}
ONCE = 0.55  # share of names that stand once
FREQUENT = 200  # names that stand about as often as the most frequent one
LATIN = "ba ber do el fa gor ha in ka lin ma nor ol pa ri sa ton ur vel wa xi yar zo san".split()
CYRILLIC = "ба бер до эл фа гор ха ин ка лин ма нор ол па ри са тон ур вел ва кси яр зо сан".split()
CHINESE = list("上海北京山水大中石家河新安长春西东南城林江口阳州")
KINDS = ["", "", "", " River", " Creek", " School", " Hill", " Bay"]
_CHUNK = 50_000


def write_dump(path: Path, rows: int, seed: int = 0, first: int = 1) -> int:
    """Write `rows` places and the units around them, numbered from `first` on; the rows of all."""
    rng = np.random.default_rng(seed)
    with path.open("w", encoding="utf-8") as file, tqdm(total=rows, desc="dump") as bar:
        units = [*_units(first)]
        file.writelines(units)
        for start in range(0, rows, _CHUNK):
            count = min(_CHUNK, rows - start)
            file.writelines(_places(rng, first + len(units) + start, count))
            bar.update(count)
    return len(units) + rows


def _units(number: int) -> Iterator[str]:
    for country in range(COUNTRIES):
        for first in range(FIRST + 1):
            for second in range(SECOND + 1 if first else 1):
                codes = _codes(country, first, second)
                feature = "A.ADM2" if second else "A.ADM1" if first else "A.PCLI"
                lon, lat = _spot(country, first, 0.5, second / SECOND)
                names = _names(number * 7919 % 10**9, 2)
                yield _line(number, names, (lon, lat), feature, codes, 1_000)
                number += 1


def _places(rng: np.random.Generator, start: int, count: int) -> Iterator[str]:
    shares = np.array([*FEATURES.values()])
    common = FREQUENT * np.exp(rng.random(count) * np.log(1e6 / FREQUENT))
    ranks = np.where(rng.random(count) < ONCE, rng.integers(10**6, 10**9, count), common)
    columns = (
        ranks.astype(int).tolist(),
        rng.poisson(2, count).tolist(),
        rng.choice([*FEATURES], count, p=shares / shares.sum()).tolist(),
        rng.integers(0, (COUNTRIES, FIRST, SECOND), (count, 3)).tolist(),
        rng.random((count, 2)).tolist(),
        np.where(rng.random(count) < 0.04, rng.pareto(1, count) * 500, 0).tolist(),
    )
    for number, row in enumerate(zip(*columns, strict=True), start):
        rank, others, feature, (country, first, second), (east, north), people = row
        codes = _codes(country, first + 1, second + 1)
        spot = _spot(country, first, east, north)
        yield _line(number, _names(rank, others), spot, feature, codes, people)


def _line(
    number: int,
    names: list[str],
    spot: tuple[float, float],
    feature: str,
    codes: list[str],
    people: float,
) -> str:
    letter, code = feature.split(".")
    name, *others = names
    head = [number, name, name, ",".join(others), f"{spot[1]:.5f}", f"{spot[0]:.5f}", letter, code]
    tail = [min(int(people), 10**7), "", 3, "Etc/UTC", "2026-01-01"]
    return "\t".join(map(str, [*head, codes[0], "", *codes[1:], "", "", *tail])) + "\n"


def _names(rank: int, others: int) -> list[str]:
    """The name of a rank, and some others: each rank has its own."""
    digits = [rank // 24**place % 24 for place in range(6) if place < 2 or rank >= 24**place]
    name = "".join([LATIN[d] for d in digits]).capitalize() + KINDS[rank % len(KINDS)]
    more = "".join([CYRILLIC[d] for d in digits]), "".join([CHINESE[d] for d in digits])
    return [name, *[*more, f"{name}i", f"La {name}"][:others]]


def _spot(country: int, first: int, east: float, north: float) -> tuple[float, float]:
    """A point in the country's cell of a grid, and in its unit's strip of that."""
    west, south = country % 25 * 14 - 175, country // 25 * 13 - 60
    return west + (first % FIRST + east) * 14 / FIRST, south + north * 13


def _codes(country: int, first: int, second: int) -> list[str]:
    letters = chr(65 + country // 26) + chr(65 + country % 26)
    return [letters, f"{first:02d}" if first else "", f"{second:03d}" if second else ""]
