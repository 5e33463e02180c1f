# Stage 8, evaluate: maps, held-out labels and interpreted samples -> scores and figures.


rule score_map:
    """Score a map on the polygons that were held out of its training."""
    input:
        task="config/tasks/{task}.yaml",
        classes=collect(
            "results/map/{region}/{year}/{task}/{model}/{block}/classes.tif",
            block=lookup("{region}", within=PLAN.blocks),
            allow_missing=True,
        ),
        probabilities=collect(
            "results/infer/{region}/{year}/{task}/{model}/{block}/probabilities.tif",
            block=lookup("{region}", within=PLAN.blocks),
            allow_missing=True,
        ),
        labels=collect(
            "results/fetch/{region}/{year}/{block}/{task}/labels.tif",
            block=lookup("{region}", within=PLAN.blocks),
            allow_missing=True,
        ),
        polygons="results/train/{region}/{year}/{task}/polygons.parquet",
        calibration="results/map/{region}/{year}/{task}/{model}/calibration.json",
        areas="results/map/{region}/{year}/{task}/{model}/areas.csv",
        smoothed=PLAN.smoothed,
    output:
        scores="results/evaluate/{region}/{year}/{task}/{model}/scores.json",
    log:
        "results/logs/score_map/{region}.{year}.{task}.{model}.log",
    benchmark:
        "results/benchmarks/rules/score_map/{region}.{year}.{task}.{model}.tsv"
    conda:
        "../../envs/geo.yaml"
    params:
        code=code_version("scripts/score_map.py"),
    message:
        "Score {wildcards.model} on the held-out {wildcards.task} polygons of {wildcards.region}"
    shell:
        "python -m scripts.score_map --task {input.task} --classes {input.classes}"
        " --probabilities {input.probabilities} --labels {input.labels}"
        " --polygons {input.polygons} --calibration {input.calibration}"
        " --areas {input.areas} --smoothed {input.smoothed} --out {output.scores}"
        " 2>&1 | tee {log}"


rule plot_scores:
    """Plot confusion, accuracy per class, reliability and the map of errors."""
    input:
        model="config/models/{model}.yaml",
        region="config/regions/{region}.yaml",
        scores="results/evaluate/{region}/{year}/{task}/{model}/scores.json",
        classes=collect(
            "results/map/{region}/{year}/{task}/{model}/{block}/classes.tif",
            block=lookup("{region}", within=PLAN.blocks),
            allow_missing=True,
        ),
        labels=collect(
            "results/fetch/{region}/{year}/{block}/{task}/labels.tif",
            block=lookup("{region}", within=PLAN.blocks),
            allow_missing=True,
        ),
        polygons="results/train/{region}/{year}/{task}/polygons.parquet",
        cubes=collect(
            f"results/fetch/{{region}}/{{year}}/{{block}}/{PLAN.cubes[0]}",
            block=lookup("{region}", within=PLAN.blocks),
            allow_missing=True,
        ),
    output:
        confusion=report(
            "results/evaluate/{region}/{year}/{task}/{model}/confusion.png",
            caption="../report/confusion.rst",
            category="Accuracy",
            labels={"model": "{model}", "figure": "confusion"},
        ),
        accuracy=report(
            "results/evaluate/{region}/{year}/{task}/{model}/accuracy.png",
            caption="../report/accuracy.rst",
            category="Accuracy",
            labels={"model": "{model}", "figure": "accuracy per class"},
        ),
        reliability=report(
            "results/evaluate/{region}/{year}/{task}/{model}/reliability.png",
            caption="../report/reliability.rst",
            category="Accuracy",
            labels={"model": "{model}", "figure": "reliability"},
        ),
        errors=report(
            "results/evaluate/{region}/{year}/{task}/{model}/errors.png",
            caption="../report/errors.rst",
            category="Accuracy",
            labels={"model": "{model}", "figure": "map of errors"},
        ),
    log:
        "results/logs/plot_scores/{region}.{year}.{task}.{model}.log",
    benchmark:
        "results/benchmarks/rules/plot_scores/{region}.{year}.{task}.{model}.tsv"
    conda:
        "../../envs/geo.yaml"
    params:
        code=code_version("scripts/plot_scores.py"),
    message:
        "Plot the scores of {wildcards.model} in {wildcards.region}"
    shell:
        "python -m scripts.plot_scores --scores {input.scores} --model {input.model}"
        " --region {input.region} --year {wildcards.year}"
        " --classes {input.classes} --labels {input.labels} --polygons {input.polygons}"
        " --cubes {input.cubes}"
        " --confusion {output.confusion} --accuracy {output.accuracy}"
        " --reliability {output.reliability} --errors {output.errors} 2>&1 | tee {log}"


rule score_trust:
    """Score on the test polygons how far a map can be trusted, and draw it."""
    input:
        task="config/tasks/{task}.yaml",
        model="config/models/{model}.yaml",
        region="config/regions/{region}.yaml",
        probabilities=collect(
            "results/infer/{region}/{year}/{task}/{model}/{block}/probabilities.tif",
            block=lookup("{region}", within=PLAN.blocks),
            allow_missing=True,
        ),
        labels=collect(
            "results/fetch/{region}/{year}/{block}/{task}/labels.tif",
            block=lookup("{region}", within=PLAN.blocks),
            allow_missing=True,
        ),
        polygons="results/train/{region}/{year}/{task}/polygons.parquet",
        calibration="results/map/{region}/{year}/{task}/{model}/calibration.json",
        classes=collect(
            "results/map/{region}/{year}/{task}/{model}/{block}/classes.tif",
            block=lookup("{region}", within=PLAN.blocks),
            allow_missing=True,
        ),
        applicability=PLAN.applicability,
    output:
        scores="results/evaluate/{region}/{year}/{task}/{model}/trust.json",
        rescaled=report(
            "results/evaluate/{region}/{year}/{task}/{model}/rescaled.png",
            caption="../report/rescaled.rst",
            category="Trust",
            labels={"model": "{model}", "figure": "before and after calibration"},
        ),
        coverage=report(
            "results/evaluate/{region}/{year}/{task}/{model}/coverage.png",
            caption="../report/coverage.rst",
            category="Trust",
            labels={"model": "{model}", "figure": "coverage of the sets"},
        ),
        applicability=report(
            "results/evaluate/{region}/{year}/{task}/{model}/applicability.png",
            caption="../report/applicability.rst",
            category="Trust",
            labels={"model": "{model}", "figure": "accuracy by dissimilarity"},
        ),
    log:
        "results/logs/score_trust/{region}.{year}.{task}.{model}.log",
    benchmark:
        "results/benchmarks/rules/score_trust/{region}.{year}.{task}.{model}.tsv"
    conda:
        "../../envs/geo.yaml"
    params:
        measured=PLAN.applicability_flags,
        code=code_version("scripts/score_trust.py"),
    message:
        "Score how far {wildcards.model} can be trusted in {wildcards.region}"
    shell:
        "python -m scripts.score_trust --task {input.task} --model {input.model}"
        " --region {input.region} --year {wildcards.year}"
        " --probabilities {input.probabilities} --labels {input.labels}"
        " --polygons {input.polygons} --calibration {input.calibration}"
        " --classes {input.classes} {params.measured}"
        " --out {output.scores} --rescaled {output.rescaled} --coverage {output.coverage}"
        " --accuracy {output.applicability} 2>&1 | tee {log}"


rule draw_sample:
    """Draw the random sample of a campaign, for interpreters with QGIS."""
    input:
        campaign="config/campaigns/{campaign}.yaml",
        task=PLAN.campaign_task,
        classes=PLAN.campaign_maps,
        before=PLAN.campaign_maps_before,
    output:
        sample="results/evaluate/campaigns/{campaign}/sample.gpkg",
    log:
        "results/logs/draw_sample/{campaign}.log",
    benchmark:
        "results/benchmarks/rules/draw_sample/{campaign}.tsv"
    conda:
        "../../envs/geo.yaml"
    params:
        before=PLAN.campaign_before_flags,
        code=code_version("scripts/draw_sample.py"),
    message:
        "Draw the sample of the campaign {wildcards.campaign}"
    shell:
        "python -m scripts.draw_sample --campaign {input.campaign} --task {input.task}"
        " --classes {input.classes} {params.before} --sample {output.sample} 2>&1 | tee {log}"


rule estimate_accuracy:
    """Estimate accuracy and areas, with intervals, from an interpreted sample."""
    input:
        campaign="config/campaigns/{campaign}.yaml",
        task=PLAN.campaign_task,
        sample="results/evaluate/campaigns/{campaign}/sample.gpkg",
        interpreted=PLAN.interpreted,
    output:
        accuracy="results/evaluate/campaigns/{campaign}/accuracy.json",
        table=report(
            "results/evaluate/campaigns/{campaign}/accuracy.csv",
            caption="../report/estimate_accuracy.rst",
            category="Accuracy",
            labels={"campaign": "{campaign}", "figure": "table"},
        ),
        areas=report(
            "results/evaluate/campaigns/{campaign}/areas.png",
            caption="../report/estimate_accuracy.rst",
            category="Accuracy",
            labels={"campaign": "{campaign}", "figure": "areas"},
        ),
        accuracies=report(
            "results/evaluate/campaigns/{campaign}/accuracies.png",
            caption="../report/estimate_accuracy.rst",
            category="Accuracy",
            labels={"campaign": "{campaign}", "figure": "accuracy per class"},
        ),
        matrix=report(
            "results/evaluate/campaigns/{campaign}/matrix.png",
            caption="../report/estimate_accuracy.rst",
            category="Accuracy",
            labels={"campaign": "{campaign}", "figure": "error matrix of area"},
        ),
    log:
        "results/logs/estimate_accuracy/{campaign}.log",
    benchmark:
        "results/benchmarks/rules/estimate_accuracy/{campaign}.tsv"
    conda:
        "../../envs/geo.yaml"
    params:
        code=code_version("scripts/estimate_accuracy.py"),
    message:
        "Estimate accuracy and areas from the campaign {wildcards.campaign}"
    shell:
        "python -m scripts.estimate_accuracy --campaign {input.campaign} --task {input.task}"
        " --sample {input.sample} --interpreted {input.interpreted}"
        " --accuracy {output.accuracy} --table {output.table} --areas-figure {output.areas}"
        " --accuracies-figure {output.accuracies} --matrix-figure {output.matrix}"
        " 2>&1 | tee {log}"
