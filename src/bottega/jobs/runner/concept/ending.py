"""What closes a board: the sheet of all looks, the look book, the shares, the whole record."""

from __future__ import annotations

from dataclasses import replace

from bottega.footage import Band, BoardDelivery
from bottega.jobs.runner.passes import Pass
from bottega.jobs.runner.progress import Progress
from bottega.model import Output, Take, TakeState

from .leaking import leak_picture
from .maker import FINISH_UNITS, CostumeMaker


def finish(take: Take, maker: CostumeMaker, delivery: BoardDelivery, *, right: Pass, progress: Progress) -> Take:
    """Write the sheet and the book, and give the take's record with shares, outputs and state `done` (not yet written)."""
    sheet = maker.job.sheet
    cards = list(maker.cards())
    right.check()
    extra = [delivery.board(cards)]
    progress.advance("finish", units=FINISH_UNITS * len(cards) / 2)
    right.check()
    subtitle = ", ".join(f"{name.replace('_', ' ')}: {value}" for name, value in sheet.facts.items())
    extra.append(delivery.book(cards, title=sheet.title, subtitle=subtitle))
    extra += _leaks(maker, delivery)
    progress.advance("finish", units=FINISH_UNITS * len(cards) / 2)
    return replace(
        take,
        state=TakeState.DONE,
        shares=maker.tally.shares(),
        touched_shares=maker.tally.touched_shares(),
        outputs=(*(o for n in sorted(maker.outputs) for o in maker.outputs[n]), *extra),
        warnings=(*maker.inputs.notes, *maker.notes),
    )


def _leaks(maker: CostumeMaker, delivery: BoardDelivery) -> list[Output]:
    """Openings of the line art that were closed, shown where there were any."""
    leaks, band = maker.inputs.leaks, delivery.take.band
    if not leaks:
        return []
    shown = leak_picture(maker.inputs.figure.line[..., 3], leaks)
    return [delivery.sheet("leaks.png", [[("closed here", Band(band.text).on_screen(shown) if band else shown)]])]
