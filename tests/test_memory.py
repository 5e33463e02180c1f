import subprocess
import sys

import pytest

_MEASURE = """
import sys
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from landscribe.memory import share_arena
if sys.argv[1] == "shared":
    share_arena()
together = Barrier(8)

def last_of_many(_):
    together.wait()
    return [bytearray(2**16) for _ in range(320)][-1]  # 20 MB, of which the last part is kept

with ThreadPoolExecutor(8) as pool:
    kept = [*pool.map(last_of_many, range(8))]
more = [bytearray(2**16) for _ in range(2000)]
status = dict(line.split(":", 1) for line in open("/proc/self/status"))
print(int(status["VmHWM"].split()[0]) / 2**10)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
def test_what_threads_give_back_others_can_have():
    peaks_mb = {}
    for way in ("own", "shared"):
        command = [sys.executable, "-c", _MEASURE, way]
        peaks_mb[way] = float(subprocess.run(command, capture_output=True, check=True).stdout)
    assert peaks_mb["own"] - peaks_mb["shared"] > 50
