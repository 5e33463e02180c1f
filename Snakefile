"""The workflow, in the order in which data flows. Each stage is one file of rules.

fetch -> gazetteer -> geoparse -> pair -> train -> infer -> map -> evaluate -> publish

The stage that pairs texts and images (pair) has no rules yet.
"""

from snakemake.utils import min_version

min_version("9.12")


# Snakemake would fill keys that another config leaves out, such as the catalogue, from this one.
if not workflow.overwrite_configfiles:

    configfile: "config/config.yaml"


include: "workflow/rules/common.smk"
include: "workflow/rules/fetch.smk"
include: "workflow/rules/gazetteer.smk"
include: "workflow/rules/geoparse.smk"
include: "workflow/rules/train.smk"
include: "workflow/rules/infer.smk"
include: "workflow/rules/map.smk"
include: "workflow/rules/evaluate.smk"
include: "workflow/rules/publish.smk"


rule all:
    default_target: True
    input:
        pages=expand(
            "results/publish/{region}/{year}/{task}/index.html",
            region=RUN.regions,
            year=RUN.years,
            task=RUN.task,
        ),
        maps=PLAN.maps,
        samples=PLAN.samples,
        accuracies=PLAN.accuracies,
        stores=PLAN.stores,
        documents=expand(
            "results/publish/documents/{geoparser}/{corpus}",
            geoparser=RUN.geoparser or [],
            corpus=RUN.corpora,
        ),


rule check_config:
    """Read every card that the config names; a fault has already ended the run with a message."""
    output:
        touch("results/config.checked"),
    message:
        "The config and its cards are valid"


rule gazetteer:
    """Build the gazetteer of the config."""
    input:
        stores=PLAN.stores,
    message:
        "The gazetteer is there"


rule refresh:
    """Renew the locks that runs share, of all sensors of the config."""
    input:
        expand("results/fetch/refreshed.{sensor}.txt", sensor=RUN.sensors),
    message:
        "The shared locks are renewed"
