"""Interpreted sample of a campaign -> accuracy and areas with intervals, and their figures."""

from pathlib import Path

from landscribe.campaigns import Campaign
from landscribe.cards import Task
from landscribe.command import command, written
from landscribe.formats.json_file import write_json
from landscribe.scores.accuracy_figures import (
    SurveyCaption,
    draw_accuracies,
    draw_areas,
    draw_proportions,
)
from landscribe.scores.campaign_report import campaign_report, report_table
from landscribe.scores.interpretation import read_interpreted


def main(
    campaign: Path,
    task: Path,
    sample: Path,
    interpreted: Path,
    accuracy: Path,
    table: Path,
    areas_figure: Path,
    accuracies_figure: Path,
    matrix_figure: Path,
) -> None:
    """Estimate accuracy and areas from what the interpreters of a campaign read.

    Args:
        campaign: card in config/campaigns.
        task: card in config/tasks: the legend.
        sample: GeoPackage that draw_sample wrote.
        interpreted: the same, with the classes filled in.
        accuracy: JSON to write.
        table: CSV to write: a row per estimate, to paste into a report.
        areas_figure: PNG to write: areas with intervals beside the mapped ones.
        accuracies_figure: PNG to write: accuracies of the classes with intervals.
        matrix_figure: PNG to write: error matrix of area proportions.
    """
    card, legend = Campaign.read(campaign), Task.read(task).legend
    readings = read_interpreted(interpreted, sample, card, legend)
    told = campaign_report(campaign.stem, readings, card, legend)
    write_json(accuracy, told)
    with written(table) as part:
        report_table(told).to_csv(part, index=False, lineterminator="\n", float_format="%.6g")
    caption = SurveyCaption(card.title, told)
    draw_areas(areas_figure, caption)
    draw_accuracies(accuracies_figure, caption)
    draw_proportions(matrix_figure, caption)
    overall = told["overall_accuracy"]
    low, high = overall["interval"]
    print(f"{accuracy}: overall accuracy {overall['value']:.3f} ({low:.3f} to {high:.3f})")


if __name__ == "__main__":
    command(main)
