"""Pictures that a guided synthesis is measured on: a folder with a description in JSON, and PNG files.

`inputs.json` (or `reference.json`) holds for every example its patch, uniformity, weights a channel, and guides in order; `NAME/style.png`,
`NAME/source_GUIDE.png` and `NAME/target_GUIDE.png` are 8 bit pictures. A guide named under `labels` is a map of that many labels: it
becomes a channel a label, 255 where the label is, softened by a pixel so that a border is no cliff.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from bottega.engine import Source, SynthesisSettings, Target

Float = NDArray[np.float32]
OWN = Path(__file__).resolve().parents[1] / "demo" / "synthesis"
SOFT_PX = 1.0


@dataclass(frozen=True, eq=False)
class Example:
    """One synthesis to be done: arrays of 0..255. `given` is the description, with another engine's figures where it has them."""

    name: str
    style: Float
    source_guides: Float
    target_guides: Float
    settings: SynthesisSettings
    given: dict[str, Any]

    @property
    def source(self) -> Source:
        return Source(self.style, self.source_guides)

    @property
    def target(self) -> Target:
        return Target(self.target_guides)

    @property
    def pictures(self) -> tuple[Float, Float, Float]:
        """As the evaluator takes them."""
        return self.style, self.source_guides, self.target_guides

    def resized(self, pixels: float) -> Example:
        """About so many pixels, source and target each."""

        def scaled(values: Float) -> Float:
            factor = (pixels / values.shape[0] / values.shape[1]) ** 0.5
            size = round(values.shape[1] * factor), round(values.shape[0] * factor)
            parts = [cv2.resize(values[..., i : i + 3], size, interpolation=cv2.INTER_LINEAR) for i in range(0, values.shape[2], 3)]
            return np.ascontiguousarray(np.dstack(parts))

        return replace(self, style=scaled(self.style), source_guides=scaled(self.source_guides), target_guides=scaled(self.target_guides))


def described(folder: Path) -> dict[str, dict[str, Any]]:
    """What `folder` says of its examples."""
    path = next(p for p in (folder / "inputs.json", folder / "reference.json") if p.is_file())
    text: dict[str, dict[str, Any]] = json.loads(path.read_text())
    return text


def load(folder: Path, name: str) -> Example:
    """One example of a folder."""
    given = described(folder)[name]
    guides = [np.dstack([_guide(folder / name / f"{side}_{g}.png", given, g) for g in given["guides"]]) for side in ("source", "target")]
    settings = SynthesisSettings(
        patch=given["patch"],
        uniformity=given["uniformity"],
        style_weight=given["style_weight_per_channel"],
        guide_weights=tuple(given["guide_weight_per_channel"]),
    )
    return Example(name, picture(folder / name / "style.png"), *guides, settings, given)


def picture(path: Path) -> Float:
    """(H, W, 3) or (H, W, 1), red first."""
    values = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    if values is None:
        raise FileNotFoundError(path)
    return np.ascontiguousarray(values[..., 2::-1] if values.ndim == 3 else values[..., None], np.float32)


def _guide(path: Path, given: dict[str, Any], guide: str) -> Float:
    values = picture(path)
    if guide not in given.get("labels", {}):
        return values
    one_hot = [cv2.GaussianBlur((values[..., 0] == label) * np.float32(255), (0, 0), SOFT_PX) for label in range(given["labels"][guide])]
    return np.dstack(one_hot)
