"""Where keys of other shots are laid, once the plates may be read; and how a take's record keeps that."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bottega.footage import as_matte, take_back
from bottega.jobs.recipes.lending import LEAST_LIKENESS, NEAR, Lending, Place, Places, looked_at, place
from bottega.model import JobError, LookKey, UsageError

from .fitting import check_served
from .opening import Inputs
from .progress import Event, Watch
from .request import Resolved

PLACED = "lent"
Array = NDArray[np.float32]


def lent_pair(inputs: Inputs, job: Resolved, index: int) -> tuple[Array, Array]:
    """A key's own plate frame and its painting, in the working space of the shot that is made. Raises FootageError."""
    one, (painted, plate) = job.lent[index], inputs.lent[index]
    under = plate.read(one.key.frame)
    return under.rgb, take_back(painted.read(one.key.frame), under, allow_8bit=job.request.allow_8bit_keys)


def laid(job: Resolved, inputs: Inputs, watch: Watch) -> Resolved:
    """The job with its keys of other shots laid on the frames that are most like them, under the job's own right.

    Raises JobError where none of the shot's frames is like any of them and there is no other key, UsageError for frames that no key serves.
    """
    if not job.lent:
        return job
    recipe = Lending(job.request.settings)
    numbers = looked_at(job.schedule.moments, tuple(job.keys))
    try:
        keys = [recipe.painted(one.key.frame, lent_pair(inputs, job, i)) for i, one in enumerate(job.lent)]
    except ValueError as problem:
        raise UsageError(str(problem)) from problem
    seen: dict[int, dict[int, float]] = {i: {} for i in range(len(keys))}
    for at, n in enumerate(numbers):
        inputs.right.check()
        watch(Event("lay", at, len(numbers), n))
        matte = as_matte(inputs.matte.read(n)) if inputs.matte else None
        here = recipe.frame(n, inputs.plate.read(n).rgb, matte)
        for i, key in enumerate(keys):
            seen[i][n] = recipe.likeness(here, key)
    found = place(seen, own=tuple(job.keys))
    if not found.found and not job.keys:
        nearest = max((*found.unlike, *found.needless), key=lambda p: p.likeness)
        raise JobError(
            f"no key of the look is like any frame of {job.shot.code}: {job.lent[nearest.index].key.name} comes nearest at frame "
            f"{nearest.frame}, with a likeness of {nearest.likeness:.2f}, needed is {LEAST_LIKENESS:g}; paint a key on this shot"
        )
    return with_places(job, found)


def with_places(job: Resolved, found: Places) -> Resolved:
    """The job with the places of its keys of other shots. Raises UsageError for frames that no key may serve."""
    known = replace(job, places=found)
    check_served(known)
    return known


def places_json(job: Resolved) -> dict[str, Any]:
    """Where the keys of other shots were laid, as the settings of a take keep it; nothing where there are none."""
    if not job.lent:
        return {}
    rows = {name: [_row(job, p) for p in getattr(job.places, name)] for name in ("found", "unlike", "needless")}
    return {PLACED: {"keys": [one.key.to_json() for one in job.lent]} | rows}


def lent_of(settings: Mapping[str, Any]) -> tuple[LookKey, ...]:
    """The keys of other shots that a take's settings name."""
    return tuple(LookKey.from_json(k) for k in settings.get(PLACED, {"keys": ()})["keys"])


def places_of(settings: Mapping[str, Any]) -> Places:
    """Their places, as a take's settings keep them."""
    kept = settings.get(PLACED, {"found": (), "unlike": (), "needless": ()})

    def read(name: str) -> tuple[Place, ...]:
        return tuple(Place(row["key"], row["frame"], row["likeness"]) for row in kept[name])

    return Places(read("found"), read("unlike"), read("needless"))


def left_out(job: Resolved) -> list[str]:
    """What a supervisor should know of keys that found no place."""
    if job.places is None:
        return []
    return [_unlike(job, p) for p in job.places.unlike] + [_needless(job, p) for p in job.places.needless]


def _row(job: Resolved, where: Place) -> dict[str, Any]:
    key = job.lent[where.index].key
    return {"key": where.index, "frame": where.frame, "likeness": round(where.likeness, 6), "painted_for": key.shot, "at": key.frame}


def _unlike(job: Resolved, where: Place) -> str:
    name = job.lent[where.index].key.name
    return f"key {name} is left out: no frame is like it, {where.frame} comes nearest ({where.likeness:.2f}, needed is {LEAST_LIKENESS:g})"


def _needless(job: Resolved, where: Place) -> str:
    name = job.lent[where.index].key.name
    return f"key {name} is left out: it would lie on frame {where.frame}, within {NEAR} frames of another key"
