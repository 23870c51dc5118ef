"""What closes a take: the movie, the contact sheet, the shares, the whole record."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from bottega.footage import Delivery, SheetRow, display, read_delivered
from bottega.model import Take, TakeState

from .make import Maker
from .pictures import Pictures
from .progress import Progress
from .takefolder import TakeFolder

PROXY, SHEET = "proxy.mp4", "contact.png"
SHEET_FRAMES, SHEET_WORST = 4, 2
DIFFERENCE_GAIN = 4.0
Display = NDArray[np.uint8]


@dataclass(frozen=True, kw_only=True)
class Closing:
    """What `finish` needs besides the maker."""

    folder: TakeFolder
    delivery: Delivery
    plate: Pictures
    fps: Fraction
    also: tuple[str, ...]
    progress: Progress


def finish(take: Take, maker: Maker, closing: Closing) -> Take:
    """Write proxy and contact sheet, and give the take's record with shares, outputs and state `done` (not yet written)."""
    frames = {n: closing.folder.path / outputs[0].path for n, outputs in sorted(maker.outputs.items())}
    sums = {o.path: o.sha256 for outputs in maker.outputs.values() for o in outputs}

    def pictures() -> Iterator[Display]:
        for path in frames.values():
            made = read_delivered(path, sha256=sums[str(path.relative_to(closing.folder.path))])
            yield display(made.rgb, made.colour)

    closing.progress.advance("finish", units=0)
    extra = [closing.delivery.movie(PROXY, pictures(), fps=closing.fps, codec="h264")]
    if "prores" in closing.also:
        extra.append(closing.delivery.movie(f"{take.name}.mov", pictures(), fps=closing.fps, codec="prores"))
    chosen = _for_sheet(list(frames), maker.carried)
    rows = [_row(n, frames[n], sums, closing, maker.carried[n]) for n in chosen]
    extra.append(closing.delivery.sheet(SHEET, rows))
    outputs = tuple(o for n in sorted(maker.outputs) for o in maker.outputs[n])
    return replace(
        take,
        state=TakeState.DONE,
        shares=maker.tally.shares(),
        touched_shares=maker.tally.touched_shares(),
        carried={str(n): maker.carried[n] for n in sorted(maker.carried)},
        outputs=(*outputs, *extra),
        warnings=tuple(maker.warnings()),
    )


def _for_sheet(numbers: Sequence[int], carried: Mapping[int, float]) -> list[int]:
    """Frames spread over the shot, and those that the keys reached least, in motion order."""
    spread = {numbers[round(i * (len(numbers) - 1) / max(SHEET_FRAMES - 1, 1))] for i in range(SHEET_FRAMES)}
    worst = sorted((n for n in numbers if n not in spread), key=lambda n: carried[n])[:SHEET_WORST]
    return sorted(spread | set(worst))


def _row(number: int, path: object, sums: Mapping[str, str], closing: Closing, carried: float) -> SheetRow:
    from pathlib import Path

    where = Path(str(path))
    made = read_delivered(where, sha256=sums[str(where.relative_to(closing.folder.path))])
    plate = closing.plate.read(number)
    before, after = display(plate.rgb, plate.colour), display(made.rgb, made.colour)
    change = np.clip(np.abs(after.astype(np.float32) - before) * DIFFERENCE_GAIN, 0, 255).astype(np.uint8)
    label = f"{number}  keys reach {carried:.0%}"
    return SheetRow(
        label=label,
        pictures=(("plate", before), ("result", after), (f"change x{DIFFERENCE_GAIN:.0f}", change), ("credit", made.credit_picture)),
    )
