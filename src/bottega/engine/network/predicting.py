"""Predict a frame tile by tile: memory does not grow with the picture, and no seam is seen."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import torch
from torch.nn import functional

from bottega.engine.checks import Float
from bottega.engine.network import features
from bottega.engine.network.settings import MULTIPLE_PX
from bottega.engine.network.state import NetworkState
from bottega.engine.network.training import network_of, one_torch_thread

REACH_PX = 128  # more than the network sees to each side (118), in whole cells of its coarsest level


class _Tile(NamedTuple):
    """A span of pixels that is kept, and the larger one that is looked at. Both begin on a multiple of 16."""

    begin: int
    end: int
    from_px: int
    to_px: int


def predict(state: NetworkState, plate: Float, matte: Float, *, tile_px: int) -> tuple[Float, Float]:
    """See `bottega.engine.network.predict`."""
    if tile_px < MULTIPLE_PX or tile_px % MULTIPLE_PX:
        raise ValueError(f"tile_px is {tile_px}, allowed is a multiple of {MULTIPLE_PX}")
    stack = features.channels(plate, matte, toe=state.settings.toe)
    height, width = plate.shape[:2]
    change, error = np.zeros((height, width, 3), np.float32), np.full((height, width), np.inf, np.float32)
    rows, columns = np.flatnonzero(matte.any(1)), np.flatnonzero(matte.any(0))
    if rows.size == 0:
        return change, error
    with one_torch_thread(), torch.no_grad():
        net = network_of(state)
        for down in _tiles(int(rows[0]), int(rows[-1]) + 1, height, tile_px):
            for across in _tiles(int(columns[0]), int(columns[-1]) + 1, width, tile_px):
                made = _looked_at(net, stack, down, across)
                area = (slice(down.begin, down.end), slice(across.begin, across.end))
                inside = matte[area] > 0
                change[area] = made[..., :3] * inside[..., None]
                error[area] = np.where(inside, made[..., 3] * np.float32(state.calibration), np.float32(np.inf))
    return change, error


def _tiles(first: int, last: int, size: int, tile_px: int) -> Iterator[_Tile]:
    first -= first % MULTIPLE_PX
    for begin in range(first, last, tile_px):
        end = min(begin + tile_px, last)
        yield _Tile(begin, end, max(begin - REACH_PX, 0), min(end + REACH_PX, size))


def _looked_at(net: torch.nn.Module, stack: Float, down: _Tile, across: _Tile) -> Float:
    area = torch.from_numpy(np.ascontiguousarray(stack[:, down.from_px : down.to_px, across.from_px : across.to_px]))[None]
    padded = functional.pad(area, (0, -area.shape[3] % MULTIPLE_PX, 0, -area.shape[2] % MULTIPLE_PX), mode="replicate")
    change, spread = net(padded)
    top, left = down.begin - down.from_px, across.begin - across.from_px
    kept = (slice(top, top + down.end - down.begin), slice(left, left + across.end - across.begin))
    made = torch.cat([change, torch.exp(spread)], 1)[0].permute(1, 2, 0)[kept]
    return np.ascontiguousarray(made.numpy())
