"""A collapse as an artist writes it: `collapse.toml`, read strictly into a `Sheet`. Nothing is opened here but the sheet itself."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import Any

from bottega.jobs.runner.table import Table, read_toml
from bottega.model import UsageError, code, shown

STILL, NODAL = "still", "nodal"
BULLET, BLENDER = "bullet", "blender"  # what moves the pieces
OWN, CYCLES = "own", "cycles"  # what finds their light
MATERIALS = ("reinforced concrete", "masonry", "timber", "steel")
EXEMPLARS = ("broken", "inside")  # what a picture stands in for: where it broke, and rooms
BEHIND = "behind"  # and what the building hides, without a clean plate: `behind 1`, `behind 2`
SCENES = (".usd", ".usda", ".usdc", ".usdz")
_MOST_STOREYS, _MOST_BAYS = 200, 100


@dataclass(frozen=True, kw_only=True)
class FaceSheet:
    """One side of the building that the camera sees: corners in the reference picture as seen from outside, bottom left first."""

    name: str
    corners_px: tuple[tuple[float, float], ...]
    width_m: float
    bays: int


@dataclass(frozen=True, kw_only=True)
class CameraSheet:
    """A frame's camera: 4x4 camera-to-world, metres, looking down its −Z, and the focal length in pixels of that frame."""

    to_world: tuple[tuple[float, ...], ...]
    focal_px: float


@dataclass(frozen=True, kw_only=True)
class MeshSheet:
    """A part of a building from another program: metres, z up, the ground at 0; `material` as it was called there."""

    name: str
    vertices: tuple[tuple[float, float, float], ...]
    triangles: tuple[tuple[int, int, int], ...]
    material: str


@dataclass(frozen=True, kw_only=True)
class FailureSheet:
    """Where it begins, or (`until`) what stands: a circle on the ground plan, some storeys or all, a frame."""

    at: tuple[float, ...]
    radius_m: float
    frame: int
    storeys: tuple[int, ...] | None = None


@dataclass(frozen=True, kw_only=True)
class LightSheet:
    """Sun and sky at the place: a direction to the sun in the building's space, irradiances in scene-linear light."""

    sun_towards: tuple[float, ...]
    sun: tuple[float, ...]
    sky: tuple[float, ...]
    sun_angle_deg: float


@dataclass(frozen=True, kw_only=True)
class DustSheet:
    """The dust, in an artist's words. `amount` 0 is none."""

    amount: float
    colour: tuple[float, ...]
    wind_mps: tuple[float, ...]
    settle_s: float
    half: bool


@dataclass(frozen=True, kw_only=True)
class DebrisSheet:
    """Small debris. `amount` 0 is none."""

    amount: float
    smallest_m: float
    largest_m: float


@dataclass(frozen=True, kw_only=True)
class BlockSheet:
    """What stands beside the building: lowest and highest corner in the building's space."""

    low: tuple[float, ...]
    high: tuple[float, ...]


@dataclass(frozen=True, kw_only=True)
class PaintedSheet:
    """A frame in which the artist painted the pieces: a picture of the plate's size whose alpha says what was painted."""

    frame: int
    path: Path


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """All of a sheet. Paths are as written, relative to the sheet's folder; `exemplars` map what they stand in for to a file.

    `reference` is the frame of the plate in which the corners were marked, or the code of a shot that holds one still of the view.
    `camera_path` is "still", "nodal", or a file with a camera for each frame; `cameras` is that file's content once it is read,
    `reference_camera` the camera of the reference in it, which a still needs. `mesh` is a scene that the building is taken from instead of
    from marked faces, `meshes` what was read of it. `blend` is an artist's .blend that the fall is taken from.
    """

    reference: int | str
    clean: str | None
    building: Path
    faces: tuple[FaceSheet, ...]
    storeys_m: tuple[float, ...]
    material: str
    parapet_m: float
    focal_px: float | None
    frames_focal_px: float | None
    camera_path: str
    camera_prim: str | None = None
    mesh: str | None = None
    meshes: tuple[MeshSheet, ...] = ()
    ground_m: float = 0.0
    cameras: Mapping[int, CameraSheet] = field(default_factory=dict)
    reference_camera: CameraSheet | None = None
    light: LightSheet
    failures: tuple[FailureSheet, ...]
    holds: tuple[FailureSheet, ...]
    front_speed_mps: float
    lean: tuple[float, ...]
    time: tuple[tuple[int, float], ...] | float
    strength: float
    piece_m: float
    exemplars: Mapping[str, Path]
    pixels_per_metre: float
    dust: DustSheet
    debris: DebrisSheet
    blocks: tuple[BlockSheet, ...]
    painted: tuple[PaintedSheet, ...]
    substeps: int
    solver: str = BULLET
    blend: Path | None = None
    samples: int
    by: str = OWN
    light_samples: int = 64
    every: int = 4

    @property
    def pictures(self) -> dict[str, Path]:
        """Each picture of the artist's by what it stands in for: `broken`, `inside`, `behind 1`, `painted 1040`."""
        return {**self.exemplars, **{painted_as(p.frame): p.path for p in self.painted}}

    @property
    def behind(self) -> tuple[str, ...]:
        """What the pictures are called that what the building hides is made from, in the sheet's order."""
        return tuple(what for what in self.exemplars if what.startswith(BEHIND))


def is_scene(name: str) -> bool:
    """Whether a file's name is a USD scene's."""
    return name.lower().endswith(SCENES)


def painted_as(frame: int) -> str:
    """What the painting of a frame is called among a sheet's pictures."""
    return f"painted {frame}"


def template() -> str:
    """A commented sheet to start from."""
    return files(__package__).joinpath("template.toml").read_text("utf-8")


def read_sheet(path: Path) -> Sheet:
    """Read `collapse.toml`. Raises UsageError that names the sheet, the place in it, the value and what is allowed."""
    data, name = read_toml(path)
    return parsed(data, name)


def parsed(data: Mapping[str, Any], name: str) -> Sheet:
    """A sheet's tables, checked one by one."""
    top = Table(data, sheet=name)
    return top.made(
        Sheet,
        **_plate(top.table("plate")),
        **_camera(top.table("camera")),
        **_building(top.table("building")),
        faces=tuple(_face(t) for t in top.tables("face", least=0 if _has_mesh(data) else 1)),
        light=_light(top.table("light")),
        failures=tuple(_place(t, "frame") for t in top.tables("failure", least=1)),
        holds=tuple(_place(t, "until") for t in top.tables("hold")),
        **_fall(top.table("fall")),
        **_exemplars(top.table("exemplars")),
        dust=_dust(top.table("dust")),
        debris=_debris(top.table("debris")),
        blocks=tuple(_block(t) for t in top.tables("block")),
        painted=_painted(top.tables("painted")),
        **_finish(top.table("finish")),
    )


def _has_mesh(data: Mapping[str, Any]) -> bool:
    building = data.get("building")
    return isinstance(building, Mapping) and "mesh" in building


def _plate(t: Table) -> dict[str, Any]:
    reference: int | str = t.text("reference") if t.holds_text("reference") else t.whole("reference", low=0, high=10**9)
    if isinstance(reference, str):
        code(reference, "reference")
    clean = code(t.text("clean"), "clean") if t.has("clean") else None
    return t.made(dict, reference=reference, clean=clean, building=Path(t.text("building")))


def _camera(t: Table) -> dict[str, Any]:
    focal = t.number("focal_px", above=0) if t.has("focal_px") else None
    frames = t.number("frames_focal_px", above=0) if t.has("frames_focal_px") else None
    return t.made(
        dict,
        focal_px=focal,
        frames_focal_px=frames,
        camera_path=t.text("path", STILL),
        camera_prim=t.text("prim") if t.has("prim") else None,
    )


def _building(t: Table) -> dict[str, Any]:
    heights = t.numbers("storeys_m", None, low=1, high=50)
    if len(heights) > _MOST_STOREYS:
        raise t.error("storeys_m", f"{len(heights)} heights", f"1 to {_MOST_STOREYS}")
    return t.made(
        dict,
        mesh=t.text("mesh") if t.has("mesh") else None,
        ground_m=t.number("ground_m", 0.0, low=-1e5, high=1e5),
        storeys_m=heights,
        material=t.text("material", MATERIALS[0], one_of=MATERIALS),
        parapet_m=t.number("parapet_m", 1.0, low=0, high=20),
        strength=t.number("strength", 1.0, above=0),
        piece_m=t.number("piece_m", 1.5, low=0.2, high=20),
    )


def _face(t: Table) -> FaceSheet:
    return t.made(
        FaceSheet,
        name=t.text("name"),
        corners_px=t.points("corners_px", 4),
        width_m=t.number("width_m", above=0),
        bays=t.whole("bays", low=1, high=_MOST_BAYS),
    )


def _light(t: Table) -> LightSheet:
    towards = t.numbers("sun_towards", 3)
    if not any(towards):
        raise t.error("sun_towards", towards, "a direction other than 0, 0, 0")
    return t.made(
        LightSheet,
        sun_towards=towards,
        sun=t.numbers("sun", 3, low=0, high=1e4),
        sky=t.numbers("sky", 3, low=0, high=1e4),
        sun_angle_deg=t.number("sun_angle_deg", 0.53, low=0.01, high=20),
    )


def _place(t: Table, frame: str) -> FailureSheet:
    storeys = tuple(int(s) for s in t.numbers("storeys", None, low=0, high=_MOST_STOREYS)) if t.has("storeys") else None
    at = t.numbers("at", None)
    if len(at) not in (2, 3):
        raise t.error("at", list(at), "[x, y] or [x, y, z]")
    return t.made(
        FailureSheet, at=at, radius_m=t.number("radius_m", above=0), frame=t.whole(frame, low=0, high=10**9), storeys=storeys
    )  # fmt: skip


def _fall(t: Table) -> dict[str, Any]:
    solver, blend = t.text("solver", BULLET, one_of=(BULLET, BLENDER)), Path(t.text("blend")) if t.has("blend") else None
    if solver == BLENDER and blend is not None:
        raise t.error("blend", str(blend), "a file without a solver: its poses are the fall")
    return t.made(
        dict,
        front_speed_mps=t.number("front_speed_mps", 10.0, above=0),
        lean=t.numbers("lean_mps", 2, (0.0, 0.0), low=-50, high=50),
        time=t.curve("time", 1.0),
        substeps=t.whole("substeps", 8, low=1, high=64),
        solver=solver,
        blend=blend,
    )


def _exemplars(t: Table) -> dict[str, Any]:
    scale = t.number("pixels_per_metre", 200.0, above=0)
    named = {what: Path(t.text(what)) for what in EXEMPLARS}
    behind = t.some(BEHIND, ()) if t.has(BEHIND) else ()
    named |= {f"{BEHIND} {i}": Path(path) for i, path in enumerate(behind, 1)}
    return t.made(dict, exemplars=named, pixels_per_metre=scale)


def _dust(t: Table) -> DustSheet:
    return t.made(
        DustSheet,
        amount=t.number("amount", 1.0, low=0, high=20),
        colour=t.numbers("colour", 3, (0.45, 0.42, 0.38), low=0, high=1),
        wind_mps=t.numbers("wind_mps", 2, (0.0, 0.0), low=-40, high=40),
        settle_s=t.number("settle_s", 20.0, above=0),
        half=t.truth("half", default=True),
    )


def _debris(t: Table) -> DebrisSheet:
    made = t.made(
        DebrisSheet,
        amount=t.number("amount", 1.0, low=0, high=20),
        smallest_m=t.number("smallest_m", 0.03, low=0.005, high=1),
        largest_m=t.number("largest_m", 0.35, low=0.005, high=2),
    )
    if made.smallest_m >= made.largest_m:
        raise t.error("largest_m", made.largest_m, f"more than smallest_m, {made.smallest_m}")
    return made


def _block(t: Table) -> BlockSheet:
    made = t.made(BlockSheet, low=t.numbers("low", 3, low=-1e4, high=1e4), high=t.numbers("high", 3, low=-1e4, high=1e4))
    if not all(a < b for a, b in zip(made.low, made.high, strict=True)):
        raise t.error("high", list(made.high), f"more than low, {list(made.low)}, along each axis")
    return made


def _painted(tables: Sequence[Table]) -> tuple[PaintedSheet, ...]:
    found: dict[int, PaintedSheet] = {}
    for t in tables:
        one = t.made(PaintedSheet, frame=t.whole("frame", low=0, high=10**9), path=Path(t.text("path")))
        if one.frame in found:
            raise t.error("frame", one.frame, "one painting a frame")
        found[one.frame] = one
    return tuple(found[n] for n in sorted(found))


def _finish(t: Table) -> dict[str, Any]:
    by = t.text("by", OWN, one_of=(OWN, CYCLES))
    for name in ("light_samples", "every"):
        if by == OWN and t.has(name):
            raise t.error(name, t.whole(name, low=0, high=10**9), f'{name} with by = "{CYCLES}", not "{OWN}"')
    return t.made(
        dict,
        samples=t.whole("samples", 2, low=1, high=4),
        by=by,
        light_samples=t.whole("light_samples", 64, low=1, high=4096),
        every=t.whole("every", 4, low=1, high=48),
    )


def read_cameras(path: Path) -> tuple[dict[int, CameraSheet], CameraSheet | None]:
    """Cameras by frame, from JSON: `{"focal_px": 746.7, "frames": {"1001": {"camera_to_world": [[…] ×4]}}}`. Raises UsageError.

    A frame may have a `focal_px` of its own; `reference` is a camera like a frame's. What else the file holds does not matter.
    """
    name = shown(path.name)
    try:
        data = json.loads(path.read_text("utf-8"))
        frames = {int(n): _camera_of(entry, data) for n, entry in data["frames"].items()}
        return frames, _camera_of(data["reference"], data) if "reference" in data else None
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as problem:
        allowed = '{"focal_px": 746.7, "frames": {"1001": {"camera_to_world": [4 rows of 4 numbers]}}}'
        raise UsageError(f"camera file {name} cannot be read ({type(problem).__name__}: {problem}), allowed is {allowed}") from problem


def _camera_of(entry: Mapping[str, Any], data: Mapping[str, Any]) -> CameraSheet:
    rows = tuple(tuple(float(v) for v in row) for row in entry["camera_to_world"])
    focal = float(entry.get("focal_px", data.get("focal_px", "none given")))
    if len(rows) != 4 or any(len(row) != 4 for row in rows):
        raise ValueError(f"camera_to_world has {[len(r) for r in rows]} numbers in its rows")
    if not (math.isfinite(focal) and focal > 0 and all(math.isfinite(v) for row in rows for v in row)):
        raise ValueError(f"focal_px is {focal}")
    return CameraSheet(to_world=rows, focal_px=focal)
