"""`bottega decide`: the gate's answer to a job, and what a yes would need, without making anything."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bottega.model import UsageError

from .edge import REFUSED, AsJson, InShow, command, open_studio, show, table
from .takes import Class, Depicts, Frames, Language, Learn, Matte, Medium, Regions, State, Territory, region_of, told

if TYPE_CHECKING:
    from bottega.studio import Explanation, Studio

_OPTIONS = {"shot": "a shot", "regions": "--region"}  # where the option has another name than its value
MARKS = {"yes": "yes", "no": "no", "unsure": "?"}


@command
def decide(
    shot: Annotated[str | None, typer.Argument(help="The shot's code, for example sh010. A board has its own.")] = None,
    *,
    keys: Annotated[Path | None, typer.Option("--keys", help="Folder of painted key frames, for a de-ageing or a repair.")] = None,
    collapse: Annotated[Path | None, typer.Option("--collapse", help="The sheet of a collapse.")] = None,
    board: Annotated[Path | None, typer.Option("--board", help="The sheet of a concept board.")] = None,
    person: Annotated[list[str] | None, typer.Option("--person", help="A de-ageing of this performer. May be given again.")] = None,
    age: Annotated[int | None, typer.Option("--age", min=0, max=150, help="The age that the keys show, in years.")] = None,
    no_performer: Annotated[bool, typer.Option("--no-performer", help="A job that touches no performer.")] = False,
    matte: Matte = None,
    regions: Regions = None,
    frames: Frames = None,
    delivery: Class = "temp",
    territory: Territory = None,
    language: Language = None,
    medium: Medium = None,
    depicts: Depicts = None,
    state: State = None,
    learn: Learn = False,
    explain: Annotated[bool, typer.Option("--explain", help="Also every pack's questions, and the rows that speak of this job.")] = False,
    folder: InShow = None,
    as_json: AsJson = False,
) -> None:
    """Ask the gate about a job: the answer, and for every reason against it who has to do what. The question goes on record.

    Example: bottega decide sh010 --keys keys/ --person "Performer A" --age 35 --explain
    """
    given = dict(locals())
    studio = open_studio(folder)
    found = studio.explain(_asked(studio, given))
    show(found.to_json(), as_json=as_json, words=lambda: _words(found, packs=explain))
    if not found.allowed:
        raise typer.Exit(REFUSED)


_NOT_OF = {
    "collapse": ("keys", "person", "age", "matte", "regions", "learn"),
    "board": ("shot", "keys", "person", "age", "matte", "regions", "learn", "frames"),
}


def _asked(studio: Studio, given: Mapping[str, Any]) -> Any:
    """The job that is asked about. Raises UsageError where it is not clear which, or where an option is another job's."""
    said = told(*(given[name] for name in ("territory", "language", "medium", "depicts", "state"))) | {"delivery": given["delivery"]}
    kinds = [name for name in ("keys", "collapse", "board") if given[name] is not None]
    if len(kinds) != 1:
        raise UsageError("which job? Give one of --keys (a de-ageing or a repair), --collapse SHEET and --board SHEET")
    for name in _NOT_OF.get(kinds[0], ()):
        if given[name] is not None and given[name] is not False:
            raise UsageError(f"{_OPTIONS.get(name, f'--{name}')} is not for a {kinds[0]}")
    if kinds[0] == "board":
        return studio.boards.request(given["board"], no_performer=given["no_performer"], **said)
    if given["shot"] is None:
        raise UsageError("which shot? Give its code, for example sh010")
    said["frames"] = given["frames"]
    if kinds[0] == "collapse":
        return studio.collapse_request(given["shot"], given["collapse"], no_performer=given["no_performer"], **said)
    return _repair(studio, given, said | {"learn": given["learn"], "matte": given["matte"]})


def _repair(studio: Studio, given: Mapping[str, Any], options: dict[str, Any]) -> Any:
    options |= {"regions": [region_of(t) for t in given["regions"] or ()]}
    shot, keys, person, age = (given[name] for name in ("shot", "keys", "person", "age"))
    if person and age is not None and not given["no_performer"]:
        return studio.deage_request(shot, keys=keys, people=person, age=age, **options)
    if person or age is not None:
        raise UsageError("a de-ageing needs --person and --age, a repair neither")
    return studio.repair_request(shot, keys=keys, no_performer=given["no_performer"], **options)


def _words(found: Explanation, *, packs: bool) -> str:
    lines = [f"The gate answers: {found.answer}" + (" (watermarked: it rests on an override)" if found.watermark else "")]
    for number, step in enumerate(found.steps, 1):
        lines += [f"{number}. {step.code}: {step.means}", f"   found: {step.found}", f"   who: {step.who}", f"   how: {step.command}"]
    lines += [f"set aside: {text}" for text in found.lifted]
    if found.grants:
        lines.append(f"It rests on: {', '.join(found.grants)}")
    for name, asked in found.packs.items() if packs else ():
        rows = [(line.id, MARKS[line.answer], line.risk, line.signs, line.says) for line in asked]
        lines += ["", f"{name}:", table(("", "answer", "risk", "who signs", "asks"), rows)]
    return "\n".join(lines)
