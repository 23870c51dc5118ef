"""What buildings are made of: density, strength, how large it breaks and how rough.

Densities: EN 1991-1-1, annex A (reinforced concrete 25 kN/m³, clay masonry 18, glass 25, steel 78.5); timber 420 kg/m³, C24 of EN 338.
Strengths:

- Reinforced concrete, old: tension f_ctm of C12/15, EN 1992-1-1 table 3.1, 1.6 MPa. Shear: the cohesion √(f_cm f_ctm)/2 of a Mohr
  envelope on both uniaxial circles (Chen 1982, Plasticity in Reinforced Concrete), with f_cm 20 MPa: 2.8 MPa.
- Masonry: EN 1996-1-1 section 3.6, clay units in general purpose mortar of 2.5 to 9 MPa: tension across bed joints f_xk1 0.10 MPa,
  shear f_vk0 0.20 MPa. These are characteristic values; means are 1.5 times as much (EN 1052-2).
- Hollow brick: a floor of which ribs of that concrete are a third.
- Timber: C24 of EN 338: tension across the grain 0.4 MPa, which is how it splinters; shear 4.0 MPa.
- Steel: S235, EN 1993-1-1 table 3.1: f_u 360 MPa, in shear f_u/√3. A column is the box round its section and cladding, of which 6 %
  is steel (HEB 240 in 0.44 m); density and strengths are that share.
- Glass: EN 572-1: 45 MPa in bending. A box of 24 mm holds two panes of 4 mm: a third. Its edge is silicone, 0.14 MPa (ETAG 002).

Sizes and roughness of pieces are by eye. All of it is a start for the artist's `strength`, no engineer's report.
"""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Material:
    """One material.

    density
        kg/m³.
    tension_mpa, shear_mpa
        Strength of a bond: where it is level, so that weight pulls it; where it is upright, so that weight shears it.
    edge_mpa
        Most that a bond to another material bears: a pane in its frame.
    glued
        Bonds are stronger inside a panel than between panels; a pane's are not.
    piece
        How large its pieces are, as a share of the size asked for.
    stretch
        Pieces are so many times longer upward than across; 1 has no grain.
    rough_m
        How far its broken faces wander from plane.
    """

    name: str
    density: float
    tension_mpa: float
    shear_mpa: float
    edge_mpa: float = math.inf
    glued: bool = True
    piece: float = 1.0
    stretch: float = 1.0
    rough_m: float = 0.08

    def __post_init__(self) -> None:
        for name in ("density", "tension_mpa", "shear_mpa", "edge_mpa", "piece", "stretch"):
            if not getattr(self, name) > 0:
                raise ValueError(f"material {self.name!r}: {name} must be above 0, not {getattr(self, name)}")
        if not 0 <= self.rough_m < math.inf:
            raise ValueError(f"material {self.name!r}: rough_m must be 0 or above, not {self.rough_m}")


CONCRETE = Material("reinforced concrete", 2500.0, 1.6, 2.8, piece=1.15, rough_m=0.09)
MASONRY = Material("masonry", 1800.0, 0.15, 0.3, rough_m=0.10)
TIMBER = Material("timber", 420.0, 0.4, 4.0, stretch=5.0, rough_m=0.04)
STEEL = Material("steel", 470.0, 21.6, 12.5, piece=2.0, stretch=2.0, rough_m=0.01)
HOLLOW = Material("hollow brick", 1400.0, 0.53, 0.93, piece=1.15, rough_m=0.09)
GLASS = Material("glass", 830.0, 15.0, 15.0, edge_mpa=0.14, glued=False, piece=0.8, stretch=2.0, rough_m=0.0)

PRESETS = {m.name: m for m in (CONCRETE, MASONRY, TIMBER, STEEL)}
WALLS = {**PRESETS, "steel": MASONRY}  # a steel frame is filled
FRAMES = PRESETS
FLOORS = {"reinforced concrete": CONCRETE, "masonry": HOLLOW, "timber": TIMBER, "steel": CONCRETE}
