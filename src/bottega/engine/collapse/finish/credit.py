"""Whose every pixel is: the reads that a frame was made of, and the frame made again from them alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .sampling import ONE_TAP, STEPS, Reads, gather

Array = NDArray[Any]


@dataclass(frozen=True, slots=True, eq=False)
class Credit:
    """A frame's sources. A pixel in no read is the plate's own, bit for bit.

    names
        The table of sources; the first is the frame's plate.
    size
        (H, W).
    back, front
        Reads of what stands behind, and of the pieces over it.
    touched
        (H, W) bool: pixels with reads.
    """

    names: tuple[str, ...]
    size: tuple[int, int]
    back: Reads
    front: Reads
    touched: Array

    def layers(self, pictures: list[Array]) -> tuple[Array, Array, Array]:
        """Behind (H, W, 3), pieces (H, W, 3) premultiplied, and their alpha (H, W), float32, from the sources' pictures."""
        alpha = np.zeros(self.size[0] * self.size[1], np.float32)
        np.add.at(alpha, self.front.pixel, self.front.weight)
        back, front = (gather(reads, pictures, size=self.size) for reads in (self.back, self.front))
        return back, front, np.minimum(alpha, 1).reshape(self.size)

    def regather(self, pictures: list[Array]) -> Array:
        """Make the beauty again, before blur and grain: (H, W, 3) float32, the same bits.

        Parameters
        ----------
        pictures : list of (h, w, 3) float32
            The sources in the order of `names`.

        Returns
        -------
        (H, W, 3) float32

        Raises
        ------
        ValueError
            If there are not as many pictures as names, or the plate has another size than the frame.
        """
        if len(pictures) != len(self.names) or pictures[0].shape != (*self.size, 3):
            raise ValueError(
                f"pictures: {len(pictures)}, the plate's {pictures[0].shape}; allowed is one for each of {self.names}, {(*self.size, 3)}"
            )
        back, front, alpha = self.layers(pictures)
        return np.where(self.touched[..., None], back * (1 - alpha)[..., None] + front, pictures[0])

    def copied(self) -> Array:
        """(H, W) int16: the source of which a pixel is one pixel, bit for bit; −1 where it is mixed, moved by parts or relit."""
        out = np.where(self.touched, -1, 0).astype(np.int16).ravel()
        everything = [(reads, np.bincount(reads.pixel, minlength=out.size)) for reads in (self.back, self.front)]
        behind, before = (count for _, count in everything)
        for reads, alone in ((self.front, before == 1), (self.back, (behind == 1) & (before == 0))):
            whole = alone[reads.pixel] & (reads.weight == 1) & (reads.ratio == 1).all(1) & ~(reads.wraps)
            whole &= (reads.x % STEPS == 0) & (reads.y % STEPS == 0) & one_tap(reads.step)
            out[reads.pixel[whole]] = reads.source[whole]
        return out.reshape(self.size)

    def shares(self) -> dict[str, float]:
        """Each source's share of the frame's pixels; sources of one name are one. They sum to 1."""
        total = np.zeros(len(self.names))
        alpha = np.zeros(self.touched.size)
        np.add.at(alpha, self.front.pixel, self.front.weight.astype(np.float64))
        np.add.at(total, self.front.source, self.front.weight.astype(np.float64))
        np.add.at(total, self.back.source, self.back.weight * (1 - alpha[self.back.pixel]))
        total[0] += (~self.touched).sum()
        shares = dict.fromkeys(self.names, 0.0)
        for name, part in zip(self.names, total, strict=True):
            shares[name] += float(part) / self.touched.size
        return shares


def one_tap(step: Array) -> Array:
    """(R,) bool: reads that are one place and not a mean over some."""
    return np.asarray((np.linalg.norm(step, axis=2) < ONE_TAP).all(1))
