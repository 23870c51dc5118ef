"""Dust of a collapse: a solver of dusty air, its picture, and small debris."""

from bottega.engine.collapse.dust.settings import DustSettings, Grid, grid_around
from bottega.engine.collapse.dust.solver import advance, begin, frames, solid_cells
from bottega.engine.collapse.dust.sources import Sources, nothing, sources_of
from bottega.engine.collapse.dust.state import DustState

__all__ = [
    "DustSettings",
    "DustState",
    "Grid",
    "Sources",
    "advance",
    "begin",
    "frames",
    "grid_around",
    "nothing",
    "solid_cells",
    "sources_of",
]
