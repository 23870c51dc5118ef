"""Which frame to paint next: what each would do for the others, foreseen from the plates alone; and the states that no key shows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bottega.engine.candidates import time_weights
from bottega.engine.checks import Float
from bottega.engine.glances import Compared

# Chosen on other shots than those that bench/advice.py reports on; it says which.
_FLOOR = 0.019  # difference, in the encoding, beside which a better match makes no better repair
_CHOICE_FLOOR = 0.0063  # below it two keys are equally good
_CALIBRATION = 1.4  # true gain over the foreseen one, on those shots
_LEAST_GAIN_DB = 0.02  # of the whole shot: what promises less is not advised
_SERVED_DB = 0.5  # from which gain on a frame is said to be served
_UNLIKE = 0.5  # from which a cell is said to show another state
_LEAST_CELLS, _LEAST_SHARE = 3, 0.015  # of the matte's cells that must show another state before a frame is said to
_SHOWN_SHARE = 0.5  # of a frame's unseen cells that a new key may leave unseen and still show its state
_INSIDE = 0.5
_BOXED = 0.25  # share of what is missing that the box holds at least

Box = tuple[int, int, int, int]


@dataclass(frozen=True)
class Advice:
    """A frame to paint next.

    Parameters
    ----------
    frame
        Its number.
    gain_db
        Estimated rise of the shot's mean PSNR over the frames that are no keys, this key added to those there and advised before it.
    between
        The one or two keys (those advised before it too) on whose work its frame stands so far.
    serves
        Frames that are expected to gain half a dB or more.
    box
        Left, top, right, bottom in pixels of the plate, half-open: where on this frame the most is missing.
    """

    frame: int
    gain_db: float
    between: tuple[int, ...]
    serves: tuple[int, ...]
    box: Box


@dataclass(frozen=True)
class Unseen:
    """A state that no key shows to the frames that have it: another eye, another mouth, something that crosses.

    Parameters
    ----------
    frame
        The frame that shows it best to the others.
    frames
        Those that have it.
    box
        Left, top, right, bottom in pixels of the plate, half-open: where, on `frame`.
    share
        Share of the matte on `frame` that shows it, 0..1.
    """

    frame: int
    frames: tuple[int, ...]
    box: Box
    share: float


def advise(gaps: Sequence[Compared], *, count: int) -> tuple[Advice, ...]:
    """Greedy choice: the key that raises Σ −20·log10(E_n) most, then the next beside it; E_n = floor + Σ matte·apart / Σ matte.

    A frame's `apart` is that of the keys before and after it, mixed per cell as a repair chooses: by time over difference. Every frame
    that a key would serve counts, not only its own: facility location (Nemhauser, Wolsey, Fisher 1978). It foresees nothing of paint.

    Parameters
    ----------
    gaps
        The shot's gaps from `compare`.
    count
        How many frames at most, 1..50.

    Returns
    -------
    tuple of Advice
        In the order to paint them. Fewer where no other key promises 0.02 dB.

    Raises
    ------
    ValueError
        If `count` is outside its range, or a frame lies in two gaps.

    Examples
    --------
    >>> import numpy as np
    >>> apart = np.full((3, 4, 8, 8), 0.2, np.float16)
    >>> apart[0, 1] = apart[1, 2] = apart[2, 3] = 0
    >>> apart[[0, 2], 2] = 0.05
    >>> gap = Compared((2, 3, 4), (1, 2, 3, 4), (1,), apart, apart, np.ones((3, 4), np.float32), np.ones((3, 8, 8), np.float32), (32, 32))
    >>> advise([gap], count=1)[0].frame
    3
    """
    if not 1 <= count <= 50:
        raise ValueError(f"count is {count}, allowed is 1 to 50")
    numbers = [n for gap in gaps for n in gap.frames]
    if len(numbers) != len(set(numbers)):
        raise ValueError("gaps share frames, allowed is each frame in one gap")
    keys = [list(gap.keys) for gap in gaps]
    out: list[Advice] = []
    while len(out) < count:
        found = _best(gaps, keys)
        if found is None:
            break
        g, advice = found
        out.append(advice)
        keys[g] = sorted([*keys[g], advice.frame])
    return tuple(out)


def foreseen(gap: Compared, keys: Sequence[int]) -> NDArray[np.float64]:
    """E_n of each of a gap's frames with these keys: (N,) mean difference inside the matte, in the encoding, floor included.

    Parameters
    ----------
    gap
        From `compare`.
    keys
        Some of its columns.

    Returns
    -------
    (N,) float64, above 0. The error of a repair goes as its square.

    Raises
    ------
    ValueError
        If there are no keys, or one of them is no column.

    Examples
    --------
    >>> import numpy as np
    >>> apart = np.zeros((1, 1, 8, 8), np.float16)
    >>> gap = Compared((2,), (1,), (1,), apart, apart, np.ones((1, 1), np.float32), np.ones((1, 8, 8), np.float32), (32, 32))
    >>> foreseen(gap, (1,)).tolist()
    [0.019]
    """
    stray = sorted(set(keys) - set(gap.columns))
    if stray or not keys:
        raise ValueError(f"keys are {list(keys)}, allowed are some of the columns {list(gap.columns)}")
    return np.array([_FLOOR + _missing(gap, n, keys).sum(dtype=np.float64) / max(float(gap.matte[n].sum()), 1e-6) for n in _rows(gap)])


def unseen(gap: Compared, keys: Sequence[int] | None = None) -> tuple[Unseen, ...]:
    """States that no key of a gap shows: frames whose cells are unlike those of every key that serves them, put together by likeness.

    Parameters
    ----------
    gap
        From `compare`.
    keys
        Some of its columns; None is the gap's own keys.

    Returns
    -------
    tuple of Unseen
        In the order of the shot.

    Raises
    ------
    ValueError
        If a key is no column.

    Examples
    --------
    >>> import numpy as np
    >>> unlike = np.zeros((3, 4, 8, 8), np.float16)
    >>> unlike[1, [0, 1, 3], 2:5, 3:6] = 1
    >>> gap = Compared((2, 3, 4), (1, 2, 3, 4), (1,), unlike, unlike, np.ones((3, 4), np.float32), np.ones((3, 8, 8), np.float32), (32, 32))
    >>> [(state.frame, state.frames, state.box) for state in unseen(gap)]
    [(3, (3,), (12, 8, 24, 20))]
    """
    keys = gap.keys if keys is None else keys
    stray = sorted(set(keys) - set(gap.columns))
    if stray:
        raise ValueError(f"keys are {list(keys)}, allowed are some of the columns {list(gap.columns)}")
    bad = {n: _unlike(gap, n, keys) for n in _rows(gap) if gap.frames[n] not in keys}
    left = {n: cells for n, cells in bad.items() if _is_state(gap, n, cells)}
    out = []
    while left:
        n, rows = _representative(gap, left)
        out.append(Unseen(gap.frames[n], tuple(gap.frames[m] for m in rows), _box(gap, bad[n]), _share(gap, n, bad[n])))
        for m in rows:
            del left[m]
    return tuple(sorted(out, key=lambda state: state.frames))


def _best(gaps: Sequence[Compared], keys: Sequence[Sequence[int]]) -> tuple[int, Advice] | None:
    """The key that raises the mean of all frames that are no keys most, the earlier one of equals; None if none is worth it."""
    now = [_decibels(foreseen(gap, k)) for gap, k in zip(gaps, keys, strict=True)]
    total, weight = (sum(parts) for parts in zip(*(_sums(gap, k, db) for gap, k, db in zip(gaps, keys, now, strict=True)), strict=True))
    best: tuple[int, int, NDArray[np.float64]] | None = None
    most = _LEAST_GAIN_DB
    for g, gap in enumerate(gaps):
        here, has = _sums(gap, keys[g], now[g])
        for column in gap.columns:
            if column in keys[g]:
                continue
            new = sorted([*keys[g], column])
            db = _decibels(foreseen(gap, new))
            there, have = _sums(gap, new, db)
            rest = weight - has + have
            gain = (total - here + there) / rest - total / weight if rest else 0.0
            if gain > most:
                best, most = (g, column, db), gain
    if best is None:
        return None
    g, column, db = best
    return g, _told(gaps[g], keys[g], column, gain_db=most, rise=db - now[g])


def _told(gap: Compared, keys: Sequence[int], column: int, *, gain_db: float, rise: NDArray[np.float64]) -> Advice:
    n = gap.frames.index(column)
    missing = _missing(gap, n, keys)
    order = np.sort(missing, axis=None)[::-1]
    least = order[np.searchsorted(np.cumsum(order), order.sum() * _BOXED)]
    between = tuple(keys[i] for i, _ in time_weights(column, keys))
    serves = tuple(m for m, db in zip(gap.frames, rise, strict=True) if db >= _SERVED_DB or m == column)
    return Advice(column, round(float(gain_db) * _CALIBRATION, 3), between, serves, _box(gap, missing >= least))


def _sums(gap: Compared, keys: Sequence[int], db: NDArray[np.float64]) -> tuple[float, float]:
    """Sum of the dB of a gap's frames that are no keys, and how many they are."""
    free = np.array([n not in keys for n in gap.frames])
    return float(db[free].sum()) * gap.stands_for, float(free.sum()) * gap.stands_for


def _missing(gap: Compared, n: int, keys: Sequence[int]) -> Float:
    """(h, w): what the serving keys leave, cell by cell; 0 outside the matte."""
    served = time_weights(gap.frames[n], keys)
    apart = np.stack([gap.apart[n, gap.columns.index(keys[i])] for i, _ in served]).astype(np.float32)
    near = [w / gap.motion[n, gap.columns.index(keys[i])] if len(served) > 1 else w for i, w in served]
    weight = np.array(near, np.float32)[:, None, None] / (apart + np.float32(_CHOICE_FLOOR))
    return np.asarray((weight * apart).sum(0) / weight.sum(0), np.float32)


def _unlike(gap: Compared, n: int, keys: Sequence[int]) -> NDArray[np.bool_]:
    """(h, w): where no key that serves a frame shows its state."""
    least = np.min([gap.unlike[n, gap.columns.index(keys[i])] for i, _ in time_weights(gap.frames[n], keys)], axis=0)
    return np.asarray((least > _UNLIKE) & (gap.matte[n] > _INSIDE), np.bool_)


def _representative(gap: Compared, left: dict[int, NDArray[np.bool_]]) -> tuple[int, list[int]]:
    """The row whose frame shows the state of most others, by their unseen cells, and those it shows; without columns the worst alone."""
    best, rows, most = -1, [], -1.0
    for n in left:
        if gap.frames[n] in gap.columns:
            c = gap.columns.index(gap.frames[n])
            shown = [m for m in left if m == n or (left[m] & (gap.unlike[m, c] > _UNLIKE)).sum() <= _SHOWN_SHARE * left[m].sum()]
        else:
            shown = [n]
        value = float(sum(left[m].sum() for m in shown))
        if value > most:
            best, rows, most = n, shown, value
    return best, rows


def _is_state(gap: Compared, n: int, cells: NDArray[np.bool_]) -> bool:
    return int(cells.sum()) >= _LEAST_CELLS and _share(gap, n, cells) >= _LEAST_SHARE


def _share(gap: Compared, n: int, cells: NDArray[np.bool_]) -> float:
    return round(float(cells.sum()) / max(int((gap.matte[n] > _INSIDE).sum()), 1), 4)


def _box(gap: Compared, cells: NDArray[np.bool_]) -> Box:
    """The plate's pixels round some cells; all of it where there are none."""
    (rows, columns), (height, width) = cells.shape, gap.size
    y, x = np.flatnonzero(cells.any(1)), np.flatnonzero(cells.any(0))
    if not y.size:
        return 0, 0, width, height
    across, down = width / columns, height / rows
    return round(x[0] * across), round(y[0] * down), round((x[-1] + 1) * across), round((y[-1] + 1) * down)


def _rows(gap: Compared) -> range:
    return range(len(gap.frames))


def _decibels(error: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(-20 * np.log10(error), np.float64)
