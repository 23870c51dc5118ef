"""Make the frames of a collapse: build, simulate, look at it, then air and frames one after another; all found again after a stop."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import fields, replace
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from bottega.attribution import Tally, palette_for, picture
from bottega.footage import Band, Delivery, FrameOut, LayerOut, distinct, hand_out
from bottega.jobs.recipes.collapse import (
    Air,
    Bonds,
    Camera,
    Collapse,
    Made,
    Motion,
    Pieces,
    Poses,
    Scene,
    State,
    collected,
    joined_states,
    pieces_of,
)
from bottega.jobs.runner.banding import Pixels, banded, credited
from bottega.jobs.runner.progress import Progress
from bottega.jobs.runner.takefolder import TakeFolder
from bottega.model import JobError, Output, Show, UsageError

from .control import ControlPack
from .crediting import FrameCredit, credit_of
from .inputs import CollapseInputs
from .job import ALEMBIC, BLEND, CONTROL, USD, VDB, CollapseJob
from .layers import beside
from .program import Program
from .scene_out import SceneOut, scene_out
from .sheet import BLENDER, CYCLES, NODAL
from .showing import Showing
from .solved import camera_file
from .stated import cameras, settings_of
from .tracing import Tracing, most_traced
from .turning import turns
from .volumes import AirOut

BUILD_UNITS, FALL_UNITS, FRAME_UNITS, LIGHT_UNITS = 10.0, 0.3, 4.0, 20.0
PREVIEW, PREVIEW_LINES = "preview.mp4", 360
SCENE = "collapse.usdc"
_FALLEN, _MOTION, _BUILDING = "fallen", "motion", "building"

T = TypeVar("T")


def work_units(job: CollapseJob) -> float:
    """How much there is to do, for the progress bar."""
    light = LIGHT_UNITS * most_traced(job.request.sheet, job.frames) if job.request.sheet.by == CYCLES else 0.0
    return BUILD_UNITS + len(job.frames) * (FALL_UNITS + FRAME_UNITS) + light


def cpu_seconds() -> float:
    """What this process has spent so far, and those that it started and waited for."""
    return sum(os.times()[:4])


class CollapseMaker:
    """Makes the frames of one take. What is already there, whole and noted, is kept."""

    def __init__(
        self,
        job: CollapseJob,
        inputs: CollapseInputs,
        folder: TakeFolder,
        delivery: Delivery,
        show: Show,
        *,
        progress: Progress,
        scene_file: Callable[[SceneOut], bytes],
        program: Program | None,
    ) -> None:
        self._job, self._inputs, self._folder, self._delivery, self._progress = job, inputs, folder, delivery, progress
        self._show, self._lying, self._scene_file = show, set[int](), scene_file
        self._program = program
        self._non_finite: dict[int, int] = {}
        band = delivery.take.band
        self._band = Band(band.text) if band else None
        self.sources = credited(inputs, self._band)  # type: ignore[arg-type]
        self._scratch = folder.scratch()
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._stages: dict[str, float] = {}
        self.tally = Tally()
        self.outputs: dict[int, tuple[Output, ...]] = {}
        self.carried: dict[int, float] = {}
        self.extra: list[Output] = []
        self._pack: ControlPack | None = None
        self._tracing: Tracing | None = None

    def run(self, *, threads: int, preview_only: bool = False) -> None:
        """Make every frame. Raises what a frame raised; what was finished by then stays and is found again."""
        reference = self._inputs.reference_rgb(self._job.request.sheet.reference)
        size = (reference.shape[1], reference.shape[0])
        recipe = Collapse(settings_of(self._job, reference_size=size, fps=float(self._show.fps)))
        seen = self._cameras(recipe)
        with self._timed("build"):
            pieces, bonds = self._building(recipe)
            self._progress.advance("build", units=BUILD_UNITS)
        with self._timed("simulate"):
            motion = self._motion(recipe, pieces, bonds)
        with self._timed("preview"):
            drawn = recipe.preview(pieces, motion, seen[self._job.frames[0]], height=PREVIEW_LINES)
            movie = self._delivery.movie(PREVIEW, iter(drawn), self._show.fps, codec="h264")
            self.extra = [movie, camera_file(recipe, seen, self._delivery)]
        whole = {id(camera): self._inputs.framed(camera) for camera in seen.values()}  # one for a camera that stands still
        seen = {n: whole[id(camera)] for n, camera in seen.items()}
        if not preview_only:
            with self._timed("prepare"):
                showing = Showing.of(recipe, self._inputs, self._job, scene=(pieces, bonds, motion), cameras=seen, reference=reference)
            if CONTROL in self._job.request.also:
                self._pack = ControlPack.of(showing, self._delivery, fps=self._show.fps)
                self.extra.append(self._pack.table())
            self._scenes(showing)
            if self._program is not None and self._job.request.sheet.by == CYCLES:
                self._light(showing, self._program)
            self._frames(showing, threads)

    def _scenes(self, showing: Showing) -> None:
        """Deliver the scene in the formats that are asked for."""
        also = set(self._job.request.also)
        if not also & {USD, BLEND, ALEMBIC}:
            return
        with self._timed("scene files"):
            take = self._delivery.take.name if VDB in also else None
            scene = scene_out(showing, fps=self._show.fps, mark=self._delivery.mark.fields(), dust_of=take)
            if USD in also:
                self.extra.append(self._delivery.other(SCENE, self._scene_file(scene)))
            if self._program is not None and also & {BLEND, ALEMBIC}:
                files = self._program.scene_files(scene, blend=BLEND in also, alembic=ALEMBIC in also)
                self.extra += [self._delivery.other(name, data) for name, data in files.items()]

    def _light(self, showing: Showing, program: Program) -> None:
        """Have the light of some frames traced, where that is not done yet."""
        self._tracing = Tracing(showing, self._job.request.sheet, self._scratch)
        scene = scene_out(showing, fps=self._show.fps, mark={})

        def done(frame: int, found: bool) -> None:
            self._inputs.right.check()
            self._progress.advance("light", units=LIGHT_UNITS, frame=frame, found=found)

        with self._timed("light"):
            self._tracing.trace(program, scene, done=done)
        spared = most_traced(self._job.request.sheet, self._job.frames) - len(self._tracing.jobs)
        if spared > 0:  # a frame that moves later than the sheet let expect
            self._progress.advance("light", units=LIGHT_UNITS * spared, found=True)

    def stages(self) -> dict[str, float]:
        """CPU seconds of each stage, of this run."""
        return {f"cpu_seconds {name}": spent for name, spent in self._stages.items()}

    def warnings(self) -> list[str]:
        """What a supervisor should know about the plate."""
        bad = ", ".join(f"{n} ({count})" for n, count in sorted(self._non_finite.items()) if count)
        return [f"NaN or infinite samples in the plate's frames {bad}: kept where nothing was changed"] if bad else []

    def fell(self) -> bool:
        """Whether some of the fall lies on disk: it is worth going on from."""
        return self._scratch.has(_FALLEN)

    @contextmanager
    def _timed(self, name: str) -> Iterator[None]:
        began = cpu_seconds()
        yield
        self._stages[name] = self._stages.get(name, 0.0) + cpu_seconds() - began

    def _cameras(self, recipe: Collapse) -> dict[int, Camera]:
        """Each frame's camera. Raises UsageError for corners that no camera sees so."""
        try:
            own = recipe.reference_camera
        except ValueError as problem:
            raise UsageError(f"collapse: {problem}") from problem
        if self._job.request.sheet.camera_path == NODAL:
            return turns(self._job, self._inputs, own)
        window = self._inputs.plate.frames().info.display
        return cameras(self._job, recipe, size=(window.width, window.height))

    def _building(self, recipe: Collapse) -> tuple[Pieces, Bonds]:
        found = self._scratch.get(_BUILDING)
        if found is None:
            try:
                pieces, bonds = recipe.build()
            except ValueError as problem:
                raise UsageError(f"collapse: {problem}") from problem
            self._scratch.put(_BUILDING, {**_packed(pieces, "pieces."), **_packed(bonds, "bonds.")})
            return pieces, bonds
        return pieces_of(_unpacked(found, "pieces."), found["pieces.materials"]), Bonds(**_unpacked(found, "bonds."))

    def _motion(self, recipe: Collapse, pieces: Pieces, bonds: Bonds) -> Motion:
        try:
            scene = recipe.scene(pieces, bonds)
        except ValueError as problem:
            raise UsageError(f"collapse: {problem}") from problem
        states: list[State] = []
        found = self._scratch.get(_FALLEN)
        if found is not None:
            states = joined_states(found)
            self._progress.advance("simulate", units=FALL_UNITS * len(states), frame=states[-1].frame, found=True)
        if not states or states[-1].frame < self._job.frames[-1]:
            self._fall(recipe, scene, states)
        return collected(scene, states)

    def _fall(self, recipe: Collapse, scene: Scene, states: list[State]) -> None:
        """Add the states that are missing; kept at every checkpoint. Raises JobError, which says from where another run goes on."""
        every, kept = recipe.settings.motion.rebuild_every, states[-1].frame if states else None
        try:
            for state in recipe.fall(scene, resume=states[-1] if states else None, poses=self._poses(recipe, scene)):
                self._inputs.right.check()
                states.append(state)
                self._progress.advance("simulate", units=FALL_UNITS, frame=state.frame)
                if (state.frame - self._job.frames[0]) % every == 0 or state.frame == self._job.frames[-1]:
                    self._scratch.put(_FALLEN, _stacked(states))
                    kept = state.frame
        except UsageError as problem:
            raise UsageError(f"[fall] {'blend' if self._inputs.artist else 'solver'}: {problem}") from problem
        except JobError as problem:
            there = "The building is kept, no frame of the fall is yet" if kept is None else f"The fall up to frame {kept} is kept"
            raise JobError(f"{problem}. {there}; the same command goes on from there, the program itself from the first frame") from problem

    def _poses(self, recipe: Collapse, scene: Scene) -> Poses | None:
        """What moves the pieces where that is another program, or an artist."""
        program, read = self._program, self._inputs.artist
        if program is not None and read is not None:
            names = distinct(recipe.called(scene.pieces).piece)
            frames = range(scene.first_frame, scene.last_frame + 1)
            facts: dict[str, Any] = {
                "names": names,
                "vertices": scene.pieces.vertices,
                "centre": scene.pieces.centre,
                "frames": frames,
                "fps": scene.fps,
            }
            return lambda _scene, _settings: program.back(read(), **facts)
        return program.fall if program is not None and self._job.request.sheet.solver == BLENDER else None

    def _frames(self, showing: Showing, threads: int) -> None:
        todo = [n for n in self._job.frames if not self._found(n)]
        if not todo:
            return
        air = self._air_before(showing, todo[0])
        with self._timed("frames"), ThreadPoolExecutor(threads, thread_name_prefix="finish") as pool:
            waiting: dict[int, Future[None]] = {}
            try:
                for n in range(air.frame + 1, todo[-1] + 1):
                    air = showing.blow(air, threads=threads)
                    if n not in todo:
                        continue
                    self._scratch.put(f"air-{n}", air.arrays())
                    self._lying.add(n)
                    waiting[n] = pool.submit(self._frame, showing, n, air)
                    while len(waiting) > threads:
                        self._take(waiting)
                while waiting:
                    self._take(waiting)
            except BaseException:
                self._stop.set()
                for future in waiting.values():
                    future.cancel()
                raise

    def _take(self, waiting: dict[int, Future[None]]) -> None:
        first = min(waiting)
        waiting.pop(first).result()
        for n in [n for n in self._lying if n < first]:
            self._scratch.drop(f"air-{n}")
            self._lying.remove(n)

    def _air_before(self, showing: Showing, frame: int) -> Air:
        """The latest air on disk that is not later than the frame before, else still air."""
        for n in range(frame - 1, self._job.frames[0] - 1, -1):
            found = self._scratch.get(f"air-{n}")
            if found is not None:
                self._lying.add(n)
                return Air.of(found)
        return showing.still_air()

    def _frame(self, showing: Showing, number: int, air: Air) -> None:
        if self._stop.is_set():
            return
        self._inputs.right.check()
        plate = self._inputs.plate.read(number)
        made = showing.frame(number, plate.rgb, air, traced=self._tracing.at(number) if self._tracing else None)
        found = credit_of(made, showing, self.sources)
        self._deliver(number, plate, made, found, beside(made, showing.mattes))

    def _deliver(self, number: int, plate: Any, made: Made, found: FrameCredit, layers: tuple[LayerOut, ...]) -> None:
        pixels = Pixels(made.rgb, made.rgb - plate.rgb, found.weights, found.copied_from)
        sources = self.sources
        if self._band is not None:
            pixels = banded(Pixels(pixels.rgb, pixels.delta, found.weights[:-1], found.copied_from), self._band, plate)
        credit = found.map(pixels, sources)
        shown = picture(credit, palette=palette_for(sources))
        out = FrameOut(
            number=number,
            plate=plate,
            rgb=pixels.rgb,
            untouched=pixels.copied_from == 1,
            delta=pixels.delta,
            matte=found.matte,
            credit=credit.channels(),
            manifest=credit.manifest(),
            credit_picture=self._band.over(shown, plate.canvas, plate.display) if self._band else shown,
            beside=layers,
        )
        self._inputs.right.check()
        outputs = self._delivery.frame(out, layers=("credit",))
        if "png16" in self._job.request.also:
            codes = hand_out(replace(plate, rgb=pixels.rgb), key_colour=self._show.key_colour)
            outputs.append(self._delivery.png16(f"png16/{self._delivery.take.name}.{number}.png", codes, frame=number))
        if VDB in self._job.request.also:
            outputs += AirOut(self._delivery).frame(number, made)
        if self._pack is not None:
            outputs += self._pack.frame(number, plate)
        self._note(number, credit, outputs, own=found.own, non_finite=plate.non_finite)

    def _note(self, number: int, credit: Any, outputs: list[Output], *, own: float, non_finite: int) -> None:
        counted = Tally()
        counted.add(credit)
        note = {"outputs": [o.to_json() for o in outputs], "tally": counted.to_json(), "carried": own, "non_finite": non_finite}
        self._folder.note_frame(number, note)
        with self._lock:
            self.tally.merge(counted)
            self.outputs[number], self.carried[number], self._non_finite[number] = tuple(outputs), own, non_finite
        self._progress.advance("make", units=FRAME_UNITS, frame=number)

    def _found(self, number: int) -> bool:
        note = self._folder.noted_frame(number)
        if note is None:
            return False
        self.tally.merge(Tally.from_json(note["tally"]))
        self.outputs[number] = tuple(Output.from_json(o) for o in note["outputs"])
        self.carried[number], self._non_finite[number] = float(note["carried"]), int(note["non_finite"])
        self._progress.advance("make", units=FRAME_UNITS, frame=number, found=True)
        return True


def _packed(record: Any, prefix: str) -> dict[str, NDArray[np.generic]]:
    """A record's arrays by name; texts as bytes."""
    out: dict[str, NDArray[np.generic]] = {}
    for f in fields(record):
        value = getattr(record, f.name)
        out[prefix + f.name] = np.frombuffer("\n".join(value).encode(), np.uint8) if isinstance(value, tuple) else np.asarray(value)
    return out


def _unpacked(found: dict[str, NDArray[np.generic]], prefix: str) -> dict[str, Any]:
    return {k.removeprefix(prefix): v for k, v in found.items() if k.startswith(prefix) and k != "pieces.materials"}


def _stacked(states: list[State]) -> dict[str, NDArray[np.generic]]:
    """States as arrays: ragged ones with where each state's begin."""
    out: dict[str, NDArray[np.generic]] = {}
    for f in fields(State):
        rows = [np.asarray(getattr(s, f.name)) for s in states]
        if f.name.startswith("impact"):
            out[f.name] = np.concatenate(rows)
            out[f"{f.name}.start"] = np.cumsum([0, *map(len, rows)])
        else:
            out[f.name] = np.stack(rows)
    return out
