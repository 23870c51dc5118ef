"""`bottega deage`, `repair`, `remake`, `report`: make takes, make them again, say whose work they are."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bottega.model import UsageError, shown

from .edge import FAILED, REFUSED, AsJson, InShow, command, open_studio, say, show
from .watch import watching
from .words import plan_words, take_words

if TYPE_CHECKING:
    from bottega.studio import CollapsePlan, ConceptPlan, Plan, Studio

Shot = Annotated[str, typer.Argument(help="The shot's code, for example sh010.")]
Keys = Annotated[Path | None, typer.Option("--keys", help="Folder of painted key frames; each name ends in its frame number.")]
FromLook = Annotated[
    str | None,
    typer.Option("--look", help="NAME or NAME@vN (`bottega look list`): its keys, also those of other shots, and its settings."),
]
Matte = Annotated[
    Path | None, typer.Option("--matte", help="Mattes (folder or pattern). Without: derived from the keys, written for you to correct.")
]
Regions = Annotated[
    list[str] | None,
    typer.Option(
        "--region",
        help="NAME=MATTES:STRENGTH, a part with a strength of its own (0 to 1.5), or NAME=MATTES:tone=0.5,shape=1,detail=0.8; with "
        "--look NAME=MATTES is enough for a region of it. Any name will do; usual ones: brow, eyes, cheeks, nasolabial, jaw, neck, "
        "ears, hair, skin. May be given again.",
    ),
]
KeyUses = Annotated[
    list[str] | None,
    typer.Option(
        "--key",
        help="NUMBER:weight=2,range=1010-1030: a key's weight in the choice (above 0, up to 10) and the frames it may serve. "
        "May be given again.",
    ),
]
Unserved = Annotated[str, typer.Option("--unserved", help="Frames that no key may serve: refuse them, or leave them the plate.")]
Split = Annotated[bool, typer.Option("--split", help="The plate is cut, keys serve only their own side of a cut.")]
NoCuts = Annotated[bool, typer.Option("--no-cuts", help="What looks like a cut in the plate is none: carry on over it.")]
NoHandles = Annotated[bool, typer.Option("--no-handles", help="Leave the shot's handles out.")]
Frames = Annotated[str | None, typer.Option("--frames", help="Only these, for example 1010-1030.")]
Tone = Annotated[float | None, typer.Option("--tone", help="Strength of tone (colour, shading), 0 to 1.5. Default: 1, or the look's.")]
Shape = Annotated[
    float | None,
    typer.Option("--shape", help="Strength of shape (lids, jaw, outline), 0 to 1.5; above 1 exaggerates. Default: 1, or the look's."),
]
Detail = Annotated[float | None, typer.Option("--detail", help="Strength of lines and pores, 0 to 1.5. Default: 1, or the look's.")]
Class = Annotated[str, typer.Option("--delivery", help="temp (to look at) or final (for the picture; needs approvals).")]
Also = Annotated[list[str] | None, typer.Option("--also", help="Deliver as well: png16 or prores. May be given again.")]
DeliverColour = Annotated[
    str | None, typer.Option("--deliver-colour", help="Colour space of the frames. Default: the plate's own, untouched pixels bit for bit.")
]
Threads = Annotated[int, typer.Option("--threads", min=1, max=256, help="Frames made at once; any number gives the same bits.")]
Territory = Annotated[str | None, typer.Option("--territory", help="Where the result will be shown, as the consent names it.")]
Depicts = Annotated[
    list[str] | None,
    typer.Option("--depicts", help="nudity, sexual, violence, political or commercial: what a consent may limit. May be given again."),
]
Language = Annotated[str | None, typer.Option("--language", help="In which language it will be heard, as the consent names it.")]
Medium = Annotated[str | None, typer.Option("--medium", help="In which medium it will be shown, as the consent names it.")]
State = Annotated[
    list[str] | None,
    typer.Option("--state", help="FACT=VALUE, a fact that a policy pack asks for (`bottega policy show`). May be given again."),
]
Seed = Annotated[
    int | None, typer.Option("--seed", help="Decides a training (--learn); nothing else here is random. Default: 0, or the look's.")
]
Eight = Annotated[bool, typer.Option("--allow-8bit-keys", help="Accept 8-bit keys on a deeper plate, with their banding.")]
Learn = Annotated[bool, typer.Option("--learn", help="Train a network on the keys, for what no key shows. Needs consent to training.")]
LearnSteps = Annotated[int | None, typer.Option("--learn-steps", min=1, help="Steps of the training. Default: 2200.")]
Preview = Annotated[int | None, typer.Option("--preview", help="While it learns, draw this frame into the take's folder .work.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Print the plan, its cost and the gate's answer; make nothing.")]


@command
def deage(
    shot: Shot,
    *,
    keys: Keys = None,
    look: FromLook = None,
    person: Annotated[list[str], typer.Option("--person", help="The performer, by name. May be given again.")],
    age: Annotated[int, typer.Option("--age", min=0, max=150, help="The age that the keys show, in years.")],
    matte: Matte = None,
    region: Regions = None,
    key: KeyUses = None,
    unserved: Unserved = "refuse",
    split: Split = False,
    no_cuts: NoCuts = False,
    frames: Frames = None,
    no_handles: NoHandles = False,
    tone: Tone = None,
    shape: Shape = None,
    detail: Detail = None,
    delivery: Class = "temp",
    territory: Territory = None,
    language: Language = None,
    medium: Medium = None,
    depicts: Depicts = None,
    state: State = None,
    also: Also = None,
    deliver_colour: DeliverColour = None,
    threads: Threads = 2,
    seed: Seed = None,
    allow_8bit_keys: Eight = False,
    learn: Learn = False,
    learn_steps: LearnSteps = None,
    preview: Preview = None,
    dry_run: DryRun = False,
    folder: InShow = None,
    as_json: AsJson = False,
) -> None:
    """De-age a performer over a shot from painted key frames.

    Example: bottega deage sh010 --keys keys/ --matte mattes/ --person "Performer A" --age 35

    Example: bottega deage sh020 --look hero@v2 --matte mattes20/ --person "Performer A" --age 35
    """
    options = _options(locals())
    studio = open_studio(folder)
    request = studio.deage_request(shot, keys=keys, look=look, matte=matte, people=person, age=age, **options)
    _make(studio, request, threads=threads, dry_run=dry_run, as_json=as_json)


@command
def repair(
    shot: Shot,
    *,
    keys: Keys = None,
    look: FromLook = None,
    no_performer: Annotated[bool, typer.Option("--no-performer", help="Declare, on record, that the edit touches no performer.")] = False,
    matte: Matte = None,
    region: Regions = None,
    key: KeyUses = None,
    unserved: Unserved = "refuse",
    split: Split = False,
    no_cuts: NoCuts = False,
    frames: Frames = None,
    no_handles: NoHandles = False,
    tone: Tone = None,
    shape: Shape = None,
    detail: Detail = None,
    delivery: Class = "temp",
    territory: Territory = None,
    language: Language = None,
    medium: Medium = None,
    depicts: Depicts = None,
    state: State = None,
    also: Also = None,
    deliver_colour: DeliverColour = None,
    threads: Threads = 2,
    seed: Seed = None,
    allow_8bit_keys: Eight = False,
    learn: Learn = False,
    learn_steps: LearnSteps = None,
    preview: Preview = None,
    dry_run: DryRun = False,
    folder: InShow = None,
    as_json: AsJson = False,
) -> None:
    """Carry any painted edit that touches no performer over a shot: paint-outs, props, wardrobe, sky.

    Example: bottega repair sh020 --keys paintout/ --no-performer
    """
    options = _options(locals())
    studio = open_studio(folder)
    request = studio.repair_request(shot, keys=keys, look=look, matte=matte, no_performer=no_performer, **options)
    _make(studio, request, threads=threads, dry_run=dry_run, as_json=as_json)


@command
def remake(
    take: Annotated[str, typer.Argument(help="The take: SHOT/JOB/vNNN.")],
    threads: Threads = 2,
    dry_run: DryRun = False,
    folder: InShow = None,
    as_json: AsJson = False,
) -> None:
    """Make a take again from its record, as a new version, and compare every frame bit for bit.

    Example: bottega remake sh010/deage/v003
    """
    studio = open_studio(folder)
    if dry_run:
        _show_plan(studio.plan_remake(take, threads=threads), as_json=as_json)
        return
    with watching(quiet=as_json) as watch:
        result = studio.remake(take, threads=threads, watch=watch)
    same = f"{result.same} of {result.frames} frames are the same bits as in {result.of}"
    different = f"; different: {', '.join(result.different)}" if result.different else ""
    for note in result.notes:
        say(f"note: {note}")
    show(result.to_json(), as_json=as_json, words=lambda: f"{result.take}: {same}{different}")
    if result.different:
        raise typer.Exit(FAILED)


_AS_GIVEN = (
    "frames",
    "tone",
    "shape",
    "detail",
    "delivery",
    "deliver_colour",
    "seed",
    "allow_8bit_keys",
    "learn",
    "learn_steps",
    "preview",
)


def _options(given: Mapping[str, Any]) -> dict[str, Any]:
    """What `deage` and `repair` have in common, by parameter name, as the studio takes it. Raises UsageError."""
    options = {name: given[name] for name in _AS_GIVEN}
    options |= {
        "regions": [region_of(text, look=given["look"] is not None) for text in given["region"] or ()],
        "also": tuple(given["also"] or ()),
    }
    options |= bounds(given["key"], given["unserved"], **{name: given[name] for name in ("split", "no_cuts", "no_handles")})
    return options | told(*(given[name] for name in ("territory", "language", "medium", "depicts", "state")))


def told(
    territory: str | None, language: str | None, medium: str | None, depicts: list[str] | None, state: list[str] | None
) -> dict[str, Any]:
    """What the user says about the result: where it will be seen, what it depicts, and facts for policy packs. Raises UsageError."""
    stated = dict(_fact(text) for text in state or ())
    if len(stated) < len(state or ()):
        raise UsageError("--state: a fact is stated twice, allowed is once")
    return {"territory": territory, "language": language, "medium": medium, "depicts": tuple(depicts or ()), "stated": stated}


def _fact(text: str) -> tuple[str, str]:
    name, between, value = text.partition("=")
    if not name or not between or not value:
        raise UsageError(f"--state {shown(text)}: write it as FACT=VALUE, for example could_pass_as_real=no")
    return name, value


def bounds(key: list[str] | None, unserved: str, *, split: bool, no_cuts: bool, no_handles: bool) -> dict[str, Any]:
    """Which frames a job covers and what a key may serve of them. Raises UsageError."""
    if split and no_cuts:
        raise UsageError("--split and --no-cuts exclude each other: the plate is cut, or it is not")
    uses = [key_of(text) for text in key or ()]
    twice = [number for i, (number, _) in enumerate(uses) if number in dict(uses[:i])]
    if twice:
        raise UsageError(f"--key {twice[0]} is given twice: allowed is once")
    cuts = "split" if split else "none" if no_cuts else "refuse"
    return {"key_uses": dict(uses), "unserved": unserved, "cuts": cuts, "handles": not no_handles}


def key_of(text: str) -> tuple[int, dict[str, Any]]:
    """NUMBER:weight=W,range=FIRST-LAST, read. Raises UsageError."""
    number, _, rest = text.partition(":")
    stated = [part.partition("=") for part in rest.split(",")]
    names = [name for name, _, _ in stated]
    try:
        if set(names) - {"weight", "range"} or len(names) > len(set(names)):
            raise ValueError(names)
        return int(number), {name: float(value) if name == "weight" else value for name, _, value in stated}
    except ValueError as problem:
        raise UsageError(f"--key {shown(text)}: write it as NUMBER:weight=W,range=FIRST-LAST, for example 1024:weight=2") from problem


def region_of(text: str, *, look: bool = False) -> tuple[str, Path, float | dict[str, float] | None]:
    """NAME=MATTES:STRENGTH or NAME=MATTES:tone=T,shape=S,detail=D, read; with a look NAME=MATTES has its strength. Raises UsageError."""
    name, _, rest = text.partition("=")
    if look and name and rest and ":" not in rest:
        return name, Path(rest), None
    path, _, strength = rest.rpartition(":")
    bands = [part.partition("=") for part in strength.split(",")]
    try:
        if "=" not in strength:
            return name, Path(path), float(strength)
        if len({band for band, _, _ in bands}) < len(bands):
            raise ValueError(strength)
        return name, Path(path), {band: float(value) for band, _, value in bands}
    except ValueError as problem:
        ways = "NAME=MATTES:STRENGTH or NAME=MATTES:tone=T,shape=S,detail=D"
        raise UsageError(f"--region {shown(text)}: write it as {ways}, for example hair=mattes/hair:0.5") from problem


def _make(studio: Studio, request: Any, *, threads: int, dry_run: bool, as_json: bool) -> None:
    if dry_run:
        _show_plan(studio.plan(request, threads=threads), as_json=as_json)
        return
    with watching(quiet=as_json) as watch:
        take = studio.make(request, threads=threads, watch=watch)
    found = studio.report(take.folder)
    show(found, as_json=as_json, words=lambda: take_words(found))


def _show_plan(plan: Plan | CollapsePlan | ConceptPlan, *, as_json: bool) -> None:
    show(plan.to_json(), as_json=as_json, words=lambda: plan_words(plan))
    if not plan.allowed:
        raise typer.Exit(REFUSED)
