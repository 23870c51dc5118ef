"""`bottega look`: keys, settings and network that several shots share, in versions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from .edge import AsJson, InShow, command, open_studio, operator, pairs, show, table

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Looks: keys and settings that several shots share.")


@app.command("make")
@command
def make(
    name: Annotated[str, typer.Argument(help="The look's name: a-z, 0-9, - and _.")],
    *,
    takes: Annotated[list[str], typer.Option("--from", help="A finished take: SHOT/JOB/vNNN. May be given again.")],
    note: Annotated[str, typer.Option("--note", help="What this version is for; put no names here.")] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what it would hold; write nothing.")] = False,
    folder: InShow = None,
    as_json: AsJson = False,
) -> None:
    """Make the next version of a look from finished takes: their keys, strengths, regions and training. No version is ever changed.

    Example: bottega look make hero --from sh010/deage/v003 --from sh020/deage/v001
    """
    looks = open_studio(folder).looks
    made = (looks.plan if dry_run else looks.make)(name, takes, by=operator(), notes=note)
    said = made.to_json()
    show(said, as_json=as_json, words=lambda: _words(said))


@app.command("show")
@command
def show_(
    name: Annotated[str, typer.Argument(help="NAME, or NAME@vN for one version.")], folder: InShow = None, as_json: AsJson = False
) -> None:
    """Show a look: its keys and where they were painted, its settings, what it was made from.

    Example: bottega look show hero@v2
    """
    said = open_studio(folder).looks.read(name).to_json()
    show(said, as_json=as_json, words=lambda: _words(said))


@app.command("list")
@command
def list_(folder: InShow = None, as_json: AsJson = False) -> None:
    """List the looks, the newest version of each.

    Example: bottega look list
    """
    found = [look.to_json() for look in open_studio(folder).looks.newest()]
    rows = [(f"{w['name']}@v{w['number']:03d}", w["job"], len(w["keys"]), _shots(w), w["made_by"], w["made_at"][:10]) for w in found]
    show(found, as_json=as_json, words=lambda: table(("look", "job", "keys", "shots", "by", "made"), rows))


def _shots(look: Mapping[str, Any]) -> str:
    return ", ".join(dict.fromkeys(k["shot"] for k in look["keys"]))


def _words(look: Mapping[str, Any]) -> str:
    bands = ", ".join(f"{band} {look['settings'][band]:g}" for band in ("tone", "shape", "detail"))
    said = {
        "look": f"{look['name']}@v{look['number']:03d}, for {look['job']}",
        "made": f"{look['made_at'][:19]}Z by {look['made_by']} from {', '.join(look['made_from'])}",
        "strengths": bands,
        "regions": ", ".join(r["name"] for r in look["regions"]) or "none",
        "network": f"trained, weights {look['weights'][:12]}" if look["weights"] else "trained" if look["learn"] else "none",
    } | ({"note": look["notes"]} if look["notes"] else {})
    rows = [(k["frame"], k["shot"], k["digest"][:12], f"{k['weight']:g}", _range(k)) for k in look["keys"]]
    return pairs(said) + "\n\n" + table(("key", "of", "digest", "weight", "serves there"), rows)


def _range(key: Mapping[str, Any]) -> str:
    if key["first"] is None and key["last"] is None:
        return "all"
    return f"{'' if key['first'] is None else key['first']}-{'' if key['last'] is None else key['last']}"
