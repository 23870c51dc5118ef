"""`bottega approve`: a named human's yes to a job, to a consent, or to what the gate held."""

from __future__ import annotations

from typing import Annotated

import typer

from .edge import AsJson, By, InShow, Ref, RoleOf, command, open_studio, show

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Approvals: of a job, of a consent, of what the gate held.")

Job = Annotated[str, typer.Option("--job", help="Which job: deage or repair.")]


@app.command("job")
@command
def job_(
    shot: Annotated[str, typer.Argument(help="The shot's code.")],
    *,
    job: Job,
    role: RoleOf,
    by: By,
    ref: Ref,
    folder: InShow = None,
    as_json: AsJson = False,
) -> None:
    """Record an approval of a job's final delivery on a shot. `bottega decide` says which roles are asked.

    Example: bottega approve job sh010 --job deage --role legal --by "Legal B" --ref mail-7
    """
    open_studio(folder).rulings.approve_job(shot, job=job, role=role, by=by, ref=ref)
    show({"shot": shot, "job": job, "role": role, "ref": ref}, as_json=as_json, words=lambda: f"{role} approved {job} on {shot} ({ref}).")


@app.command("consent")
@command
def consent(
    grant: Annotated[str, typer.Argument(help="The grant's id, from `bottega consent list`.")],
    *,
    role: RoleOf,
    by: By,
    ref: Ref,
    folder: InShow = None,
    as_json: AsJson = False,
) -> None:
    """Record an approval of a consent.

    Example: bottega approve consent g_3f9a --role legal --by "Legal B" --ref mail-8
    """
    open_studio(folder).rulings.approve_consent(grant, role=role, by=by, ref=ref)
    show({"grant_id": grant, "role": role, "ref": ref}, as_json=as_json, words=lambda: f"{role} approved {grant} ({ref}).")


@app.command("hold")
@command
def hold(
    code: Annotated[str, typer.Argument(help="The reason's code, as the gate printed it.")],
    *,
    shot: Annotated[str, typer.Option("--shot", help="The shot's code.")],
    job: Job,
    role: RoleOf,
    by: By,
    ref: Ref,
    folder: InShow = None,
    as_json: AsJson = False,
) -> None:
    """Say that a use that the gate last held may go on: these pictures, this reason, in the very words it was given in.

    Example: bottega approve hold unsure --shot sh010 --job deage --role legal --by "Legal B" --ref mail-9
    """
    resolved = open_studio(folder).rulings.approve_hold(code, shot=shot, job=job, by=by, role=role, ref=ref)
    words = "\n".join([f"{role} resolved {code} for {job} on {shot} ({ref}):", *(f"  {text}" for text in resolved)])
    show({"code": code, "shot": shot, "job": job, "resolved": resolved}, as_json=as_json, words=lambda: words)
