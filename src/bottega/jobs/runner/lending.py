"""Keys of other shots, as records: the painting, the plate that lay under it, and what the gate and a digest are told of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from bottega.model import Exemplar, Input, JobError, LookKey, Role, UsageError

from .showfolder import ShowFolder


@dataclass(frozen=True, kw_only=True)
class Lent:
    """A key of another shot with its records: the painting, the plate that lay under it, and that plate's colour space."""

    key: LookKey
    painted: Exemplar
    plate: Exemplar
    colour: str


def lent_keys(folder: ShowFolder, keys: Sequence[LookKey]) -> tuple[Lent, ...]:
    """The records of keys of other shots, from the show's own copies. Raises JobError for one that is gone, UsageError for a bad frame."""
    out = []
    for key in keys:
        painted, plate = folder.exemplar(key.digest), folder.exemplar(key.plate)
        if plate.file_for(key.frame) is None:
            raise UsageError(f"key {key.name}: its plate {key.plate[:12]} has no frame {key.frame}")
        if plate.colour is None:
            raise JobError(f"key {key.name}: the record of its plate {key.plate[:12]} says no colour space; register the shot again")
        out.append(Lent(key=key, painted=painted, plate=plate, colour=plate.colour))
    return tuple(out)


def lent_inputs(lent: Sequence[Lent]) -> tuple[Input, ...]:
    """What a use says of them: each painting, and each plate once, with the shot that it is of."""
    keys = [Input(digest=one.painted.digest, role=Role.KEY, shot=one.key.shot) for one in lent]
    plates = {one.plate.digest: Input(digest=one.plate.digest, role=Role.PLATE, shot=one.key.shot) for one in lent}
    return (*dict.fromkeys(keys), *plates.values())


def lent_facts(lent: Sequence[Lent]) -> list[list[Any]]:
    """What of them decides bits, for a digest."""
    return [[one.painted.digest, one.plate.digest, one.key.frame, float(one.key.weight).hex()] for one in lent]
