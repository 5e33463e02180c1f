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
    """Find the toponyms of documents, and which places they mean."""
    input:
        documents="results/fetch/corpora/{corpus}/documents",
        model="results/geoparse/{geoparser}/model",
        store=PLAN.store,
    output:
        mentions=directory("results/geoparse/{geoparser}/{corpus}/mentions"),
        rejects="results/geoparse/{geoparser}/{corpus}/rejects.parquet",
        about="results/geoparse/{geoparser}/{corpus}/geoparse.json",
    log:
        "results/logs/geoparse_documents/{geoparser}.{corpus}.log",
    benchmark:
        "results/benchmarks/rules/geoparse_documents/{geoparser}.{corpus}.tsv"
    conda:
        "../../envs/text.yaml"
    threads: 2
    params:
        code=code_version("scripts/geoparse_documents.py"),
    message:
        "Geoparse the corpus {wildcards.corpus}"
    shell:
        "python -m scripts.geoparse_documents --documents {input.documents}"
        " --model {input.model} --store {input.store} --mentions {output.mentions}"
        " --rejects {output.rejects} --about {output.about} --threads {threads} 2>&1 | tee {log}"
