"""Two cards side by side, and between them where they differ."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bottega.footage import Mark, read_delivered_png, side_by_side, smaller, write_sheet
from bottega.jobs.runner.looking import looking
from bottega.jobs.runner.run import House
from bottega.model import Exemplar, TakeInput, UsageError

from .liking import FoundCard, find_card

JOB = "compare"
MOST_PX = 1600


def compared(house: House, first: str, second: str, *, to: Path) -> Path:
    """Write the comparison as a PNG with the mark of the second card's take. Never overwrites.

    Raises UsageError, FootageError, and ConsentError where what the cards were made from may no longer be read.
    """
    if to.exists():
        raise UsageError(f"{to.name} is there already: give another file, or move it")
    cards = [find_card(house.folder, text) for text in (first, second)]
    for card in cards:
        board, made_from = house.folder.shot(card.take.shot), (_input(house, i) for i in card.take.inputs)
        looking(house, board, *made_from, job=JOB)
    pictures = [_picture(card) for card in cards]
    label = f"{cards[0].name}   |   where they differ   |   {cards[1].name}"
    try:
        to.parent.mkdir(parents=True, exist_ok=True)
        write_sheet(to, [[(label, side_by_side(pictures[0], pictures[1]))]], mark=Mark.of(cards[1].take))
    except OSError as problem:
        raise UsageError(f"{to.name} cannot be written: {problem.strerror}") from problem
    return to


def _input(house: House, used: TakeInput) -> Exemplar:
    return replace(house.folder.exemplar(used.digest), role=used.role)


def _picture(card: FoundCard) -> NDArray[np.uint8]:
    output = card.output("frames")
    return smaller(read_delivered_png(card.folder.path / output.path, sha256=output.sha256), MOST_PX)
