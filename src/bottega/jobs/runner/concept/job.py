"""A board as a person asks for it, resolved to records: which pictures, which looks, which use. No pixels are read here."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from bottega.footage import canvas_of, seal_model_folder
from bottega.jobs.recipes.concept import REVISION
from bottega.jobs.runner.exactly import exactly
from bottega.jobs.runner.register import seal_at
from bottega.jobs.runner.request import ENVIRONMENT, environment, versions
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
    code,
    shown,
)

from .looks import BoardLook, looks_of
from .sheet import read_board
from .stated import BoardSheet, PictureName
from .told import by_digest, line_of, models_of, pictures_of, sheet_json

JOB = "concept"
PAINTED = " (painted by a model)"
COLOUR = "srgb_tx"  # of a board's pictures: what paint programs, papers and browsers take for granted


@dataclass(frozen=True, kw_only=True)
class ConceptRequest:
    """A board as a user states it; paths in the sheet are relative to `folder`. `like` is the card that more is wanted of."""

    sheet: BoardSheet
    folder: Path
    touches_performer: bool | None = None
    delivery: Delivery = Delivery.TEMP
    territory: str | None = None
    content: tuple[Content, ...] = ()
    language: str | None = None
    medium: str | None = None
    stated: Mapping[str, str] = field(default_factory=dict)
    seed: int = 0
    like: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class ConceptJob:
    """A request with its records: everything that decides the bits of the result, and the use for the gate.

    `sheet` is the request's with every picture and model named by its digest, `exemplars` are they, the drawing first. `painting` are
    the versions of what runs models, where any paints.
    """

    request: ConceptRequest
    sheet: BoardSheet
    shot: Shot
    exemplars: tuple[Exemplar, ...]
    looks: tuple[BoardLook, ...]
    use: Use
    plan_digest: str
    painting: Mapping[str, str] = field(default_factory=dict)

    @property
    def line(self) -> Exemplar:
        """The drawing that the board stands on."""
        return self.exemplars[0]

    @property
    def frames(self) -> tuple[int, ...]:
        """The cards, by number."""
        return tuple(look.number for look in self.looks)

    def exemplar(self, picture: PictureName) -> Exemplar:
        """The picture of a name in the sheet."""
        return next(e for e in self.exemplars if e.digest == picture.file)

    def swatch_pictures(self) -> dict[str, Exemplar]:
        """What the swatches are made of, pictures and models, by the swatches' names."""
        return {s.name: next(e for e in self.exemplars if e.digest == s.source) for s in self.sheet.swatches}


def request_of(sheet: Path, **stated: Any) -> ConceptRequest:
    """Read the sheet. Raises UsageError."""
    return ConceptRequest(sheet=read_board(sheet), folder=sheet.parent, **stated)


def resolve(folder: ShowFolder, request: ConceptRequest, *, show_id: str) -> ConceptJob:
    """Find and seal what a request names. Raises UsageError or FootageError that names the file."""
    sheet, sealed = request.sheet, dict[str, Exemplar]()
    for picture in pictures_of(sheet):
        if picture.file not in sealed:
            role = Role.PLATE if picture.file == line_of(sheet).file else Role.KEY
            sealed[picture.file] = _one_still(seal_at(request.folder / picture.file, role=role), picture)
    models = {name: seal_model_folder(request.folder / name) for name in models_of(sheet)}
    named = by_digest(sheet, {name: e.digest for name, e in (sealed | models).items()})
    size = canvas_of(sealed[line_of(sheet).file])
    shot = Shot(
        code=sheet.board, plate=sealed[line_of(sheet).file].digest, frames=FrameRange(first=1, last=len(looks_of(sheet))),
        colour=COLOUR, width=size.width, height=size.height, scene=_scene(sheet),
    )  # fmt: skip
    return assemble(folder, request, sheet=named, shot=shot, exemplars=[*sealed.values(), *models.values()], show_id=show_id)


def assemble(
    folder: ShowFolder, request: ConceptRequest, *, sheet: BoardSheet, shot: Shot, exemplars: Iterable[Exemplar], show_id: str
) -> ConceptJob:
    """State the use that the gate decides on. Raises UsageError."""
    once: dict[str, Exemplar] = {}
    for e in sorted(exemplars, key=lambda e: e.role is not Role.PLATE):  # the drawing first, all else as it is named
        once.setdefault(e.digest, e)
    use = Use(show_id=show_id, shot=shot.code, job=JOB, inputs=())
    whole: dict[str, Any] = {"exemplars": tuple(once.values()), "looks": looks_of(sheet), "use": use, "plan_digest": ""}
    job = ConceptJob(request=request, sheet=sheet, shot=shot, **whole)
    return replace(job, use=_use(folder, job, show_id=show_id), plan_digest=_digest(job))


def _one_still(sealed: Exemplar, picture: PictureName) -> Exemplar:
    if len(sealed.files) != 1 or sealed.files[0].frame is not None or sealed.frame_count is not None or sealed.first_frame is not None:
        raise UsageError(f"{shown(str(picture))} is {len(sealed.files)} files or a movie, allowed is one picture")
    return sealed


def _scene(sheet: BoardSheet) -> str | None:
    """The scene, where it can be one that consents list."""
    scene = sheet.facts.get("scene")
    try:
        return code(scene, "scene") if scene else None
    except UsageError:
        return None


def _use(folder: ShowFolder, job: ConceptJob, *, show_id: str) -> Use:
    request = job.request
    return Use(
        show_id=show_id,
        shot=job.shot.code,
        job=JOB,
        inputs=tuple(Input(digest=e.digest, role=e.role, replaces=folder.replaced_by(e)) for e in job.exemplars),
        touches_performer=request.touches_performer,
        delivery=request.delivery,
        technique=(Technique.EXTERNAL_MODEL if models_of(job.sheet) else Technique.EXEMPLAR_SYNTHESIS).value,
        territory=request.territory,
        content=request.content,
        scene=job.shot.scene,
        language=request.language,
        medium=request.medium,
        stated={ENVIRONMENT: environment()} | dict(request.stated),
        frames=FrameRange(first=job.frames[0], last=job.frames[-1]),
    )


def painted_with(job: ConceptJob, painting: Mapping[str, str]) -> ConceptJob:
    """The job with the versions of what runs its models: they decide bits as well."""
    return replace(job, painting=painting, plan_digest=_digest(replace(job, painting=painting))) if painting else job


def _digest(job: ConceptJob) -> str:
    """The sha256 of all that decides the bits of a take."""
    request = job.request
    facts: dict[str, Any] = {
        "revision": REVISION,
        "versions": versions() | dict(job.painting),
        "inputs": [[e.role.value, e.digest] for e in job.exemplars],
        "sheet": exactly(sheet_json(job.sheet)),
        "seed": request.seed,
        "like": exactly(request.like),
        "use": [request.delivery.value, request.territory, [c.value for c in request.content], request.language, request.medium],
        "stated": dict(request.stated),
    }
    return hashlib.sha256(canonical_json(facts)).hexdigest()


def cards_with(job: ConceptJob, digest: str) -> Sequence[BoardLook]:
    """The cards that a picture is seen on."""
    names = {name for name, e in job.swatch_pictures().items() if e.digest == digest}
    return [look for look in job.looks if names & look.swatches] if names else job.looks


def uses_of(job: ConceptJob) -> dict[str, str]:
    """What each picture is for, in a word, and its digest; what is seen before what steers."""
    sheet = job.sheet
    uses = {"painting" if sheet.painting is not None else "drawing": job.line.digest}
    uses |= {f"{s.name}{PAINTED if s.painted else ''}": s.source for s in sheet.swatches}
    uses |= {f"palette {p.name}": p.picture.file for p in sheet.palettes if p.picture is not None}
    uses |= {f"drawing {d.name}": d.line.file for d in sheet.drawings}
    if sheet.figure is not None:
        named = {what: getattr(sheet.figure, what) for what in ("flats", "shade", "folds")}
        uses |= {what: picture.file for what, picture in named.items() if picture is not None}
    if sheet.painting is not None and sheet.painting.avoid is not None:
        uses["avoid"] = sheet.painting.avoid.file
    if sheet.painting is not None and sheet.painting.flats is not None:
        uses["flats"] = sheet.painting.flats.file
        uses |= {f"flats {f.name}": f.flats.file for f in sheet.painting.frames if f.flats is not None}
    if sheet.room is not None:
        painted = next(a.painted for a in sheet.room.angles if a.painted is not None)
        uses["painting"] = painted.file
        for angle in sheet.room.angles:
            uses |= {f"{what} {angle.name}": getattr(angle, what).file for what in ("line", "flats", "shade", "normal", "depth")}
    return uses


def sources(job: ConceptJob) -> tuple[Exemplar, ...]:
    """Whose pixels are seen: the drawing, then every swatch, palette picture and painting. What steers is none."""
    seen = [s.source for s in job.sheet.swatches] + [p.picture.file for p in job.sheet.palettes if p.picture is not None]
    seen += [d.line.file for d in job.sheet.drawings]
    if job.sheet.room is not None:
        seen += [a.painted.file for a in job.sheet.room.angles if a.painted is not None]
    again = (replace(job.line, role=Role.KEY),) if job.sheet.painting is not None else ()  # what is new is made by its example
    return (*(e for e in job.exemplars if e is job.line or e.digest in seen), *again)
