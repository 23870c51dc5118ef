"""`bottega key`: people's own signing keys."""

from __future__ import annotations

from typing import Annotated

import typer

from .edge import AsJson, InShow, RoleOf, command, open_studio, show, table

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="People's own signing keys: new, list, revoke.")


@app.command("new")
@command
def new(
    person: Annotated[str, typer.Option("--person", help="Whose key, by name.")],
    role: RoleOf,
    folder: InShow = None,
    as_json: AsJson = False,
) -> None:
    """Make a person's key and register it. The private half stays on this machine, outside the show, for its owner alone.

    Example: bottega key new --person "Legal B" --role legal
    """
    name, path = open_studio(folder).rulings.new_key(person, role=role)
    words = f"Registered key {name[:12]} of {person}, {role}. The private half lies in {path.parent}."
    show({"key_id": name, "role": role, "folder": str(path.parent)}, as_json=as_json, words=lambda: words)


@app.command("list")
@command
def list_(folder: InShow = None, as_json: AsJson = False) -> None:
    """List people's keys, the revoked ones too.

    Example: bottega key list
    """
    keys = open_studio(folder).rulings.keys()
    rows = [(k.key_id[:12], name, k.role, "revoked" if k.revoked_idx is not None else "counts") for k, name in keys]
    found = [{"key_id": k.key_id, "subject_id": k.subject_id, "role": k.role, "revoked": k.revoked_idx is not None} for k, _ in keys]
    show(found, as_json=as_json, words=lambda: table(("key", "person", "role", "state"), rows))


@app.command("revoke")
@command
def revoke(
    key: Annotated[str, typer.Argument(help="The key's id, or its beginning, from `bottega key list`.")],
    reason: Annotated[str, typer.Option("--reason", help="Why, in a few words; it goes on record.")],
    folder: InShow = None,
    as_json: AsJson = False,
) -> None:
    """Let a key count no more, for what it signed before too.

    Example: bottega key revoke 3f9a0c --reason "left the production"
    """
    open_studio(folder).rulings.revoke_key(key, cause=reason)
    show({"key_id": key}, as_json=as_json, words=lambda: f"Revoked {key}.")
