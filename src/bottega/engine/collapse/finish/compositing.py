"""The last steps of a frame: blur, grain, dust over it, and the foreground as it was."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .blur import blur
from .film import Grain, add_grain
from .finishing import Finished, Shot

Array = NDArray[Any]


@dataclass(frozen=True, slots=True)
class LastSteps:
    """How a frame is completed.

    shutter
        Share of a frame that the shutter is open, 0 for no blur.
    carried
        Of each source in the credit's order, how much of the plate's grain it has, 0..1.
    seed
        Of the grain.
    """

    shutter: float
    carried: tuple[float, ...]
    seed: int = 0


def composite(
    finished: Finished, shot: Shot, *, steps: LastSteps, grain: Grain | None = None, dust: tuple[Array, Array] | None = None,
    debris: tuple[Array, Array] | None = None,
) -> Array:  # fmt: skip
    """The picture as it is delivered: blur, then grain, debris behind the dust, dust, debris before it, then the foreground.

    Parameters
    ----------
    finished : Finished
        The frame's layers.
    shot : Shot
        The frame.
    steps : LastSteps
        How.
    grain : Grain, optional
        The plate's; without it none is added.
    dust : tuple of (H, W, 4) and (H, W) float32, optional
        Premultiplied RGBA, held out by depth already, and how much light from behind comes through it, 0..1 (1 − A as a rule).
    debris : tuple of two (H, W, 4) float32, optional
        Premultiplied RGBA of small debris, held out already: what lies behind the dust, and before it.

    Returns
    -------
    (H, W, 3) float32
        Where no piece moved, no light changed, nothing was blurred and there is no dust, the plate, bit for bit; so also where the
        foreground is 1.

    Raises
    ------
    ValueError
        For dust or debris of another size than the frame, or dust that lets through less than 0 or more than 1.
    """
    buffers, size = finished.buffers, shot.matte.shape
    out = finished.beauty
    if steps.shutter:
        motion = np.where(finished.touched[..., None], buffers.motion, 0)
        out = blur(out, motion, depth=buffers.depth, foreground=shot.foreground, shutter=steps.shutter)
    if grain is not None:
        out = add_grain(out, finished.credit, grain, carried=steps.carried, seed=(steps.seed, shot.frame))
    if debris is not None:
        if any(layer.shape != (*size, 4) for layer in debris):
            raise ValueError(f"debris is {[layer.shape for layer in debris]}, allowed is {(*size, 4)}")
        out = _over(debris[0], out)
    if dust is not None:
        rgba, through = dust
        if rgba.shape != (*size, 4) or through.shape != size:
            raise ValueError(f"dust is {rgba.shape} and {through.shape}, allowed is {(*size, 4)} and {size}")
        if through.min() < 0 or through.max() > 1:
            raise ValueError(f"dust lets through {through.min():g} to {through.max():g}, allowed is 0 to 1")
        there = (through < 1) | (rgba[..., :3] != 0).any(-1)
        out = np.where(there[..., None], out * through[..., None] + rgba[..., :3], out)
    if debris is not None:
        out = _over(debris[1], out)
    return np.asarray(np.where(shot.foreground[..., None] >= 1, shot.plate, out), np.float32)


def _over(front: Array, back: Array) -> Array:
    """Premultiplied RGBA over RGB; where there is none of it, the same bits."""
    alpha = front[..., 3:]
    return np.where(alpha > 0, back * (1 - alpha) + front[..., :3], back)
