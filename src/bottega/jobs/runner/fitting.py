"""Whether what a job names fits its shot: keys and mattes on its frames, and a key for every frame."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from bottega.model import Exemplar, Shot, UsageError, shown

from .parts import PLATE

if TYPE_CHECKING:
    from .request import Resolved


def check_keys_fit(keys: Mapping[int, Exemplar], frames: tuple[int, ...], shot: Shot) -> None:
    """Every key is a frame of the job. Raises UsageError that names it."""
    for number, key in keys.items():
        name = shown(Path(key.files[0].path).name)
        if number in shot.holes:
            raise UsageError(f"key {name}: the plate of {shot.code} has no frame {number} (a listed hole)")
        if number not in frames:
            raise UsageError(f"key {name} is frame {number}: the job covers {frames[0]}-{frames[-1]}; take it out, or widen --frames")


def check_served(job: Resolved) -> None:
    """Refuse a frame that no key may serve, unless it was said that it stays the plate. Raises UsageError that names it."""
    if job.lent and job.places is None:  # where they lie is not known yet
        return
    missing = job.schedule.unserved
    if not missing or job.request.unserved == PLATE:
        return
    first, last = job.schedule.part(missing[0])
    if job.cuts and not any(first <= k <= last for k in job.keys):
        raise UsageError(
            f"the part {first}-{last} between cuts has no key: paint one of its frames, or leave the part as it is with --unserved plate"
        )
    more = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
    raise UsageError(
        f"frame {missing[0]}{more}: no key may serve it; widen a range (--key NUMBER:range=FIRST-LAST), "
        "or leave such frames as they are with --unserved plate"
    )


def check_matte(what: str, matte: Exemplar, frames: tuple[int, ...], keys: tuple[int, ...]) -> None:
    """A matte needs every frame of the job; a region may also be painted on the key frames only, and is then carried."""
    if len(matte.files) == 1 and matte.files[0].frame is None:
        return
    have = {f.frame for f in matte.files}
    missing = sorted(set(frames) - have)
    if missing and not (keys and set(keys) <= have):
        raise UsageError(
            f"the {what} lacks {len(missing)} of {len(frames)} frames, the first is {missing[0]}: render it for {frames[0]}-{frames[-1]}"
            + (" or for all key frames" if keys else "")
        )
