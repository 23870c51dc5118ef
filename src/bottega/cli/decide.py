"""`bottega decide`: the gate's answer to a job, and what a yes would need, without making anything."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from bottega.model import UsageError

from .edge import REFUSED, AsJson, InShow, command, open_studio, show, table
from .takes import Class, Depicts, Frames, Keys, Language, Learn, Matte, Medium, Regions, Shot, State, Territory, region_of, told

if TYPE_CHECKING:
    from bottega.studio import Explanation

MARKS = {"yes": "yes", "no": "no", "unsure": "?"}


@command
def decide(
    shot: Shot,
    *,
    keys: Keys,
    person: Annotated[list[str] | None, typer.Option("--person", help="A de-ageing of this performer. May be given again.")] = None,
    age: Annotated[int | None, typer.Option("--age", min=0, max=150, help="The age that the keys show, in years.")] = None,
    no_performer: Annotated[bool, typer.Option("--no-performer", help="A repair that touches no performer.")] = False,
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
    studio = open_studio(folder)
    options: dict[str, Any] = {"learn": learn, "matte": matte, "frames": frames, "delivery": delivery}
    options |= {"regions": [region_of(t) for t in regions or ()]}
    options |= told(territory, language, medium, depicts, state)
    if person and age is not None and not no_performer:
        request = studio.deage_request(shot, keys=keys, people=person, age=age, **options)
    elif not person and age is None:
        request = studio.repair_request(shot, keys=keys, no_performer=no_performer, **options)
    else:
        raise UsageError("a de-ageing needs --person and --age, a repair neither")
    found = studio.explain(request)
    show(found.to_json(), as_json=as_json, words=lambda: _words(found, packs=explain))
    if not found.allowed:
        raise typer.Exit(REFUSED)


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
