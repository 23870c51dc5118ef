"""What closes a collapse: the movie, the sheets, the shares, the whole record."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import Any

from bottega.footage import Delivery
from bottega.jobs.runner.finish import Closing, close
from bottega.jobs.runner.progress import Progress
from bottega.jobs.runner.takefolder import TakeFolder
from bottega.model import Take

from .inputs import CollapseInputs
from .maker import CollapseMaker

OWN = "the plate's own"


def finish(
    take: Take, maker: CollapseMaker, delivery: Delivery, *, folder: TakeFolder, inputs: CollapseInputs, fps: Fraction, also: tuple[str, ...],
    progress: Progress,
) -> Take:  # fmt: skip
    """Write movies and sheets, and give the take's record with shares, outputs and state `done` (not yet written)."""
    like: Any = inputs
    closing = Closing(folder, delivery, like, fps=fps, also=also, progress=progress, reached=OWN)
    made: Any = maker
    done = close(take, made, closing)
    return replace(done, outputs=(*done.outputs, *((maker.preview,) if maker.preview else ())))
