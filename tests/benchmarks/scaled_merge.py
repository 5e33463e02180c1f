"""The script merge_places with a share of its memory, given as the first argument.

With the share of it that some places are of the 13 million of GeoNames, what fits fits there, too.
"""

import sys

from landscribe.command import command
from landscribe.places import merge, merged
from scripts.merge_places import main

if __name__ == "__main__":
    share = float(sys.argv.pop(1))
    size, unit = int(merge.MEMORY[:-2]), merge.MEMORY[-2:]
    merge.MEMORY = f"{size * share * 1000:.0f}MB"
    assert unit == "GB"
    merged.RANGE = int(merged.RANGE * share)
    command(main)
