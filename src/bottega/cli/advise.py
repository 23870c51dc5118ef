"""`bottega advise`: which frame of a take to paint next."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from .edge import REFUSED, AsJson, InShow, command, open_studio, pairs, show, table
from .watch import watching


@command
def advise(
    take: Annotated[str, typer.Argument(help="The take: SHOT/JOB/vNNN.")],
    *,
    count: Annotated[int, typer.Option("--count", help="How many frames at most, 1 to 50.")] = 2,
    sheet: Annotated[Path | None, typer.Option("--sheet", help="A PNG to write, with these frames and what no key shows marked.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what the gate answers; read nothing.")] = False,
    folder: InShow = None,
    as_json: AsJson = False,
) -> None:
    """Say which frames of a finished take to paint next, why, and what each may gain; and the states that no key shows.

    The gain is an estimate, of the mean over the shot, made from the plates alone.

    Example: bottega advise sh010/deage/v001 --count 2 --sheet next.png
    """
    studio = open_studio(folder)
    if dry_run:
        plan = studio.plan_advice(take)
        show(plan.to_json(), as_json=as_json, words=lambda: _plan_words(plan.to_json()))
        if not plan.allowed:
            raise typer.Exit(REFUSED)
        return
    with watching(quiet=as_json) as watch:
        found = studio.advise(take, count=count, sheet=sheet, watch=watch).to_json()
    show(found, as_json=as_json, words=lambda: _words(found))


def _plan_words(plan: Mapping[str, Any]) -> str:
    lines = {"take": plan["take"], "frames to look at": plan["frames"], "CPU time": f"about {plan['cpu_seconds']:.0f} s"}
    reasons = "".join(f"\n  {r['code']}: {r['detail']}" for r in plan["reasons"])
    return pairs(lines | {"gate": "allows" if plan["allowed"] else "refuses"}) + reasons


def _words(found: Mapping[str, Any]) -> str:
    said = [_next_words(found), _state_words(found)]
    if found["sheet"]:
        said.append(f"sheet: {found['sheet']}")
    return "\n\n".join(said)


def _next_words(found: Mapping[str, Any]) -> str:
    if not found["next"]:
        return f"{found['take']}: no other key promises much."
    rows = [(a["frame"], f"about {a['expected_gain_db']:.1f} dB", a["serves"], _why(a)) for a in found["next"]]
    return f"{found['take']}: paint next\n" + table(("frame", "expected", "serves", "why"), rows)


def _why(advice: Mapping[str, Any]) -> str:
    keys = " and ".join(map(str, advice["between"]))
    stands = f"furthest from what key{'s' if len(advice['between']) > 1 else ''} {keys} show{'' if len(advice['between']) > 1 else 's'}"
    return f"{stands}; shows a state that no key does ({', '.join(advice['shows'])})" if advice["shows"] else stands


def _state_words(found: Mapping[str, Any]) -> str:
    cover = found["coverage"]
    head = f"states: a key shows that of {cover['whose_state_a_key_shows']} of {cover['frames']} frames"
    rows = [
        (s["frames"], s["best_painted_at"], f"{s['share_of_matte']:.1%} of the matte", "x {0}-{2}, y {1}-{3}".format(*s["box"]))
        for s in found["unseen_states"]
    ]
    return head + ("; no key shows\n" + table(("frames", "best painted at", "how much", "where"), rows) if rows else "")
