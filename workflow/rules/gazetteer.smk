# Stage 2, gazetteer: dumps, extracts and packages -> one table of places, and a store to ask.


rule read_source:
    """Read what one source of a gazetteer says of places."""
    input:
        gazetteer="config/gazetteers/{gazetteer}.yaml",
        files=PLAN.place_files,
    output:
        places="results/gazetteer/{gazetteer}/sources/{source}.parquet",
    log:
        "results/logs/read_source/{gazetteer}.{source}.log",
    benchmark:
        "results/benchmarks/rules/read_source/{gazetteer}.{source}.tsv"
    conda:
        "../../envs/text.yaml"
    params:
        code=code_version_with_reader("scripts/read_source.py", PLAN.place_reader),
    message:
        "Read the places of {wildcards.source}"
    shell:
        "python -m scripts.read_source --gazetteer {input.gazetteer}"
        " --source {wildcards.source} --places {output.places} 2>&1 | tee {log}"


rule merge_places:
    """Merge what the sources of a gazetteer say of the same place."""
    input:
        gazetteer="config/gazetteers/{gazetteer}.yaml",
        sources=PLAN.place_tables,
    output:
        places="results/gazetteer/{gazetteer}/places.parquet",
        names="results/gazetteer/{gazetteer}/names.parquet",
        polygons="results/gazetteer/{gazetteer}/polygons.parquet",
    log:
        "results/logs/merge_places/{gazetteer}.log",
    benchmark:
        "results/benchmarks/rules/merge_places/{gazetteer}.tsv"
    conda:
        "../../envs/text.yaml"
    params:
        code=code_version("scripts/merge_places.py"),
    message:
        "Merge the places of {wildcards.gazetteer}"
    shell:
        "python -m scripts.merge_places --gazetteer {input.gazetteer} --sources {input.sources}"
        " --places {output.places} --names {output.names} --polygons {output.polygons}"
        " 2>&1 | tee {log}"


rule index_places:
    """Index the places of a gazetteer by name, point and id."""
    input:
        places="results/gazetteer/{gazetteer}/places.parquet",
        names="results/gazetteer/{gazetteer}/names.parquet",
        polygons="results/gazetteer/{gazetteer}/polygons.parquet",
    output:
        store=directory("results/gazetteer/{gazetteer}/store"),
    log:
        "results/logs/index_places/{gazetteer}.log",
    benchmark:
        "results/benchmarks/rules/index_places/{gazetteer}.tsv"
    conda:
        "../../envs/text.yaml"
    params:
        code=code_version("scripts/index_places.py"),
    message:
        "Index the places of {wildcards.gazetteer}"
    shell:
        "python -m scripts.index_places --places {input.places} --names {input.names}"
        " --polygons {input.polygons} --store {output.store} 2>&1 | tee {log}"
