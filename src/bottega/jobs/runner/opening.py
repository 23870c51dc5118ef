"""Open a job's exemplars under its pass, on the plate's canvas and in its working space."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import PurePath

import numpy as np
from numpy.typing import NDArray

from bottega.attribution import CreditSource
from bottega.footage import Box, Frame, take_back, working_space
from bottega.jobs.recipes.keyed import Strength
from bottega.model import Exemplar, Role, Show, UsageError

from .passes import Pass
from .pictures import Pictures
from .request import Resolved
from .showfolder import ShowFolder

SCENE_FORMATS = frozenset({".exr", ".dpx"})


@dataclass(frozen=True, kw_only=True)
class Inputs:
    """The opened exemplars of a run. `lent` are painting and plate of each key of another shot.

    `sources` are the credit ids: the plate first, then the keys in order, then those that are lent.
    """

    plate: Pictures
    keys: dict[int, Pictures]
    matte: Pictures | None
    regions: dict[str, tuple[Pictures, Strength]]
    lent: tuple[tuple[Pictures, Pictures], ...]
    sources: tuple[CreditSource, ...]
    right: Pass

    def close(self) -> None:
        """Let go of all decoders."""
        mattes = (*((self.matte,) if self.matte else ()), *(p for p, _ in self.regions.values()))
        for p in (self.plate, *self.keys.values(), *mattes, *(p for pair in self.lent for p in pair)):
            p.close()


def open_inputs(job: Resolved, right: Pass, *, folder: ShowFolder, show: Show) -> Inputs:
    """Open everything that a job reads. Raises ConsentError, FootageError, UsageError."""
    working = working_space(job.shot.colour, show.working_colour)

    def opened(exemplar: Exemplar, canvas: Box | None = None, default: str | None = None) -> Pictures:
        return Pictures(exemplar, right, root=folder.root, working=working, canvas=canvas, default_colour=default)

    plate = opened(job.plate, default=job.shot.colour)
    canvas, window = plate.frames().info.canvas, plate.frames().info.display
    kept = {n: folder.exemplar(e.digest) for n, e in job.keys.items()}  # the show's own copies: the artist may paint on
    keys = {n: opened(e, default=_key_colour(e, job.shot.colour, show)) for n, e in kept.items()}
    lent = tuple((opened(k.painted, default=_key_colour(k.painted, k.colour, show)), opened(k.plate, default=k.colour)) for k in job.lent)

    def matte(exemplar: Exemplar, what: str) -> Pictures:
        check_size(what, opened(exemplar).frames().info.display, window)
        return opened(exemplar, canvas)

    return Inputs(
        plate=plate,
        keys=keys,
        matte=matte(job.matte, "matte") if job.matte else None,
        regions={r.name: (matte(e, f"region {r.name}"), r.bands) for r, e in job.regions},
        lent=lent,
        sources=_sources(job, folder.exemplar),
        right=right,
    )


def check_size(what: str, size: Box, window: Box) -> None:
    """Refuse a matte or region that is not of the plate's size. Raises UsageError."""
    if (size.width, size.height) != (window.width, window.height):
        raise UsageError(
            f"the {what} is {size.width}x{size.height}, the plate is {window.width}x{window.height}: render it at the plate's size"
        )


def painted_key(inputs: Inputs, job: Resolved, number: int) -> tuple[Frame, NDArray[np.float32]]:
    """A key's plate frame, and the painted picture taken back into the plate's working space. Raises FootageError."""
    plate = inputs.plate.read(number)
    return plate, take_back(inputs.keys[number].read(number), plate, allow_8bit=job.request.allow_8bit_keys)


def check_keys(inputs: Inputs, job: Resolved) -> None:
    """Read every key once before anything is written, so that a wrong one costs no half-made take."""
    for number in job.keys:
        painted_key(inputs, job, number)


def key_sources(job: Resolved, sources: Sequence[CreditSource]) -> dict[int, CreditSource]:
    """Who is credited for the key that lies on a frame: painted there, or lent."""
    first = 1 + len(job.keys)  # the plate comes before
    own = dict(zip(job.keys, sources[1:first], strict=True))
    return own | {n: sources[first + i] for n, i in job.laid.items()}


def one_thread_a_call() -> None:
    """OpenCV splits flow by its own thread count and so changes its bits: frames run on threads, calls do not."""
    import cv2

    cv2.setNumThreads(1)


def _key_colour(key: Exemplar, plate: str, show: Show) -> str:
    """A key that does not say its space: EXR and DPX come back as the plate went out, PNG and TIFF as the show declares."""
    return plate if PurePath(key.files[0].path).suffix.lower() in SCENE_FORMATS else show.key_colour


def _sources(job: Resolved, kept: Callable[[str], Exemplar]) -> tuple[CreditSource, ...]:
    out: list[CreditSource] = []
    own = ((None, job.plate, None), *((n, e, None) for n, e in job.keys.items()))
    for number, exemplar, shot in (*own, *((k.key.frame, k.painted, k.key.shot) for k in job.lent)):
        record = kept(exemplar.digest)
        out.append(
            CreditSource(
                id=len(out) + 1,
                exemplar=record.digest,
                role=Role(record.role),
                frame=number,
                author_id=record.author_id,
                licence_id=record.licence_id,
                shot=shot,
            )
        )
    return tuple(out)
