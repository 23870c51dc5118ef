"""Make the frames of a take: interval by interval, walks first, then frames, on a few threads with the same bits as on one."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bottega.attribution import CreditMap, Tally, credit_frame, palette_for, picture
from bottega.footage import Band, Delivery, Frame, FrameOut, as_matte, hand_out
from bottega.jobs.recipes.keyed import FRAMES_AT_A_TIME, Candidate, Draft, Key, KeyedRepair, Near, Seen, Walk, without_network
from bottega.jobs.recipes.schedule import Interval, Schedule, WalkPlan
from bottega.model import CredentialError, FootageError, JobError, Output

from .again import Again, untouched
from .banding import Pixels, banded, credited
from .laying import left_out, lent_pair
from .learning import Taught, ready_worker
from .opening import key_sources, painted_key
from .pictures import Pictures
from .progress import Progress
from .takefolder import TakeFolder

WALK_UNITS = 1.0
FRAME_UNITS = 1.0
Array = NDArray[np.float32]


def work_units(schedule: Schedule) -> float:
    """How much there is to do, for the progress bar."""
    walked = sum(len(w.frames) for part in schedule.intervals for w in part.walks)
    return walked * WALK_UNITS + len(schedule.frames) * FRAME_UNITS


class Maker:
    """Makes frames of one take. What is already there, whole and noted, is kept."""

    def __init__(
        self, taught: Taught, folder: TakeFolder, delivery: Delivery, *, key_colour: str, progress: Progress, again: Again | None = None
    ) -> None:
        job, inputs = taught.job, taught.inputs
        self._network, self._again = taught.network, again
        self._key_colour, self._take_name = key_colour, delivery.take.name
        self._job, self._inputs, self._folder, self._delivery, self._progress = job, inputs, folder, delivery, progress
        band = delivery.take.band
        self._band = Band(band.text) if band else None
        self.sources = credited(inputs, self._band)
        self._recipe = KeyedRepair(job.request.settings)
        self._scratch = folder.scratch()
        self._schedule = job.schedule
        self._keys: dict[int, Key] = {}
        self._stop = threading.Event()
        self.tally = Tally()
        self.outputs: dict[int, tuple[Output, ...]] = {}
        self.carried: dict[int, float] = {}
        self._non_finite: dict[int, int] = {}
        self._lock = threading.Lock()
        self._warnings: list[str] = []

    def run(self, *, threads: int) -> None:
        """Make every frame. Raises what a frame raised; what was finished by then stays and is found again."""
        with ThreadPoolExecutor(threads, thread_name_prefix="make", initializer=ready_worker(self._network)) as pool:
            for part in self._schedule.intervals:
                missing = [n for n in part.frames if not self._found(n)]
                self._each(pool, (partial(self._deliver_again, self._again, n) for n in missing if self._again and n in self._again.frames))
                todo = [n for n in missing if n not in self.outputs]
                if not todo:
                    self._skip_walks(part)
                    continue
                self._hold_keys(part)
                self._each(pool, (partial(self._walk, w) for w in part.walks))
                self._frames(pool, todo)
                for walk in part.walks:
                    for n in (walk.key, *walk.frames):
                        self._scratch.drop(_name(walk.key, n))
                        self._scratch.drop(_guide_name(n))

    def _frames(self, pool: ThreadPoolExecutor, todo: list[int]) -> None:
        """A few frames at a time, so that scratch does not grow with the interval: drafts, the motion between them, then the frames."""
        reach, lying = self._recipe.settings.steady_frames, dict[str, int]()
        for at in range(0, len(todo), FRAMES_AT_A_TIME):
            block = todo[at : at + FRAMES_AT_A_TIME]
            moments = {self._schedule.moment(n) for n in block}
            around = {m: self._schedule.around(m, reach) for m in moments if m not in self._schedule.key_frames}
            drafts = {*block, *around, *(m for sides in around.values() for side in sides for m in side)}
            pairs = {pair for n, sides in around.items() for side in sides for pair in zip((n, *side), side, strict=False)}
            lying |= {name(n): n for n in drafts for name in (_draft_name, _near_name, _guide_name)} | {
                _flow_name(*p): min(p) for p in pairs
            }
            self._each(pool, (partial(self._draft, n) for n in sorted(drafts)))
            self._each(pool, (partial(self._flow, *pair) for pair in sorted(pairs)))
            self._each(pool, (partial(self._frame, n) for n in block))
            coming = todo[at + FRAMES_AT_A_TIME : at + FRAMES_AT_A_TIME + 1]
            kept = min((m for n in coming for m in (n, self._schedule.moment(n), *self._behind(n))), default=None)
            for name in [name for name, n in lying.items() if kept is None or n < kept]:
                self._scratch.drop(name)
                del lying[name]

    def _behind(self, number: int) -> tuple[int, ...]:
        return self._schedule.around(number, self._recipe.settings.steady_frames)[1]

    def _each(self, pool: ThreadPoolExecutor, work: Iterable[Callable[[], None]]) -> None:
        futures: list[Future[None]] = [pool.submit(w) for w in work]
        try:
            done, _ = wait(futures, return_when=FIRST_EXCEPTION)
            for future in done:
                future.result()
        except BaseException:
            self._stop.set()
            for future in futures:
                future.cancel()
            wait(futures)
            raise

    def _hold_keys(self, part: Interval) -> None:
        needed = {k for n in part.frames for k, _ in self._schedule.serving(n)}
        self._keys = {k: self._keys.get(k) or self._prepare(k) for k in sorted(needed)}

    def _prepare(self, number: int) -> Key:
        matte = as_matte(self._inputs.matte.read(number)) if self._inputs.matte else None
        if number not in self._job.keys:
            pair = lent_pair(self._inputs, self._job, self._job.laid[number])
            return self._recipe.lent_key(number, self._inputs.plate.read(number).rgb, matte, pair)
        plate, painted = painted_key(self._inputs, self._job, number)
        return self._recipe.key(number, plate.rgb, painted, matte)

    def _walk(self, plan: WalkPlan) -> None:
        key = self._keys[plan.key]
        walk, before = self._recipe.begin(key), None
        previous = plan.key
        for n in plan.frames:
            if self._stop.is_set():
                return
            self._inputs.right.check()
            found = self._scratch.get(_name(plan.key, n))
            if found is not None:
                walk, before = Walk.from_arrays(found), None
            else:
                before = self._seen(previous) if before is None else before
                here = self._seen(n)
                walk = self._recipe.step(key, walk, before, here, frame=n)
                self._scratch.put(_name(plan.key, n), walk.arrays())
                before = here
            previous = n
            self._progress.advance("match", units=WALK_UNITS, frame=n, found=found is not None)

    def _draft(self, number: int) -> None:
        if self._stop.is_set() or (self._scratch.has(_draft_name(number)) and self._scratch.has(_near_name(number))):
            return
        self._inputs.right.check()
        plate = self._inputs.plate.read(number)
        candidates = [Candidate(self._keys[k], self._walk_at(k, number), w) for k, w in self._schedule.serving(number)]
        matte = self._matte(number, candidates)
        regions = self._inputs.regions if candidates else {}
        strength = self._recipe.strength(matte.shape, {n: (self._region(p, number, candidates), s) for n, (p, s) in regions.items()})
        on_key = self._schedule.moment(number) in self._job.keys  # there nobody else is asked
        network = None if on_key else self._network
        made = self._recipe.frame(plate.rgb, candidates, matte=matte, strength=strength, network=network)
        self._scratch.put(_near_name(number), made.near.arrays())
        self._scratch.put(_draft_name(number), made.arrays())

    def _flow(self, here: int, there: int) -> None:
        if self._stop.is_set() or self._scratch.has(_flow_name(here, there)):
            return
        self._scratch.put(_flow_name(here, there), {"flow": self._recipe.flow(self._seen(here), self._seen(there))})

    def _seen(self, number: int) -> Seen:
        """A frame as correspondence sees it, made once: walks from two keys and the motion to both neighbours ask for it."""
        found = self._scratch.get(_guide_name(number))
        if found is not None:
            return Seen.from_arrays(found)
        made = self._recipe.seen(self._inputs.plate.read(number).rgb)
        self._scratch.put(_guide_name(number), made.arrays())
        return made

    def _frame(self, number: int) -> None:
        if self._stop.is_set():
            return
        plate = self._inputs.plate.read(number)
        draft = self._draft_at(number)
        moment = self._schedule.moment(number)
        if moment not in self._schedule.key_frames:
            sides = self._schedule.around(moment, self._recipe.settings.steady_frames)
            made = self._recipe.steadied(moment, (plate.rgb, draft), sides, self._near_at, self._flow_at)
        else:
            made = draft.repaired(plate.rgb)
        matte, keys = draft.matte, draft.near.keys
        by_key = key_sources(self._job, self.sources)
        named = (self.sources[0], *(by_key[k] for k in keys))
        learned = None
        if len(draft.near.of) > len(keys):
            named, learned = (*named, self._inputs.sources[-1]), made.weights[-1] > 0
        pixels = Pixels(made.rgb, made.delta, made.weights, made.copied_from, learned)
        if self._band is not None:
            pixels, named = banded(pixels, self._band, plate), (*named, self.sources[-1])
        credit = credit_frame(pixels.weights, pixels.copied_from, named, learned=pixels.learned)
        outputs = self._put(number, plate, credit, (pixels.rgb, pixels.delta, matte), pixels.copied_from == 1)
        if "png16" in self._job.request.also:
            codes = hand_out(replace(plate, rgb=pixels.rgb), key_colour=self._key_colour)
            outputs.append(self._delivery.png16(f"png16/{self._take_name}.{number}.png", codes, frame=number))
        self._note(number, plate, credit, outputs, _carried(made.weights, matte, learned=learned is not None))

    def _deliver_again(self, again: Again, number: int) -> None:
        if self._stop.is_set():
            return
        self._inputs.right.check()
        plate = self._inputs.plate.read(number)
        try:
            made, credit = again.read(number, plate, self.sources)
        except (CredentialError, FootageError, JobError) as problem:
            self._warnings.append(f"not taken over from {again.take.name} but made: {problem}")
            return
        matte = as_matte(self._inputs.matte.read(number)) if self._inputs.matte else made.matte
        outputs = self._put(number, plate, credit, (made.rgb.astype(np.float32), made.delta, matte), untouched(credit))
        self._note(number, plate, credit, outputs, again.carried(number))

    def _put(self, number: int, plate: Frame, credit: CreditMap, light: tuple[Array, Array, Array], own: NDArray[np.bool_]) -> list[Output]:
        """Write a frame: `light` is rgb, delta and matte, `own` where the plate's own samples go out."""
        shown = picture(credit, palette=palette_for(self.sources))
        out = FrameOut(
            number=number,
            plate=plate,
            rgb=light[0],
            untouched=own,
            delta=light[1],
            matte=light[2],
            credit=credit.channels(),
            manifest=credit.manifest(),
            credit_picture=self._band.over(shown, plate.canvas, plate.display) if self._band else shown,
        )
        self._inputs.right.check()  # making it took a while: what ended meanwhile is not written any more
        return [*self._delivery.frame(out)]

    def _matte(self, number: int, candidates: list[Candidate]) -> Array:
        if self._inputs.matte is not None:
            return as_matte(self._inputs.matte.read(number))
        if not candidates:  # no key serves it
            return np.zeros((self._job.shot.height, self._job.shot.width), np.float32)
        return self._recipe.carried([(self._recipe.derived_matte(c.key), c.walk, c.time_weight) for c in candidates])

    def _region(self, region: Pictures, number: int, candidates: list[Candidate]) -> Array:
        if region.exemplar.file_for(number) is not None:
            return as_matte(region.read(number))
        return self._recipe.carried([(as_matte(region.read(c.key.frame)), c.walk, c.time_weight) for c in candidates])

    def _walk_at(self, key: int, number: int) -> Walk:
        number = self._schedule.moment(number)
        if key == number:
            return self._recipe.begin(self._keys[key])
        found = self._scratch.get(_name(key, number))
        if found is None:
            raise JobError(f"frame {number}: the correspondence with key {key} is damaged on disk: run it again, it is made anew")
        return Walk.from_arrays(found)

    def _draft_at(self, number: int) -> Draft:
        return Draft.from_arrays(self._lying(_draft_name(number), number), self._near_at(number))

    def _near_at(self, number: int) -> Near:
        return Near.from_arrays(self._lying(_near_name(number), number))

    def _flow_at(self, here: int, there: int) -> Array:
        return np.asarray(self._lying(_flow_name(here, there), here)["flow"], np.float32)

    def _lying(self, name: str, number: int) -> dict[str, NDArray[Any]]:
        found = self._scratch.get(name)
        if found is None:
            self._scratch.drop(name)
            raise JobError(f"frame {number}: {name} is damaged on disk: run it again, it is made anew")
        return found

    def _note(self, number: int, plate: Frame, credit: CreditMap, outputs: list[Output], carried: float) -> None:
        tally = Tally()
        tally.add(credit)
        note: dict[str, Any] = {"outputs": [o.to_json() for o in outputs], "tally": tally.to_json(), "carried": carried}
        note["non_finite"] = plate.non_finite
        self._folder.note_frame(number, note)
        self._count(number, note)
        self._progress.advance("make", units=FRAME_UNITS, frame=number)

    def _found(self, number: int) -> bool:
        note = self._folder.noted_frame(number)
        if note is None:
            return False
        self._count(number, note)
        self._progress.advance("make", units=FRAME_UNITS, frame=number, found=True)
        return True

    def _count(self, number: int, note: dict[str, Any]) -> None:
        with self._lock:
            self.tally.merge(Tally.from_json(note["tally"]))
            self.outputs[number] = tuple(Output.from_json(o) for o in note["outputs"])
            self.carried[number] = note["carried"]
            self._non_finite[number] = note["non_finite"]

    def warnings(self) -> list[str]:
        """What a supervisor should know about the plate, and about an earlier take whose files do not hold."""
        bad = {n: count for n, count in sorted(self._non_finite.items()) if count}
        frames = ", ".join(f"{n} ({count})" for n, count in bad.items())
        samples = [f"NaN or infinite samples in the plate's frames {frames}: kept where nothing was changed"] if bad else []
        return samples + left_out(self._job) + sorted(self._warnings)

    def _skip_walks(self, part: Interval) -> None:
        for walk in part.walks:
            self._progress.advance("match", units=WALK_UNITS * len(walk.frames), found=True)


def _name(key: int, number: int) -> str:
    return f"walk.{key}.{number}"


def _draft_name(number: int) -> str:
    return f"draft.{number}"


def _near_name(number: int) -> str:
    return f"near.{number}"


def _guide_name(number: int) -> str:
    return f"guide.{number}"


def _flow_name(here: int, there: int) -> str:
    return f"flow.{here}.{there}"


def _carried(weights: NDArray[np.uint32], matte: Array, *, learned: bool) -> float:
    """How much of the matte the keys reached: the keys' weight there, over the matte's own; a network's opinion does not count."""
    wanted = float(matte.sum(dtype=np.float64)) * 65536
    keys = without_network(weights) if learned else weights[1:]
    return round(float(keys.sum(dtype=np.float64)) / wanted, 6) if wanted else 1.0
