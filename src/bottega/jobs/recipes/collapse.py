"""The collapse of a building in a plate: from marked corners to frames, stage by stage, as functions of arrays."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bottega.engine.collapse.building import (
    Building,
    Denser,
    FaceCorners,
    FractureSettings,
    SolvedCamera,
    elements,
    fracture,
    nodal_pan,
    plan_of,
    solve_camera,
)
from bottega.engine.collapse.building.parts import Part
from bottega.engine.collapse.dust import (
    Daylight,
    DustLook,
    DustPicture,
    DustSettings,
    DustState,
    Grid,
    advance,
    begin,
    detail_tile,
    grid_around,
    lit,
    march,
    shadow,
    solid_cells,
    sources_of,
)
from bottega.engine.collapse.finish.compositing import LastSteps, composite
from bottega.engine.collapse.finish.film import Grain, measure_grain
from bottega.engine.collapse.finish.finishing import Finished, finish
from bottega.engine.collapse.finish.finishing import Shot as FrameShot
from bottega.engine.collapse.finish.light import Light
from bottega.engine.collapse.finish.sources import Tile, View
from bottega.engine.collapse.finish.stage import Rested, Stage, look_at_rest, prepare
from bottega.engine.collapse.finish.texture import Exemplar, make_tile
from bottega.engine.collapse.motion import (
    Direction,
    Failure,
    HoldOff,
    Lean,
    MotionSettings,
    PosedSolver,
    Poses,
    Scene,
    Shot,
    State,
    collected,
    plan,
    preview_raster,
    simulate,
    story_time,
)
from bottega.engine.collapse.records import Bonds, Camera, Face, Motion, Pieces

from .collapse_mattes import Called, Standing, called, standing

__all__ = [
    "Bonds",
    "Called",
    "Camera",
    "Collapse",
    "CollapseSettings",
    "Denser",
    "Direction",
    "DustLook",
    "DustSettings",
    "DustState",
    "Dusty",
    "FaceCorners",
    "Failure",
    "Finished",
    "FrameShot",
    "Grid",
    "HoldOff",
    "Lean",
    "Light",
    "Made",
    "Motion",
    "MotionSettings",
    "Pieces",
    "Poses",
    "Scene",
    "Shot",
    "Stage",
    "State",
    "collected",
    "joined_states",
    "nodal_turn",
    "pieces_of",
]

REVISION = "collapse/2"
Picture = NDArray[np.float32]
_DENSER = 1.6  # near a failure it breaks so many times finer
_TILE_PX = 512


@dataclass(frozen=True, kw_only=True)
class CollapseSettings:
    """All that decides a collapse but the pictures.

    faces, bays
        Marked corners and, for each, the windows along it.
    reference_size
        Width and height of the picture that they were marked in, pixels.
    cameras
        The camera of each frame, in the space of the faces' own camera or, where `placed`, of a world of its own that the reference's
        camera is given in as well (under frame None).
    """

    faces: tuple[FaceCorners, ...]
    bays: tuple[int, ...]
    reference_size: tuple[int, int]
    focal_px: float | None = None
    storeys_m: tuple[float, ...]
    material: str
    parapet_m: float
    strength: float
    piece_m: float
    shot: Shot
    direction: Direction
    motion: MotionSettings = field(default_factory=MotionSettings)
    light: Light
    dust: DustSettings
    look: DustLook
    px_per_metre: float
    samples: int = 4
    shutter: float = 0.5
    seed: int = 0


@dataclass(frozen=True, eq=False)
class Dusty:
    """A frame's dust: the state of the air after it, its picture, and how much of the sun it lets through to what is seen."""

    picture: DustPicture
    sun: Picture


@dataclass(frozen=True, eq=False)
class Made:
    """A frame made.

    finished, dust
        Its layers and the dust before them; None where nothing has happened yet, or there is no dust.
    rgb
        (H, W, 3) float32: the picture.
    touched, after
        (H, W) bool: what is not simply the plate, and what blur, grain or dust changed after the layers were put together.
    covered
        (H, W) float32 0..1: how much of a pixel was changed.
    """

    finished: Finished | None
    dust: Dusty | None
    rgb: Picture
    touched: NDArray[np.bool_]
    after: NDArray[np.bool_]
    covered: Picture


class Collapse:
    """The stages of one collapse. Nothing here knows a file; what a stage needs of the one before is handed in."""

    def __init__(self, settings: CollapseSettings) -> None:
        self.settings = settings

    @cached_property
    def solved(self) -> SolvedCamera:
        """The reference's camera and the plan under it."""
        width, height = self.settings.reference_size
        return solve_camera(self.settings.faces, width=width, height=height, focal_px=self.settings.focal_px)

    @cached_property
    def parts(self) -> tuple[Part, ...]:
        """The building before it breaks."""
        s = self.settings
        corners, of = plan_of(self.solved.feet)
        bays = tuple(s.bays[o] if o >= 0 else 0 for o in of)
        return elements(Building(corners, bays, s.storeys_m, material=s.material, parapet_m=s.parapet_m))

    def build(self) -> tuple[Pieces, Bonds]:
        """The building, broken: finer where it is told to fail."""
        s = self.settings
        how_high = np.cumsum(s.storeys_m)
        denser = []
        for failure in s.direction.failures:
            storey = min((failure.storeys or (0,))[0], len(how_high) - 1)
            at = (failure.where[0], failure.where[1], float(how_high[storey]) / 2)
            denser.append(Denser(at, failure.radius_m + 2.0, _DENSER))
        how = FractureSettings(piece_m=s.piece_m, denser=tuple(denser), strength=s.strength)
        return fracture(self.parts, how, seed=s.seed)

    def called(self, pieces: Pieces) -> Called:
        """What the pieces are called."""
        return called(self.parts, pieces)

    def scene(self, pieces: Pieces, bonds: Bonds) -> Scene:
        """What the solver is given."""
        return plan(pieces, bonds, direction=self.settings.direction, shot=self.settings.shot)

    def fall(self, scene: Scene, *, resume: State | None = None, poses: Poses | None = None) -> Iterator[State]:
        """The pieces' states, frame by frame; `poses` is what moves them where that is not the solver in this process."""
        return simulate(scene, self.settings.motion, solver=PosedSolver(poses) if poses else None, resume=resume)

    def preview(self, pieces: Pieces, motion: Motion, camera: Camera, *, height: int) -> NDArray[np.uint8]:
        """Every frame at once, the hulls flat shaded: (F, height, w, 3)."""
        return preview_raster(hulls_of(pieces), motion, camera=camera, height=height)

    def tiles(self, pieces: Pieces, exemplars: Mapping[str, Picture]) -> tuple[Tile, ...]:
        """What no view shows, by example: what it looks like broken, and rooms, each made once for every material."""
        missing = sorted({"broken", "inside"} - set(exemplars))
        if missing:
            raise ValueError(f"[exemplars] {missing[0]} is missing: give an exemplar of it, nothing is made up")
        made = {what: self._tile(what, picture) for what, picture in exemplars.items()}
        out = []
        for material in pieces.materials:
            for face in Face:
                what = "broken" if face is Face.BROKEN else "inside"
                out.append(replace(made[what], name=f"{what}:{material}:{face.name.lower()}", material=material, face=face))
        return tuple(out)

    def _tile(self, what: str, picture: Picture) -> Tile:
        exemplar = Exemplar(what, "", Face.BROKEN, picture, self.settings.px_per_metre)
        return make_tile(exemplar, _TILE_PX, seed=self.settings.seed)[0]

    def stage(self, pieces: Pieces, views: Sequence[View], tiles: Sequence[Tile]) -> Stage:
        """All that stays the same through the shot."""
        s = self.settings
        return prepare(pieces, s.light, views=views, tiles=tiles, samples=s.samples, seed=s.seed)

    def reference_view(self, picture: Picture, matte: Picture) -> View:
        """The picture that the corners were marked in, as a view of the pieces at rest."""
        return View("reference", picture, self.solved.camera, matte)

    def rested(self, stage: Stage, camera: Camera) -> Rested:
        """What a camera sees of the rest."""
        return look_at_rest(stage, camera)

    def standing(self, stage: Stage, rested: Rested, matte: Picture) -> Standing:
        """The building's matte and what stands before it, as a frame's camera sees them."""
        return standing(stage, rested, self.solved.camera, matte)

    # Dust

    @cached_property
    def daylight(self) -> Daylight:
        """The light that the dust hangs in."""
        light = self.settings.light
        return Daylight(light.to_sun, light.sun, light.sky)

    def air(self, pieces: Pieces) -> Grid:
        """The box of air round the building."""
        owner = np.repeat(np.arange(len(pieces)), np.diff(pieces.hull_start))
        corners = pieces.hull + pieces.centre[owner]
        low, high = corners.min(0), corners.max(0)
        return grid_around((low[0], low[1], 0.0), (high[0], high[1], high[2]))

    def still_air(self, grid: Grid) -> DustState:
        """The air before the first frame."""
        return begin(grid, settings=self.settings.dust, frame=self.settings.shot.first_frame - 1)

    def blow(self, state: DustState, grid: Grid, *, scene: tuple[Pieces, Bonds, Motion], threads: int = 1) -> DustState:
        """The air one frame later."""
        pieces, bonds, motion = scene
        frame = int(state.frame) + 1
        settings = self._dust_at(frame)
        given = sources_of(frame, motion, pieces=pieces, bonds=bonds, settings=settings, cell_m=grid.cell_m)
        return advance(state, given, grid=grid, solid=solid_cells(grid), settings=settings, threads=threads)

    def _dust_at(self, frame: int) -> DustSettings:
        """Settings with the speed of time of a frame."""
        shot = self.settings.shot
        seconds = story_time(self.settings.direction, shot)
        row = min(max(frame - shot.first_frame, 1), len(seconds) - 1)
        return replace(self.settings.dust, time=float((seconds[row] - seconds[row - 1]) * shot.fps), fps=shot.fps)

    def dust(
        self, state: DustState, grid: Grid, *, camera: Camera, depth: Picture, ground: Picture, foreground: Picture, threads: int = 1
    ) -> Dusty | None:
        """The dust's picture before what a frame shows; None where there is none. `ground` is the depth of what stands behind pieces."""
        if not state.density.any():
            return None
        light = lit(state, grid=grid, look=self.settings.look, daylight=self.daylight, tile=self._detail, threads=threads)
        ends = np.minimum(depth, ground)
        picture = march(light, camera, depth=ends, foreground=foreground, threads=threads)
        return Dusty(picture, shadow(light, camera, depth=ends))

    @cached_property
    def _detail(self) -> NDArray[Any]:
        return detail_tile(self.settings.look.seed)

    # Frames

    def frame(self, stage: Stage, shot: FrameShot, rested: Rested) -> Finished:
        """A frame's layers."""
        return finish(stage, shot, rested=rested)

    def grain(self, plate: Picture) -> Grain:
        """The grain of the shot, measured on one of its plates."""
        return measure_grain(plate)

    def at_rest(self, motion: Motion, row: int) -> bool:
        """Whether every piece lies as it did in the first frame, to the bit."""
        still = (motion.position[row] == motion.position[0]).all() and (motion.rotation[row] == motion.rotation[0]).all()
        return bool(still)

    def untouched(self, plate: Picture) -> Made:
        """A frame in which nothing has happened yet."""
        none = np.zeros(plate.shape[:2], bool)
        return Made(None, None, plate, none, none, none.astype(np.float32))

    def together(self, finished: Finished, shot: FrameShot, *, dust: Dusty | None, grain: Grain, carried: tuple[float, ...]) -> Made:
        """The last steps: blur, grain, the dust and its shadow on what lies under it. `carried`: which sources have its grain."""
        through = None
        if dust is not None:
            sun, sky = np.asarray(self.settings.light.sun), np.asarray(self.settings.light.sky)
            under = 1 - (1 - dust.sun) * float((sun / np.maximum(sun + sky, 1e-9)).mean())
            through = (dust.picture.rgba, ((1 - dust.picture.rgba[..., 3]) * under).astype(np.float32).clip(0, 1))
        steps = LastSteps(shutter=self.settings.shutter, carried=carried, seed=self.settings.seed)
        rgb = composite(finished, shot, steps=steps, grain=grain, dust=through)
        touched = (rgb != shot.plate).any(-1)
        covered = np.where(finished.touched, np.maximum(finished.pieces[..., 3], 1 / 255), 0)
        if dust is not None:
            covered = np.maximum(covered, dust.picture.rgba[..., 3])
        return Made(finished, dust, rgb, touched, (rgb != finished.beauty).any(-1), covered.clip(0, 1).astype(np.float32))


def hulls_of(pieces: Pieces) -> Pieces:
    """The pieces as their convex hulls: what collides, and a tenth of the triangles."""
    from scipy.spatial import ConvexHull

    triangles = []
    for i in range(len(pieces)):
        first = int(pieces.hull_start[i])
        points = pieces.hull[first : int(pieces.hull_start[i + 1])].astype(np.float64)
        hull = ConvexHull(points)
        a, b, c = (points[hull.simplices[:, k]] for k in range(3))
        outward = (np.cross(b - a, c - a) * hull.equations[:, :3]).sum(-1) > 0
        triangles.append(np.where(outward[:, None], hull.simplices, hull.simplices[:, ::-1]) + first)
    whole, start = np.concatenate(triangles).astype(np.int32), np.cumsum([0, *map(len, triangles)]).astype(np.int64)
    faces = np.zeros(len(whole), np.uint8)
    return replace(pieces, vertices=pieces.hull, vertex_start=pieces.hull_start, triangles=whole, triangle_start=start, face=faces)


def pieces_of(arrays: Mapping[str, NDArray[Any]], materials: NDArray[Any]) -> Pieces:
    """Pieces from their arrays; `materials` are the names' bytes, a line each."""
    return Pieces(**dict(arrays), materials=tuple(bytes(materials).decode().split("\n")))


def joined_states(found: Mapping[str, NDArray[Any]]) -> list[State]:
    """States out of stacked arrays; those of which each state has its own number begin at `NAME.start`."""
    out = []
    for i in range(len(found["frame"])):
        row: dict[str, Any] = {"frame": int(found["frame"][i])}
        for f in fields(State):
            if f.name.startswith("impact"):
                start = found[f"{f.name}.start"]
                row[f.name] = found[f.name][start[i] : start[i + 1]]
            elif f.name != "frame":
                row[f.name] = found[f.name][i]
        out.append(State(**row))
    return out


def nodal_turn(
    reference: Picture, frames: Iterator[Picture], camera: Camera, *, focal_px: float, moves: NDArray[np.bool_]
) -> tuple[tuple[Camera, ...], NDArray[Any]]:
    """The frames' cameras where they only turn, and how far each fits, in pixels. `moves` are parts of the reference that do not stand."""
    found = nodal_pan(frames, reference, camera=camera, focal_px=focal_px, leave_out=moves)
    return found.cameras, np.asarray(found.residual_px)
