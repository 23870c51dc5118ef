"""Draw the gallery: what goes into a guided synthesis, and what comes out.

    python docs/gallery/draw.py [NAME ...]

Runs the examples of demo/synthesis at their fine setting and writes, for each, `NAME_given.png` (exemplar and its guides above, the
target's guides below), `NAME_result.png`, `NAME_field.png` and `NAME_use.png`. Nothing is retouched.

The field: the colour of a pixel is where its patch came from, red the column and green the row of the source, as the square that the
source itself would be. The use: how often the patches around each source pixel were taken, black never, white twice its fair share, red
three times and more.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from bench.examples import OWN, described, load, picture  # noqa: E402

from bottega.engine import energy, plan, synthesise  # noqa: E402

HERE = Path(__file__).resolve().parent
LABELS = [(90, 140, 210), (250, 250, 250), (20, 60, 130), (235, 200, 120), (120, 180, 60), (20, 80, 40)]  # for eyes only
GAP_PX, SMALL_PX = 4, 220
Picture = NDArray[np.uint8]


def shown(path: Path, labels: bool) -> Picture:
    """A guide for eyes, three channels."""
    values = picture(path)
    if labels:
        return np.array(LABELS, np.uint8)[values[..., 0].astype(int)]
    return np.broadcast_to(values, (*values.shape[:2], 3)).astype(np.uint8)


def given(folder: Path, about: dict[str, Any]) -> Picture:
    """Exemplar and guides in two rows, small."""
    rows = []
    for side in ("source", "target"):
        names = [(f"{side}_{guide}", guide in about.get("labels", {})) for guide in about["guides"]]
        pictures = [shown(folder / f"{name}.png", labels) for name, labels in names]
        first = shown(folder / "style.png", False)
        rows.append([first if side == "source" else np.full_like(first, 255), *pictures])
    return laid_out([[small(p) for p in row] for row in rows])


def small(image: Picture) -> Picture:
    size = SMALL_PX, round(image.shape[0] * SMALL_PX / image.shape[1])
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)


def laid_out(rows: list[list[Picture]]) -> Picture:
    """Rows of pictures of one size with white between them."""
    height, width = rows[0][0].shape[:2]
    across = np.full((height, GAP_PX, 3), 255, np.uint8)
    down = np.full((GAP_PX, len(rows[0]) * (width + GAP_PX) - GAP_PX, 3), 255, np.uint8)
    lines = [np.hstack([part for image in row for part in (across, image)][1:]) for row in rows]
    return np.vstack([part for line in lines for part in (down, line)][1:])


def field_colours(nnf: NDArray[Any], size: tuple[int, int]) -> Picture:
    """Red is the column, green the row, 64 to 255; blue is even."""
    row, column = (64 + 191 * nnf[..., 1 + i] / (size[i] - 1) for i in (0, 1))
    return np.stack([column, row, np.full_like(row, 96)], -1).astype(np.uint8)


def use_colours(nnf: NDArray[Any], size: tuple[int, int], patch: int) -> Picture:
    """Black: never taken. White: twice its share. Red: three times."""
    count = np.zeros(size, np.float32)
    np.add.at(count, (nnf[..., 1], nnf[..., 2]), 1)
    box = 2 * patch - 1
    use = cv2.boxFilter(count, -1, (box, box), borderType=cv2.BORDER_CONSTANT) / (nnf[..., 0].size / count.size)
    grey, over = np.clip(use / 2, 0, 1), np.clip(use - 2, 0, 1)
    return np.rint(np.stack([grey, grey - over, grey - over], -1) * 255).astype(np.uint8)


def write(name: str, image: Picture) -> None:
    path = HERE / f"{name}.png"
    every = [cv2.IMWRITE_PNG_COMPRESSION, 9, cv2.IMWRITE_PNG_FILTER, cv2.IMWRITE_PNG_ALL_FILTERS]
    if not cv2.imwrite(str(path), image[..., ::-1], every):
        raise OSError(f"{path} cannot be written")
    print(f"{name}.png: {image.shape[1]}x{image.shape[0]}, {path.stat().st_size // 1000} kB")


def draw(name: str) -> None:
    """All pictures of one example."""
    example = load(OWN, name)
    settings = replace(example.settings.fine(), vote="weighted", **example.given.get("gallery", {}))
    source, target = example.style.shape[:2], example.target_guides.shape[:2]
    made = plan(source, target, guide_channels=example.source_guides.shape[2], settings=settings)
    image, nnf, _ = synthesise(made, example.source, example.target, threads=2)
    print(name, energy(np.clip(np.rint(image), 0, 255), nnf, example.pictures, settings=example.settings))
    write(f"{name}_given", given(OWN / name, example.given))
    write(f"{name}_result", np.clip(np.rint(image), 0, 255).astype(np.uint8))
    write(f"{name}_field", field_colours(nnf, source))
    write(f"{name}_use", use_colours(nnf, source, settings.patch))


def main() -> None:
    """Draw the examples named, or all."""
    for name in sys.argv[1:] or described(OWN):
        draw(name)


if __name__ == "__main__":
    main()
