"""A collapse as a person asks for it, resolved to records: which pictures, which sheet, which use. No pixels are read here."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from bottega.footage import seal_scene
from bottega.jobs.recipes.collapse import REVISION
from bottega.jobs.runner.exactly import exactly
from bottega.jobs.runner.register import looked_at, seal_at
from bottega.jobs.runner.request import ALSO, ENVIRONMENT, check_also, environment, versions
from bottega.jobs.runner.showfolder import ShowFolder
from bottega.model import (
    Content,
    Delivery,
    Exemplar,
    FrameRange,
    Input,
    Role,
    Shot,
    Technique,
    UsageError,
    Use,
    canonical_json,
    shown,
)

from .sheet import BLENDER, CYCLES, NODAL, STILL, Sheet, is_scene, read_cameras, read_sheet

JOB = "collapse"
LIBRARIES = ("panda3d",)
PROGRAMS = ("blender",)  # beside this one
CONTROL, USD, BLEND, ALEMBIC, VDB = "control", "usd", "blend", "alembic", "vdb"  # to deliver as well
FILE = "file"  # a camera for each frame, read from a file


@dataclass(frozen=True, kw_only=True)
class CollapseRequest:
    """A collapse as a user states it; paths in the sheet are relative to `folder`."""

    shot: str
    sheet: Sheet
    folder: Path
    touches_performer: bool | None = None
    delivery: Delivery = Delivery.TEMP
    territory: str | None = None
    content: tuple[Content, ...] = ()
    language: str | None = None
    medium: str | None = None
    stated: Mapping[str, str] = field(default_factory=dict)
    frames: FrameRange | None = None
    seed: int = 0
    also: tuple[str, ...] = ()
    job: str = JOB


@dataclass(frozen=True, kw_only=True)
class CollapseJob:
    """A request with its records: everything that decides the bits of the result, and the use for the gate.

    `reference` is the plate itself where the corners were marked in one of its frames; `clean` is None where it is made by example.
    `artist` is an artist's .blend that the fall is taken from. `programs` are those beside this one that make some of it, with their
    versions.
    """

    request: CollapseRequest
    shot: Shot
    plate: Exemplar
    clean: Exemplar | None
    reference: Exemplar
    building: Exemplar
    exemplars_by_use: Mapping[str, Exemplar]
    frames: tuple[int, ...]
    use: Use
    plan_digest: str
    artist: Exemplar | None = None
    programs: Mapping[str, str] = field(default_factory=dict)

    @property
    def exemplars(self) -> tuple[Exemplar, ...]:
        """All inputs, each once: plates, the building's matte, exemplars."""
        named = (self.plate, self.clean, self.reference, self.building, *self.exemplars_by_use.values(), self.artist)
        return tuple({e.digest: e for e in named if e is not None}.values())


def check_installed(request: CollapseRequest) -> None:
    """Raise UsageError where this machine has no solver of its own and needs it, or cannot write what is to be delivered as well."""
    from importlib.util import find_spec

    if request.sheet.solver != BLENDER and request.sheet.blend is None and find_spec("panda3d") is None:
        raise UsageError("a collapse needs panda3d, which is not installed: pip install 'bottega[collapse]'")
    if USD in request.also:
        check_usd("--usd")


def needs_blender(request: CollapseRequest) -> bool:
    """Whether some of it is made by Blender."""
    sheet = request.sheet
    return sheet.solver == BLENDER or sheet.by == CYCLES or sheet.blend is not None or bool({BLEND, ALEMBIC} & set(request.also))


def check_usd(what: str) -> None:
    """Raise UsageError where this machine cannot read or write USD, which `what` needs."""
    from importlib.util import find_spec

    if find_spec("pxr") is None:
        raise UsageError(f"{shown(what)} needs usd-core, which is not installed: pip install 'bottega[usd]'")


def request_of(shot: str, sheet: Path, *, scene: Callable[[Sheet], Sheet], **stated: Any) -> CollapseRequest:
    """Read the sheet and the camera file that it names; `scene` reads scenes of other programs into it. Raises UsageError."""
    read = scene(read_sheet(sheet))
    if _kind(read) == FILE and not is_scene(read.camera_path):
        frames, reference = read_cameras(sheet.parent / read.camera_path)
        read = replace(read, cameras=frames, reference_camera=reference)
    return CollapseRequest(shot=shot, sheet=read, folder=sheet.parent, **stated)


def resolve(folder: ShowFolder, request: CollapseRequest, *, show_id: str) -> CollapseJob:
    """Find and seal what a request names. Raises UsageError or FootageError that names the file or frame."""
    sheet, at = request.sheet, request.folder
    return assemble(
        folder,
        request,
        building=looked_at(seal_at(at / sheet.building, role=Role.MATTE), folder, show_id=show_id),
        by_use={what: seal_at(at / path, role=Role.KEY) for what, path in sheet.pictures.items()},
        artist=seal_scene(at / sheet.blend) if sheet.blend else None,
        show_id=show_id,
    )


def assemble(
    folder: ShowFolder,
    request: CollapseRequest,
    *,
    building: Exemplar,
    by_use: Mapping[str, Exemplar],
    artist: Exemplar | None,
    show_id: str,
) -> CollapseJob:
    """Check that sealed inputs fit the shot, and state the use that the gate decides on. Raises UsageError."""
    shot, sheet = folder.shot(request.shot), request.sheet
    check_also(request.also, allowed=(*ALSO, CONTROL, USD, BLEND, ALEMBIC, VDB))
    frames = _frames(shot, request)
    plate = folder.exemplar(shot.plate)
    if (sheet.clean is None) == (not sheet.behind):
        given = "both are given" if sheet.behind else "neither is given"
        raise UsageError(
            f"[plate] clean and [exemplars] behind: {given}; allowed is a shot of the view without the building, or pictures that what it "
            "hides is made from"
        )
    clean = folder.exemplar(_same_size(folder.shot(sheet.clean), shot, frames, "clean").plate) if sheet.clean else None
    reference = plate if isinstance(sheet.reference, int) else folder.exemplar(folder.shot(sheet.reference).plate)
    if isinstance(sheet.reference, int) and (sheet.reference not in shot.frames or sheet.reference in shot.holes):
        raise UsageError(f"[plate] reference {sheet.reference}: shot {shot.code} has {shot.frames}")
    _check_cameras(sheet, frames)
    _check_painted(sheet, frames)
    job = CollapseJob(
        request=request, shot=shot, plate=plate, clean=clean, reference=reference, building=building, exemplars_by_use=by_use,
        frames=frames, use=_placeholder(request, show_id), plan_digest="", artist=artist,
    )  # fmt: skip
    return replace(job, use=_use(folder, job, show_id=show_id), plan_digest=_digest(job))


def sheet_json(sheet: Sheet) -> dict[str, Any]:
    """A sheet as `take.json` keeps it; the names of files stay out, their digests are among the inputs."""
    out = asdict(sheet)
    out |= {"building": None, "exemplars": dict.fromkeys(sheet.exemplars), "camera_path": _kind(sheet)}
    out |= {"mesh": "scene" if sheet.mesh else None, "camera_prim": None}
    out["blend"] = "file" if sheet.blend else None
    out["painted"] = [p.frame for p in sheet.painted]
    out["cameras"] = {str(n): asdict(c) for n, c in sheet.cameras.items()}
    return out


def _kind(sheet: Sheet) -> str:
    return sheet.camera_path if sheet.camera_path in (STILL, NODAL) else FILE


def _placeholder(request: CollapseRequest, show_id: str) -> Use:
    return Use(show_id=show_id, shot=request.shot, job=JOB, inputs=())


def _use(folder: ShowFolder, job: CollapseJob, *, show_id: str) -> Use:
    request = job.request
    return Use(
        show_id=show_id,
        shot=job.shot.code,
        job=JOB,
        inputs=tuple(Input(digest=e.digest, role=e.role, replaces=folder.replaced_by(e)) for e in job.exemplars),
        touches_performer=request.touches_performer,
        delivery=request.delivery,
        technique=Technique.EXEMPLAR_SYNTHESIS.value,
        territory=request.territory,
        content=request.content,
        episode=job.shot.episode,
        scene=job.shot.scene,
        language=request.language,
        medium=request.medium,
        stated={ENVIRONMENT: environment()} | dict(request.stated),
        frames=FrameRange(first=job.frames[0], last=job.frames[-1]),
    )


def _digest(job: CollapseJob) -> str:
    """The sha256 of all that decides the bits of a take."""
    request = job.request
    facts: dict[str, Any] = {
        "revision": REVISION,
        "versions": versions(also=LIBRARIES),
        "inputs": [[e.role.value, e.digest] for e in job.exemplars],
        "reference": job.reference.digest,
        "clean": job.clean.digest if job.clean else None,
        "exemplars": {what: e.digest for what, e in job.exemplars_by_use.items()},
        "colour": job.shot.colour,
        "frames": job.frames,
        "sheet": exactly(sheet_json(request.sheet)),
        "seed": request.seed,
        "also": list(request.also),
        "use": [request.delivery.value, request.territory, [c.value for c in request.content], request.language, request.medium],
        "stated": dict(request.stated),
    }
    return hashlib.sha256(canonical_json(facts)).hexdigest()


def with_programs(digest: str, programs: Mapping[str, str]) -> str:
    """A plan's digest with the versions of the programs beside this one that decide bits as well."""
    return hashlib.sha256(canonical_json({"plan": digest, "programs": dict(programs)})).hexdigest()


def _frames(shot: Shot, request: CollapseRequest) -> tuple[int, ...]:
    wanted = request.frames or shot.frames
    if wanted.first not in shot.frames or wanted.last not in shot.frames:
        raise UsageError(f"frames {wanted}: shot {shot.code} has {shot.frames}")
    if shot.holes:
        raise UsageError(f"the plate of {shot.code} has holes, the first is {shot.holes[0]}: a collapse needs every frame")
    return tuple(wanted)


def _same_size(other: Shot, shot: Shot, frames: tuple[int, ...], what: str) -> Shot:
    if (other.width, other.height) != (shot.width, shot.height):
        given = f"{other.width}x{other.height}"
        raise UsageError(f"[plate] {what} {shown(other.code)} is {given}, the plate of {shot.code} is {shot.width}x{shot.height}")
    still = other.frames.first == other.frames.last
    missing = [n for n in frames if n not in other.frames or n in other.holes]
    if missing and not still:
        raise UsageError(f"[plate] {what} {shown(other.code)} lacks {len(missing)} frames, the first is {missing[0]}")
    return other


def _check_cameras(sheet: Sheet, frames: tuple[int, ...]) -> None:
    if (sheet.mesh is None) == (not sheet.faces):
        raise UsageError("[building] mesh and [[face]]: allowed are marked faces, or a mesh and no face")
    if sheet.mesh is not None and (_kind(sheet) != FILE or not isinstance(sheet.reference, int)):
        raise UsageError("[building] mesh: it needs a camera for each frame ([camera] path), and a frame of the plate as [plate] reference")
    if _kind(sheet) == FILE:
        wanted = (*frames, *((sheet.reference,) if isinstance(sheet.reference, int) else ()))
        missing = [n for n in wanted if n not in sheet.cameras]
        if missing:
            raise UsageError(f"[camera] path: the camera file lacks {len(missing)} frames, the first is {missing[0]}")


def _check_painted(sheet: Sheet, frames: tuple[int, ...]) -> None:
    for painted in sheet.painted:
        if painted.frame not in frames:
            raise UsageError(f"[[painted]] frame {painted.frame}: allowed are the frames that are made, {frames[0]} to {frames[-1]}")
