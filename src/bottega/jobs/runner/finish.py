"""What closes a take: the movie, the contact sheet, the shares, the whole record."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np

from bottega.attribution import CreditMap, palette_for, picture
from bottega.footage import Band, DeliveredFrame, Delivery, read_delivered
from bottega.model import Output, Take, TakeState

from .banding import credited
from .make import Maker
from .opening import Inputs
from .progress import Progress
from .screens import Display, screen, small
from .takefolder import TakeFolder

PROXY, SHEET = "proxy.mp4", "contact.png"
SHEET_FRAMES, SHEET_WORST = 4, 2
DIFFERENCE_GAIN = 4.0


@dataclass(frozen=True)
class Closing:
    """What `finish` needs besides the maker."""

    folder: TakeFolder
    delivery: Delivery
    inputs: Inputs
    fps: Fraction
    also: tuple[str, ...]
    progress: Progress

    @property
    def band(self) -> Band | None:
        """The visible mark that the take carries, if it has to."""
        return Band(self.delivery.take.band.text) if self.delivery.take.band else None


def finish(take: Take, maker: Maker, closing: Closing) -> Take:
    """Write movies and contact sheet, and give the take's record with shares, outputs and state `done` (not yet written)."""
    closing.progress.advance("finish", units=0)
    frames = {n: next(o for o in outputs if o.path.startswith("frames/")) for n, outputs in sorted(maker.outputs.items())}
    extra = [closing.delivery.movie(PROXY, _screens(frames, closing), closing.fps, codec="h264")]
    if "prores" in closing.also:
        extra.append(closing.delivery.movie(f"{take.name}.mov", _screens(frames, closing), closing.fps, codec="prores"))
    chosen = for_sheet(list(frames), maker.carried)
    extra.append(closing.delivery.sheet(SHEET, [_row(n, frames[n], closing, maker.carried[n]) for n in chosen]))
    return replace(
        take,
        state=TakeState.DONE,
        shares=maker.tally.shares(),
        touched_shares=maker.tally.touched_shares(),
        carried={str(n): maker.carried[n] for n in sorted(maker.carried)},
        outputs=(*(o for n in sorted(maker.outputs) for o in maker.outputs[n]), *extra),
        warnings=tuple(maker.warnings()),
    )


def for_sheet(numbers: Sequence[int], carried: Mapping[int, float]) -> list[int]:
    """Frames spread over the shot, and those that the keys reached least, in motion order."""
    spread = {numbers[round(i * (len(numbers) - 1) / (SHEET_FRAMES - 1))] for i in range(SHEET_FRAMES)}
    worst = sorted((n for n in numbers if n not in spread), key=lambda n: (carried[n], n))[:SHEET_WORST]
    return sorted(spread | set(worst))


def _read(output: Output, closing: Closing) -> DeliveredFrame:
    closing.inputs.right.check()  # movies and sheets of a long shot take minutes in which no plate is read
    return read_delivered(closing.folder.path / output.path, sha256=output.sha256)


def _screens(frames: Mapping[int, Output], closing: Closing) -> Iterator[Display]:
    for output in frames.values():
        made = _read(output, closing)
        yield screen(made.rgb, made.data, made.display, made.colour)


def _row(number: int, output: Output, closing: Closing, carried: float) -> list[tuple[str, Display]]:
    made, plate = _read(output, closing), closing.inputs.plate.read(number)
    before = screen(plate.rgb, plate.canvas, plate.display, plate.working)
    after = screen(made.rgb, made.data, made.display, made.colour)
    change = np.clip(np.abs(after.astype(np.float32) - before) * DIFFERENCE_GAIN, 0, 255).astype(np.uint8)
    credit = picture(CreditMap.from_channels(dict(made.credit), made.manifest), palette=palette_for(credited(closing.inputs, closing.band)))
    named = (
        (f"{number} plate", before),
        (f"{number} result, keys reach {carried:.0%}", after),
        (f"{number} change x{DIFFERENCE_GAIN:.0f}", change),
        (f"{number} whose work", np.ascontiguousarray(credit[plate.display.inside(plate.canvas.union(plate.display))])),
    )
    return [(label, small(closing.band.on_screen(shown) if closing.band else shown)) for label, shown in named]
