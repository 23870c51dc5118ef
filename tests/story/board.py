"""A small figure for the stories of boards: drawn here by formula, with cloths that we know to the pixel."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from bottega import Studio

SIZE = (240, 160)  # rows, columns
COLOURS = {"background": "#ffffff", "skin": "#f0d0b0", "coat": "#604030", "skirt": "#304050"}
DESIGNER, WEAVER = "Designer A", "Weaver B"
SAID = {"no_performer": True, "stated": {"names_real": "no"}}


@dataclass(frozen=True)
class Atelier:
    """What a designer has on disk, and a show that knows it."""

    root: Path
    studio: Studio

    def sheet(self, *change: tuple[str, str], name: str = "board.toml") -> Path:
        """The sheet, with texts replaced."""
        text = SHEET
        for old, new in change:
            assert old in text, old
            text = text.replace(old, new)
        path = self.root / name
        path.write_text(text)
        return path


def parts(coat_px: int = 34) -> dict[str, np.ndarray]:
    """Where each part is, (H, W) bool; the coat reaches so far from its middle."""
    y, x = np.mgrid[: SIZE[0], : SIZE[1]]
    head = np.hypot(y - 40, x - 80) < 22
    coat = (y >= 66) & (y < 130) & (np.abs(x - 80) < coat_px)
    skirt = (y >= 130) & (y < 225) & (np.abs(x - 80) < 30 + (y - 130) * 0.35)
    return {"skin": head, "coat": coat, "skirt": skirt}


def flats(coat_px: int = 34) -> np.ndarray:
    """Exact colours, (H, W, 3) uint8."""
    out = np.full((*SIZE, 3), 255, np.uint8)
    for name, inside in parts(coat_px).items():
        out[inside] = [int(COLOURS[name][i : i + 2], 16) for i in (1, 3, 5)]
    return out


def line(gap: slice | None = None, coat_px: int = 34, ink: tuple[int, int, int] = (34, 30, 38)) -> np.ndarray:
    """Ink with alpha round every part, (H, W, 4) uint8; `gap` are rows at which the coat's right side is open."""
    from scipy.ndimage import binary_dilation, binary_erosion, gaussian_filter

    drawn = np.zeros(SIZE)
    for name, inside in parts(coat_px).items():
        edge = binary_dilation(inside) & ~binary_erosion(inside, iterations=2)
        if gap is not None and name == "coat":
            edge[gap, 80:] = False
        drawn = np.maximum(drawn, edge)
    alpha = np.minimum(np.maximum(gaussian_filter(drawn, 0.6) * 1.2, drawn), 1)
    out = np.zeros((*SIZE, 4), np.uint8)
    out[..., :3] = ink
    out[..., 3] = np.rint(alpha * 255)
    return out


def shade() -> np.ndarray:
    """Folds down the skirt, (H, W) uint8."""
    x = np.arange(SIZE[1])
    return np.broadcast_to(np.rint(215 + 40 * np.sin(x / 5)), SIZE).astype(np.uint8)


def check(colours: tuple[tuple[int, int, int], tuple[int, int, int]], cells: int = 8) -> np.ndarray:
    """A checked cloth, 96 pixels square, 12 px a repeat."""
    y, x = np.mgrid[:96, :96] // (96 // (2 * cells))
    return np.array(colours, np.uint8)[(y + x) % 2]


def plain(colour: tuple[int, int, int], seed: int) -> np.ndarray:
    """Cloth without a repeat."""
    noise = np.random.default_rng(seed).normal(0, 6, (96, 96, 1))
    return np.clip(np.array(colour) + noise, 1, 254).astype(np.uint8)


def draw(folder: Path) -> None:
    """Write the drawing and the swatches."""
    for name in ("figure", "cloth"):
        (folder / name).mkdir(parents=True)
    Image.fromarray(line()).save(folder / "figure" / "line.png")
    Image.fromarray(flats()).save(folder / "figure" / "flats.png")
    Image.fromarray(shade()).save(folder / "figure" / "shade.png")
    Image.fromarray(check(((180, 40, 40), (230, 220, 200)))).save(folder / "cloth" / "check.png")
    Image.fromarray(plain((60, 80, 120), 1)).save(folder / "cloth" / "serge.png")
    Image.fromarray(plain((90, 60, 30), 2)).save(folder / "cloth" / "hide.png")


def build(root: Path) -> Atelier:
    """Files on disk, people, licences, exemplars."""
    draw(root)
    studio = Studio.create(root / "show", show="demo", fps=24)
    studio.add_exemplars([root / "figure"], by=DESIGNER, licence="work-for-hire")
    studio.add_exemplars([root / "cloth"], by=WEAVER, licence="work-for-hire")
    return Atelier(root, studio)


SHEET = f"""
[board]
code = "walker"
kind = "costume"
title = "The walker"
character = "The walker"
scene = "4"
story_day = 2
version = "B"
paper = "#fbfaf6"

[figure]
line = "figure/line.png"
flats = "figure/flats.png"
labels = {{{", ".join(f'{name} = "{colour}"' for name, colour in COLOURS.items())}}}
shade = "figure/shade.png"
height_cm = 170.0

[[swatch]]
name = "check"
file = "cloth/check.png"
size_cm = [24.0, 24.0]
repeat_cm = [3.0, 3.0]

[[swatch]]
name = "serge"
file = "cloth/serge.png"
size_cm = [24.0, 24.0]

[[swatch]]
name = "hide"
file = "cloth/hide.png"
size_cm = [24.0, 24.0]

[[part]]
parts = ["coat", "skirt"]
swatch = "serge"

[[part]]
parts = ["skin"]
colour = "#f4e2ce"

[[look]]
name = "town"
wear = {{coat = "check"}}

[[look]]
name = "country"
wear = {{coat = "hide", skirt = "check"}}

[[look]]
name = "plain"
"""
