# Stage 3, geoparse: documents -> mentions with places, and the ground that they are about.


rule train_geoparser:
    """Train a geoparser on gold, and on names that explain themselves."""
    input:
        geoparser="config/geoparsers/{geoparser}.yaml",
        store=PLAN.store,
        gold=PLAN.gold_files,
        documents=expand("results/fetch/corpora/{corpus}/documents", corpus=RUN.corpora),
    output:
        model=directory("results/geoparse/{geoparser}/model"),
    log:
        "results/logs/train_geoparser/{geoparser}.log",
    benchmark:
        "results/benchmarks/rules/train_geoparser/{geoparser}.tsv"
    conda:
        "../../envs/text.yaml"
    params:
        code=code_version("scripts/train_geoparser.py"),
    message:
        "Train the geoparser {wildcards.geoparser}"
    shell:
        "python -m scripts.train_geoparser --geoparser {input.geoparser} --store {input.store}"
        " --model {output.model} --documents {input.documents} 2>&1 | tee {log}"


rule geoparse_documents:
    """Find the toponyms of a part of the documents, and which places they mean."""
    input:
        documents="results/fetch/corpora/{corpus}/documents",
        model="results/geoparse/{geoparser}/model",
        store=PLAN.store,
    output:
        mentions=directory(
            "results/geoparse/{geoparser}/{corpus}/parts/{part}-of-{parts}/mentions"
        ),
        rejects="results/geoparse/{geoparser}/{corpus}/parts/{part}-of-{parts}/rejects.parquet",
        about="results/geoparse/{geoparser}/{corpus}/parts/{part}-of-{parts}/geoparse.json",
    log:
        "results/logs/geoparse_documents/{geoparser}.{corpus}.{part}-of-{parts}.log",
    benchmark:
        "results/benchmarks/rules/geoparse_documents/{geoparser}.{corpus}.{part}-of-{parts}.tsv"
    conda:
        "../../envs/text.yaml"
    threads: 2
    params:
        code=code_version("scripts/geoparse_documents.py"),
    message:
        "Geoparse the corpus {wildcards.corpus}, part {wildcards.part} of {wildcards.parts}"
    shell:
        "python -m scripts.geoparse_documents --documents {input.documents}"
        " --model {input.model} --store {input.store} --mentions {output.mentions}"
        " --rejects {output.rejects} --about {output.about} --part {wildcards.part}"
        " --parts {wildcards.parts} --threads {threads} 2>&1 | tee {log}"


rule join_mentions:
    """Put the parts of a geoparsed corpus together."""
    input:
        mentions=expand(
            "results/geoparse/{{geoparser}}/{{corpus}}/parts/{part}-of-{parts}/mentions",
            part=range(RUN.text_parts),
            parts=RUN.text_parts,
        ),
        about=expand(
            "results/geoparse/{{geoparser}}/{{corpus}}/parts/{part}-of-{parts}/geoparse.json",
            part=range(RUN.text_parts),
            parts=RUN.text_parts,
        ),
    output:
        mentions=directory("results/geoparse/{geoparser}/{corpus}/mentions"),
        rejects="results/geoparse/{geoparser}/{corpus}/rejects.parquet",
        about="results/geoparse/{geoparser}/{corpus}/geoparse.json",
    log:
        "results/logs/join_mentions/{geoparser}.{corpus}.log",
    benchmark:
        "results/benchmarks/rules/join_mentions/{geoparser}.{corpus}.tsv"
    conda:
        "../../envs/text.yaml"
    params:
        code=code_version("scripts/join_mentions.py"),
    message:
        "Put the mentions of {wildcards.corpus} together"
    shell:
        "python -m scripts.join_mentions --parts {input.mentions} --abouts {input.about}"
        " --mentions {output.mentions} --rejects {output.rejects} --about {output.about}"
        " 2>&1 | tee {log}"
