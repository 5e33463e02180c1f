"""Campaigns on the page: which map each sampled, and what its sample says of this region."""

from dataclasses import dataclass
from pathlib import Path

from landscribe.campaigns import Campaign
from landscribe.command import InputError
from landscribe.formats.json_file import read_json
from landscribe.publish.page_files import PageFiles


@dataclass(frozen=True)
class CampaignView:
    """One campaign on the page."""

    id: str
    card: Campaign
    sample: Path  # GeoPackage
    accuracy: Path | None  # accuracy.json; None: it was not interpreted yet
    told: dict | None  # what it holds
    place: str  # of the estimates of this region in it, a JSON pointer

    @property
    def here(self) -> dict:
        """Estimates of this region: overall_accuracy, classes."""
        return self.told["regions"][self.place.split("/")[-1]] if self.place else self.told

    @property
    def table(self) -> Path:
        """The estimates as a table."""
        return self.accuracy.with_suffix(".csv")

    @property
    def figures(self) -> dict[str, Path]:
        """Its figures: areas, accuracies."""
        return {name: self.accuracy.with_name(f"{name}.png") for name in ("areas", "accuracies")}


def campaign_views(files: PageFiles) -> list[CampaignView]:
    """Campaigns in the order of their cards; those of several regions as they are in this one."""
    samples = {path.parent.name: path for path in files.samples}
    accuracies = {path.parent.name: path for path in files.accuracies}
    views = []
    for path in files.campaigns:
        name, card = path.stem, Campaign.read(path)
        if name not in samples:
            raise InputError(
                f"no --samples of campaign {name}: their folder should be called {name}; name it"
            )
        accuracy = accuracies.get(name)
        told = read_json(accuracy) if accuracy else None
        region = files.region.stem
        place = f"/regions/{region}" if told and region in told["regions"] else ""
        views.append(CampaignView(name, card, samples[name], accuracy, told, place))
    return views
