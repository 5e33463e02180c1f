# Stage 7, map: class probabilities -> maps, and the areas on them.


rule draw_map:
    """Draw classes, confidence and observation counts of a block as cloud-optimised GeoTIFFs."""
    input:
        task="config/tasks/{task}.yaml",
        cube=f"results/fetch/{{region}}/{{year}}/{{block}}/{PLAN.cubes[0]}",
        probabilities="results/infer/{region}/{year}/{task}/{model}/{block}/probabilities.tif",
    output:
        classes="results/map/{region}/{year}/{task}/{model}/{block}/classes.tif",
        confidence="results/map/{region}/{year}/{task}/{model}/{block}/confidence.tif",
        observations="results/map/{region}/{year}/{task}/{model}/{block}/observations.tif",
    log:
        "results/logs/draw_map/{region}.{year}.{task}.{model}.{block}.log",
    benchmark:
        "results/benchmarks/rules/draw_map/{region}.{year}.{task}.{model}.{block}.tsv"
    conda:
        "../../envs/geo.yaml"
    params:
        code=code_version("scripts/draw_map.py"),
    message:
        "Draw the {wildcards.task} map of {wildcards.block} by {wildcards.model}"
    shell:
        "python -m scripts.draw_map --task {input.task} --cube {input.cube}"
        " --probabilities {input.probabilities} --classes {output.classes}"
        " --confidence {output.confidence} --observations {output.observations}"
        " 2>&1 | tee {log}"


rule sum_areas:
    """Sum the mapped area of each class over the blocks of a region."""
    input:
        task="config/tasks/{task}.yaml",
        classes=collect(
            "results/map/{region}/{year}/{task}/{model}/{block}/classes.tif",
            block=lookup("{region}", within=PLAN.blocks),
            allow_missing=True,
        ),
        smoothed=PLAN.smoothed,
    output:
        areas=report(
            "results/map/{region}/{year}/{task}/{model}/areas.csv",
            caption="../report/sum_areas.rst",
            category="Areas",
            labels={"region": "{region}", "year": "{year}", "model": "{model}"},
        ),
    log:
        "results/logs/sum_areas/{region}.{year}.{task}.{model}.log",
    benchmark:
        "results/benchmarks/rules/sum_areas/{region}.{year}.{task}.{model}.tsv"
    conda:
        "../../envs/geo.yaml"
    params:
        code=code_version("scripts/sum_areas.py"),
    message:
        "Sum the areas of {wildcards.region} by {wildcards.model}"
    shell:
        "python -m scripts.sum_areas --task {input.task} --classes {input.classes}"
        " --smoothed {input.smoothed} --areas {output.areas} 2>&1 | tee {log}"


rule smooth_map:
    """Smooth the map of a block, and merge its smallest patches; the raw map stays."""
    input:
        task="config/tasks/{task}.yaml",
        classes="results/map/{region}/{year}/{task}/{model}/{block}/classes.tif",
        probabilities="results/infer/{region}/{year}/{task}/{model}/{block}/probabilities.tif",
    output:
        smoothed="results/map/{region}/{year}/{task}/{model}/{block}/smoothed.tif",
    log:
        "results/logs/smooth_map/{region}.{year}.{task}.{model}.{block}.log",
    benchmark:
        "results/benchmarks/rules/smooth_map/{region}.{year}.{task}.{model}.{block}.tsv"
    conda:
        "../../envs/geo.yaml"
    params:
        how=PLAN.smoothing_flags,
        code=code_version("scripts/smooth_map.py"),
    message:
        "Smooth the {wildcards.task} map of {wildcards.block} by {wildcards.model}"
    shell:
        "python -m scripts.smooth_map --task {input.task} --classes {input.classes}"
        " --probabilities {input.probabilities} {params.how} --out {output.smoothed}"
        " 2>&1 | tee {log}"
