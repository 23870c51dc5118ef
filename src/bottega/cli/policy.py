"""`bottega policy` and `bottega environment`: the guidance that a show is held to, as data, and the places that it may run in."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bottega.model import UsageError, shown

from .edge import AsJson, By, InShow, Ref, RoleOf, command, open_studio, show, table

if TYPE_CHECKING:
    from bottega.studio import Studio

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Policy packs: list, show, adopt, drop.")
places = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Places where production material may be used: approve.")


@app.command("list")
@command
def list_(folder: InShow = None, as_json: AsJson = False) -> None:
    """List the packs that hold in this show.

    Example: bottega policy list
    """
    packs = [_summary(p) for p in open_studio(folder).rulings.packs()]
    rows = [(p["id"], p["dated"], p["rows"], p["sha256"][:12], p["title"]) for p in packs]
    show(packs, as_json=as_json, words=lambda: table(("pack", "dated", "rows", "sha256", "title"), rows) if rows else "No pack holds.")


@app.command("show")
@command
def show_(pack: Annotated[str, typer.Argument(help="The pack's id.")], folder: InShow = None, as_json: AsJson = False) -> None:
    """Print a pack as it was adopted: its source, its questions, its rows, and the facts that it asks for.

    Example: bottega policy show studio-guidance
    """
    found = _held(open_studio(folder), pack)
    facts = {f.name: {"asks": f.asks, "values": list(f.values), "computed": f.computed} for f in found.pack.facts.values()}
    show(_summary(found) | {"text": found.text, "facts": facts}, as_json=as_json, words=lambda: found.text.removesuffix("\n"))


@app.command("adopt")
@command
def adopt(
    file: Annotated[Path, typer.Argument(help="The pack, a TOML file.")],
    *,
    by: By,
    role: RoleOf,
    ref: Ref,
    folder: InShow = None,
    as_json: AsJson = False,
) -> None:
    """Adopt a pack; its whole text goes on record, and an older one of the same id holds no more.

    Example: bottega policy adopt other-studio.toml --by "Legal B" --role legal --ref mail-12
    """
    name = open_studio(folder).rulings.adopt(file, by=by, role=role, ref=ref)
    show({"pack": name}, as_json=as_json, words=lambda: f"Adopted {name}.")


@app.command("drop")
@command
def drop(
    pack: Annotated[str, typer.Argument(help="The pack's id.")],
    *,
    by: By,
    role: RoleOf,
    ref: Ref,
    folder: InShow = None,
    as_json: AsJson = False,
) -> None:
    """Let a pack hold no more; that, too, goes on record.

    Example: bottega policy drop other-studio --by "Legal B" --role legal --ref mail-13
    """
    open_studio(folder).rulings.drop(pack, by=by, role=role, ref=ref)
    show({"pack": pack}, as_json=as_json, words=lambda: f"Dropped {pack}.")


@places.command("approve")
@command
def approve(
    environment: Annotated[str, typer.Argument(help="The place, as $BOTTEGA_ENVIRONMENT names it.")],
    *,
    by: By,
    role: RoleOf,
    ref: Ref,
    training: Annotated[bool, typer.Option("--training", help="Networks may be trained there on production pictures.")] = False,
    folder: InShow = None,
    as_json: AsJson = False,
) -> None:
    """Approve a place for production material.

    Example: bottega environment approve farm-a --by "Security D" --role security --ref ticket-7
    """
    open_studio(folder).rulings.approve_environment(environment, training=training, by=by, role=role, ref=ref)
    words = f"Approved {environment}{' also for training' if training else ', not for training'}."
    show({"environment": environment, "training": training}, as_json=as_json, words=lambda: words)


def _summary(adopted: Any) -> dict[str, Any]:
    pack = adopted.pack
    said = {"id": pack.id, "title": pack.title, "source": pack.source, "dated": pack.dated.isoformat(), "note": pack.note}
    return said | {"sha256": adopted.sha256, "entry": adopted.idx, "questions": len(pack.questions), "rows": len(pack.rows)}


def _held(studio: Studio, name: str) -> Any:
    packs = {p.pack.id: p for p in studio.rulings.packs()}
    if name not in packs:
        raise UsageError(f"pack {shown(name)}: packs that hold are {', '.join(packs) or 'none'}")
    return packs[name]
