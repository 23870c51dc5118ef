"""Memory that a job lets go of and takes again a moment later: kept, so that the system need not clear it anew each time."""

from __future__ import annotations

import ctypes
import platform
from collections.abc import Iterator
from contextlib import contextmanager

# mallopt(3): which knob, while frames are made, and as glibc has it.
_TRIM_THRESHOLD, _KEEP_BYTES, _USUAL_KEEP_BYTES = -1, 2**31 - 1, 128 * 1024
_MMAP_MAX, _NONE, _USUAL_MAPS = -4, 0, 65536
_ARENA_MAX, _ONE = -8, 1


@contextmanager
def kept_memory() -> Iterator[None]:
    """Let the C library keep what arrays free until the block ends; then it is given back.

    glibc maps every array above 32 MB by itself and unmaps it when it is freed: at 4K the system cleared the same pages hundreds of times a
    frame, a third of a job's CPU seconds. From one heap they are taken again as they are. It changes time and no bit; with another C
    library than glibc it does nothing. New threads share one arena from then on, also after the block: glibc settles that once.
    """
    library = ctypes.CDLL(None) if platform.libc_ver()[0] == "glibc" else None
    if library is None:
        yield
        return
    for knob, value in ((_MMAP_MAX, _NONE), (_TRIM_THRESHOLD, _KEEP_BYTES), (_ARENA_MAX, _ONE)):
        library.mallopt(knob, value)
    try:
        yield
    finally:
        for knob, value in ((_MMAP_MAX, _USUAL_MAPS), (_TRIM_THRESHOLD, _USUAL_KEEP_BYTES)):
            library.mallopt(knob, value)
        library.malloc_trim(0)
