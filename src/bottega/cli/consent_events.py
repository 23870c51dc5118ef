"""What happens to a consent after it was given: `bottega consent revoke`, `suspend`, `resume`, `dispute`, `transfer`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from bottega.model import UsageError

from .consent import Grant, app
from .edge import AsJson, InShow, command, open_studio, show

if TYPE_CHECKING:
    from bottega.studio import Withdrawn

__all__ = ["app", "touched", "touched_words"]

Ref = Annotated[str, typer.Option("--ref", help="Where it is written: the letter, the mail, the case. Kept for good, so no names.")]
SetBy = Annotated[str, typer.Option("--by", help="Who settled it, by name; a person of the show.")]


@app.command("revoke")
@command
def revoke(
    grant: Grant,
    reason: Annotated[str, typer.Option("--reason", help="Why, in a few words; it goes on record.")] = "",
    folder: InShow = None,
    as_json: AsJson = False,
) -> None:
    """Revoke a consent. New jobs are refused at once, running ones stop at their next frame, and what was made is listed.

    Where the consent says unreleased_outputs, the finished takes are set aside as well.

    Example: bottega consent revoke g_3f9a --reason "withdrawn by the performer"
    """
    done = open_studio(folder).withdrawals.consent(grant, reason=reason or "not stated")
    show({"grant_id": grant} | touched(done), as_json=as_json, words=lambda: f"Revoked {grant}. {touched_words(done)}")


@app.command("suspend")
@command
def suspend(
    grant: Grant,
    ref: Ref,
    cause: Annotated[str, typer.Option("--cause", help="strike, review, other or dispute.")] = "other",
    folder: InShow = None,
    as_json: AsJson = False,
) -> None:
    """Suspend a consent until it is resumed. New jobs are refused, running ones stop.

    Example: bottega consent suspend g_3f9a --cause review --ref mail-12
    """
    open_studio(folder).consent_desk.suspend(grant, cause=cause, ref=ref)
    show({"grant_id": grant, "cause": cause}, as_json=as_json, words=lambda: f"Suspended {grant} ({cause}).")


@app.command("dispute")
@command
def dispute(grant: Grant, ref: Ref, folder: InShow = None, as_json: AsJson = False) -> None:
    """Record a complaint about a consent or what is done under it. It suspends the consent at once.

    Example: bottega consent dispute g_3f9a --ref letter-3
    """
    open_studio(folder).consent_desk.dispute(grant, ref=ref)
    words = f"{grant} is disputed: nothing is made under it until `bottega consent resume {grant}`."
    show({"grant_id": grant, "cause": "dispute"}, as_json=as_json, words=lambda: words)


@app.command("resume")
@command
def resume(
    grant: Grant,
    *,
    ref: Ref,
    by: SetBy,
    cause: Annotated[str | None, typer.Option("--cause", help="What is settled, where there are several causes.")] = None,
    folder: InShow = None,
    as_json: AsJson = False,
) -> None:
    """Lift a suspension or dispute that was settled.

    Example: bottega consent resume g_3f9a --ref settlement-3 --by "Lawyer C"
    """
    settled = open_studio(folder).consent_desk.resume(grant, ref=ref, by=by, cause=cause)
    show({"grant_id": grant, "cause": settled}, as_json=as_json, words=lambda: f"{grant} is no longer suspended for {settled}.")


@app.command("transfer")
@command
def transfer(
    grant: Grant,
    *,
    ref: Ref,
    to: Annotated[str | None, typer.Option("--to", help="Request: to which production or company, as a reference.")] = None,
    approve: Annotated[str | None, typer.Option("--approve", help="Approval by the union: the number of the request.")] = None,
    by: Annotated[str | None, typer.Option("--by", help="Who approves, by name; a person of the show.")] = None,
    folder: InShow = None,
    as_json: AsJson = False,
) -> None:
    """Request the transfer of a consent, or record the union's approval. A consent that forbids it refuses; the request is recorded.

    Example: bottega consent transfer g_3f9a --to production-2 --ref mail-20
    """
    desk = open_studio(folder).consent_desk
    if to is not None and approve is None:
        asked = desk.request_transfer(grant, to=to, ref=ref)
        result, words = asked, f"Requested as {asked}. Until the union approves, the producer stays liable."
    elif approve is not None and by is not None and to is None:
        desk.approve_transfer(grant, approve, by=by, ref=ref)
        result, words = approve, f"Approved {approve}."
    else:
        raise UsageError("a transfer: given neither --to alone, nor --approve and --by; allowed is one of the two")
    show({"grant_id": grant, "transfer_id": result}, as_json=as_json, words=lambda: words)


def touched(done: Withdrawn) -> dict[str, Any]:
    """What a revocation touched, as JSON values."""
    return {
        "takes": sorted({t.take for t in done.takes}),
        "affected": [{"take": t.take, "take_id": t.take_id, "entry": t.idx, "by": t.by} for t in done.takes],
        "set_aside": [*done.set_aside],
    }


def touched_words(done: Withdrawn) -> str:
    """The same as a sentence."""
    takes = ", ".join(sorted({t.take for t in done.takes})) or "none"
    aside = f" Set aside: {', '.join(done.set_aside)}." if done.set_aside else ""
    return f"Takes made under it: {takes}.{aside}"
