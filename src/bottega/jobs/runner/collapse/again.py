"""Make a collapse again from its record: the sheet and the inputs as `take.json` keeps them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bottega.jobs.runner.progress import Watch
from bottega.jobs.runner.request import ENVIRONMENT
from bottega.jobs.runner.run import House
from bottega.model import FrameRange, Role, Take

from .job import CollapseJob, CollapseRequest, assemble
from .planning import CollapsePlan, dry_run
from .run import run, worded
from .sheet import BlockSheet, CameraSheet, DebrisSheet, DustSheet, FaceSheet, FailureSheet, LightSheet, MeshSheet, PaintedSheet, Sheet


def make_again(house: House, take: Take, *, threads: int, watch: Watch) -> Take:
    """The take as a new version, through the gate like any job."""
    return run(house, restated(house, take), threads=threads, watch=watch, remake_of=take)


def plan_again(house: House, take: Take, *, threads: int) -> CollapsePlan:
    """What that would do and cost, and the gate's answer; nothing is made."""
    return dry_run(house, restated(house, take), threads=threads)


def restated(house: House, take: Take) -> CollapseJob:
    """A take's request, stated again from its record."""
    use, uses = take.use, take.settings["uses"]
    request = CollapseRequest(
        shot=take.shot,
        sheet=sheet_of(take.settings["sheet"]),
        folder=Path(),
        touches_performer=use.touches_performer,
        delivery=use.delivery,
        territory=use.territory,
        content=use.content,
        language=use.language,
        medium=use.medium,
        stated={name: value for name, value in use.stated.items() if name != ENVIRONMENT},
        frames=FrameRange(first=take.frames.first, last=take.frames.last),
        seed=take.seed,
        also=tuple(take.settings["also"]),
    )
    kept = {entry.digest: house.folder.exemplar(entry.digest) for entry in take.inputs}
    job = assemble(
        house.folder,
        request,
        building=kept[next(e.digest for e in take.inputs if e.role is Role.MATTE and e.digest != uses.get("blend"))],
        by_use={what: kept[uses[what]] for what in request.sheet.pictures},
        artist=kept[uses["blend"]] if "blend" in uses else None,
        show_id=house.show.show_id,
    )
    return worded(house, job)


def sheet_of(data: Mapping[str, Any]) -> Sheet:
    """A sheet as `sheet_json` wrote it."""
    told = dict(data)
    time = told["time"]
    places = {name: tuple(_place(p) for p in told[name]) for name in ("failures", "holds")}
    reference = told["reference_camera"]
    return Sheet(
        **told
        | places
        | {
            "building": Path(),
            "blend": Path() if told.get("blend") else None,
            "exemplars": dict.fromkeys(told["exemplars"], Path()),
            "meshes": tuple(_mesh(m) for m in told["meshes"]),
            "faces": tuple(FaceSheet(**f | {"corners_px": tuple((c[0], c[1]) for c in f["corners_px"])}) for f in told["faces"]),
            "cameras": {int(n): _camera(c) for n, c in told["cameras"].items()},
            "reference_camera": _camera(reference) if reference else None,
            "light": LightSheet(**_tupled(told["light"])),
            "dust": DustSheet(**_tupled(told["dust"])),
            "debris": DebrisSheet(**told["debris"]),
            "blocks": tuple(BlockSheet(**_tupled(b)) for b in told["blocks"]),
            "painted": tuple(PaintedSheet(frame=int(n), path=Path()) for n in told["painted"]),
            "storeys_m": tuple(told["storeys_m"]),
            "lean": tuple(told["lean"]),
            "time": time if isinstance(time, int | float) else tuple((int(n), float(rate)) for n, rate in time),
        }
    )


def _tupled(data: Mapping[str, Any]) -> dict[str, Any]:
    return {name: tuple(value) if isinstance(value, list) else value for name, value in data.items()}


def _place(data: Mapping[str, Any]) -> FailureSheet:
    storeys = data["storeys"]
    return FailureSheet(
        at=tuple(data["at"]), radius_m=data["radius_m"], frame=data["frame"], storeys=None if storeys is None else tuple(storeys)
    )  # fmt: skip


def _mesh(data: Mapping[str, Any]) -> MeshSheet:
    corners = {name: tuple((a, b, c) for a, b, c in data[name]) for name in ("vertices", "triangles")}
    return MeshSheet(name=data["name"], material=data["material"], **corners)


def _camera(data: Mapping[str, Any]) -> CameraSheet:
    return CameraSheet(to_world=tuple(tuple(row) for row in data["to_world"]), focal_px=data["focal_px"])
