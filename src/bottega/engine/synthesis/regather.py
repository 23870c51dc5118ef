"""The picture again from its field and weights alone: the proof that a result is made of the sources, and of nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .atlas import full_sheet, lay_styles
from .canvas import rimmed
from .inputs import Source, Target
from .levels import Crew, Voters
from .planning import Plan

Array = NDArray[Any]


def fill(image: Array, voters: Voters, kept: Array, rim: int, target: Target, crew: Crew) -> None:
    """Votes where the picture is made, the given picture elsewhere."""
    width, channels = image.shape[1:]

    def work(top: int, bottom: int) -> None:
        values = voters.rows(top + rim, bottom + rim)
        made = kept[top + rim : bottom + rim, rim : rim + width] == 0
        given = 0 if target.picture is None else target.picture[top:bottom]
        image[top:bottom] = np.where(made[..., None], values[:, rim : rim + width, :channels], given)

    crew.each_band(image.shape[0], work)


def regather(plan: Plan, source: Source | Sequence[Source], target: Target, nnf: Array, weights: Array) -> NDArray[np.float32]:
    """Picture of a field: T(p) = Σ w(q)·S(n(q) + p − q) / Σ w(q) over the patches q that cover p (or their median), in float32.

    Parameters
    ----------
    plan : Plan
        The one that the result was made with: patch, vote and wrap.
    source : Source or sequence of Source
        The sources of the result. Of their guides nothing is read.
    target : Target
        Its mask and picture, and its classes.
    nnf : (H, W, 3) int32
        Source, row and column of each pixel's match, as `synthesise` gives it.
    weights : (H, W) float32
        As `synthesise` gives them.

    Returns
    -------
    (H, W, C) float32
        Bit for bit the image that `synthesise` gave with this field and these weights.

    Raises
    ------
    ValueError
        If the field has another size than the plan, or points outside a source.

    Examples
    --------
    >>> import numpy as np
    >>> from bottega.engine import Source, SynthesisSettings, Target, plan, regather, synthesise
    >>> noise = np.random.default_rng(1).random((24, 24, 4), np.float32)
    >>> source, target = Source(noise[..., :3], noise[..., 3:]), Target(noise[::-1, :, 3:])
    >>> made = plan((24, 24), (24, 24), guide_channels=1, settings=SynthesisSettings(patch=3))
    >>> image, nnf, weights = synthesise(made, source, target)
    >>> bool((regather(made, source, target, nnf, weights) == image).all())
    True
    """
    sheets = tuple(full_sheet(s) for s in ([source] if isinstance(source, Source) else source))
    _inside(plan, sheets, nnf, weights)
    rim, wrap = plan.settings.patch // 2, plan.settings.wrap
    tops, style, kind = lay_styles(sheets, plan.settings.patch, np.empty)
    rows, columns = np.ix_(rimmed(plan.target[0], rim, wrap), rimmed(plan.target[1], rim, wrap))
    number = np.maximum(nnf[..., 0], 0)
    field = np.stack([np.maximum(nnf[..., 1], 0) + tops[number], np.maximum(nnf[..., 2], 0)], -1).astype(np.int32)[rows, columns]
    weight = weights[rows, columns]
    if not wrap:
        weight[:rim], weight[-rim:], weight[:, :rim], weight[:, -rim:] = 0, 0, 0, 0
    wanted = np.zeros((1, 1), np.uint8) if target.classes is None else target.classes[rows, columns] + np.uint8(1)
    kept = nnf[rows, columns, 0] < 0
    image = np.empty((*plan.target, plan.style_channels), np.float32)
    voters = Voters(field, weight, style, wanted, kind, plan.vote_patch, plan.settings.vote == "median")
    fill(image, voters, kept, rim, target, Crew(None, 1, 128))
    return image


def _inside(plan: Plan, sheets: Sequence[Any], nnf: Array, weights: Array) -> None:
    if nnf.shape != (*plan.target, 3) or weights.shape != plan.target:
        raise ValueError(f"nnf is {nnf.shape} and weights {weights.shape}, the plan allows {(*plan.target, 3)} and {plan.target}")
    made = nnf[nnf[..., 0] >= 0]
    sizes = np.array([s.kind.shape for s in sheets])
    if made[:, 0].max(initial=0) >= len(sheets) or (made[:, 1:] < 0).any() or (made[:, 1:] >= sizes[made[:, 0]]).any():
        raise ValueError("nnf points outside the sources, allowed is inside")
