"""The progress bar: step, frame, share done, time left. On a pipe it prints a line now and then instead."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from .edge import say

if TYPE_CHECKING:
    from bottega.studio import Event

SECONDS_BETWEEN_LINES = 10.0
WORDS = {
    "look": "looking for cuts",
    "learn": "learning from the keys",
    "match": "matching keys",
    "make": "making frames",
    "finish": "writing movie and sheets",
    "glance": "looking at",
    "compare": "comparing with",
}


@contextmanager
def watching(*, quiet: bool) -> Iterator[Callable[[Event], None]]:
    """Give a function that shows each progress event on standard error."""
    if quiet:
        yield lambda _event: None
    elif sys.stderr.isatty():
        with _bar() as show:
            yield show
    else:
        yield _lines()


@contextmanager
def _bar() -> Iterator[Callable[[Event], None]]:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn

    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:>3.0f} %"), TextColumn("{task.fields[left]}"))
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=1, left="")

        def show(event: Event) -> None:
            bar.update(task, description=_words(event), completed=event.done, total=event.total, left=_left(event))

        yield show


def _lines() -> Callable[[Event], None]:
    last = time.monotonic()

    def show(event: Event) -> None:
        nonlocal last
        if time.monotonic() - last >= SECONDS_BETWEEN_LINES:
            last = time.monotonic()
            say(f"{100 * event.done / event.total:3.0f} %  {_words(event)}  {_left(event)}")

    return show


def _words(event: Event) -> str:
    frame = f" {event.frame}" if event.frame is not None else ""
    return f"{WORDS.get(event.step, event.step)}{frame}"


def _left(event: Event) -> str:
    if event.seconds_left is None:
        return ""
    minutes, seconds = divmod(round(event.seconds_left), 60)
    return f"{minutes}:{seconds:02d} left"
