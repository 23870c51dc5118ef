"""Light for a collapse from a path tracer: which poses are traced, what is kept of it, and what each frame is lit by."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bottega.jobs.recipes.collapse import Camera, Key, Traced
from bottega.jobs.runner.scratch import Scratch
from bottega.model import JobError

from .program import LightJob, Program
from .scene_out import SceneOut
from .sheet import Sheet
from .showing import Showing

_KEPT = 4  # keys that are laid at a time


def traced_frames(moves: range, every: int) -> tuple[int, ...]:
    """Frames of which the light is traced: the first that moves, each so-manyeth from there, and the last. None where nothing moves."""
    return tuple(dict.fromkeys((*moves[::every], moves[-1]))) if moves else ()


def most_traced(sheet: Sheet, frames: tuple[int, ...]) -> int:
    """How many lights a sheet has traced at most: of each view, and of the frames from the first failure on."""
    first = min(place.frame for place in sheet.failures)
    moving = sum(n >= first for n in frames)
    return 1 + len(sheet.painted) + (-(-moving // sheet.every) + 1 if moving else 0)


def bracket(frames: tuple[int, ...], number: int) -> tuple[tuple[int, float], ...]:
    """The traced frames round a frame with their nearness, which sum to 1; the one alone where it is the frame itself or an end's."""
    before, after = max((n for n in frames if n <= number), default=frames[0]), min((n for n in frames if n >= number), default=frames[-1])
    if before == after:
        return ((before, 1.0),)
    return ((before, (after - number) / (after - before)), (after, (number - before) / (after - before)))


@dataclass(eq=False)
class Tracing:
    """The traced light of a shot. `trace` makes what is missing of it; after that `at` says what a frame is lit by."""

    showing: Showing
    sheet: Sheet
    scratch: Scratch
    _laid: dict[str, Key] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        motion, recipe = self.showing.scene[2], self.showing.recipe
        first = next((row for row in range(len(motion)) if not recipe.at_rest(motion, row)), len(motion))
        self.frames = traced_frames(range(motion.first_frame + first, motion.first_frame + len(motion)), self.sheet.every)

    @property
    def jobs(self) -> tuple[LightJob, ...]:
        """What is traced: the pose that each view shows, through its camera at the plate's width; then the frames."""
        show = self.showing
        first, width = show.scene[2].first_frame, next(iter(show.cameras.values())).width
        shown = [first, *(p.frame for p in self.sheet.painted)] if self.frames else []
        views = [_job(f"view-{k}", n, smaller(v.camera, width)) for k, (v, n) in enumerate(zip(show.stage.views, shown, strict=False))]
        return (*views, *(_job(f"frame-{n}", n, show.cameras[n]) for n in self.frames))

    def trace(self, program: Program, scene: SceneOut, *, done: Callable[[int, bool], None]) -> None:
        """Trace what is not there yet; each is kept as it comes. Raises JobError, which says how many are kept."""
        jobs = self.jobs
        missing = [job for job in jobs if self.scratch.get(_kept(job)) is None]
        for job in jobs:
            if job not in missing:
                done(job.frame, True)
        if not missing:
            return
        frame = {job.name: job for job in jobs}
        try:
            for name, picture in program.light(scene, missing, light=self._facts()):
                self.scratch.put(_kept(frame[name]), {"light": picture})
                done(frame[name].frame, False)
        except JobError as problem:
            there = sum(self.scratch.has(_kept(job)) for job in jobs)
            raise JobError(f"{problem}. {there} of {len(jobs)} traced lights are kept; the same command goes on from there") from problem

    def at(self, number: int) -> Traced | None:
        """What a frame is lit by; None while nothing has moved."""
        if not self.frames or number < self.frames[0]:
            return None
        with self._lock:
            now = tuple((self._key(f"frame-{n}"), nearness) for n, nearness in bracket(self.frames, number))
            return Traced(now, tuple(self._key(f"view-{k}") for k in range(len(self.showing.stage.views))))

    def _facts(self) -> dict[str, NDArray[Any]]:
        vertices, triangles = self.showing.stage.static
        albedo = np.asarray(grey_of(self.showing.recipe.settings.light), np.float64)
        return {"samples": np.array(self.sheet.light_samples), "albedo": albedo, "vertices": vertices, "triangles": triangles}

    def _key(self, name: str) -> Key:
        """A key, laid; those of the views stay, of the frames the last few do."""
        found = self._laid.get(name)
        if found is None:
            job = next(job for job in self.jobs if job.name == name)
            light = self.scratch.get(_kept(job))
            if light is None:
                raise JobError(f"the traced light {name} is not whole any more; the same command traces it again")
            motion = self.showing.scene[2]
            row = job.frame - motion.first_frame
            camera = Camera(job.camera, job.focal_px, job.centre_px, *job.size)
            pose = (motion.position[row], motion.rotation[row])
            found = self.showing.recipe.key(self.showing.stage, camera, pose=pose, light=np.asarray(light["light"], np.float32))
            old = [n for n in self._laid if n.startswith("frame")]
            for gone in old[: len(old) + 1 - _KEPT]:
                del self._laid[gone]
            self._laid[name] = found
        return found


def grey_of(light: Any) -> tuple[float, float, float]:
    """What everything is taken to reflect: of sun and sky, what the ground throws back. Between 0.02 and 0.8, where light says nothing."""
    up = max(light.to_sun[2] / float(np.linalg.norm(light.to_sun)), 0.0)
    r, g, b = (
        float(np.clip(back / max(s * up + k, 1e-9), 0.02, 0.8)) for back, s, k in zip(light.bounce, light.sun, light.sky, strict=True)
    )
    return r, g, b


def smaller(camera: Camera, width: int) -> Camera:
    """The camera with a picture at most so wide: light changes slowly, and a still may be far larger than the plate."""
    if camera.width <= width:
        return camera
    scale, height = width / camera.width, max(round(camera.height * width / camera.width), 1)
    return Camera(camera.to_world, camera.focal_px * scale, (camera.centre_px[0] * scale, camera.centre_px[1] * scale), width, height)


def _kept(job: LightJob) -> str:
    return f"light-{job.name}"


def _job(name: str, frame: int, camera: Camera) -> LightJob:
    centre = (float(camera.centre_px[0]), float(camera.centre_px[1]))
    turn = np.asarray(camera.to_world, np.float64)
    return LightJob(
        name=name, frame=frame, camera=turn, focal_px=float(camera.focal_px), centre_px=centre, size=(camera.width, camera.height)
    )
