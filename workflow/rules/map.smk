# Stage 7, map: class probabilities -> maps, and the areas on them.


rule calibrate_map:
    """Learn on the validation squares what the probabilities of a map may promise."""
    input:
        task="config/tasks/{task}.yaml",
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
    output:
        calibration="results/map/{region}/{year}/{task}/{model}/calibration.json",
    log:
        "results/logs/calibrate_map/{region}.{year}.{task}.{model}.log",
    benchmark:
        "results/benchmarks/rules/calibrate_map/{region}.{year}.{task}.{model}.tsv"
    conda:
        "../../envs/geo.yaml"
    params:
        coverage=RUN.trust.coverage,
        each_class="--each-class" if RUN.trust.each_class else "--no-each-class",
        code=code_version("scripts/calibrate_map.py"),
    message:
        "Calibrate {wildcards.model} in {wildcards.region}"
    shell:
        "python -m scripts.calibrate_map --task {input.task}"
        " --probabilities {input.probabilities} --labels {input.labels}"
        " --polygons {input.polygons} --out {output.calibration}"
        " --coverage {params.coverage} {params.each_class} 2>&1 | tee {log}"


rule draw_map:
    """Draw classes, how far to trust them, and observation counts of a block as COGs."""
    input:
        region="config/regions/{region}.yaml",
        outline=lookup("{region}", within=PLAN.outlines),
        task="config/tasks/{task}.yaml",
        cube=f"results/fetch/{{region}}/{{year}}/{{block}}/{PLAN.cubes[0]}",
        probabilities="results/infer/{region}/{year}/{task}/{model}/{block}/probabilities.tif",
        calibration="results/map/{region}/{year}/{task}/{model}/calibration.json",
    output:
        classes="results/map/{region}/{year}/{task}/{model}/{block}/classes.tif",
        confidence="results/map/{region}/{year}/{task}/{model}/{block}/confidence.tif",
        observations="results/map/{region}/{year}/{task}/{model}/{block}/observations.tif",
        entropy="results/map/{region}/{year}/{task}/{model}/{block}/entropy.tif",
        set_sizes="results/map/{region}/{year}/{task}/{model}/{block}/set_sizes.tif",
        sets="results/map/{region}/{year}/{task}/{model}/{block}/sets.tif",
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
        "python -m scripts.draw_map --region {input.region} --task {input.task}"
        " --cube {input.cube} --probabilities {input.probabilities}"
        " --calibration {input.calibration}"
        " --classes {output.classes} --confidence {output.confidence}"
        " --observations {output.observations} --entropy {output.entropy}"
        " --set-sizes {output.set_sizes} --sets {output.sets}"
        " 2>&1 | tee {log}"


rule measure_applicability:
    """Measure how unlike the training pixels those of a block are."""
    input:
        weights="results/train/{region}/{year}/{task}/{model}/model.safetensors",
        description="results/train/{region}/{year}/{task}/{model}/model.json",
        reference="results/train/{region}/{year}/{task}/{model}/reference.safetensors",
        cubes=collect(
            "results/fetch/{region}/{year}/{block}/{cube}",
            cube=PLAN.cubes,
            allow_missing=True,
        ),
        around=PLAN.cubes_around,
    output:
        applicability="results/map/{region}/{year}/{task}/{model}/{block}/applicability.tif",
    log:
        "results/logs/measure_applicability/{region}.{year}.{task}.{model}.{block}.log",
    benchmark:
        "results/benchmarks/rules/measure_applicability/{region}.{year}.{task}.{model}.{block}.tsv"
    conda:
        "../../envs/learn.yaml"
    threads: 2
    params:
        window_px=RUN.window_px,
        around=PLAN.around_flags,
        code=code_version_with_model("scripts/measure_applicability.py", PLAN.kinds),
    message:
        "Measure where {wildcards.model} is applicable in {wildcards.block}"
    shell:
        "python -m scripts.measure_applicability --weights {input.weights}"
        " --description {input.description} --reference {input.reference}"
        " --cubes {input.cubes} {params.around} --out {output.applicability}"
        " --window-px {params.window_px} --threads {threads} 2>&1 | tee {log}"


rule sum_areas:
    """Sum the mapped area of each class over the blocks of a region."""
    input:
        region="config/regions/{region}.yaml",
        outline=lookup("{region}", within=PLAN.outlines),
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
        "python -m scripts.sum_areas --region {input.region} --task {input.task}"
        " --classes {input.classes} --smoothed {input.smoothed} --areas {output.areas}"
        " 2>&1 | tee {log}"


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
