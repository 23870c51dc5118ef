"""What a sheet shows of a frame: plate, result, change, whose work; whole, or at 100 % where the keys reached least."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from bottega.attribution import CreditMap, CreditSource, palette_for, picture
from bottega.footage import Band, DeliveredFrame, Frame
from bottega.model import Role

from .screens import Display, screen, small

CROP_PX = 288
DIFFERENCE_GAIN = 4.0
WORST, MOST_WORST = "worst.png", 8
_WORST_SHARE = 4  # one frame of so many at most

Row = list[tuple[str, Display]]


@dataclass(frozen=True, eq=False)
class Views:
    """A frame's pictures by label, encoded for a monitor, and where inside the matte the plate's own share lies, (H, W) float32."""

    pictures: tuple[tuple[str, Display], ...]
    kept: NDArray[np.float32]

    def small(self, band: Band | None) -> Row:
        """Whole pictures for a contact sheet."""
        return [(label, small(on(band, shown))) for label, shown in self.pictures]

    def crop(self, band: Band | None) -> Row:
        """At 100 %, where the keys reached least."""
        left, top, right, bottom = least_reached(self.kept)
        return [(label, on(band, np.ascontiguousarray(shown[top:bottom, left:right]))) for label, shown in self.pictures]

    def with_plate(self, plate: Display) -> Views:
        """The same with another picture of the plate: one that is drawn on."""
        return replace(self, pictures=((self.pictures[0][0], plate), *self.pictures[1:]))


def views(
    number: int, made: DeliveredFrame, plate: Frame, *, carried: float, sources: Sequence[CreditSource], reached: str = "keys reach"
) -> Views:
    """A delivered frame beside its plate."""
    before = screen(plate.rgb, plate.canvas, plate.display, plate.working)
    after = screen(made.rgb, made.data, made.display, made.colour)
    change = np.clip(np.abs(after.astype(np.float32) - before) * DIFFERENCE_GAIN, 0, 255).astype(np.uint8)
    credit = CreditMap.from_channels(dict(made.credit), made.manifest)
    shown = picture(credit, palette=palette_for(sources))
    where = plate.display.inside(plate.canvas.union(plate.display))
    plates = [i for i, source in enumerate(credit.sources) if source.role is Role.PLATE]
    kept = credit.parts[plates].sum(0, dtype=np.uint32).astype(np.float32) / 65536 * made.matte
    pictures = (
        (f"{number} plate", before),
        (f"{number} result, {reached} {carried:.0%}", after),
        (f"{number} change x{DIFFERENCE_GAIN:.0f}", change),
        (f"{number} whose work", np.ascontiguousarray(shown[where])),
    )
    return Views(pictures, np.ascontiguousarray(kept[where]))


def worst(numbers: Sequence[int], carried: Mapping[int, float], keys: Sequence[int]) -> list[int]:
    """The frames that the keys reached least, in motion order: up to 8, one in four at most, no key frames."""
    free = sorted((n for n in numbers if n not in keys), key=lambda n: (carried[n], n))
    return sorted(free[: min(MOST_WORST, max(1, len(numbers) // _WORST_SHARE))])


def least_reached(kept: NDArray[np.float32]) -> tuple[int, int, int, int]:
    """Left, top, right, bottom of the square in which the plate kept most inside the matte; the first of equals."""
    height, width = kept.shape
    rows, columns = min(CROP_PX, height), min(CROP_PX, width)
    sums = np.zeros((height + 1, width + 1))
    sums[1:, 1:] = kept.cumsum(0, dtype=np.float64).cumsum(1)
    inside = sums[rows:, columns:] - sums[:-rows, columns:] - sums[rows:, :-columns] + sums[:-rows, :-columns]
    top, left = np.unravel_index(int(inside.argmax()), inside.shape)
    return int(left), int(top), int(left) + columns, int(top) + rows


def on(band: Band | None, shown: Display) -> Display:
    """A picture with the visible mark that its take carries, if it carries one."""
    return band.on_screen(shown) if band else shown
