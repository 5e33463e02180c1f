# Stage 6, infer: models and cubes -> class probabilities of each block.


rule predict_block:
    """Predict class probabilities window by window; finished windows survive a kill."""
    input:
        weights="results/train/{region}/{year}/{task}/{model}/model.safetensors",
        description="results/train/{region}/{year}/{task}/{model}/model.json",
        cubes=collect(
            "results/fetch/{region}/{year}/{block}/{cube}",
            cube=PLAN.cubes,
            allow_missing=True,
        ),
        around=PLAN.cubes_around,
    output:
        probabilities="results/infer/{region}/{year}/{task}/{model}/{block}/probabilities.tif",
    log:
        "results/logs/predict_block/{region}.{year}.{task}.{model}.{block}.log",
    benchmark:
        "results/benchmarks/rules/predict_block/{region}.{year}.{task}.{model}.{block}.tsv"
    conda:
        "../../envs/learn.yaml"
    threads: 2
    params:
        window_px=RUN.window_px,
        around=PLAN.around_flags,
        code=code_version_with_model("scripts/predict_block.py", PLAN.kinds),
    message:
        "Predict {wildcards.block} with {wildcards.model}"
    shell:
        "python -m scripts.predict_block --weights {input.weights}"
        " --description {input.description} --cubes {input.cubes}"
        " {params.around} --out {output.probabilities} --window-px {params.window_px}"
        " --threads {threads} 2>&1 | tee {log}"
