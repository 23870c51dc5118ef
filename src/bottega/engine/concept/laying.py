"""The inner loops of a patchwork: offers to blocks and to single pixels, taken when its energy falls."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from .compiled import inlined, uncounted

_NEVER = np.float32(1e30)
_WRONG = np.float32(1e6)  # of a pixel in a block that would be led outside or to another class: no block is worth it
_OUTSIDE = np.float32(0.1)  # what a seam costs where both of its ends go on outside the source
_AROUND = 3  # blocks each way in which a repeat is seen
_HELD = np.float32(4)  # a seam that cannot move is seen more


class Board(NamedTuple):
    """A patchwork that is being laid.

    The arrays of a `ground.Ground`, the offsets (H, W, 2) int32, how much a seam is seen in each place of the source (h, w) float32, and
    what guides and lengths of seams cost.
    """

    style: Any
    source: Any
    kind: Any
    target: Any
    wanted: Any
    weights: Any
    held: Any
    offset: Any
    calm: Any
    strict: Any
    length: Any
    repeat: Any


@inlined
def seam(p: Any, q: Any, mine: Any, theirs: Any, board: Any) -> Any:
    """What is seen of a seam between p with offset `mine` and q with offset `theirs`.

    Where one side goes on outside the source the other end counts for both; a seam to what is held counts `_HELD` times.
    """
    style, calm = board.style, board.calm
    total, ends = np.float32(0), 0
    for end in range(2):
        y, x = p if end == 0 else q
        ay, ax, by, bx = y + mine[0], x + mine[1], y + theirs[0], x + theirs[1]
        if min(ay, ax, by, bx) < 0 or max(ay, by) >= style.shape[0] or max(ax, bx) >= style.shape[1]:
            continue
        ends += 1
        seen = np.float32(0)
        for c in range(style.shape[2]):
            d = style[ay, ax, c] - style[by, bx, c]
            seen += d * d
        total += seen * (calm[ay, ax] + calm[by, bx])
    if ends == 0:
        return _OUTSIDE
    if ends == 1:
        total *= np.float32(2)
    return total * _HELD if board.held[q[0], q[1]] or board.held[p[0], p[1]] else total


@inlined
def misfit(y: int, x: int, mine: Any, board: Any) -> Any:
    """Weighted squared difference of the guides at (y, x) with an offset; `_NEVER` where it leads outside or to another class."""
    sy, sx = y + mine[0], x + mine[1]
    if sy < 0 or sx < 0 or sy >= board.kind.shape[0] or sx >= board.kind.shape[1] or board.kind[sy, sx] != board.wanted[y, x]:
        return _NEVER
    total = np.float32(0)
    for k in range(board.weights.size):
        d = board.source[sy, sx, k] - board.target[y, x, k]
        total += board.weights[k] * d * d
    return total


@inlined
def pixel_energy(y: int, x: int, mine: Any, board: Any) -> Any:
    """Energy of one pixel with an offset: its guides, and its seams to four neighbours."""
    fit = misfit(y, x, mine, board)
    if fit >= _NEVER:
        return _NEVER
    offset = board.offset
    total = board.strict * fit
    for k in range(4):
        d = 1 if k % 2 == 0 else -1
        v, u = (y + d, x) if k < 2 else (y, x + d)
        if v < 0 or u < 0 or v >= offset.shape[0] or u >= offset.shape[1]:
            continue
        theirs = (offset[v, u, 0], offset[v, u, 1])
        if theirs != mine:
            total += seam((y, x), (v, u), mine, theirs, board) + board.length
    return total


@uncounted
def lay_pixels(board: Any, back: bool, step: int) -> int:
    """One pass: every pixel is offered the offsets of the four next to it and of four `step` away. How many changed."""
    offset, (rows, columns) = board.offset, board.wanted.shape
    changed = 0
    for i in range(rows):
        y = rows - 1 - i if back else i
        for j in range(columns):
            x = columns - 1 - j if back else j
            if board.held[y, x]:
                continue
            own = (offset[y, x, 0], offset[y, x, 1])
            best, kept = np.float32(-1), own
            for k in range(8):
                d = (1 if k < 4 else step) * (1 if k % 2 == 0 else -1)
                v, u = (y + d, x) if k % 4 < 2 else (y, x + d)
                if v < 0 or u < 0 or v >= rows or u >= columns:
                    continue
                offer = (offset[v, u, 0], offset[v, u, 1])
                if offer in (own, kept):
                    continue
                if best < 0:
                    best = pixel_energy(y, x, own, board)
                price = pixel_energy(y, x, offer, board)
                if price < best:
                    best, kept = price, offer
            if kept != own:
                offset[y, x, 0], offset[y, x, 1] = kept
                changed += 1
    return changed


@uncounted
def block_energy(box: Any, asked: Any, given: Any, board: Any, limit: Any) -> Any:
    """Energy of a block's free pixels of one class, all with the offset `given`, or each with its own if `given[2]` is 0.

    It stops when it is more than `limit`. Pairs inside count once, and so do those with what is not moved.
    """
    (top, left, bottom, right), offset = box, board.offset
    rows, columns = board.wanted.shape
    total = np.float32(0)
    for y in range(top, bottom):
        for x in range(left, right):
            if board.wanted[y, x] != asked or board.held[y, x]:
                continue
            mine = (given[0], given[1]) if given[2] == 1 else (offset[y, x, 0], offset[y, x, 1])
            fit = misfit(y, x, mine, board)
            total += board.strict * fit if fit < _NEVER else _WRONG
            for k in range(4):
                d = 1 if k % 2 == 0 else -1
                v, u = (y + d, x) if k < 2 else (y, x + d)
                if v < 0 or u < 0 or v >= rows or u >= columns:
                    continue
                inside = top <= v < bottom and left <= u < right and board.wanted[v, u] == asked and not board.held[v, u]
                if inside and (given[2] == 1 or d < 0):
                    continue
                theirs = (offset[v, u, 0], offset[v, u, 1])
                if theirs != mine:
                    total += seam((y, x), (v, u), mine, theirs, board) + board.length
        if total > limit:
            return total
    return total


@uncounted
def lay_blocks(board: Any, size: int, corner: Any, shifts: Any) -> int:
    """One pass: every block of the grid is offered offsets, for its pixels of the class of its middle. How many changed.

    The middle's own, that of the middles beside it, then the best so far plus each of `shifts` (blocks, offers, 2).
    """
    offset, (rows, columns) = board.offset, board.wanted.shape
    changed, number = 0, -1
    for top in range(corner[0] - size, rows, size):
        for left in range(corner[1] - size, columns, size):
            number += 1
            box = (max(top, 0), max(left, 0), min(top + size, rows), min(left + size, columns))
            if box[2] <= box[0] or box[3] <= box[1]:
                continue
            y, x = (box[0] + box[2]) // 2, (box[1] + box[3]) // 2
            asked = board.wanted[y, x]
            oy, ox, hit = offset[y, x, 0], offset[y, x, 1], False
            best = block_energy(box, asked, (oy, ox, np.int32(0)), board, _NEVER) + _repeats((y, x), (oy, ox), size, board)
            for k in range(5 + shifts.shape[1]):
                if k < 5:
                    ny, nx = _neighbour(k, (y, x), size, offset)
                else:
                    ny, nx = np.int32(oy + shifts[number, k - 5, 0]), np.int32(ox + shifts[number, k - 5, 1])
                again = _repeats((y, x), (ny, nx), size, board)
                price = block_energy(box, asked, (ny, nx, np.int32(1)), board, best - again) + again
                if price < best:
                    best, oy, ox, hit = price, ny, nx, True
            if hit:
                changed += 1
                _move(box, asked, (oy, ox), board)
    return changed


@inlined
def _repeats(middle: Any, given: Any, size: int, board: Any) -> Any:
    """What it costs that places around the block, up to three sides away, show what the block shows, at another offset."""
    (y, x), offset = middle, board.offset
    count = 0
    if board.repeat > 0:
        for i in range(-_AROUND, _AROUND + 1):
            for j in range(-_AROUND, _AROUND + 1):
                v, u = y + i * size, x + j * size
                if (i == 0 and j == 0) or v < 0 or u < 0 or v >= offset.shape[0] or u >= offset.shape[1]:
                    continue
                dy, dx = v + offset[v, u, 0] - y - given[0], u + offset[v, u, 1] - x - given[1]
                if abs(dy) < size and abs(dx) < size and (offset[v, u, 0] != given[0] or offset[v, u, 1] != given[1]):
                    count += 1
    return board.repeat * np.float32(count * size)


@inlined
def _neighbour(k: int, middle: Any, size: int, offset: Any) -> Any:
    y, x = middle
    if k > 0:
        d = size if k % 2 == 1 else -size
        y, x = (y + d, x) if k < 3 else (y, x + d)
        y, x = min(max(y, 0), offset.shape[0] - 1), min(max(x, 0), offset.shape[1] - 1)
    return offset[y, x, 0], offset[y, x, 1]


@inlined
def _move(box: Any, asked: Any, given: Any, board: Any) -> None:
    for y in range(box[0], box[2]):
        for x in range(box[1], box[3]):
            if board.wanted[y, x] == asked and not board.held[y, x]:
                board.offset[y, x, 0], board.offset[y, x, 1] = given
