"""Make docs/gallery/: input, guides, result, field and use for each class of bench/inputs.

    python docs/gallery.py

A picture has, from left to right: the source and one of its guides below; the target's guide; the result; where each pixel comes from (red
the column, green the row of its match, over the source with those colours in the corner of the first cell's scale); and how often each
source pixel is the centre of a match (black never, white four times its share or more). Nothing is retouched.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "bench"))
from engine_synthesis import INPUTS, OURS, Case  # noqa: E402 - bench is no package

Picture = NDArray[Any]
OUT = Path(__file__).resolve().parent / "gallery"
HEIGHT_PX, GAP_PX = 260, 6
LOOKS = {"textures": "parts", "sphere": "full", "portrait": "grey"}
BEST = [cv2.IMWRITE_PNG_COMPRESSION, 9, cv2.IMWRITE_PNG_FILTER, cv2.IMWRITE_PNG_ALL_FILTERS]


def cell(picture: Picture) -> Picture:
    """A picture at the gallery's height, on a white gap."""
    width = round(picture.shape[1] * HEIGHT_PX / picture.shape[0])
    sized = cv2.resize(np.clip(np.rint(picture), 0, 255).astype(np.uint8), (width, HEIGHT_PX), interpolation=cv2.INTER_AREA)
    return np.pad(sized, ((0, 0), (0, GAP_PX), (0, 0)), constant_values=255)


def field_colours(nnf: Picture, size: tuple[int, int]) -> Picture:
    """Blue stands still, green is the row and red the column of the match."""
    out = np.full((*nnf.shape[:2], 3), 96.0)
    out[..., 1], out[..., 2] = 255 * nnf[..., 1] / (size[0] - 1), 255 * nnf[..., 2] / (size[1] - 1)
    return out


def use_of(nnf: Picture, size: tuple[int, int], patch: int) -> Picture:
    """Matches a source pixel over a box of 2·patch − 1, in quarters of white for each even share."""
    count = np.zeros(size, np.float32)
    np.add.at(count, (nnf[..., 1], nnf[..., 2]), 1)
    share = cv2.blur(count, (2 * patch - 1, 2 * patch - 1), borderType=cv2.BORDER_CONSTANT) / (nnf[..., 0].size / count.size)
    return (63.75 * share)[..., None].repeat(3, -1)


def main() -> None:
    """Make every picture and say its energy."""
    from bottega.engine import Source, Target, plan, synthesise

    OUT.mkdir(exist_ok=True)
    for name, given in OURS.items():
        case, folder = Case(INPUTS / name, given), INPUTS / name
        size = case.style.shape[:2]
        made = plan(size, case.target.shape[:2], guide_channels=case.source.shape[2], settings=case.settings.fine())
        image, nnf, _ = synthesise(made, Source(case.style, case.source), Target(case.target))
        guides = [cv2.imread(str(folder / f"{side}_{LOOKS[name]}.png")) for side in ("source", "target")]
        cells = [case.style, *guides, image, field_colours(nnf, size), use_of(nnf, size, case.settings.patch)]
        cv2.imwrite(str(OUT / f"{name}.png"), np.hstack([cell(c) for c in cells]), BEST)
        print(f"{name}: {case.judge(image, nnf)}")


if __name__ == "__main__":
    main()
