"""What closes a board: the sheet of all looks, the look book, the shares, the whole record."""

from __future__ import annotations

from dataclasses import replace

from bottega.model import Take, TakeState

from .making import FINISH_UNITS, CardMaker


def finish(take: Take, maker: CardMaker) -> Take:
    """Write the sheet and the book, and give the take's record with shares, outputs and state `done` (not yet written)."""
    sheet, bench = maker.job.sheet, maker.bench
    cards = list(maker.cards())
    bench.right.check()
    extra = [bench.delivery.board(cards)]
    bench.progress.advance("finish", units=FINISH_UNITS * len(cards) / 2)
    bench.right.check()
    subtitle = ", ".join(f"{name.replace('_', ' ')}: {value}" for name, value in sheet.facts.items())
    extra.append(bench.delivery.book(cards, title=sheet.title, subtitle=subtitle))
    extra += maker.extra()
    bench.progress.advance("finish", units=FINISH_UNITS * len(cards) / 2)
    return replace(
        take,
        state=TakeState.DONE,
        shares=maker.tally.shares(),
        touched_shares=maker.tally.touched_shares(),
        outputs=(*(o for n in sorted(maker.outputs) for o in maker.outputs[n]), *extra),
        warnings=maker.warnings(),
    )
