"""What a piece looks like in another program where nobody gives it a better material: by what it is of and what a face of it shows."""

from __future__ import annotations

GREY = (0.42, 0.42, 0.4)
_COLOURS = {
    "masonry": (0.55, 0.4, 0.32),
    "reinforced concrete": (0.52, 0.51, 0.49),
    "timber": (0.5, 0.38, 0.24),
    "steel": (0.38, 0.39, 0.42),
}
_SHOWN = {"skin": 1.0, "broken": 0.8, "inside": 0.9, "glass": 0.35}


def colour(material: str, face: str) -> tuple[float, float, float]:
    """Linear r, g, b of a material's face."""
    r, g, b = (c * _SHOWN[face] for c in _COLOURS.get(material, GREY))
    return r, g, b
