# Stage 1, fetch: cards, archives and catalogues -> cubes and labels of each block.


rule import_scenes:
    """Describe the product files of an archive as a static STAC catalogue."""
    input:
        archive="config/archives/{archive}.yaml",
        sensor=lookup("{archive}", within=PLAN.archive_sensors),
    output:
        catalogue=directory("results/fetch/catalogues/{archive}"),
    log:
        "results/logs/import_scenes/{archive}.log",
    benchmark:
        "results/benchmarks/rules/import_scenes/{archive}.tsv"
    conda:
        "../../envs/geo.yaml"
    params:
        code=code_version("scripts/import_scenes.py"),
    message:
        "Describe the scenes of {wildcards.archive}"
    shell:
        "python -m scripts.import_scenes --archive {input.archive} --sensor {input.sensor}"
        " --catalogue {output.catalogue} 2>&1 | tee {log}"


rule search_scenes:
    """List the scenes that show a region in a season, and lock them."""
    input:
        region="config/regions/{region}.yaml",
        outline=lookup("{region}", within=PLAN.outlines),
        sensor="config/sensors/{sensor}.yaml",
        catalogue=PLAN.catalogue_files,
        shared=PLAN.shared_lock,
    output:
        scenes="results/fetch/{region}/{year}/{sensor}/scenes.parquet",
        lock="results/fetch/{region}/{year}/{sensor}/scenes.lock.json",
    log:
        "results/logs/search_scenes/{region}.{year}.{sensor}.log",
    benchmark:
        "results/benchmarks/rules/search_scenes/{region}.{year}.{sensor}.tsv"
    conda:
        "../../envs/geo.yaml"
    params:
        flags=PLAN.search_flags,
        season=f"{RUN.season.first}/{RUN.season.last}",
        code=code_version("scripts/search_scenes.py"),
    message:
        "Search the {wildcards.sensor} scenes of {wildcards.region}, {wildcards.year}"
    shell:
        "python -m scripts.search_scenes --region {input.region} --sensor {input.sensor}"
        " --year {wildcards.year} --season {params.season} {params.flags}"
        " --scenes {output.scenes} --lock-file {output.lock} 2>&1 | tee {log}"


rule refresh_locks:
    """Search a sensor's scenes of all regions and years anew; renew the locks that runs share."""
    input:
        regions=expand("config/regions/{region}.yaml", region=RUN.regions),
        sensor="config/sensors/{sensor}.yaml",
    output:
        told="results/fetch/refreshed.{sensor}.txt",
    log:
        "results/logs/refresh_locks/{sensor}.log",
    benchmark:
        "results/benchmarks/rules/refresh_locks/{sensor}.tsv"
    conda:
        "../../envs/geo.yaml"
    params:
        flags=PLAN.catalogue_flags,
        years=RUN.years,
        season=f"{RUN.season.first}/{RUN.season.last}",
        code=code_version("scripts/refresh_locks.py"),
    message:
        "Search anew, and renew the shared locks of {wildcards.sensor}"
    shell:
        "python -m scripts.refresh_locks --regions {input.regions} --sensor {input.sensor}"
        " --years {params.years} --season {params.season} --locks locks --told {output.told}"
        " {params.flags} 2>&1 | tee {log}"


rule stack_scenes:
    """Stack the scenes of a block to its cube, on the native grid, with masks."""
    input:
        region="config/regions/{region}.yaml",
        outline=lookup("{region}", within=PLAN.outlines),
        sensor="config/sensors/{sensor}.yaml",
        scenes="results/fetch/{region}/{year}/{sensor}/scenes.parquet",
        lock="results/fetch/{region}/{year}/{sensor}/scenes.lock.json",
    output:
        cube=directory("results/fetch/{region}/{year}/{block}/{sensor}/cube.zarr"),
        gaps="results/fetch/{region}/{year}/{block}/{sensor}/gaps.parquet",
    log:
        "results/logs/stack_scenes/{region}.{year}.{block}.{sensor}.log",
    benchmark:
        "results/benchmarks/rules/stack_scenes/{region}.{year}.{block}.{sensor}.tsv"
    conda:
        "../../envs/geo.yaml"
    threads: 2
    resources:
        dask_cluster="local",
    params:
        max_gap_fraction=RUN.max_gap_fraction,
        code=code_version("scripts/stack_scenes.py"),
    message:
        "Stack the {wildcards.sensor} scenes of {wildcards.block}"
    shell:
        "python -m scripts.stack_scenes --region {input.region} --sensor {input.sensor}"
        " --scenes {input.scenes} --lock {input.lock} --block {wildcards.block}"
        " --cube {output.cube} --gaps {output.gaps}"
        " --max-gap-fraction {params.max_gap_fraction} --cluster {resources.dask_cluster}"
        " --threads {threads} 2>&1 | tee {log}"


rule compose_periods:
    """Compose the observations of each period of the season to one image."""
    input:
        cube="results/fetch/{region}/{year}/{block}/{sensor}/cube.zarr",
    output:
        composites=directory(
            "results/fetch/{region}/{year}/{block}/{sensor}/composites.zarr"
        ),
    log:
        "results/logs/compose_periods/{region}.{year}.{block}.{sensor}.log",
    benchmark:
        "results/benchmarks/rules/compose_periods/{region}.{year}.{block}.{sensor}.tsv"
    conda:
        "../../envs/geo.yaml"
    threads: 2
    resources:
        dask_cluster="local",
    params:
        season=f"{RUN.season.first}/{RUN.season.last}",
        step=RUN.composites.step if RUN.composites else "",
        method=RUN.composites.method if RUN.composites else "",
        code=code_version("scripts/compose_periods.py"),
    message:
        "Compose the {wildcards.sensor} periods of {wildcards.block}"
    shell:
        "python -m scripts.compose_periods --cube {input.cube} --year {wildcards.year}"
        " --season {params.season} --step {params.step} --method {params.method}"
        " --composites {output.composites} --cluster {resources.dask_cluster}"
        " --threads {threads} 2>&1 | tee {log}"


rule fetch_labels:
    """Bring the task's labels to the grid of a block."""
    input:
        task="config/tasks/{task}.yaml",
        source=PLAN.label_files,
        cube=f"results/fetch/{{region}}/{{year}}/{{block}}/{RUN.sensors[0]}/cube.zarr",
    output:
        labels="results/fetch/{region}/{year}/{block}/{task}/labels.tif",
        polygons="results/fetch/{region}/{year}/{block}/{task}/polygons.parquet",
    log:
        "results/logs/fetch_labels/{region}.{year}.{block}.{task}.log",
    benchmark:
        "results/benchmarks/rules/fetch_labels/{region}.{year}.{block}.{task}.tsv"
    conda:
        "../../envs/geo.yaml"
    params:
        code=code_version("scripts/fetch_labels.py"),
    message:
        "Fetch the {wildcards.task} labels of {wildcards.block}"
    shell:
        "python -m scripts.fetch_labels --task {input.task} --cube {input.cube}"
        " --labels {output.labels} --polygons {output.polygons} 2>&1 | tee {log}"


rule read_corpus:
    """Read a corpus to documents in shards; what cannot be used is told."""
    input:
        corpus="config/corpora/{corpus}.yaml",
        files=PLAN.corpus_files,
    output:
        documents=directory("results/fetch/corpora/{corpus}/documents"),
        rejects="results/fetch/corpora/{corpus}/rejects.parquet",
        about="results/fetch/corpora/{corpus}/corpus.json",
    log:
        "results/logs/read_corpus/{corpus}.log",
    benchmark:
        "results/benchmarks/rules/read_corpus/{corpus}.tsv"
    conda:
        "../../envs/text.yaml"
    params:
        folder=subpath(output.about, parent=True),
        code=code_version_with_reader("scripts/read_corpus.py", PLAN.corpus_reader),
    message:
        "Read the corpus {wildcards.corpus}"
    shell:
        "python -m scripts.read_corpus --corpus {input.corpus} --folder {params.folder}"
        " 2>&1 | tee {log}"
