"""What arrays free is taken again as it is while a job runs, and the system's own way is back afterwards."""

from __future__ import annotations

import platform
import resource
import subprocess
import sys

import pytest

from bottega.jobs.runner.memory import kept_memory

_COUNT = """
import resource
from bottega.jobs.runner.memory import kept_memory

def faults():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(4):
        block = bytearray(b"x") * (64 << 20)
        del block
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

print(faults(), end=" ")
with kept_memory():
    faults()
    print(faults(), end=" ")
print(faults())
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="another C library keeps its memory as it likes")
def test_pages_are_touched_for_the_first_time_once() -> None:
    done = subprocess.run([sys.executable, "-c", _COUNT], capture_output=True, text=True, check=True)
    plain, kept, after = (int(n) for n in done.stdout.split())
    assert kept * 20 < plain, "the second round takes the pages of the first"
    assert after * 2 > plain, "and after the block they are given back"


def test_another_c_library_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("platform.libc_ver", lambda: ("", ""))
    monkeypatch.setattr("ctypes.CDLL", lambda _: pytest.fail("no library is asked for"))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with kept_memory():
        assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >= before
