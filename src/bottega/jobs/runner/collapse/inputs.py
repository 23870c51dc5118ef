"""Open a collapse's exemplars under its pass, on the plate's canvas and in its working space."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import reduce

import numpy as np
from numpy.typing import NDArray

from bottega.attribution import CreditSource
from bottega.footage import Box, Described, Frame, as_matte, open_scene, working_space
from bottega.jobs.recipes.collapse import Camera
from bottega.jobs.runner.opening import check_size
from bottega.jobs.runner.passes import Pass
from bottega.jobs.runner.pictures import Pictures
from bottega.jobs.runner.showfolder import ShowFolder
from bottega.model import Exemplar, Show, UsageError

from .job import CollapseJob

Array = NDArray[np.float32]


@dataclass(frozen=True, kw_only=True)
class CollapseInputs:
    """The opened exemplars of a run. `sources` are the credit ids: plate, clean plate, reference (where it is a still), exemplars.

    `keys` are none. `artist` reads an artist's .blend, where the fall is taken from one.
    """

    plate: Pictures
    clean: Pictures | None
    reference: Pictures
    building: Pictures
    by_use: dict[str, Pictures]
    keys: dict[int, Pictures]
    sources: tuple[CreditSource, ...]
    right: Pass
    artist: Callable[[], bytes] | None = None

    def close(self) -> None:
        """Let go of all decoders."""
        for p in (self.plate, self.clean, self.reference, self.building, *self.by_use.values(), *self.keys.values()):
            if p is not None:
                p.close()

    def reference_rgb(self, at: int | str) -> Array:
        """(H, W, 3) float32 of the picture that the corners were marked in."""
        pictures = self.plate if isinstance(at, int) else self.reference
        return shown(pictures.read(at if isinstance(at, int) else _only(pictures)))

    def framed(self, camera: Camera) -> Camera:
        """A camera of the plate's display window as one of its whole canvas, overscan and all."""
        info = self.plate.frames().info
        x, y = info.display.x - info.canvas.x, info.display.y - info.canvas.y
        centre = (camera.centre_px[0] + x, camera.centre_px[1] + y)
        return replace(camera, centre_px=centre, width=info.canvas.width, height=info.canvas.height)

    def clean_rgb(self, number: int) -> Array:
        """(H, W, 3) float32 of the clean plate at a frame; a still is every frame's. Raises UsageError where none was given."""
        if self.clean is None:
            raise UsageError("no clean plate was given")
        files = self.clean.exemplar.files
        still = len(files) == 1 and files[0].frame is not None
        return self.clean.read(_only(self.clean) if still else number).rgb

    def building_matte(self) -> Array:
        """(H, W) float32, 1 where the building is seen in the reference."""
        found = self.building.read(_only(self.building))
        return np.ascontiguousarray(as_matte(found)[found.display.inside(found.canvas)])


def shown(frame: Frame) -> Array:
    """(H, W, 3) of a picture's display window, without its overscan: there corners are marked, and mattes and cameras are told."""
    return np.ascontiguousarray(frame.rgb[frame.display.inside(frame.canvas)])


def open_inputs(job: CollapseJob, right: Pass, *, folder: ShowFolder, show: Show) -> CollapseInputs:
    """Open everything that a job reads. Raises ConsentError, FootageError, UsageError."""
    working = working_space(job.shot.colour, show.working_colour)

    def opened(exemplar: Exemplar, canvas: Box | None = None, default: str | None = None) -> Pictures:
        return Pictures(exemplar, right, root=folder.root, working=working, canvas=canvas, default_colour=default)

    plate = opened(job.plate, default=job.shot.colour)
    canvas, window = plate.frames().info.canvas, plate.frames().info.display
    still = isinstance(job.request.sheet.reference, str)
    reference = opened(job.reference, default=job.reference.colour or job.shot.colour)
    there = reference.frames().info
    building = opened(job.building)
    check_size("matte of the building", building.frames().info.display, there.display if still else window)
    by_use = {}
    kept = {d: folder.exemplar(d) if folder.has_exemplar(d) else None for d in (e.digest for e in job.exemplars)}
    for what, e in job.exemplars_by_use.items():
        painted = what.startswith("painted")
        by_use[what] = opened(kept[e.digest] or e, canvas if painted else None, show.key_colour)
        if painted:
            check_size(f"[[{what.replace(' ', ']] frame ')}", by_use[what].frames().info.display, window)
    clean = opened(job.clean, canvas, job.clean.colour or job.shot.colour) if job.clean else None
    if clean is not None:
        _check_covers(clean.frames().info, plate.frames().info)
    return CollapseInputs(
        plate=plate,
        clean=clean,
        reference=reference,
        building=building,
        by_use=by_use,
        keys={},
        sources=_sources(job, folder.exemplar),
        right=right,
        artist=_artist(job, right, kept, folder),
    )


def _check_covers(clean: Described, plate: Described) -> None:
    """Raise UsageError for a clean plate that lacks some of the plate's overscan: there would be nothing behind the building."""
    wanted = reduce(Box.union, plate.data_windows)
    for window in clean.data_windows:
        if not window.holds(wanted):
            raise UsageError(
                f"[plate] clean: its pixels cover {window}, the plate's {wanted}: allowed is a clean plate with the plate's overscan"
            )


def _artist(job: CollapseJob, right: Pass, kept: Mapping[str, Exemplar | None], folder: ShowFolder) -> Callable[[], bytes] | None:
    """What reads an artist's .blend, where the fall is taken from one."""
    if job.artist is None:
        return None
    scene = kept[job.artist.digest] or job.artist
    return lambda: open_scene(scene, right.clearance(), door=right.door, root=folder.root)


def _sources(job: CollapseJob, kept: Callable[[str], Exemplar]) -> tuple[CreditSource, ...]:
    """Who can be credited, the plate first; the matte steers and is no source."""
    named = [e for e in job.exemplars if e not in (job.building, job.artist)]
    out = []
    for i, exemplar in enumerate(named, 1):
        record = kept(exemplar.digest)
        out.append(
            CreditSource(
                id=i, exemplar=record.digest, role=exemplar.role,
                author_id=record.author_id, licence_id=record.licence_id,
            )
        )  # fmt: skip
    return tuple(out)


def _only(pictures: Pictures) -> int:
    """The number of a still's frame; any does where it has none."""
    first = pictures.exemplar.files[0].frame
    return first if first is not None else (pictures.exemplar.first_frame or 0)
