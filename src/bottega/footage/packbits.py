"""PackBits, the run lengths of TIFF 6.0 (section 9) and of Photoshop's files, row by row."""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
import numpy.typing as npt

Bytes = npt.NDArray[np.uint8]


@numba.njit(cache=True)  # type: ignore[untyped-decorator]  # numba has no types
def unpack(packed: Bytes, starts: npt.NDArray[np.int64], out: Bytes) -> int:
    """Unpack each row of `out` (rows, width) from `packed[starts[r]:starts[r + 1]]`; -1, or the first row that does not fit."""
    for row in range(out.shape[0]):
        at, end, x = starts[row], starts[row + 1], 0
        while at < end and x < out.shape[1]:
            head = packed[at]
            at += 1
            if head < 128:
                count = head + 1
                if at + count > end or x + count > out.shape[1]:
                    return row
                for i in range(count):
                    out[row, x + i] = packed[at + i]
                at += count
                x += count
            elif head > 128:
                count = 257 - head
                if at >= end or x + count > out.shape[1]:
                    return row
                for i in range(count):
                    out[row, x + i] = packed[at]
                at += 1
                x += count
        if x != out.shape[1]:
            return row
    return -1


@numba.njit(cache=True)  # type: ignore[untyped-decorator]  # numba has no types
def _pack(rows: Bytes, out: Bytes, sizes: npt.NDArray[np.int64]) -> int:
    """Pack every row after the other into `out`, note each one's size, and give the size of all."""
    to = 0
    for row in range(rows.shape[0]):
        begin, x, width = to, 0, rows.shape[1]
        while x < width:
            run = 1
            while x + run < width and run < 128 and rows[row, x + run] == rows[row, x]:
                run += 1
            if run >= 3 or (x + run == width and run >= 2):
                out[to], out[to + 1] = 257 - run, rows[row, x]
                to += 2
                x += run
                continue
            first = x
            while x < width and x - first < 128:
                if x + 2 < width and rows[row, x] == rows[row, x + 1] and rows[row, x] == rows[row, x + 2]:
                    break
                x += 1
            out[to] = x - first - 1
            to += 1
            for i in range(first, x):
                out[to] = rows[row, i]
                to += 1
        sizes[row] = to - begin
    return to


def packed(rows: Any) -> tuple[npt.NDArray[np.int64], bytes]:
    """Pack (rows, width) bytes: the size of each packed row, and all of them after one another."""
    rows = np.ascontiguousarray(rows, np.uint8)
    out = np.empty(rows.shape[0] * (rows.shape[1] + rows.shape[1] // 64 + 2), np.uint8)
    sizes = np.empty(rows.shape[0], np.int64)
    return sizes, out[: _pack(rows, out, sizes)].tobytes()
