"""What one run consists of: its config with all cards read and checked, and the blocks to map."""

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from landscribe.cards import CONFIG, Model, Region, Run, Task, check, check_cards
from landscribe.command import InputError
from landscribe.grid import blocks


@dataclass(frozen=True)
class Plan:
    """A checked run, as the rules need it."""

    run: Run
    blocks: dict[str, list[str]]  # region -> ids of its blocks
    kinds: dict[str, str]  # model -> its kind

    @classmethod
    def read(cls, config: dict) -> Self:
        """Plan of a config; faults end the program with one line each, without a traceback."""
        try:
            run = check(Run, config, "the config")
            check_cards(run)
        except InputError as error:
            sys.exit(f"error: {error}")
        regions = {name: Region.read(CONFIG / "regions" / f"{name}.yaml") for name in run.regions}
        return cls(
            run,
            {name: [b.id for b in blocks(card.bounds, card.crs)] for name, card in regions.items()},
            {name: Model.read(CONFIG / "models" / f"{name}.yaml").kind for name in run.models},
        )

    @property
    def archive(self) -> str | None:
        """Id of the archive that the catalogue is made from, if it is one."""
        start = "archive:"
        return self.run.catalogue[len(start) :] if self.run.catalogue.startswith(start) else None

    @property
    def catalogue(self) -> str:
        """Path or address of the STAC catalogue or API to search."""
        if self.archive:
            return f"results/fetch/catalogues/{self.archive}"
        return self.run.catalogue

    def searched(self, _wildcards: object) -> str:
        """The catalogue as a param, which may be an address in place of an input file."""
        return self.catalogue

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
        return [] if "://" in self.catalogue else [Path(self.catalogue)]

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
        return [] if source.startswith("pip:") else [Path(source)]
