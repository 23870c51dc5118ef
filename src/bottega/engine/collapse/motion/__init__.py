"""How a building comes down: what an artist tells it, when its parts go, and a rigid-body simulation that follows."""

from bottega.engine.collapse.motion.bullet import BulletSolver
from bottega.engine.collapse.motion.direction import Direction, Failure, HoldOff, Lean, Shot, check_direction, story_time
from bottega.engine.collapse.motion.exchange import from_exchange, to_exchange
from bottega.engine.collapse.motion.posed import PosedSolver, Poses
from bottega.engine.collapse.motion.preview import contact_sheet, preview_raster
from bottega.engine.collapse.motion.scene import Box, MotionSettings, Scene, Solver, State, at_rest, plan
from bottega.engine.collapse.motion.schedule import schedule
from bottega.engine.collapse.motion.simulation import collected, simulate
from bottega.engine.collapse.motion.tower import boxes_as_building, brick_tower, walled_tower

__all__ = [
    "Box",
    "BulletSolver",
    "Direction",
    "Failure",
    "HoldOff",
    "Lean",
    "MotionSettings",
    "PosedSolver",
    "Poses",
    "Scene",
    "Shot",
    "Solver",
    "State",
    "at_rest",
    "boxes_as_building",
    "brick_tower",
    "check_direction",
    "collected",
    "contact_sheet",
    "from_exchange",
    "plan",
    "preview_raster",
    "schedule",
    "simulate",
    "story_time",
    "to_exchange",
    "walled_tower",
]
