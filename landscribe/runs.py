"""What one run consists of: its config with all cards read and checked, and the blocks to map."""

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from landscribe.campaigns import Campaign
from landscribe.cards import CONFIG, KEPT, Model, Region, Run, Task, check
from landscribe.command import InputError
from landscribe.corpora import Corpus
from landscribe.gazetteers import Gazetteer, PlaceSource
from landscribe.geoparsers import GeoparserCard
from landscribe.grid import Block, blocks_near
from landscribe.regions import kept_blocks
from landscribe.run_cards import check_cards
from landscribe.text.inputs import input_files

LOCKS = Path("locks")  # of scenes that all runs share; committed, unlike results


@dataclass(frozen=True)
class Plan:
    """A checked run, as the rules need it."""

    run: Run
    placed: dict[str, list[Block]]  # region -> its blocks
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
            found,
            {name: Model.read(CONFIG / "models" / f"{name}.yaml").kind for name in run.models},
            {name: _own_file(card.outline) for name, card in regions.items()},
        )

    @property
    def blocks(self) -> dict[str, list[str]]:
        """Region -> ids of its blocks."""
        return {name: [block.id for block in blocks] for name, blocks in self.placed.items()}

    def cubes_around(self, wildcards: object) -> list[str]:
        """Cubes of the blocks that a block goes on into, so that its map has no seam there."""
        blocks = {block.id: block for block in self.placed[wildcards.region]}
        folder = f"results/fetch/{wildcards.region}/{wildcards.year}"
        near = blocks_near(blocks[wildcards.block], list(blocks.values()))
        return [f"{folder}/{block.id}/{cube}" for block in near for cube in self.cubes]

    def around_flags(self, wildcards: object) -> str:
        """Flag that names those cubes on a command line."""
        cubes = self.cubes_around(wildcards)
        return f"--around {' '.join(cubes)}" if cubes else ""

    def catalogue_of(self, sensor: str) -> str | None:
        """Path or address of the STAC catalogue or API to search; None: the sensor's providers."""
        if archive := self.run.archives().get(sensor):
            return f"results/fetch/catalogues/{archive}"
        return self.run.catalogue_of(sensor)

    def catalogue_flags(self, wildcards: object) -> str:
        """Flag that names a sensor's catalogue on a command line: it may be no input file."""
        catalogue = self.catalogue_of(wildcards.sensor)
        return f"--catalogue {catalogue}" if catalogue else ""

    def catalogue_files(self, wildcards: object) -> list[Path]:
        """Files that a search depends on: none where the catalogue lies behind an address."""
        catalogue = self.catalogue_of(wildcards.sensor)
        return [Path(catalogue)] if catalogue and "://" not in catalogue else []

    def shared_lock(self, wildcards: object) -> list[Path]:
        """The lock of a region's year that all runs of a sensor share, where there is one."""
        name = shared_lock_name(wildcards.region, wildcards.year, wildcards.sensor)
        return [path] if (path := LOCKS / name).exists() else []

    def search_flags(self, wildcards: object) -> str:
        """Flags of a search: the catalogue, and the shared lock."""
        shared = [f"--shared {path}" for path in self.shared_lock(wildcards)]
        return " ".join([self.catalogue_flags(wildcards), *shared]).strip()

    @property
    def sensor_cards(self) -> list[Path]:
        """Cards of the sensors, in the order of the config."""
        return [CONFIG / "sensors" / f"{name}.yaml" for name in self.run.sensors]

    @property
    def cubes(self) -> list[str]:
        """Cubes below a block's folder that models see, one per sensor: observations or images."""
        file = "composites.zarr" if self.run.composites else "cube.zarr"
        return [f"{sensor}/{file}" for sensor in self.run.sensors]

    @property
    def maps(self) -> list[str]:
        """Every map of the run, so that one that was deleted is drawn again."""
        layers = ["classes", *(["applicability"] if self.run.trust.applicability else [])]
        layers += ["smoothed"] if self.run.smoothing else []
        return [
            f"results/map/{region}/{year}/{self.run.task}/{model}/{block}/{layer}.tif"
            for region in self.run.regions
            for year in self.run.years
            for model in self.run.models
            for block in self.blocks[region]
            for layer in layers
        ]

    def applicability(self, wildcards: object) -> list[str]:
        """Dissimilarity of a region's blocks, of one model or of all, if the config asks for it."""
        return self._layers(wildcards, "applicability") if self.run.trust.applicability else []

    def applicability_flags(self, wildcards: object) -> str:
        """Flag that names these on a command line."""
        paths = self.applicability(wildcards)
        return f"--applicability {' '.join(paths)}" if paths else ""

    def smoothed(self, wildcards: object) -> list[str]:
        """Smoothed maps of a region's blocks, of one model or of all; none without smoothing."""
        return self._layers(wildcards, "smoothed") if self.run.smoothing else []

    @property
    def smoothing_flags(self) -> str:
        """Flags that say how maps are smoothed."""
        told = self.run.smoothing.model_dump(exclude_unset=True) if self.run.smoothing else {}
        own = told.pop("class_smoothness", {})
        flags = [f"--{key.replace('_', '-')} {value}" for key, value in told.items()]
        if own:
            pairs = " ".join(f"{name} {value}" for name, value in own.items())
            flags.append(f"--class-smoothness {pairs}")
        return " ".join(flags)

    @property
    def samples(self) -> list[str]:
        """Samples of the run's campaigns, for interpreters."""
        return [f"results/evaluate/campaigns/{name}/sample.gpkg" for name in self.run.campaigns]

    @property
    def accuracies(self) -> list[str]:
        """What the campaigns say whose interpretation came back."""
        return [
            f"results/evaluate/campaigns/{name}/accuracy.json"
            for name in self.run.campaigns
            if campaign_card(name).interpreted
        ]

    def campaigns_of(self, wildcards: object) -> list[str]:
        """Campaigns that sampled a map of a region, year and task, of one model or of any."""
        model = getattr(wildcards, "model", None)
        cards = {name: campaign_card(name) for name in self.run.campaigns}
        return [
            name
            for name, card in cards.items()
            if wildcards.region in card.regions
            and (int(wildcards.year), wildcards.task) == (card.year, card.task)
            and model in (None, card.model)
        ]

    def campaign_cards(self, wildcards: object) -> list[Path]:
        """Their cards."""
        return [CONFIG / "campaigns" / f"{name}.yaml" for name in self.campaigns_of(wildcards)]

    def campaign_samples(self, wildcards: object) -> list[str]:
        """Their samples."""
        names = self.campaigns_of(wildcards)
        return [path for path in self.samples if Path(path).parent.name in names]

    def campaign_accuracies(self, wildcards: object) -> list[str]:
        """What those of them say whose interpretation came back."""
        names = self.campaigns_of(wildcards)
        return [path for path in self.accuracies if Path(path).parent.name in names]

    def campaign_task(self, wildcards: object) -> Path:
        """Card of the task whose map a campaign samples."""
        return CONFIG / "tasks" / f"{campaign_card(wildcards.campaign).task}.yaml"

    def campaign_maps(self, wildcards: object) -> list[str]:
        """Maps that a campaign samples."""
        card = campaign_card(wildcards.campaign)
        return self._maps_of(card, card.year)

    def campaign_maps_before(self, wildcards: object) -> list[str]:
        """Maps of the earlier year that a campaign compares them with: none of most campaigns."""
        card = campaign_card(wildcards.campaign)
        return self._maps_of(card, card.before) if card.before else []

    def campaign_before_flags(self, wildcards: object) -> str:
        """Flag that names the maps of the earlier year."""
        paths = self.campaign_maps_before(wildcards)
        return f"--before {' '.join(paths)}" if paths else ""

    def interpreted(self, wildcards: object) -> str:
        """GeoPackage that came back from the interpreters of a campaign."""
        path = campaign_card(wildcards.campaign).interpreted
        return path or f"the-interpretation-of-{wildcards.campaign}-which-its-card-does-not-name"

    def _layers(self, wildcards: object, layer: str) -> list[str]:
        """A layer of a region's blocks, of one model or of all."""
        w = wildcards
        models = [w.model] if hasattr(w, "model") else self.run.models
        return [
            f"results/map/{w.region}/{w.year}/{w.task}/{model}/{block}/{layer}.tif"
            for model in models
            for block in self.blocks[w.region]
        ]

    def _maps_of(self, card: Campaign, year: int) -> list[str]:
        return [
            f"results/map/{region}/{year}/{card.task}/{card.model}/{block}/classes.tif"
            for region in card.regions
            for block in self.blocks[region]
        ]

    def place_source(self, wildcards: object) -> PlaceSource:
        """Source of a gazetteer's card."""
        return gazetteer_card(wildcards.gazetteer).source(wildcards.source)

    def place_files(self, wildcards: object) -> list[Path]:
        """File that a source of places is read from: none where it came with pip, which pins it."""
        return [Path(path) for path in _own_file(self.place_source(wildcards).path)]

    def place_reader(self, wildcards: object) -> str:
        """Code that reads a source of places."""
        return f"landscribe/places/readers/{self.place_source(wildcards).reader}.py"

    def place_tables(self, wildcards: object) -> list[str]:
        """Tables of the sources of a gazetteer, in the order of trust."""
        names = [source.name for source in gazetteer_card(wildcards.gazetteer).sources]
        folder = f"results/gazetteer/{wildcards.gazetteer}/sources"
        return [f"{folder}/{name}.parquet" for name in names]

    def corpus_files(self, wildcards: object) -> list[Path]:
        """Files that a corpus is read from: none that pip brought or that lie behind an address."""
        return input_files(corpus_card(wildcards.corpus))

    def corpus_reader(self, wildcards: object) -> str:
        """Code that reads a corpus."""
        return f"landscribe/text/readers/{corpus_card(wildcards.corpus).reader}.py"

    def store(self, wildcards: object) -> str:
        """Store of the gazetteer that a geoparser resolves to."""
        return f"results/gazetteer/{geoparser_card(wildcards.geoparser).gazetteer}/store"

    def gold_files(self, wildcards: object) -> list[Path]:
        """Files that a geoparser learns from: none where they came with pip."""
        gold = geoparser_card(wildcards.geoparser).gold
        return [Path(path) for source in gold for path in _own_file(source.path)]

    @property
    def stores(self) -> list[str]:
        """Store of the run's gazetteer, if it has one."""
        return [f"results/gazetteer/{self.run.gazetteer}/store"] if self.run.gazetteer else []

    @property
    def archive_cards(self) -> list[Path]:
        """Cards of the archives that catalogues are made from."""
        return [CONFIG / "archives" / f"{name}.yaml" for name in self.run.archives().values()]

    @property
    def archive_sensors(self) -> dict[str, Path]:
        """Archive -> card of its sensor."""
        return {
            archive: CONFIG / "sensors" / f"{sensor}.yaml"
            for sensor, archive in self.run.archives().items()
        }

    @property
    def archive_flags(self) -> str:
        """Flag that names the cards of the archives on a command line."""
        return f"--archives {' '.join(map(str, cards))}" if (cards := self.archive_cards) else ""

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


def gazetteer_card(gazetteer: str) -> Gazetteer:
    """Card of a gazetteer by its id."""
    return Gazetteer.read(CONFIG / "gazetteers" / f"{gazetteer}.yaml")


def campaign_card(campaign: str) -> Campaign:
    """Card of a campaign by its id."""
    return Campaign.read(CONFIG / "campaigns" / f"{campaign}.yaml")


def corpus_card(corpus: str) -> Corpus:
    """Card of a corpus by its id."""
    return Corpus.read(CONFIG / "corpora" / f"{corpus}.yaml")


def geoparser_card(geoparser: str) -> GeoparserCard:
    """Card of a geoparser by its id."""
    return GeoparserCard.read(CONFIG / "geoparsers" / f"{geoparser}.yaml")


def shared_lock_name(region: str, year: int | str, sensor: str) -> str:
    """File name of the lock of a region's year that all runs of a sensor share."""
    return f"{region}.{year}.{sensor}.lock.json"


def _own_file(source: str | None) -> list[str]:
    """File that a rule depends on: none where it came with pip, which pins it."""
    return [] if source is None or source.startswith("pip:") else [source]
