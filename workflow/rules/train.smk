# Stage 5, train: labelled cubes -> models.


rule split_labels:
    """Hold squares of labelled ground apart, to train, to validate and to test."""
    input:
        task="config/tasks/{task}.yaml",
        polygons=collect(
            "results/fetch/{region}/{year}/{block}/{task}/polygons.parquet",
            block=lookup("{region}", within=PLAN.blocks),
            allow_missing=True,
        ),
    output:
        polygons="results/train/{region}/{year}/{task}/polygons.parquet",
    log:
        "results/logs/split_labels/{region}.{year}.{task}.log",
    benchmark:
        "results/benchmarks/rules/split_labels/{region}.{year}.{task}.tsv"
    conda:
        "../../envs/geo.yaml"
    params:
        code=code_version("scripts/split_labels.py"),
    message:
        "Split the {wildcards.task} labels of {wildcards.region}"
    shell:
        "python -m scripts.split_labels --task {input.task} --polygons {input.polygons}"
        " --out {output.polygons} 2>&1 | tee {log}"


rule train_model:
    """Train a model on the training squares; stop early on the validation squares."""
    input:
        model="config/models/{model}.yaml",
        task="config/tasks/{task}.yaml",
        sensors=PLAN.sensor_cards,
        cubes=collect(
            "results/fetch/{region}/{year}/{block}/{cube}",
            block=lookup("{region}", within=PLAN.blocks),
            cube=PLAN.cubes,
            allow_missing=True,
        ),
        labels=collect(
            "results/fetch/{region}/{year}/{block}/{task}/labels.tif",
            block=lookup("{region}", within=PLAN.blocks),
            allow_missing=True,
        ),
        polygons="results/train/{region}/{year}/{task}/polygons.parquet",
    output:
        weights="results/train/{region}/{year}/{task}/{model}/model.safetensors",
        description="results/train/{region}/{year}/{task}/{model}/model.json",
    log:
        "results/logs/train_model/{region}.{year}.{task}.{model}.log",
    benchmark:
        "results/benchmarks/rules/train_model/{region}.{year}.{task}.{model}.tsv"
    conda:
        "../../envs/learn.yaml"
    threads: 2
    params:
        code=code_version_with_model("scripts/train_model.py", PLAN.kinds),
    message:
        "Train {wildcards.model} for {wildcards.task} in {wildcards.region}"
    shell:
        "python -m scripts.train_model --model {input.model} --task {input.task}"
        " --sensors {input.sensors} --cubes {input.cubes} --labels {input.labels}"
        " --polygons {input.polygons} --weights {output.weights}"
        " --description {output.description} --threads {threads} 2>&1 | tee {log}"


rule sample_reference:
    """Keep some training pixels as the model sees them, to tell what it has not seen."""
    input:
        weights="results/train/{region}/{year}/{task}/{model}/model.safetensors",
        description="results/train/{region}/{year}/{task}/{model}/model.json",
        sensors=PLAN.sensor_cards,
        cubes=collect(
            "results/fetch/{region}/{year}/{block}/{cube}",
            block=lookup("{region}", within=PLAN.blocks),
            cube=PLAN.cubes,
            allow_missing=True,
        ),
        labels=collect(
            "results/fetch/{region}/{year}/{block}/{task}/labels.tif",
            block=lookup("{region}", within=PLAN.blocks),
            allow_missing=True,
        ),
        polygons="results/train/{region}/{year}/{task}/polygons.parquet",
    output:
        reference="results/train/{region}/{year}/{task}/{model}/reference.safetensors",
    log:
        "results/logs/sample_reference/{region}.{year}.{task}.{model}.log",
    benchmark:
        "results/benchmarks/rules/sample_reference/{region}.{year}.{task}.{model}.tsv"
    conda:
        "../../envs/learn.yaml"
    params:
        code=code_version_with_model("scripts/sample_reference.py", PLAN.kinds),
    message:
        "Sample what {wildcards.model} learnt from in {wildcards.region}"
    shell:
        "python -m scripts.sample_reference --weights {input.weights}"
        " --description {input.description} --sensors {input.sensors} --cubes {input.cubes}"
        " --labels {input.labels} --polygons {input.polygons} --out {output.reference}"
        " 2>&1 | tee {log}"
