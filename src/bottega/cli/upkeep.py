"""`bottega ledger rotate-key`, `accept-mark`, `accept-clock`: looking after what guards the ledger."""

from __future__ import annotations

from typing import Annotated

import typer

from .edge import AsJson, InShow, command, open_studio, show

By = Annotated[str, typer.Option("--by", help="Who says so, by name; it goes on record.")]


@command
def rotate_key(
    which: Annotated[str, typer.Argument(help="Which key: gate (signs clearances) or log (signs checkpoints).")],
    by: By,
    folder: InShow = None,
    as_json: AsJson = False,
) -> None:
    """Replace the gate's or the log's key by a new one, on the word of the old.

    Example: bottega ledger rotate-key gate --by "Operator C"
    """
    public = open_studio(folder).rotate_key(which, by=by)
    words = f"The {which} has a new key, {public[:12]}. Give the new file in keys/ to whoever checks; back up the private one."
    show({"which": which, "public": public}, as_json=as_json, words=lambda: words)


@command
def accept_mark(by: By, folder: InShow = None, as_json: AsJson = False) -> None:
    """Take the ledger as it stands for the true one: after a move to this machine, or after a restore that was meant.

    Everything that was recorded after it is gone then, revocations too: look at what is missing first.

    Example: bottega ledger accept-mark --by "Operator C"
    """
    before, now = open_studio(folder).upkeep.accept_mark(by=by)
    had = "there was no mark here" if before < 0 else f"the mark was at {before}"
    show({"before": before, "entries": now}, as_json=as_json, words=lambda: f"Accepted the ledger of {now} entries; {had}.")


@command
def accept_clock(by: By, folder: InShow = None, as_json: AsJson = False) -> None:
    """Take this machine's clock for right, though it was set since the machine started.

    Example: bottega ledger accept-clock --by "Operator C"
    """
    studio = open_studio(folder)
    studio.upkeep.accept_clock(studio.clock, by=by)
    at = f"{studio.clock():%Y-%m-%d %H:%M:%S} UTC"
    show({"now": at}, as_json=as_json, words=lambda: f"Accepted: it is {at}.")
