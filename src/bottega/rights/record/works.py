"""Section: pictures, the licences they stand on, and shots."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from bottega.model import Layer, Licence, MadeBy, Marks, Role, Shot
from bottega.rights.ledger import Entry

from .picture_facts import read_facts
from .reading import text

if TYPE_CHECKING:
    from .state import State


@dataclass(frozen=True)
class KnownLicence:
    """A licence as it stands; `ended_idx` is the entry that revoked it."""

    licence: Licence
    idx: int
    ended_idx: int | None = None


@dataclass(frozen=True)
class KnownExemplar:
    """A registered picture: under which roles and paths it was registered, and author and licence by the latest entry."""

    digest: str
    roles: frozenset[Role]
    author_id: str | None
    licence_id: str | None
    paths: tuple[str, ...]
    first_frame: int | None
    frame_count: int | None
    colour: str | None
    idx: int
    layers: tuple[Layer, ...] | None = None
    marks: Marks | None = None
    made_by: MadeBy | None = None
    derived_from: str | None = None


def _licence_added(state: State, entry: Entry) -> None:
    licence = Licence.from_json(entry.data)
    if licence.licence_id in state.licences:
        raise ValueError(f"licence {licence.licence_id} is there already")
    state.licences[licence.licence_id] = KnownLicence(licence, entry.idx)


def _licence_revoked(state: State, entry: Entry) -> None:
    known = state.licences[text(entry, "licence_id")]
    if known.ended_idx is None:
        state.licences[known.licence.licence_id] = replace(known, ended_idx=entry.idx)


def _exemplar_registered(state: State, entry: Entry) -> None:
    data = entry.data
    digest = text(entry, "digest")
    before = state.exemplars.get(digest)
    state.exemplars[digest] = KnownExemplar(
        digest=digest,
        roles=frozenset({Role(data["role"])}) | (before.roles if before else frozenset()),
        author_id=data["author_id"],
        licence_id=data["licence_id"],
        paths=tuple(dict.fromkeys((*(before.paths if before else ()), *data["paths"]))),
        first_frame=data["first_frame"],
        frame_count=data["frame_count"],
        colour=data["colour"],
        idx=entry.idx,
        **read_facts(data),
    )


def _shot_registered(state: State, entry: Entry) -> None:
    shot = Shot.from_json(entry.data)
    state.shots[shot.code] = shot


KINDS: Mapping[str, Callable[[State, Entry], None]] = {
    "licence.added": _licence_added,
    "licence.revoked": _licence_revoked,
    "exemplar.registered": _exemplar_registered,
    "shot.registered": _shot_registered,
}
