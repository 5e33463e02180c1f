# Stage 9, publish: maps with all their papers -> STAC items and the page to send.


rule describe_product:
    """Describe a map and its model as STAC items, with the record of where they came from."""
    input:
        region="config/regions/{region}.yaml",
        task="config/tasks/{task}.yaml",
        sensors=PLAN.sensor_cards,
        model="config/models/{model}.yaml",
        archives=PLAN.archive_cards,
        scenes=collect(
            "results/fetch/{region}/{year}/{sensor}/scenes.parquet",
            sensor=RUN.sensors,
            allow_missing=True,
        ),
        locks=collect(
            "results/fetch/{region}/{year}/{sensor}/scenes.lock.json",
            sensor=RUN.sensors,
            allow_missing=True,
        ),
        weights="results/train/{region}/{year}/{task}/{model}/model.safetensors",
        description="results/train/{region}/{year}/{task}/{model}/model.json",
        classes=collect(
            "results/map/{region}/{year}/{task}/{model}/{block}/classes.tif",
            block=lookup("{region}", within=PLAN.blocks),
            allow_missing=True,
        ),
        confidence=collect(
            "results/map/{region}/{year}/{task}/{model}/{block}/confidence.tif",
            block=lookup("{region}", within=PLAN.blocks),
            allow_missing=True,
        ),
        observations=collect(
            "results/map/{region}/{year}/{task}/{model}/{block}/observations.tif",
            block=lookup("{region}", within=PLAN.blocks),
            allow_missing=True,
        ),
        trust=collect(
            "results/map/{region}/{year}/{task}/{model}/{block}/{layer}.tif",
            block=lookup("{region}", within=PLAN.blocks),
            layer=["entropy", "set_sizes", "sets"],
            allow_missing=True,
        ),
        applicability=PLAN.applicability,
        gaps=collect(
            "results/fetch/{region}/{year}/{block}/{sensor}/gaps.parquet",
            block=lookup("{region}", within=PLAN.blocks),
            sensor=RUN.sensors,
            allow_missing=True,
        ),
        areas="results/map/{region}/{year}/{task}/{model}/areas.csv",
        scores="results/evaluate/{region}/{year}/{task}/{model}/scores.json",
        calibration="results/map/{region}/{year}/{task}/{model}/calibration.json",
        trust_scores="results/evaluate/{region}/{year}/{task}/{model}/trust.json",
        smoothed=PLAN.smoothed,
        campaigns=PLAN.campaign_cards,
        accuracies=PLAN.campaign_accuracies,
    output:
        map="results/publish/{region}/{year}/{task}/{model}/map.json",
        model="results/publish/{region}/{year}/{task}/{model}/model.json",
        provenance="results/publish/{region}/{year}/{task}/{model}/provenance.json",
    log:
        "results/logs/describe_product/{region}.{year}.{task}.{model}.log",
    benchmark:
        "results/benchmarks/rules/describe_product/{region}.{year}.{task}.{model}.tsv"
    conda:
        "../../envs/geo.yaml"
    params:
        page="results/publish/{region}/{year}/{task}/index.html",
        archives=PLAN.archive_flags,
        composed="--composed" if RUN.composites else "--no-composed",
        code=code_version("scripts/describe_product.py"),
    message:
        "Describe the {wildcards.task} map of {wildcards.region} by {wildcards.model}"
    shell:
        "python -m scripts.describe_product --region {input.region} --task {input.task}"
        " --sensors {input.sensors} --model {input.model} {params.archives}"
        " --scenes {input.scenes} --locks {input.locks} {params.composed}"
        " --weights {input.weights} --description {input.description}"
        " --classes {input.classes} --confidence {input.confidence}"
        " --observations {input.observations} --gaps {input.gaps}"
        " --trust {input.trust} {input.applicability} --smoothed {input.smoothed}"
        " --areas {input.areas} --scores {input.scores} --calibration {input.calibration}"
        " --trust-scores {input.trust_scores} --campaigns {input.campaigns}"
        " --accuracies {input.accuracies}"
        " --page {params.page} --year {wildcards.year}"
        " --map-item {output.map} --model-item {output.model}"
        " --provenance {output.provenance} 2>&1 | tee {log}"


rule build_page:
    """Build the page that shows a region's maps, scores, areas and how they were made."""
    input:
        region="config/regions/{region}.yaml",
        task="config/tasks/{task}.yaml",
        sensors=PLAN.sensor_cards,
        locks=collect(
            "results/fetch/{region}/{year}/{sensor}/scenes.lock.json",
            sensor=RUN.sensors,
            allow_missing=True,
        ),
        cubes=collect(
            f"results/fetch/{{region}}/{{year}}/{{block}}/{PLAN.cubes[0]}",
            block=lookup("{region}", within=PLAN.blocks),
            allow_missing=True,
        ),
        descriptions=collect(
            "results/train/{region}/{year}/{task}/{model}/model.json",
            model=RUN.models,
            allow_missing=True,
        ),
        scores=collect(
            "results/evaluate/{region}/{year}/{task}/{model}/scores.json",
            model=RUN.models,
            allow_missing=True,
        ),
        trusts=collect(
            "results/evaluate/{region}/{year}/{task}/{model}/trust.json",
            model=RUN.models,
            allow_missing=True,
        ),
        calibrations=collect(
            "results/map/{region}/{year}/{task}/{model}/calibration.json",
            model=RUN.models,
            allow_missing=True,
        ),
        areas=collect(
            "results/map/{region}/{year}/{task}/{model}/areas.csv",
            model=RUN.models,
            allow_missing=True,
        ),
        classes=collect(
            "results/map/{region}/{year}/{task}/{model}/{block}/classes.tif",
            model=RUN.models,
            block=lookup("{region}", within=PLAN.blocks),
            allow_missing=True,
        ),
        confidence=collect(
            "results/map/{region}/{year}/{task}/{model}/{block}/confidence.tif",
            model=RUN.models,
            block=lookup("{region}", within=PLAN.blocks),
            allow_missing=True,
        ),
        observations=collect(
            "results/map/{region}/{year}/{task}/{model}/{block}/observations.tif",
            model=RUN.models,
            block=lookup("{region}", within=PLAN.blocks),
            allow_missing=True,
        ),
        trust=collect(
            "results/map/{region}/{year}/{task}/{model}/{block}/{layer}.tif",
            model=RUN.models,
            block=lookup("{region}", within=PLAN.blocks),
            layer=["entropy", "set_sizes", "sets"],
            allow_missing=True,
        ),
        applicability=PLAN.applicability,
        figures=collect(
            "results/evaluate/{region}/{year}/{task}/{model}/{figure}.png",
            model=RUN.models,
            figure=[
                *("confusion", "accuracy", "reliability", "errors"),
                *("rescaled", "applicability"),
            ],
            allow_missing=True,
        ),
        products=collect(
            "results/publish/{region}/{year}/{task}/{model}/{document}.json",
            model=RUN.models,
            document=["map", "model", "provenance"],
            allow_missing=True,
        ),
        smoothed=PLAN.smoothed,
        campaigns=PLAN.campaign_cards,
        samples=PLAN.campaign_samples,
        accuracies=PLAN.campaign_accuracies,
    output:
        page=report(
            "results/publish/{region}/{year}/{task}/index.html",
            caption="../report/build_page.rst",
            category="Page",
            labels={"region": "{region}", "year": "{year}", "task": "{task}"},
        ),
    log:
        "results/logs/build_page/{region}.{year}.{task}.log",
    benchmark:
        "results/benchmarks/rules/build_page/{region}.{year}.{task}.tsv"
    conda:
        "../../envs/geo.yaml"
    params:
        code=code_version("scripts/build_page.py"),
        viewer=folder_digest("landscribe/publish/viewer"),
    message:
        "Build the page of {wildcards.region}, {wildcards.year}"
    shell:
        "python -m scripts.build_page --region {input.region} --task {input.task}"
        " --sensors {input.sensors} --locks {input.locks} --cubes {input.cubes}"
        " --descriptions {input.descriptions} --scores {input.scores} --areas {input.areas}"
        " --trusts {input.trusts} --calibrations {input.calibrations}"
        " --trust {input.trust} {input.applicability}"
        " --classes {input.classes} --confidence {input.confidence}"
        " --observations {input.observations} --figures {input.figures}"
        " --products {input.products} --smoothed {input.smoothed}"
        " --campaigns {input.campaigns} --samples {input.samples}"
        " --accuracies {input.accuracies}"
        " --year {wildcards.year} --out {output.page} 2>&1 | tee {log}"


rule show_documents:
    """Show the first documents of a corpus beside maps of the places that they name."""
    input:
        documents="results/fetch/corpora/{corpus}/documents",
        mentions="results/geoparse/{geoparser}/{corpus}/mentions",
        store=PLAN.store,
    output:
        page=directory("results/publish/documents/{geoparser}/{corpus}"),
    log:
        "results/logs/show_documents/{geoparser}.{corpus}.log",
    benchmark:
        "results/benchmarks/rules/show_documents/{geoparser}.{corpus}.tsv"
    conda:
        "../../envs/text.yaml"
    params:
        code=code_version("scripts/show_documents.py"),
        viewer=folder_digest("landscribe/publish/viewer"),
    message:
        "Show the documents of {wildcards.corpus} on maps"
    shell:
        "python -m scripts.show_documents --documents {input.documents}"
        " --mentions {input.mentions} --store {input.store} --page {output.page}"
        " --title {wildcards.corpus:q} 2>&1 | tee {log}"
