"""What buildings are made of: density, strength, how large it breaks and how rough.

Densities and strengths are of the order that structural handbooks give for old fabric rather than for laboratory samples: Eurocode 2 (EN
1992-1-1, table 3.1: tension 1.6 to 3 MPa for ordinary concrete), Eurocode 6 (EN 1996-1-1: masonry's tension across its joints 0.1 to 0.4
MPa), Eurocode 5 (EN 1995-1-1 with EN 338: timber's 14 MPa along the grain, joints a fraction of it), Eurocode 3 (steel's joints, not its
members, decide). They are a start for the artist's `strength`, no engineer's report.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Material:
    """One material.

    density
        kg/m³.
    strength_mpa
        Of a bond between two pieces, in tension and shear.
    piece
        How large its pieces are, as a share of the size asked for.
    stretch
        Pieces are so many times longer upward than across; 1 has no grain.
    rough_m
        How far its broken faces wander from plane.
    """

    name: str
    density: float
    strength_mpa: float
    piece: float = 1.0
    stretch: float = 1.0
    rough_m: float = 0.08


CONCRETE = Material("reinforced concrete", 2400.0, 2.0, piece=1.15, rough_m=0.09)
MASONRY = Material("masonry", 1850.0, 0.35, piece=1.0, rough_m=0.10)
TIMBER = Material("timber", 550.0, 3.0, piece=1.0, stretch=5.0, rough_m=0.04)
STEEL = Material("steel", 7850.0, 6.0, piece=2.0, stretch=2.0, rough_m=0.01)
HOLLOW = Material("hollow brick", 1400.0, 0.5, piece=1.15, rough_m=0.09)
GLASS = Material("glass", 2500.0, 0.8, piece=0.8, stretch=2.0, rough_m=0.0)

PRESETS = {m.name: m for m in (CONCRETE, MASONRY, TIMBER, STEEL)}
FRAMES = {"reinforced concrete": CONCRETE, "masonry": MASONRY, "timber": TIMBER, "steel": STEEL}
FLOORS = {"reinforced concrete": CONCRETE, "masonry": HOLLOW, "timber": TIMBER, "steel": CONCRETE}
