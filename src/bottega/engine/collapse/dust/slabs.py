"""Kernels over slabs of a volume or a picture: each thread writes its own rows, so any number of threads gives the same bits."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import Any

SHARES = 4  # slabs a thread: rows cost unequally


def in_slabs(kernel: Callable[..., None], rows: int, threads: int, *given: Any) -> None:
    """Call kernel(first, last, *given) for slabs that cover 0..rows. A kernel writes nothing but the rows first..last of its outputs.

    Raises
    ------
    ValueError
        Fewer than one thread.
    """
    if threads < 1:
        raise ValueError(f"threads: at least 1 is needed, not {threads}")
    if threads == 1:
        kernel(0, rows, *given)
        return
    count = min(rows, threads * SHARES)
    cuts = [rows * i // count for i in range(count + 1)]
    with ThreadPoolExecutor(threads) as pool:
        for done in [pool.submit(kernel, a, b, *given) for a, b in pairwise(cuts)]:
            done.result()
