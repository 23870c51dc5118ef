"""Crops to learn from: turned, stretched, mirrored and lit a little differently, each decided by seed and step alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from bottega.engine.checks import Float
from bottega.engine.network.features import CHANNELS, MATTE, POSITION_X
from bottega.engine.network.settings import NetworkSettings

_TURN, _STRETCH, _SHEAR = 0.04, 0.04, 0.016  # deviations: radians, natural log, ratio
_WARP_PX, _WARP_KNOTS = 0.8, 5  # a smooth random warp: deviation at the knots of a grid this wide
_GAIN, _TINT = 0.064, 0.012  # natural log of light, of all channels and of each
_SHIFT = 0.03  # of the position, so that it is a hint and no address
_AROUND_PX = 16.0  # a crop's middle lies this near to a pixel of the matte
_BUSY, _BUSY_PX = 0.6, 12.0  # share of the crops that goes where the change has detail; sigma over which detail is looked for


@dataclass(frozen=True)
class Lesson:
    """One key as tensors: channels and residual (10, H, W); the pixels of its matte, crops are drawn from, and the odds up to each."""

    stack: Tensor
    rows: NDArray[np.int64]
    columns: NDArray[np.int64]
    odds: NDArray[np.float64]

    @classmethod
    def of(cls, channels: Float, residual: Float) -> Lesson:
        """Take the channels (7, H, W) and the residual (3, H, W) of a key."""
        inside = channels[MATTE] > 0
        rows, columns = np.nonzero(inside)
        odds = np.cumsum(_wanted(residual)[inside], dtype=np.float64)
        return cls(torch.from_numpy(np.concatenate([channels, residual])), rows, columns, odds / odds[-1])

    def pixel(self, rng: np.random.Generator) -> tuple[int, int]:
        """Column and row of a pixel, drawn by the odds."""
        at = int(np.searchsorted(self.odds, rng.random(), side="right"))
        return int(self.columns[at]), int(self.rows[at])


def _wanted(residual: Float) -> Float:
    """How much a pixel of a key is worth to learn from, (H, W): eyes, lips and outlines are small and most of what can go wrong."""
    down, across = np.zeros_like(residual), np.zeros_like(residual)
    down[:, 1:], across[:, :, 1:] = np.diff(residual, axis=1), np.diff(residual, axis=2)
    steep = cv2.GaussianBlur(np.sqrt((down * down + across * across).sum(0)), (0, 0), _BUSY_PX)
    mean = float(steep.mean(dtype=np.float64))
    return np.asarray((1 - _BUSY) + _BUSY * steep / mean if mean > 0 else np.ones_like(steep), np.float32)


def crops(lessons: Sequence[Lesson], *, step: int, settings: NetworkSettings) -> tuple[Tensor, Tensor]:
    """The crops of one step: channels (N, 7, c, c) and residual (N, 3, c, c). The same for the same seed and step."""
    rng = np.random.default_rng((settings.seed, step))
    each = [_crop(lessons[int(rng.integers(len(lessons)))], rng, settings.crop_px) for _ in range(settings.crops)]
    stack = torch.cat(each)
    x, change = stack[:, :CHANNELS], stack[:, CHANNELS:]
    count = len(each)
    gain = np.exp(rng.normal(size=(count, 1, 1, 1)) * _GAIN + rng.normal(size=(count, 3, 1, 1)) * _TINT).astype(np.float32)
    plate, painted = (_relit(v, torch.from_numpy(gain)) for v in (x[:, :3], x[:, :3] + change))
    shift = torch.from_numpy((rng.normal(size=(count, 2, 1, 1)) * _SHIFT).astype(np.float32))
    position = x[:, POSITION_X : POSITION_X + 2] + shift
    return torch.cat([plate, x[:, 3:POSITION_X], position], 1), painted - plate


def _relit(encoded: Tensor, gain: Tensor) -> Tensor:
    # sign·log(1 + gain·|x|/toe): the toe falls out
    return torch.log1p(torch.expm1(encoded.abs()) * gain) * encoded.sign()


def _crop(lesson: Lesson, rng: np.random.Generator, side: int) -> Tensor:
    height, width = lesson.stack.shape[1:]
    middle = np.array(lesson.pixel(rng)) + rng.uniform(-_AROUND_PX, _AROUND_PX, 2)
    mirrored = bool(rng.random() < 0.5)
    at = _grid(rng, side, mirrored=mirrored) + middle
    place = ((at * 2 + 1) / np.array([width, height]) - 1).astype(np.float32)
    out: Tensor = functional.grid_sample(
        lesson.stack[None], torch.from_numpy(place)[None], mode="bilinear", padding_mode="reflection", align_corners=False
    )
    if mirrored:
        out[:, POSITION_X] = -out[:, POSITION_X]
    return out


def _grid(rng: np.random.Generator, side: int, *, mirrored: bool) -> NDArray[np.float64]:
    """Where the pixels of a crop lie around its middle, (side, side, 2) in pixels: turned, stretched, sheared, mirrored, bent."""
    turn, shear, stretch = rng.normal() * _TURN, rng.normal() * _SHEAR, np.exp(rng.normal(size=2) * _STRETCH)
    c, s = np.cos(turn), np.sin(turn)
    affine = np.array([[c, -s], [s, c]]) @ np.array([[-stretch[0] if mirrored else stretch[0], shear], [0, stretch[1]]])
    rows, columns = np.mgrid[0:side, 0:side] - side / 2 + 0.5
    knots = torch.from_numpy(rng.normal(size=(1, 2, _WARP_KNOTS, _WARP_KNOTS)) * _WARP_PX)
    bend = functional.interpolate(knots, size=(side, side), mode="bicubic", align_corners=True)[0].permute(1, 2, 0).numpy()
    return np.asarray(np.stack([columns, rows], -1) @ affine.T + bend)
