"""A sheet turned into what the recipe takes, and the cameras of every frame in the building's own space."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from bottega.jobs.recipes.collapse import (
    PRESETS,
    Block,
    Camera,
    Collapse,
    CollapseSettings,
    DebrisSettings,
    Direction,
    DustLook,
    DustSettings,
    FaceCorners,
    Failure,
    HoldOff,
    Lean,
    Light,
    MeshPart,
    MotionSettings,
    Shot,
)
from bottega.model import UsageError

from .job import CollapseJob
from .sheet import MATERIALS, STILL, CameraSheet, FailureSheet, Sheet

_BELOW_M = 0.05
_SAMPLES = {1: 1, 2: 4, 3: 8, 4: 8}  # a pixel, by how fine the sheet asks for


def settings_of(job: CollapseJob, *, reference_size: tuple[int, int], fps: float) -> CollapseSettings:
    """The recipe's settings. Raises UsageError for values that the engine refuses."""
    sheet, seed = job.request.sheet, job.request.seed
    shot = Shot(job.frames[0], job.frames[-1], fps)
    height = float(sum(sheet.storeys_m))
    dust = sheet.dust
    try:
        return CollapseSettings(
            faces=tuple(FaceCorners(f.name, f.corners_px, f.width_m, height) for f in sheet.faces),
            bays=tuple(f.bays for f in sheet.faces),
            reference_size=reference_size,
            focal_px=sheet.focal_px,
            storeys_m=sheet.storeys_m,
            material=sheet.material,
            parapet_m=sheet.parapet_m,
            strength=sheet.strength,
            piece_m=sheet.piece_m,
            shot=shot,
            direction=_direction(sheet),
            motion=MotionSettings(substeps=sheet.substeps),
            light=_light(sheet),
            dust=DustSettings(amount=dust.amount, wind_mps=_two(dust.wind_mps), settle_s=dust.settle_s, fps=fps, seed=seed),
            debris=_debris(sheet, fps=fps, seed=seed),
            meshes=_meshes(sheet),
            camera=_own_camera(sheet, reference_size) if sheet.mesh else None,
            blocks=tuple(Block(_three(b.low), _three(b.high)) for b in sheet.blocks),
            look=DustLook(colour=_three(dust.colour), half=dust.half, seed=seed),
            px_per_metre=sheet.pixels_per_metre,
            samples=_SAMPLES[sheet.samples],
            seed=seed,
        )
    except ValueError as problem:
        raise UsageError(f"collapse: {problem}") from problem


def _meshes(sheet: Sheet) -> tuple[MeshPart, ...]:
    """Each mesh in the storey that its middle is in; what it is made of by its own name for it, else by the sheet's."""
    tops = np.cumsum(sheet.storeys_m)
    out = []
    for panel, mesh in enumerate(sheet.meshes):
        vertices = np.asarray(mesh.vertices, np.float64)
        if vertices[:, 2].min() < -_BELOW_M:
            raise ValueError(
                f"mesh {mesh.name!r} goes {-vertices[:, 2].min():.2f} m into the ground, allowed are {_BELOW_M}: [building] ground_m is "
                "the ground's height in the scene"
            )
        middle = float(vertices[:, 2].min() + vertices[:, 2].max()) / 2
        storey = min(int(np.searchsorted(tops, middle, side="right")), len(tops) - 1)
        material = PRESETS[mesh.material if mesh.material in MATERIALS else sheet.material]
        out.append(MeshPart(mesh.name, vertices, np.asarray(mesh.triangles, np.int64), material, storey, panel))
    return tuple(out)


def _own_camera(sheet: Sheet, size: tuple[int, int]) -> Camera:
    """The reference's camera where it is given and not solved: a frame's."""
    given = sheet.cameras[sheet.reference if isinstance(sheet.reference, int) else 0]
    return _placed(given, np.eye(4), size)


def _debris(sheet: Sheet, *, fps: float, seed: int) -> DebrisSettings:
    d = sheet.debris
    return DebrisSettings(amount=d.amount, smallest_m=d.smallest_m, largest_m=d.largest_m, fps=fps, seed=seed)


def _direction(sheet: Sheet) -> Direction:
    def failure(place: FailureSheet) -> Failure:
        return Failure(place.at, place.radius_m, place.frame, place.storeys)

    def hold(place: FailureSheet) -> HoldOff:
        return HoldOff(place.at, place.radius_m, place.frame, place.storeys)

    speed = float(np.hypot(sheet.lean[0], sheet.lean[1]))
    return Direction(
        failures=tuple(failure(p) for p in sheet.failures),
        front_speed=sheet.front_speed_mps,
        lean=Lean(_two(sheet.lean), speed) if speed > 0 else None,
        hold_offs=tuple(hold(p) for p in sheet.holds),
        rate=sheet.time,
    )


def _light(sheet: Sheet) -> Light:
    light = sheet.light
    towards = np.asarray(light.sun_towards) / np.linalg.norm(light.sun_towards)
    ground = [0.12 * (s * max(towards[2], 0.0) + k) for s, k in zip(light.sun, light.sky, strict=True)]
    angle = float(np.radians(light.sun_angle_deg))
    return Light(_three(tuple(towards)), _three(light.sun), _three(light.sky), _three(tuple(ground)), sun_angle_rad=angle)


def _two(values: tuple[float, ...]) -> tuple[float, float]:
    return float(values[0]), float(values[1])


def _three(values: tuple[float, ...]) -> tuple[float, float, float]:
    return float(values[0]), float(values[1]), float(values[2])


def cameras(job: CollapseJob, recipe: Collapse, *, size: tuple[int, int]) -> dict[int, Camera]:
    """Each frame's camera, in the space of the building; `size` is the plate's. Raises UsageError."""
    sheet, own = job.request.sheet, recipe.reference_camera
    if sheet.mesh:
        return {n: _placed(sheet.cameras[n], np.eye(4), size) for n in job.frames}
    if sheet.camera_path == STILL:
        if (own.width, own.height) != size:
            raise UsageError(
                f"[camera] path is still, but the reference is {own.width}x{own.height} and the plate {size[0]}x{size[1]}: "
                "allowed is a reference of the plate's size, nodal, or a camera file"
            )
        return dict.fromkeys(job.frames, own)
    if sheet.reference_camera is None and not isinstance(sheet.reference, int):
        raise UsageError("[camera] path: the camera file has no `reference`, the camera of the still in which the corners were marked")
    there = sheet.reference_camera or sheet.cameras[sheet.reference if isinstance(sheet.reference, int) else 0]
    to_ours = np.asarray(own.to_world) @ np.linalg.inv(np.asarray(there.to_world))
    return {n: _placed(sheet.cameras[n], to_ours, size) for n in job.frames}


def _placed(given: CameraSheet, to_ours: NDArray[Any], size: tuple[int, int]) -> Camera:
    turn = to_ours @ np.asarray(given.to_world)
    left, _, right = np.linalg.svd(turn[:3, :3])
    turn[:3, :3] = left @ right
    return Camera(turn, given.focal_px, (size[0] / 2, size[1] / 2), *size)
