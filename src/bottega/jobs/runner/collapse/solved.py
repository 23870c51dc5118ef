"""The camera that follows from the marked corners, told: lens, how far each corner lies off, and every frame's camera as a file."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from bottega.footage import Delivery, describe
from bottega.jobs.recipes.collapse import Camera, Collapse
from bottega.jobs.runner.run import House
from bottega.model import Output, UsageError

from .job import CollapseJob
from .stated import settings_of

FILE = "cameras.json"
_CORNERS = ("bottom left", "bottom right", "top right", "top left")


@dataclass(frozen=True, kw_only=True)
class SolvedWords:
    """The reference's camera in numbers: pixels, degrees, metres.

    `worst_px` is the corner that fits worst, and `worst_corner` which; `focal_sd_px` and `place_sd_m` how far the lens and the place may be
    off where each corner is marked to within a pixel. A camera that was given has none of these.
    """

    focal_px: float
    view_deg: float
    height_m: float
    worst_px: float | None = None
    worst_corner: str | None = None
    focal_sd_px: float | None = None
    place_sd_m: float | None = None


def told(recipe: Collapse) -> SolvedWords:
    """The solved camera of a recipe. Raises UsageError for corners that no camera sees so."""
    try:
        camera = recipe.reference_camera
    except ValueError as problem:
        raise UsageError(f"collapse: {problem}") from problem
    lens: dict[str, Any] = {
        "focal_px": round(float(camera.focal_px), 2),
        "view_deg": round(float(np.degrees(2 * np.arctan(camera.width / 2 / camera.focal_px))), 2),
        "height_m": round(float(np.asarray(camera.to_world)[2, 3]), 2),
    }
    if not recipe.settings.faces:
        return SolvedWords(**lens)
    found = recipe.solved
    face, corner = np.unravel_index(int(np.argmax(found.residual_px)), found.residual_px.shape)
    return SolvedWords(
        **lens,
        worst_px=round(float(found.residual_px[face, corner]), 2),
        worst_corner=f"{recipe.settings.faces[int(face)].name}, {_CORNERS[int(corner)]}",
        focal_sd_px=round(float(found.focal_sd_px), 2),
        place_sd_m=round(float(found.place_sd_m), 3),
    )


def solved_of(house: House, job: CollapseJob) -> SolvedWords:
    """The same before any pixel is read: by the display window of the picture in which the corners were marked, from its headers."""
    at = job.request.sheet.reference
    shot = job.shot if isinstance(at, int) else house.folder.shot(at)
    window = describe(house.folder.exemplar(shot.plate), root=house.folder.root).display
    return told(Collapse(settings_of(job, reference_size=(window.width, window.height), fps=float(house.show.fps))))


def camera_file(recipe: Collapse, cameras: Mapping[int, Camera], delivery: Delivery) -> Output:
    """Write every frame's camera, in the space of the building, as a sheet's `[camera] path` takes it, with what was solved."""
    first = next(iter(cameras.values()))
    solved, own = told(recipe), recipe.reference_camera
    said: dict[str, Any] = {
        "made": delivery.mark.fields(),
        "size": [first.width, first.height],
        "focal_px": float(first.focal_px),
        "frames": {str(n): _rows(c) for n, c in sorted(cameras.items())},
        "reference": _rows(own) | {"size": [own.width, own.height]},
    }
    if recipe.settings.faces:
        rows = zip(recipe.settings.faces, recipe.solved.residual_px, strict=True)
        said["solved"] = asdict(solved) | {"residual_px": {f.name: [round(float(v), 3) for v in row] for f, row in rows}}
    return delivery.other(FILE, json.dumps(said, sort_keys=True, indent=1).encode() + b"\n")


def _rows(camera: Camera) -> dict[str, Any]:
    return {"camera_to_world": np.asarray(camera.to_world, np.float64).tolist(), "focal_px": float(camera.focal_px)}
