"""Maps of the regions of a campaign -> a random sample for interpreters."""

from pathlib import Path

from landscribe.campaigns import Campaign
from landscribe.cards import Task
from landscribe.command import command
from landscribe.scores.design import draw_design
from landscribe.scores.interpretation import write_sample
from landscribe.scores.population import map_parts, population


def main(
    campaign: Path,
    task: Path,
    classes: tuple[Path, ...],
    sample: Path,
    before: tuple[Path, ...] = (),
) -> None:
    """Draw the random sample of a campaign, as a GeoPackage to be read with QGIS.

    Args:
        campaign: card in config/campaigns.
        task: card in config/tasks: the legend.
        classes: class raster of each block of all regions, in `<region>/<year>/.../<block>/`.
        sample: GeoPackage to write.
        before: class rasters of the same blocks in the earlier year.
    """
    card, legend = Campaign.read(campaign), Task.read(task).legend
    found = population(map_parts(classes, before, card.regions))
    design = draw_design(found, card, legend)
    write_sample(sample, campaign.stem, design, card, legend)
    told = ", ".join(f"{row.units} of {row.name}" for row in design.strata.itertuples())
    print(f"{sample}: {len(design.units)} units ({told})")


if __name__ == "__main__":
    command(main)
