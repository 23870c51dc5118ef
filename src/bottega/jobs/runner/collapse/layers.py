"""The layers of a collapse's frame beside the finished picture, as parts of its file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from bottega.footage import Cryptomatte, LayerOut, distinct
from bottega.jobs.recipes.collapse import Called, Made
from bottega.jobs.recipes.collapse_mattes import ranks_of

_LARGEST = 65504.0


@dataclass(frozen=True, eq=False)
class Mattes:
    """The shot's sets of mattes, each with the number that every piece has in it; how many samples a pixel has."""

    sets: tuple[tuple[Cryptomatte, NDArray[np.int32]], ...]
    samples: int

    @classmethod
    def of(cls, names: Called, *, samples: int) -> Self:
        """One set by piece, one by kind of element."""
        own = np.arange(len(names.piece), dtype=np.int32)
        pieces, kinds = Cryptomatte("crypto_piece", distinct(names.piece)), Cryptomatte("crypto_element", distinct(names.kinds))
        return cls(((pieces, own), (kinds, names.kind)), samples)

    def parts(self, made: Made) -> list[LayerOut]:
        """A frame's parts, one a set."""
        if made.finished is None:
            return []
        return [
            LayerOut(name=s.layer, channels=s.channels(*ranks_of(made.finished, group, samples=self.samples)), heading=s.attributes)
            for s, group in self.sets
        ]


def beside(made: Made, mattes: Mattes) -> tuple[LayerOut, ...]:
    """Pieces, dust, debris, what is behind, shadow, depth, ids, normals, motion, mattes. None where nothing has happened yet."""
    if made.finished is None:
        return ()
    f, b = made.finished, made.finished.buffers
    out = [
        LayerOut(name="pieces", channels=_rgba(f.pieces), light=True),
        LayerOut(name="behind", channels=_rgb(f.behind), light=True),
        LayerOut(name="shadow", channels=_rgb(f.shadow)),
        LayerOut(name="depth", channels={"Z": np.where(np.isfinite(b.depth), b.depth, 1e10).astype(np.float32)}),
        LayerOut(name="id", channels={"piece": (b.piece + 1).astype(np.uint32)}),
        LayerOut(name="normal", channels=_named(b.normal, ("N.x", "N.y", "N.z"))),
        LayerOut(name="motion", channels=_named(b.motion, ("forward.u", "forward.v"))),
    ]
    if made.dust is not None:
        picture = made.dust.picture
        depth = np.where(np.isfinite(picture.depth), picture.depth, 1e10).astype(np.float32)
        out.append(LayerOut(name="dust", channels=_rgba(picture.rgba) | {"Z": depth}, light=True))
    if made.chips is not None:
        debris = made.chips.picture
        depth = np.where(np.isfinite(debris.depth), debris.depth, 1e10).astype(np.float32)
        out.append(LayerOut(name="debris", channels=_rgba(debris.rgba) | {"Z": depth}, light=True))
    return (*out, *mattes.parts(made))


def _half(array: NDArray[np.float32]) -> NDArray[np.float16]:
    return np.ascontiguousarray(array.clip(-_LARGEST, _LARGEST).astype(np.float16))


def _named(array: NDArray[np.float32], names: tuple[str, ...]) -> dict[str, NDArray[np.float16]]:
    return {name: _half(array[..., i]) for i, name in enumerate(names)}


def _rgb(array: NDArray[np.float32]) -> dict[str, NDArray[np.float16]]:
    return _named(array, ("R", "G", "B"))


def _rgba(array: NDArray[np.float32]) -> dict[str, NDArray[np.float16]]:
    return _named(array, ("R", "G", "B", "A"))
