"""Pictures in layers, as paint programs save them: what a layer is, and how a stack of them becomes one picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from bottega.model import FootageError, UsageError, shown

from .frame import Box, Floats, Samples

NORMAL, MULTIPLY, SCREEN = "normal", "multiply", "screen"
BLENDS = (NORMAL, MULTIPLY, SCREEN)
MOST_LAYERS = 1000
LONGEST_LAYER_NAME = 200


@dataclass(frozen=True, kw_only=True)
class LayerHead:
    """A layer by its record, no pixels: its name, the groups it lies in (outermost first) and how it is laid on.

    `box` is where its pixels lie on the canvas; it may reach beyond. `blend` is the file's own word where it is none of BLENDS.
    `opacity` 0..1 and `visible` are its own and its groups' together. `clipped` says that it shows only where the layer below does.
    """

    name: str
    groups: tuple[str, ...]
    box: Box
    opacity: float = 1.0
    blend: str = NORMAL
    visible: bool = True
    clipped: bool = False

    @property
    def path(self) -> str:
        """`group/name`, as a user names it where the name alone is not enough."""
        return "/".join((*self.groups, self.name))


@dataclass(frozen=True, eq=False, kw_only=True)
class PaintLayer:
    """A layer with its pixels: `rgba` (h, w, 4) uint8 or uint16, straight alpha, display-encoded, over `head.box`."""

    head: LayerHead
    rgba: Samples

    def __post_init__(self) -> None:
        wanted = (self.head.box.height, self.head.box.width, 4)
        if self.rgba.shape != wanted or self.rgba.dtype not in (np.uint8, np.uint16):
            raise ValueError(f"layer {self.head.name!r} is {self.rgba.shape} {self.rgba.dtype}, needed is {wanted} uint8 or uint16")


def layer_of(
    name: str,
    rgba: Samples,
    *,
    groups: Sequence[str] = (),
    at: tuple[int, int] = (0, 0),
    opacity: float = 1.0,
    blend: str = NORMAL,
    visible: bool = True,
) -> PaintLayer:
    """A layer to write: `rgba` (h, w, 4) with its upper left pixel at column and row `at`, cropped to what is not clear.

    Raises ValueError for a blend or an opacity that cannot be written.
    """
    if blend not in BLENDS:
        raise ValueError(f"blend {blend!r} cannot be written, allowed are {', '.join(BLENDS)}")
    if not 0 <= opacity <= 1:
        raise ValueError(f"opacity is {opacity}, allowed is 0 to 1")
    rows, columns = _seen(rgba)
    box = Box(at[0] + columns.start, at[1] + rows.start, columns.stop - columns.start, rows.stop - rows.start)
    head = LayerHead(
        name=layer_name(name), groups=tuple(layer_name(g) for g in groups), box=box, opacity=opacity, blend=blend, visible=visible
    )
    return PaintLayer(head=head, rgba=np.ascontiguousarray(rgba[rows, columns]))


def layer_name(text: str) -> str:
    """A name that a file can carry: printable, of one line, at most 200 characters."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:LONGEST_LAYER_NAME] or "layer"


def one_layer(heads: Sequence[LayerHead], name: str, where: str) -> LayerHead:
    """The layer of that name, or of that `group/name`. Raises UsageError that lists what there is."""
    found = [h for h in heads if name in (h.name, h.path)]
    if len(found) != 1:
        there = ", ".join(shown(h.path)[1:-1] for h in heads[:20]) or "none"
        fault = "is there more than once: name its group too" if found else "is not there"
        raise UsageError(f"{where}: layer {shown(name)} {fault}; layers are {there}")
    return found[0]


def on_picture(layer: PaintLayer, canvas: Box) -> Samples:
    """A layer's samples over the whole canvas, (H, W, 4); clear where it has none, cut where it reaches beyond."""
    whole = np.zeros((canvas.height, canvas.width, 4), layer.rgba.dtype)
    box = layer.head.box.shared(canvas)
    if box is not None:
        whole[box.inside(canvas)] = layer.rgba[box.inside(layer.head.box)]
    return whole


def flattened(layers: Sequence[PaintLayer], canvas: Box, *, where: str = "picture") -> Floats:
    """Lay visible layers, the lowest first, over each other: (H, W, 4) float32 straight, 0..1, in the codes' own encoding.

    The formulas of W3C Compositing and Blending 1, sections 5.1 and 9.1, as Photoshop and Krita use them. A clipped layer shows
    within the last one that is not. Raises FootageError for a blend mode that we do not know.
    """
    whole: Any = np.zeros((canvas.height, canvas.width, 4), np.float32)
    base: Any = np.ones((canvas.height, canvas.width, 1), np.float32) if any(layer.head.clipped for layer in layers) else None
    for layer in layers:
        box = layer.head.box.shared(canvas)
        if base is not None and not layer.head.clipped:
            base[:] = 0
        if box is None:
            continue
        inside, codes = box.inside(canvas), layer.rgba[box.inside(layer.head.box)]
        top: Any = codes.astype(np.float32) / np.float32(np.iinfo(codes.dtype).max)
        if base is not None and not layer.head.clipped:
            base[inside] = top[..., 3:]
        if layer.head.visible:
            strength = top[..., 3:] * np.float32(layer.head.opacity) * (base[inside] if layer.head.clipped else 1)
            _lay(layer.head, top[..., :3], strength, whole[inside], where)
    flat: Floats = whole
    return flat


def _lay(head: LayerHead, top: Floats, strength: Floats, below: Floats, where: str) -> None:
    """Lay a layer's colours on what lies below, in place."""
    colour, alpha = below[..., :3], below[..., 3:]
    mixed = (1 - alpha) * top + alpha * _blended(head, top, colour, where)
    total = strength + alpha * (1 - strength)
    light = strength * mixed + (1 - strength) * alpha * colour
    below[..., :3] = np.divide(light, total, out=np.zeros_like(colour), where=total > 0)
    below[..., 3:] = total


def codes8(straight: Floats) -> npt.NDArray[np.uint8]:
    """Floats 0..1 as 8-bit codes, rounded half up."""
    codes: npt.NDArray[np.uint8] = np.floor(straight.clip(0, 1) * np.float32(255) + np.float32(0.5)).astype(np.uint8)
    return codes


def check_count(count: int, where: str) -> None:
    """Refuse a file with more layers than anybody paints. Raises FootageError."""
    if count > MOST_LAYERS:
        raise FootageError(f"{where} has {count} layers, allowed are {MOST_LAYERS}: merge some of them")


def _blended(head: LayerHead, top: Floats, below: Floats, where: str) -> Floats:
    if head.blend == NORMAL:
        return top
    if head.blend == MULTIPLY:
        return top * below
    if head.blend == SCREEN:
        return top + below - top * below
    raise FootageError(f"{where}: layer {shown(head.path)} is laid on with {shown(head.blend)}, known are {', '.join(BLENDS)}: merge it")


def _seen(rgba: Samples) -> tuple[slice, slice]:
    """Rows and columns of what is not fully clear; one clear pixel where all is."""
    there = rgba[..., 3] > 0
    rows, columns = np.flatnonzero(there.any(1)), np.flatnonzero(there.any(0))
    if not rows.size:
        return slice(0, 1), slice(0, 1)
    return slice(int(rows[0]), int(rows[-1]) + 1), slice(int(columns[0]), int(columns[-1]) + 1)
