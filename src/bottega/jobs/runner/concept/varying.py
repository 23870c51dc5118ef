"""Which look wears what, once the drawing may be seen: variations on one axis of what the sheet's parts are, or of a card before."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from bottega.jobs.recipes.concept import Board
from bottega.jobs.recipes.concept_variations import Choice, Options, Recipe, Variations, areas_of, vary
from bottega.model import UsageError

from .job import ConceptJob
from .looks import BoardLook, Piece, look_of, pieces_of
from .stated import CLOTH, NONE, ONE_WAY, ORNAMENT, OWN, PALETTE, SILHOUETTE, BoardSheet, VarySheet

SHEET = "the sheet"
_FAR_PERCENT = 1.0


@dataclass(frozen=True, eq=False)
class Settled:
    """The looks of a board, and what a designer should know of how they were chosen."""

    looks: tuple[BoardLook, ...]
    notes: tuple[str, ...] = ()


def settled(job: ConceptJob, board: Board) -> Settled:
    """The looks with all that they wear. Raises UsageError where there are not as many different ones as the sheet asks for."""
    sheet = job.sheet
    if sheet.vary is None or sheet.vary.axis == NONE or sheet.looks:
        return Settled(tuple(replace(look, choices=_plain_choices(look)) for look in job.looks))
    slots = slots_of(sheet)
    try:
        found = _varied(job, board, slots)
    except ValueError as problem:
        raise UsageError(f"[vary] {problem}") from problem
    looks = tuple(_look(job, number, recipe, slots) for number, recipe in enumerate(found.recipes, 1))
    return Settled(looks, _notes(found))


def slots_of(sheet: BoardSheet) -> dict[str, Piece]:
    """What takes one choice together, by the names of its parts: a garment, or what of it varies, or is pinned."""
    told = sheet.vary
    pins = {} if told is None else dict(told.pins)
    out: dict[str, Piece] = {}
    for piece in pieces_of(sheet.parts, pins):
        free = tuple(n for n in piece.parts if told is not None and n in _free(told))
        kept = tuple(n for n in piece.parts if n not in free)
        for names in (free, kept):
            if names:
                out[slot_name(names)] = replace(piece, parts=names)
    return out


def slot_name(parts: tuple[str, ...]) -> str:
    """What a slot is called, on cards and for the next board."""
    return " + ".join(parts)


def _free(told: VarySheet) -> list[str]:
    return [n for n in told.parts if n not in told.lock and n not in told.pins]


def _varied(job: ConceptJob, board: Board, slots: Mapping[str, Piece]) -> Variations:
    told = job.sheet.vary
    if told is None:
        raise ValueError("nothing varies")
    cloths = {slot: piece for slot, piece in slots.items() if piece.swatch is not None}
    free = {slot: piece.parts for slot, piece in cloths.items() if piece.parts[0] in _free(told)}
    if told.axis == SILHOUETTE:
        free = {part: (part,) for part in _free(told)}
    base = Recipe(SHEET, tuple((slot, Choice(piece.swatch or "")) for slot, piece in cloths.items()))
    liked = liked_recipe(job, base)
    same = liked is not None and job.request.like.get("axis") in (told.axis, None)
    like = liked if same else None
    return vary(
        liked or base,
        axis=told.axis,  # type: ignore[arg-type]  # the sheet was read: it is one of them
        count=told.count,
        options=_options(job, board, told),
        areas=areas_of(board.figure, free),
        seed=job.request.seed,
        pins=(like,) if like is not None else (),
        like=like,
        quotas=dict(told.quotas),
        most_overlap=told.overlap,
    )


def _options(job: ConceptJob, board: Board, told: VarySheet) -> Options:
    one_way = frozenset(s.name for s in job.sheet.swatches if s.direction == ONE_WAY)
    if told.axis == CLOTH:
        return Options(cloths=told.swatches, one_way=one_way, features=board.likenesses() if job.request.like else {})
    if told.axis == PALETTE:
        return Options(palettes=tuple((name, len(board.palettes[name].colours)) for name in told.palettes))
    if told.axis == SILHOUETTE:
        return Options(drawings=tuple((part, told.drawings) for part in _free(told)))
    return Options(scales=told.scales, angles_deg=told.angles_deg, offsets=told.offsets, one_way=one_way)


def liked_recipe(job: ConceptJob, base: Recipe) -> Recipe | None:
    """The card that more is wanted of, as choices for this sheet's slots. Raises ValueError for one of other slots or swatches."""
    like = job.request.like
    if not like:
        return None
    there, swatches = like["choices"], {s.name for s in job.sheet.swatches}
    wanted = [slot for slot, _ in base.choices]
    if sorted(there) != sorted(wanted):
        raise ValueError(f"card {like['card']} has {', '.join(sorted(there))}, allowed is a card of the same parts: {', '.join(wanted)}")
    choices = []
    for slot in wanted:
        told = dict(there[slot]) | {"offset": tuple(there[slot]["offset"])}
        if told["cloth"] not in swatches:
            raise ValueError(
                f"card {like['card']} wears {told['cloth']!r}, allowed are the sheet's swatches: {', '.join(sorted(swatches))}"
            )
        choices.append((slot, Choice(**told)))
    return Recipe(f"card {like['card']}", tuple(choices), tuple((part, name) for part, name in like.get("drawings", {}).items()))


def _look(job: ConceptJob, number: int, recipe: Recipe, slots: Mapping[str, Piece]) -> BoardLook:
    chosen = dict(recipe.choices)
    pieces = tuple(_worn(job, piece, chosen[slot]) if slot in chosen else piece for slot, piece in slots.items())
    told = job.sheet.vary
    axis, drawings = told.axis if told is not None else NONE, dict(recipe.drawings)
    varied = [slot for slot in chosen if told is not None and slots[slot].parts[0] in _free(told)]
    if axis == SILHOUETTE and told is not None:
        varied = _free(told)
    words = [drawings.get(slot, OWN) if axis == SILHOUETTE else _words(axis, chosen[slot]) for slot in varied]
    name = _short(list(dict.fromkeys(words)))
    changes = "; ".join(f"{slot}: {word}" for slot, word in zip(varied, words, strict=True))
    came = (f"{recipe.parent}, another {axis}", changes, f"seed {recipe.seed}")
    lineage = came if recipe.parent is not None else (f"{recipe.name}, as it was",)
    choices = {slot: _choice_json(choice) for slot, choice in recipe.choices}
    chosen_here = {"axis": axis, "parent": recipe.parent, "slots": choices, "drawings": drawings}
    return replace(look_of(number, name, pieces, lineage=lineage), choices=chosen_here, drawings=drawings)


def _short(words: list[str]) -> str:
    """A card's name; what all words begin with is said once."""
    first = [word.rpartition(" ")[0] for word in words]
    if len(words) > 1 and first[0] and len(set(first)) == 1:
        return f"{first[0]} {', '.join(word.rpartition(' ')[2] for word in words)}"
    return ", ".join(words)


def _words(axis: str, choice: Choice) -> str:
    if axis == PALETTE:
        return "as it is" if choice.palette is None else f"{choice.palette} {choice.colour + 1}"
    if axis == ORNAMENT:
        moved = f", moved {choice.offset[0]:g}, {choice.offset[1]:g}" if any(choice.offset) else ""
        return f"scale {choice.scale:g}, turned {choice.angle_deg:g}{moved}"
    return choice.cloth


def _worn(job: ConceptJob, piece: Piece, choice: Choice) -> Piece:
    """A piece with what was chosen for it; ornament comes on top of what the part has."""
    swatch = job.sheet.swatch(choice.cloth)
    width, height = swatch.repeat_cm or swatch.size_cm
    right, down = piece.offset_cm
    return replace(
        piece,
        swatch=choice.cloth,
        scale=piece.scale * choice.scale,
        angle_deg=piece.angle_deg + choice.angle_deg,
        offset_cm=(right + choice.offset[0] * width, down + choice.offset[1] * height),
        dye=None if choice.palette is None else (choice.palette, choice.colour),
    )


def _choice_json(choice: Choice) -> dict[str, Any]:
    return {
        "cloth": choice.cloth, "palette": choice.palette, "colour": choice.colour, "scale": choice.scale,
        "angle_deg": choice.angle_deg, "offset": list(choice.offset),
    }  # fmt: skip


def _plain_choices(look: BoardLook) -> dict[str, Any]:
    slots = {slot_name(p.parts): _choice_json(Choice(p.swatch)) for p in look.pieces if p.swatch is not None}
    return {"axis": None, "parent": None, "slots": slots, "drawings": dict(look.drawings)}


def _notes(found: Variations) -> tuple[str, ...]:
    off = [q for q in found.quotas if abs(q.got - q.wanted) * 100 > _FAR_PERCENT]
    return tuple(f"quota of {q.name}: {q.wanted:.1%} was asked for, {q.got:.1%} is as near as these looks come" for q in off)
