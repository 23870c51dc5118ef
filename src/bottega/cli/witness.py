"""`bottega witness`: a small program for somebody who is not the studio. It signs that a log only grew."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from bottega.model import UsageError

from .edge import AsJson, command, put, say, show, table

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="A witness of other people's ledgers: new, trust, list, cosign, serve.")

LONGEST_INPUT = 1024 * 1024  # more than any request
Folder = Annotated[Path, typer.Argument(help="The witness's own folder.")]


@app.command("new")
@command
def new(
    folder: Folder,
    name: Annotated[str, typer.Option("--name", help="The witness's name, as a rule an address of yours: guild.example/w1.")],
    as_json: AsJson = False,
) -> None:
    """Make a witness in a new folder, with a key of its own.

    Example: bottega witness new my_witness --name guild.example/w1
    """
    from bottega.studio import Witness

    made = Witness.create(folder, name=name)
    words = f"Made {folder}. Give its public key to the studio: {folder / 'witness.vkey'}\n{made.verifier.vkey}"
    show({"name": name, "key": made.verifier.vkey}, as_json=as_json, words=lambda: words)


@app.command("trust")
@command
def trust(
    folder: Folder,
    key: Annotated[Path, typer.Argument(help="The log's public key: keys/log.vkey of the show.")],
    as_json: AsJson = False,
) -> None:
    """Cosign this log from now on.

    Example: bottega witness trust my_witness log.vkey
    """
    from bottega.studio import Witness

    trusted = Witness(folder).trust(key.read_text("utf-8"))
    show({"log": trusted.name, "key": trusted.vkey}, as_json=as_json, words=lambda: f"Trusts {trusted.name} from now on.")


@app.command("list")
@command
def list_(folder: Folder, as_json: AsJson = False) -> None:
    """List the logs that are trusted, and how many entries of each were seen.

    Example: bottega witness list my_witness
    """
    from bottega.studio import Witness

    logs = Witness(folder).logs()
    show([{"log": n, "seen": s} for n, s in logs], as_json=as_json, words=lambda: table(("log", "entries seen"), logs))


@app.command("cosign")
@command
def cosign(folder: Folder, as_json: AsJson = False) -> None:
    """Read a request, and print a cosignature where the log only grew since the last one.

    Example: bottega witness cosign my_witness < request > cosignature
    """
    from bottega.studio import Witness

    line = Witness(folder).add_checkpoint(sys.stdin.buffer.read(LONGEST_INPUT))
    if as_json:
        show({"cosignature": line}, as_json=True, words=str)
    else:
        put(line.encode())


@app.command("serve")
@command
def serve(
    folder: Folder,
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="The port; 0 takes a free one.")] = 8741,
    host: Annotated[str, typer.Option("--host", help="The address to be reached at; without, only this machine.")] = "127.0.0.1",
    as_json: AsJson = False,
) -> None:
    """Answer requests over HTTP until stopped: POST /add-checkpoint, GET /HASH/checkpoint.

    Example: bottega witness serve my_witness --port 8741
    """
    from bottega.studio import Witness, WitnessServer

    witness = Witness(folder)
    try:
        server = WitnessServer(witness, host=host, port=port, say=say)
    except OSError as problem:
        raise UsageError(f"{host}:{port} cannot be used: {problem.strerror or problem}") from problem
    with server:
        name, url = witness.verifier.name, "http://" + f"{host}:{server.server_address[1]}"
        show({"name": name, "url": url}, as_json=as_json, words=lambda: f"{name} listens on {url}")
        server.serve_forever()
