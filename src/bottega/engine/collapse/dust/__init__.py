"""Dust of a collapse: a solver of dusty air, its picture, and small debris."""

from bottega.engine.collapse.dust.debris import DebrisSettings, DebrisState, fly, no_debris
from bottega.engine.collapse.dust.debris_drawing import DebrisPicture, chip_normals, daylit, draw_debris
from bottega.engine.collapse.dust.density import density
from bottega.engine.collapse.dust.detail import detail_tile
from bottega.engine.collapse.dust.light import DustLight, lit, shadow, sun_on
from bottega.engine.collapse.dust.look import Daylight, DustLook
from bottega.engine.collapse.dust.march import DustPicture, march
from bottega.engine.collapse.dust.settings import DustSettings, Grid, grid_around
from bottega.engine.collapse.dust.solver import advance, begin, frames, solid_cells
from bottega.engine.collapse.dust.sources import Sources, nothing, sources_of
from bottega.engine.collapse.dust.state import DustState

__all__ = [
    "Daylight",
    "DebrisPicture",
    "DebrisSettings",
    "DebrisState",
    "DustLight",
    "DustLook",
    "DustPicture",
    "DustSettings",
    "DustState",
    "Grid",
    "Sources",
    "advance",
    "begin",
    "chip_normals",
    "daylit",
    "density",
    "detail_tile",
    "draw_debris",
    "fly",
    "frames",
    "grid_around",
    "lit",
    "march",
    "no_debris",
    "nothing",
    "shadow",
    "solid_cells",
    "sources_of",
    "sun_on",
]
