"""What closes a take: the movie, the sheets, the shares, the whole record."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from bottega.footage import Band, DeliveredFrame, Delivery, read_delivered
from bottega.model import Output, Take, TakeState

from .banding import credited
from .make import Maker
from .opening import Inputs
from .progress import Progress
from .screens import Display, screen
from .takefolder import TakeFolder
from .views import WORST, Views, views, worst

PROXY, SHEET = "proxy.mp4", "contact.png"
SHEET_FRAMES, SHEET_WORST = 4, 2


@dataclass(frozen=True)
class Closing:
    """What `finish` needs besides the maker."""

    folder: TakeFolder
    delivery: Delivery
    inputs: Inputs
    fps: Fraction
    also: tuple[str, ...]
    progress: Progress
    reached: str = "keys reach"

    @property
    def band(self) -> Band | None:
        """The visible mark that the take carries, if it has to."""
        return Band(self.delivery.take.band.text) if self.delivery.take.band else None


def finish(take: Take, maker: Maker, closing: Closing) -> Take:
    """Write movies and sheets, and give the take's record with shares, outputs and state `done` (not yet written)."""
    closing.progress.advance("finish", units=0)
    frames = {n: next(o for o in outputs if o.path.startswith("frames/")) for n, outputs in sorted(maker.outputs.items())}
    extra = [closing.delivery.movie(PROXY, _screens(frames, closing), closing.fps, codec="h264")]
    if "prores" in closing.also:
        extra.append(closing.delivery.movie(f"{take.name}.mov", _screens(frames, closing), closing.fps, codec="prores"))
    chosen = for_sheet(list(frames), maker.carried)
    extra.append(closing.delivery.sheet(SHEET, [_views(n, frames[n], closing, maker.carried[n]).small(closing.band) for n in chosen]))
    least = worst(list(frames), maker.carried, list(closing.inputs.keys))
    if least:
        extra.append(closing.delivery.sheet(WORST, [_views(n, frames[n], closing, maker.carried[n]).crop(closing.band) for n in least]))
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
    least = sorted((n for n in numbers if n not in spread), key=lambda n: (carried[n], n))[:SHEET_WORST]
    return sorted(spread | set(least))


def _read(output: Output, closing: Closing) -> DeliveredFrame:
    closing.inputs.right.check()  # movies and sheets of a long shot take minutes in which no plate is read
    return read_delivered(closing.folder.path / output.path, sha256=output.sha256)


def _screens(frames: Mapping[int, Output], closing: Closing) -> Iterator[Display]:
    for output in frames.values():
        made = _read(output, closing)
        yield screen(made.rgb, made.data, made.display, made.colour)


def _views(number: int, output: Output, closing: Closing, carried: float) -> Views:
    made, plate = _read(output, closing), closing.inputs.plate.read(number)
    return views(number, made, plate, carried=carried, sources=credited(closing.inputs, closing.band), reached=closing.reached)
