"""What closes a collapse: the movie, the sheets, the shares, the whole record."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import Any

from bottega.footage import Delivery
from bottega.jobs.runner.finish import Closing
from bottega.jobs.runner.finish import finish as close
from bottega.jobs.runner.progress import Progress
from bottega.jobs.runner.takefolder import TakeFolder
from bottega.model import Take

from .inputs import CollapseInputs
from .maker import CollapseMaker

OWN = "the plate's own"


def finish(take: Take, maker: CollapseMaker, closing: Closing) -> Take:
    """Write movies and sheets, and give the take's record with shares, outputs and state `done` (not yet written)."""
    made: Any = maker
    done = close(take, made, closing)
    return replace(done, outputs=(*done.outputs, *maker.extra))


def closing_of(
    folder: TakeFolder, delivery: Delivery, inputs: CollapseInputs, *, fps: Fraction, also: tuple[str, ...], progress: Progress
) -> Closing:
    """What `finish` needs besides the maker."""
    like: Any = inputs  # it has what the sheets ask of a repair's inputs: plate, keys, sources, right
    return Closing(folder, delivery, like, fps=fps, also=also, progress=progress, reached=OWN)
