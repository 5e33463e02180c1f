"""What one run consists of: its config with all cards read and checked, and the blocks to map."""

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from landscribe.cards import CONFIG, KEPT, Model, Region, Run, Task, check, check_cards
from landscribe.command import InputError
from landscribe.grid import Block
from landscribe.regions import kept_blocks

LOCKS = Path("locks")  # of scenes that all runs share; committed, unlike results


@dataclass(frozen=True)
class Plan:
    """A checked run, as the rules need it."""

    run: Run
    blocks: dict[str, list[str]]  # region -> ids of its blocks
    kinds: dict[str, str]  # model -> its kind
    outlines: dict[str, list[str]]  # region -> file of its outline, if pip did not bring it

    @classmethod
    def read(cls, config: dict) -> Self:
        """Plan of a config; faults end the program with one line each, without a traceback."""
        try:
            run = check(Run, config, "the config")
            check_cards(run)
            regions = {name: region_card(name) for name in run.regions}
            found = {name: run_blocks(name) for name in run.regions}
        except InputError as error:
            sys.exit(f"error: {error}")
        return cls(
            run,
            {name: [block.id for block in blocks] for name, blocks in found.items()},
            {name: Model.read(CONFIG / "models" / f"{name}.yaml").kind for name in run.models},
            {name: _own_file(card.outline) for name, card in regions.items()},
        )

    @property
    def archive(self) -> str | None:
        """Id of the archive that the catalogue is made from, if it is one."""
        start, named = "archive:", self.run.catalogue or ""
        return named[len(start) :] if named.startswith(start) else None

    @property
    def catalogue(self) -> str | None:
        """Path or address of the STAC catalogue or API to search; None: the sensor's providers."""
        if self.archive:
            return f"results/fetch/catalogues/{self.archive}"
        return self.run.catalogue

    @property
    def catalogue_flags(self) -> str:
        """Flag that names the catalogue on a command line: it may be no input file."""
        return f"--catalogue {self.catalogue}" if self.catalogue else ""

    def shared_lock(self, wildcards: object) -> list[Path]:
        """The lock of a region's year that all runs share, where there is one."""
        name = shared_lock_name(wildcards.region, wildcards.year, self.run.sensor)
        return [path] if (path := LOCKS / name).exists() else []

    def search_flags(self, wildcards: object) -> str:
        """Flags of a search: the catalogue, and the shared lock."""
        shared = [f"--shared {path}" for path in self.shared_lock(wildcards)]
        return " ".join([self.catalogue_flags, *shared]).strip()

    @property
    def cube(self) -> str:
        """File of a block that models see: all observations, or their composites."""
        return "composites.zarr" if self.run.composites else "cube.zarr"

    @property
    def maps(self) -> list[str]:
        """Every map of the run, so that one that was deleted is drawn again."""
        return [
            f"results/map/{region}/{year}/{self.run.task}/{model}/{block}/classes.tif"
            for region in self.run.regions
            for year in self.run.years
            for model in self.run.models
            for block in self.blocks[region]
        ]

    @property
    def catalogue_files(self) -> list[Path]:
        """Files that a search depends on: none where the catalogue lies behind an address."""
        local = self.catalogue and "://" not in self.catalogue
        return [Path(self.catalogue)] if local else []

    @property
    def archive_cards(self) -> list[Path]:
        """Card of the archive, if the catalogue is made from one."""
        return [CONFIG / "archives" / f"{self.archive}.yaml"] if self.archive else []

    @property
    def archive_flags(self) -> str:
        """Flag that names that card on a command line."""
        return "".join(f"--archive {path}" for path in self.archive_cards)

    @property
    def label_files(self) -> list[Path]:
        """Files that labels depend on: none where they came with pip, which pins them."""
        source = Task.read(CONFIG / "tasks" / f"{self.run.task}.yaml").labels.source
        return [Path(path) for path in _own_file(source)]


def run_blocks(region: str) -> list[Block]:
    """Blocks of a region by its id; those of an outline are kept under `KEPT`."""
    return kept_blocks(KEPT / "blocks" / f"{region}.json", region_card(region))


def region_card(region: str) -> Region:
    """Card of a region by its id."""
    return Region.read(CONFIG / "regions" / f"{region}.yaml")


def shared_lock_name(region: str, year: int | str, sensor: str) -> str:
    """File name of the lock of a region's year that all runs of a sensor share."""
    return f"{region}.{year}.{sensor}.lock.json"


def _own_file(source: str | None) -> list[str]:
    """File that a rule depends on: none where it came with pip, which pins it."""
    return [] if source is None or source.startswith("pip:") else [source]
