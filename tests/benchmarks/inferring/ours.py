"""Our side of the benchmark: `map_raster` on one thread, and what it took, as one line of JSON.

`cpu_s` and `wall_s` begin after the imports, as those of the peers do.
"""

import json
import os
import resource
import sys
import time
from pathlib import Path

from landscribe.map_raster import main
from landscribe.provenance import project_version


def cpu_s() -> float:
    """User and system time of this process."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    image, model, task, out, bands, scale = sys.argv[1:]
    before, begin = cpu_s(), time.monotonic()
    main(
        *(Path(image), Path(model), Path(task), Path(out)),
        bands=tuple(range(1, int(bands) + 1)),
        scale=float(scale),
        offset=0,
        threads=1,
    )
    told = {"cpu_s": cpu_s() - before, "cpu_s_with_imports": cpu_s()}
    told["wall_s"] = time.monotonic() - begin
    status = Path(f"/proc/{os.getpid()}/status").read_text()
    told["peak_mb"] = int(status.split("VmHWM:")[1].split()[0]) / 1024
    print(json.dumps(told | {"version": project_version()}))
