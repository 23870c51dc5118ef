"""Swatches that a studio's own model paints: each once, into the take's folder, then cloth as any other."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path, PurePosixPath
from shutil import rmtree
from tempfile import TemporaryDirectory

import numpy as np
from numpy.typing import NDArray

from bottega.footage import copy_model_folder
from bottega.model import Exemplar, JobError, Output, Role, shown

from .inputs import CostumeInputs, swatch_of
from .job import COLOUR, ConceptJob
from .making import PAINT_UNITS, Bench
from .opened import Opened
from .painter import Asked, Painters
from .stated import PaintedSheet, SwatchSheet

COPY = "model-"
PREFIX = "painter "  # of the versions of what paints, in a take's record
Codes = NDArray[np.uint8]


def painting_versions(job: ConceptJob, painters: Painters) -> dict[str, str]:
    """The versions of all that paints swatches for a board; none where no model paints. Raises UsageError for a painter that is missing."""
    names = dict.fromkeys(s.painted.backend for s in job.sheet.swatches if s.painted is not None)
    return {f"{PREFIX}{what}": number for name in names for what, number in painters(name).versions().items()}


def with_painted(inputs: CostumeInputs, bench: Bench, *, painters: Painters, root: Path) -> tuple[CostumeInputs, tuple[Output, ...]]:
    """The inputs with the swatches that models paint, and the files that were written of them.

    What an earlier run of the take painted is kept. Raises ConsentError, UsageError, JobError.
    """
    swatches, outputs = dict(inputs.swatches), []
    for number, sheet in enumerate(bench.job.sheet.swatches, 1):
        if sheet.painted is None:
            continue
        name = f"painted-{number}"
        rgb = _found(bench, name, sheet.painted)
        if rgb is not None:
            bench.progress.advance("paint", units=PAINT_UNITS, found=True)
        else:
            rgb = _painted(bench, sheet.painted, painters=painters, root=root)
            bench.folder.scratch().put(name, {"picture": rgb})
        bench.right.check()
        outputs.append(bench.delivery.swatch(f"{bench.delivery.take.name}.swatch{number:02d}", _shown(bench, rgb), resume=True))
        swatches[sheet.name] = swatch_of(_opened(rgb, sheet), sheet)
    return replace(inputs, swatches={s.name: swatches[s.name] for s in bench.job.sheet.swatches}), tuple(outputs)


def folder_name(model: Exemplar) -> str:
    """What a model's folder is called."""
    first = model.files[0]
    return Path(first.path).parents[len(PurePosixPath(first.name or "").parts) - 1].name


def called(e: Exemplar) -> str:
    """What a file, or a model's folder, is called."""
    return folder_name(e) if e.role is Role.MODEL else Path(e.files[0].path).name


def painted_digests(outputs: Mapping[str, str]) -> dict[str, str]:
    """Of a take's outputs (sha256 by path) the swatches that were painted, by their number."""
    return {path.rsplit(".", 2)[-2]: sha256 for path, sha256 in outputs.items() if path.startswith("swatches/")}


def _found(bench: Bench, name: str, painted: PaintedSheet) -> Codes | None:
    found = bench.folder.scratch().get(name)
    return None if found is None else _checked(np.asarray(found["picture"]), painted)


def _painted(bench: Bench, painted: PaintedSheet, *, painters: Painters, root: Path) -> Codes:
    model = next(e for e in bench.exemplars if e.digest == painted.model)
    asked = Asked(
        prompt=painted.prompt, size_px=painted.size_px, seed=painted.seed, steps=painted.steps, guidance=painted.guidance
    )  # fmt: skip
    a_step, counted = PAINT_UNITS / painted.steps, 0

    def told(_: int) -> None:
        nonlocal counted
        bench.right.check()  # a licence that ends stops the model
        if counted < painted.steps:
            counted += 1
            bench.progress.advance("paint", units=a_step)

    for left in bench.folder.work.glob(f"{COPY}*"):  # of a run that was killed
        rmtree(left)
    with TemporaryDirectory(prefix=COPY, dir=bench.folder.work) as place:
        copy_model_folder(model, bench.right.clearance(), door=bench.right.door, into=Path(place), root=root)
        found = _checked(painters(painted.backend).paint(Path(place), asked, told=told), painted)
    bench.progress.advance("paint", units=a_step * (painted.steps - counted), found=True)
    return found


def _checked(rgb: NDArray[np.generic], painted: PaintedSheet) -> Codes:
    width, height = painted.size_px
    if rgb.dtype != np.uint8 or rgb.shape != (height, width, 3):
        raise JobError(f"backend {shown(painted.backend)} gave {rgb.dtype} of shape {rgb.shape}, asked was uint8 of {(height, width, 3)}")
    return np.ascontiguousarray(rgb, np.uint8)


def _shown(bench: Bench, rgb: Codes) -> Codes:
    return bench.band.on_screen(rgb) if bench.band else rgb


def _opened(rgb: Codes, sheet: SwatchSheet) -> Opened:
    digest = hashlib.sha256(rgb.tobytes()).hexdigest()[:12]
    return Opened(codes=rgb, alpha=None, colour=COLOUR, where=f"swatch {shown(sheet.name)}, painted as {digest},", plain=False)
