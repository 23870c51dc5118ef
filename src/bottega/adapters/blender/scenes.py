"""A collapse's scene as arrays for the worker, and as files of Blender's."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bottega.adapters.colours import GREY, colour
from bottega.jobs.runner.collapse.scene_out import FACES, DustOut, SceneOut

Array = NDArray[Any]
LONGEST_NAME = 63  # bytes, of anything in Blender before 5.0
_NOON = {"to_sun": (0.3, -0.4, 0.8), "sun": (3.0, 3.0, 3.0), "sky": (1.0, 1.0, 1.0), "sun_angle": 0.0093}


def arrays_of(scene: SceneOut) -> dict[str, Array]:
    """A scene's fields, with a material for each of the pieces' materials and each kind of face. Raises ValueError for a name too long."""
    long = [name for name in scene.name if len(name.encode()) > LONGEST_NAME]
    if long:
        raise ValueError(f"piece {long[0]}: a name has up to {LONGEST_NAME} bytes in Blender, this one {len(long[0].encode())}")
    kinds = sorted(set(scene.material))
    owner = np.repeat(np.arange(len(scene.name)), np.diff(scene.triangle_start))
    of = np.array([kinds.index(m) for m in scene.material])[owner] * len(FACES) + scene.face
    light = _NOON if scene.light is None else _light(scene.light)
    return {
        "first_frame": np.array(scene.first_frame), "fps": np.array([scene.fps.numerator, scene.fps.denominator]),
        "size": np.array(scene.size), "name": np.array(scene.name), "kind": np.array(scene.kind), "storey": scene.storey,
        "number": np.arange(1, len(scene.name) + 1), "released": scene.released, "vertices": scene.vertices,
        "vertex_start": scene.vertex_start, "triangles": scene.triangles, "triangle_start": scene.triangle_start, "material_of": of,
        "material_name": np.array([f"{m} {f}" for m in kinds for f in FACES]),
        "material_colour": np.array([colour(m, f) for m in kinds for f in FACES]), "ground_colour": np.array(GREY),
        "position": np.asarray(scene.position, np.float64), "rotation": shortest(np.asarray(scene.rotation, np.float64)),
        "camera": scene.camera, "focal_px": scene.focal_px, "centre_px": scene.centre_px,
        "mark": np.array(sorted(scene.mark.items())).reshape(-1, 2), "pieces": np.array(pieces_digest(scene.name, scene.vertices)),
        **{name: np.array(value, np.float64) for name, value in light.items()}, **_dust(scene.dust),
    }  # fmt: skip


def pieces_digest(names: Sequence[str], vertices: Array) -> str:
    """Which pieces they are: a digest of their names and shapes."""
    return hashlib.sha256("\n".join(names).encode() + b"\0" + np.ascontiguousarray(vertices, "<f4").tobytes()).hexdigest()


def shortest(rotation: Array) -> Array:
    """(F, N, 4) quaternions with signs so that each is the nearer of two to the one before: what lies between is the short way."""
    flips = (rotation[1:] * rotation[:-1]).sum(-1) < 0
    sign = np.cumprod(np.concatenate([np.ones((1, rotation.shape[1])), np.where(flips, -1.0, 1.0)]), axis=0)
    return np.asarray(rotation * sign[..., None])


def write_arrays(folder: Path, name: str, arrays: dict[str, Array]) -> None:
    """One file of named arrays."""
    np.savez(folder / f"{name}.npz", **arrays)  # type: ignore[arg-type]


def _dust(dust: DustOut | None) -> dict[str, Array]:
    if dust is None:
        return {}
    return {"dust_path": np.array(dust.path), "dust_albedo": np.array(dust.albedo), "dust_forwards": np.array(dust.forwards)}


def _light(light: Any) -> dict[str, Any]:
    return {"to_sun": light.towards, "sun": light.sun, "sky": light.sky, "sun_angle": light.angle_rad}
