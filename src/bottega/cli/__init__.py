"""The command line: words to `Studio` calls and back. Nothing heavy is imported before a command needs it."""

from __future__ import annotations

import io
import sys
from typing import Annotated, Any

import typer

from . import (
    advise,
    approve,
    collapse,
    concept,
    consent_events,
    decide,
    edge,
    exemplar,
    faces,
    key,
    ledger,
    licence,
    look,
    model,
    override,
    person,
    policy,
    reports,
    shot,
    takes,
    upkeep,
    witness,
)
from .show import doctor, new

# What the option parser raises for a wrong flag: click's UsageError, from wherever this typer has its click.
WRONG_WORDS: Any = typer.BadParameter.__base__

app = typer.Typer(
    name="bottega",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Generation by example for film: the artist makes the key frames, the workshop makes the rest.\n\n"
    "Exit codes: 0 done, 1 failed, 2 wrong usage, 3 refused by the gate.",
)


@app.callback(invoke_without_command=True)
def root(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Print the version and end.")] = False,
) -> None:
    """Show the version, or nothing."""
    if version:
        from importlib.metadata import version as installed

        typer.echo(f"bottega {installed('bottega')}")
        raise typer.Exit
    if context.invoked_subcommand is None:
        raise typer.Exit(2)


app.command("new")(new)
app.add_typer(person.app, name="person")
app.add_typer(person.strikes, name="strike")
app.add_typer(consent_events.app, name="consent")
app.add_typer(licence.app, name="licence")
app.add_typer(exemplar.app, name="exemplar")
app.add_typer(shot.app, name="shot")
app.add_typer(ledger.app, name="ledger")
ledger.app.command("rotate-key")(upkeep.rotate_key)
ledger.app.command("accept-mark")(upkeep.accept_mark)
ledger.app.command("accept-clock")(upkeep.accept_clock)
app.add_typer(witness.app, name="witness")
app.add_typer(faces.app, name="faces")
app.add_typer(model.app, name="model")
app.add_typer(look.app, name="look")
app.command("deage")(takes.deage)
app.command("repair")(takes.repair)
app.command("collapse")(collapse.collapse)
app.command("concept")(concept.concept)
app.command("decide")(decide.decide)
app.add_typer(approve.app, name="approve")
app.add_typer(override.app, name="override")
app.add_typer(key.app, name="key")
app.add_typer(policy.app, name="policy")
app.add_typer(policy.places, name="environment")
app.command("remake")(takes.remake)
app.command("advise")(advise.advise)
app.add_typer(reports.app, name="report")
app.command("affected")(reports.affected)
app.command("doctor")(doctor)


def main() -> None:
    """Entry point of the `bottega` command."""
    edge.ready_streams()
    as_json = edge.JSON_FLAG in sys.argv[1:]
    try:
        code = app(prog_name="bottega", standalone_mode=False) or edge.DONE
    except WRONG_WORDS as problem:
        code = edge.WRONG_USAGE
        if as_json:
            edge.tell("UsageError", problem.format_message(), code=code, as_json=True)
        else:
            words = io.StringIO()
            problem.show(file=words)
            edge.say(words.getvalue().rstrip("\n"))
    except (KeyboardInterrupt, typer.Abort):
        code = edge.STOPPED
        edge.tell("Stopped", edge.HALTED, code=code, as_json=as_json)
    sys.exit(code)
