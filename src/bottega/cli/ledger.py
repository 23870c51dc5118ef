"""`bottega ledger`: what an outsider may check of the record, and what to give them for it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from bottega.model import ConsentError, CredentialError

from .edge import FAILED, AsJson, InShow, command, open_studio, put, show, table

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="The ledger: list, verify, checkpoint, prove, export.")

Keys = Annotated[
    list[str] | None, typer.Option("--key", help="A witness's public key: the file witness.vkey, or its line. May be given again.")
]
WIDEST_SUMMARY = 90


@app.command("list")
@command
def list_(
    kind: Annotated[str | None, typer.Option("--kind", help="Only entries of this kind, for example grant.created.")] = None,
    folder: InShow = None,
    as_json: AsJson = False,
) -> None:
    """List the entries: index, time, kind, and what they say in a line.

    Example: bottega ledger list --kind grant.revoked
    """
    from bottega.studio import summary

    found = open_studio(folder).ledger_desk.entries(kind=kind)
    rows = [(e.idx, f"{e.at:%Y-%m-%d %H:%M:%S}", e.kind, _cut(summary(e))) for e in found]
    result = [{"index": e.idx, **json.loads(e.body)} for e in found] if as_json else []
    show(result, as_json=as_json, words=lambda: table(("index", "time (UTC)", "kind", "what it says"), rows))


@app.command("verify")
@command
def verify(
    against: Annotated[
        list[Path] | None, typer.Option("--against", help="A checkpoint that somebody outside kept. May be given again.")
    ] = None,
    witness: Annotated[
        list[str] | None, typer.Option("--witness", help="A witness's public key; it has to have cosigned. May be given again.")
    ] = None,
    folder: InShow = None,
    as_json: AsJson = False,
) -> None:
    """Hash every entry again, and hold the ledger to checkpoints from outside. Ends with 1 when anything is damaged.

    Example: bottega ledger verify --against guild/checkpoint.note --witness guild/witness.vkey
    """
    from bottega.studio import Finding

    try:
        found = open_studio(folder).ledger_desk.verify(against=against or (), witnesses=witness or ())
    except (ConsentError, CredentialError) as problem:  # it could not even be opened
        found = [Finding("keys", ok=False, detail=str(problem))]
    rows = [("ok" if f.ok else "BAD", f.what, f.detail) for f in found]
    show([f.to_json() for f in found], as_json=as_json, words=lambda: table(("", "what", "what was found"), rows))
    if not all(f.ok for f in found):
        raise typer.Exit(FAILED)


@app.command("checkpoint")
@command
def checkpoint(
    *,
    witness: Annotated[
        list[str] | None, typer.Option("--witness", help="Have it cosigned by this witness: its folder, or its URL. May be given again.")
    ] = None,
    key: Keys = None,
    request: Annotated[
        int | None, typer.Option("--request", min=0, help="Print what to send to a witness that saw this many entries last (0: none).")
    ] = None,
    answer: Annotated[Path | None, typer.Option("--answer", help="Keep the cosignature that a witness sent back.")] = None,
    out: Annotated[Path | None, typer.Option("--out", help="Write to this file instead of standard output.")] = None,
    folder: InShow = None,
    as_json: AsJson = False,
) -> None:
    """Print the latest signed checkpoint, with the cosignatures of witnesses. A witness that saw another log is an error.

    Example: bottega ledger checkpoint --witness https://witness.guild.example --key guild/witness.vkey
    """
    from bottega.studio import read_key

    desk, keys = open_studio(folder).ledger_desk, [read_key(text) for text in key or ()]
    if request is not None:
        text = desk.request(seen=request)
    elif answer is not None:
        text = desk.add_cosignature(answer.read_text("utf-8"), *keys)
    else:
        text = desk.checkpoint(*(desk.witness(place, *keys) for place in witness or ()))
    _give(text, "request" if request is not None else "checkpoint", out=out, as_json=as_json)


@app.command("prove")
@command
def prove(
    entry: Annotated[str, typer.Argument(help="Its index, a grant's or clearance's id, or a take: SHOT/JOB/vNNN.")],
    out: Annotated[Path | None, typer.Option("--out", help="Write to this file instead of standard output.")] = None,
    folder: InShow = None,
    as_json: AsJson = False,
) -> None:
    """Print a proof that an entry is in the log: one file, to be checked without this show and without Bottega.

    Example: bottega ledger prove g_3f9a > proof.txt
    """
    _give(open_studio(folder).ledger_desk.prove(entry), "proof", out=out, as_json=as_json)


@app.command("export")
@command
def export(
    since: Annotated[int, typer.Option("--since", min=0, help="Only entries from this index on.")] = 0,
    folder: InShow = None,
    as_json: AsJson = False,
) -> None:
    """Print the entries, one canonical body a line: sha256 of a zero byte and the body is the entry's leaf in the tree.

    Example: bottega ledger export --since 1200 > entries.jsonl
    """
    bodies = list(open_studio(folder).ledger_desk.bodies(since=since))
    if as_json:
        show([json.loads(body) for body in bodies], as_json=True, words=str)
    else:
        put(b"".join(body + b"\n" for body in bodies))


def _give(text: str, what: str, *, out: Path | None, as_json: bool) -> None:
    if out is not None:
        out.write_bytes(text.encode())
    if as_json:
        show({what: text, "file": str(out) if out else None}, as_json=True, words=str)
    elif out is None:
        put(text.encode())
    else:
        show({}, as_json=False, words=lambda: f"Wrote {out}.")


def _cut(text: str) -> str:
    return text if len(text) <= WIDEST_SUMMARY else f"{text[: WIDEST_SUMMARY - 3]}..."
