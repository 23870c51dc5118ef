"""The collapse of a building in a plate: from marked corners to frames, stage by stage, as functions of arrays."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bottega.engine.collapse.building import (
    PRESETS,
    Building,
    Denser,
    FaceCorners,
    FractureSettings,
    MeshPart,
    SolvedCamera,
    elements,
    fracture,
    from_mesh,
    nodal_pan,
    plan_of,
    solve_camera,
)
from bottega.engine.collapse.building.parts import Part
from bottega.engine.collapse.dust import DebrisSettings, DustLook, DustSettings, Grid
from bottega.engine.collapse.finish.compositing import LastSteps, composite
from bottega.engine.collapse.finish.film import Grain, measure_grain
from bottega.engine.collapse.finish.finishing import Finished, finish
from bottega.engine.collapse.finish.finishing import Shot as FrameShot
from bottega.engine.collapse.finish.light import Light
from bottega.engine.collapse.finish.skin import boxes as drawn_boxes
from bottega.engine.collapse.finish.sources import Tile, View
from bottega.engine.collapse.finish.stage import Rested, Stage, look_at_rest, prepare
from bottega.engine.collapse.finish.texture import Exemplar, make_tile
from bottega.engine.collapse.finish.traced import Key, Traced, lay_key
from bottega.engine.collapse.motion import (
    Box,
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
)
from bottega.engine.collapse.records import Bonds, Camera, Face, Motion, Pieces

from .collapse_air import Air, Airing, Chips, Dusty, Seen
from .collapse_behind import Behind, make_behind
from .collapse_mattes import Called, Standing, called, standing

__all__ = [
    "PRESETS",
    "Air",
    "Airing",
    "Behind",
    "Block",
    "Bonds",
    "Called",
    "Camera",
    "Collapse",
    "CollapseSettings",
    "DebrisSettings",
    "Denser",
    "Direction",
    "DustLook",
    "DustSettings",
    "FaceCorners",
    "Failure",
    "Finished",
    "FrameShot",
    "Grid",
    "HoldOff",
    "Key",
    "Lean",
    "Light",
    "Made",
    "MeshPart",
    "Motion",
    "MotionSettings",
    "Pieces",
    "Poses",
    "Rested",
    "Scene",
    "Seen",
    "Shot",
    "Stage",
    "State",
    "Traced",
    "View",
    "collected",
    "joined_states",
    "nodal_turn",
    "pieces_of",
]

REVISION = "collapse/3"
Picture = NDArray[np.float32]
_DENSER = 1.6  # near a failure it breaks so many times finer
_TILE_PX = 512


@dataclass(frozen=True, slots=True)
class Block:
    """What stands beside the building and stays: lowest and highest corner, metres, in the building's space."""

    low: tuple[float, float, float]
    high: tuple[float, float, float]

    def __post_init__(self) -> None:
        if not all(a < b for a, b in zip(self.low, self.high, strict=True)):
            raise ValueError(f"a block's low {self.low} must be below its high {self.high} along each axis")


@dataclass(frozen=True, kw_only=True)
class CollapseSettings:
    """All that decides a collapse but the pictures.

    faces, bays
        Marked corners and, for each, the windows along it; none where `meshes` are the building and `camera` the reference's.
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
    debris: DebrisSettings = field(default_factory=DebrisSettings)
    look: DustLook
    blocks: tuple[Block, ...] = ()
    meshes: tuple[MeshPart, ...] = ()
    camera: Camera | None = None
    px_per_metre: float
    samples: int = 4
    shutter: float = 0.5
    seed: int = 0


@dataclass(frozen=True, eq=False)
class Made:
    """A frame made.

    finished, dust, chips
        Its layers, the dust before them and small debris; None where nothing has happened yet, or there is none.
    rgb
        (H, W, 3) float32: the picture.
    touched, after
        (H, W) bool: what is not simply the plate, and what blur, grain or dust changed after the layers were put together.
    covered
        (H, W) float32 0..1: how much of a pixel was changed.
    behind
        (1 + S, H, W) float32: whose the clean plate's pixels are where it was made by example (`Behind.seen`).
    """

    finished: Finished | None
    dust: Dusty | None
    chips: Chips | None
    rgb: Picture
    touched: NDArray[np.bool_]
    after: NDArray[np.bool_]
    covered: Picture
    behind: Picture | None = None


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
    def reference_camera(self) -> Camera:
        """The camera of the picture that was marked, or that was given with a mesh. Raises ValueError for corners that no camera sees."""
        return self.settings.camera if self.settings.camera is not None else self.solved.camera

    @cached_property
    def parts(self) -> tuple[Part, ...]:
        """The building before it breaks."""
        s = self.settings
        if s.meshes:
            return from_mesh(s.meshes)
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
        _check_clear(pieces, self.settings.blocks)
        stands = tuple(_as_box(b) for b in self.settings.blocks)
        return plan(pieces, bonds, direction=self.settings.direction, shot=self.settings.shot, boxes=stands)

    def fall(self, scene: Scene, *, resume: State | None = None, poses: Poses | None = None) -> Iterator[State]:
        """The pieces' states, frame by frame; `poses` is what moves them where that is not the solver in this process."""
        return simulate(scene, self.settings.motion, solver=PosedSolver(poses) if poses else None, resume=resume)

    def preview(self, pieces: Pieces, motion: Motion, camera: Camera, *, height: int) -> NDArray[np.uint8]:
        """Every frame at once, the hulls flat shaded: (F, height, w, 3)."""
        return preview_raster(hulls_of(pieces), motion, camera=camera, height=height)

    def tiles(self, pieces: Pieces, exemplars: Mapping[str, Picture]) -> tuple[Tile, ...]:
        """What no view shows, by example: what it looks like broken, and rooms, each made once for every material."""
        missing = [what for what in ("broken", "inside") if what not in exemplars]
        if missing:
            raise ValueError(f"[exemplars] {missing[0]} is missing: give an exemplar of it, nothing is made up")
        made = {what: self._tile(what, exemplars[what]) for what in ("broken", "inside")}
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
        stands = drawn_boxes([(b.low, b.high) for b in s.blocks]) if s.blocks else None
        return prepare(pieces, s.light, views=views, tiles=tiles, static=stands, samples=s.samples, seed=s.seed)

    def reference_view(self, picture: Picture, matte: Picture) -> View:
        """The picture that the corners were marked in, as a view of the pieces at rest."""
        return View("reference", picture, self.reference_camera, matte)

    def behind(self, stage: Stage, reference: Picture, matte: Picture, exemplars: Sequence[Picture], *, focal_px: float) -> Behind:
        """What stands behind the building, by example."""
        camera, seed = self.reference_camera, self.settings.seed
        return make_behind(stage, reference, camera, matte=matte, exemplars=exemplars, focal_px=focal_px, seed=seed)

    def rested(self, stage: Stage, camera: Camera) -> Rested:
        """What a camera sees of the rest."""
        return look_at_rest(stage, camera)

    def standing(self, stage: Stage, rested: Rested, matte: Picture) -> Standing:
        """The building's matte and what stands before it, as a frame's camera sees them."""
        return standing(stage, rested, self.reference_camera, matte)

    @cached_property
    def airing(self) -> Airing:
        """Dust and debris."""
        s = self.settings
        return Airing(
            s.dust, s.debris, s.look, light=s.light, shot=s.shot, direction=s.direction, shutter=s.shutter,
            blocks=tuple((b.low, b.high) for b in s.blocks),
        )  # fmt: skip

    # Frames

    def frame(self, stage: Stage, shot: FrameShot, rested: Rested, traced: Traced | None = None) -> Finished:
        """A frame's layers; where light was traced, its moved pieces are lit by it."""
        return finish(stage, shot, rested=rested, traced=traced)

    def key(self, stage: Stage, camera: Camera, *, pose: tuple[Picture, Picture], light: Picture) -> Key:
        """A traced light, made ready to be carried to other frames."""
        return lay_key(stage, camera, position=pose[0], rotation=pose[1], traced=light)

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
        return Made(None, None, None, plate, none, none, none.astype(np.float32))

    def together(
        self, finished: Finished, shot: FrameShot, *, blown: tuple[Dusty | None, Chips | None], grain: Grain, carried: tuple[float, ...]
    ) -> Made:
        """The last steps: blur, grain, debris, the dust and its shadow on what lies under it. `carried`: which sources have its grain."""
        dust, chips = blown
        through = None
        if dust is not None:
            sun, sky = np.asarray(self.settings.light.sun), np.asarray(self.settings.light.sky)
            under = 1 - (1 - dust.sun) * float((sun / np.maximum(sun + sky, 1e-9)).mean())
            through = (dust.picture.rgba, ((1 - dust.picture.rgba[..., 3]) * under).astype(np.float32).clip(0, 1))
        steps = LastSteps(shutter=self.settings.shutter, carried=carried, seed=self.settings.seed)
        debris = None if chips is None else (chips.far, chips.near)
        rgb = composite(finished, shot, steps=steps, grain=grain, dust=through, debris=debris)
        touched = (rgb != shot.plate).any(-1)
        covered = np.where(finished.touched, np.maximum(finished.pieces[..., 3], 1 / 255), 0)
        if dust is not None:
            covered = np.maximum(covered, dust.picture.rgba[..., 3])
        if chips is not None:
            covered = np.maximum(covered, chips.alpha)
        return Made(finished, dust, chips, rgb, touched, (rgb != finished.beauty).any(-1), covered.clip(0, 1).astype(np.float32))


def _check_clear(pieces: Pieces, blocks: Sequence[Block]) -> None:
    owner = np.repeat(np.arange(len(pieces)), np.diff(pieces.hull_start))
    corners = pieces.hull + pieces.centre[owner]
    for block in blocks:
        inside = ((corners > np.add(block.low, 0.01)) & (corners < np.subtract(block.high, 0.01))).all(1)
        if inside.any():
            at = corners[int(inside.argmax())].round(2).tolist()
            raise ValueError(f"block {list(block.low)} to {list(block.high)} stands in the building: {at} is in both, allowed is beside it")


def _as_box(block: Block) -> Box:
    low, high = np.asarray(block.low), np.asarray(block.high)
    return Box(tuple(((low + high) / 2).tolist()), tuple((high - low).tolist()))


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
