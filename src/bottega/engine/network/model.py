"""The network itself: a small U-Net (Ronneberger, Fischer, Brox 2015) that works at half size and answers at full size.

Imported where torch is there and needed, and nowhere else.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.nn import functional

from bottega.engine.network.features import CHANNELS

WIDTHS = (32, 48, 64, 96)
ANSWERS = 4  # residual in three channels, logarithm of its expected error
SPREAD_SPAN, SPREAD_MIDDLE = 6.0, -2.0  # the logarithm stays within -8..4


class Block(nn.Module):
    """Two convolutions of 3 × 3."""

    def __init__(self, given: int, width: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(given, width, 3, padding=1)
        self.second = nn.Conv2d(width, width, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        """(N, given, h, w) to (N, width, h, w)."""
        return functional.silu(self.second(functional.silu(self.first(x))))


class PerShotNet(nn.Module):
    """(N, 7, H, W) to residual (N, 3, H, W) and log of the expected error (N, 1, H, W); sides are multiples of 16.

    `mean`, `deviation` and `scale` are the key frames' own statistics: channels come in, and the residual goes out, at unit variance.
    """

    def __init__(self, statistics: Mapping[str, Tensor]) -> None:
        super().__init__()
        for name in ("mean", "deviation", "scale"):
            self.register_buffer(name, statistics[name].reshape(1, -1, 1, 1))
        given, down, up = CHANNELS * 4, [], []
        for width in WIDTHS:
            down.append(Block(given, width))
            given = width
        for width in WIDTHS[-2::-1]:
            up.append(Block(given + width, width))
            given = width
        self.down, self.up = nn.ModuleList(down), nn.ModuleList(up)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):  # He et al. 2015: without it the first 40 seconds are lost
                nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
                if module.bias is not None:
                    nn.init.zeros_(module.bias)
        self.last = nn.Conv2d(given, ANSWERS * 4, 3, padding=1)
        nn.init.zeros_(self.last.weight)
        if self.last.bias is not None:
            nn.init.zeros_(self.last.bias)  # begins as the plate itself

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Residual in the encoding, and the logarithm of its expected absolute error."""
        x = functional.pixel_unshuffle((x - self.mean) / self.deviation, 2)
        x = x.contiguous(memory_format=torch.channels_last)
        kept: list[Tensor] = []
        for level, block in enumerate(self.down):
            x = block(functional.avg_pool2d(x, 2) if level else x)
            kept.append(x)
        for block, beside in zip(self.up, kept[-2::-1], strict=True):
            larger = functional.interpolate(x, scale_factor=2.0, mode="bilinear", align_corners=False)
            x = block(torch.cat([larger, beside], 1))
        answer = functional.pixel_shuffle(self.last(x), 2)
        spread = SPREAD_SPAN * torch.tanh(answer[:, 3:] / SPREAD_SPAN) + SPREAD_MIDDLE
        return answer[:, :3] * self.scale, spread
