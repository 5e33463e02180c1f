"""Geoparse shards of documents in this process, and say how much memory that took at most.

The peak that the system tells a parent (`wait4`) may be that of the parent, so this one asks for
its own: `python -m tests.benchmarks.geoparsing.peak`, as `scripts.geoparse_documents`.
"""

import re
from pathlib import Path

import tyro

from landscribe.text.geoparse import Geoparsing, geoparse_documents


def main(documents: Path, model: Path, store: Path, folder: Path) -> None:
    """Print the peak [kB] of what the rule `geoparse_documents` does in one thread."""
    job = Geoparsing(documents, model, store, folder / "mentions")
    geoparse_documents(job, folder / "rejects.parquet", folder / "about.json")
    status = Path("/proc/self/status").read_text()
    print(re.search(r"VmHWM:\s*(\d+) kB", status)[1])


if __name__ == "__main__":
    tyro.cli(main)
