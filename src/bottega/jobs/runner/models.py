"""The show's own copies of weights and face templates: kept in exemplars/, and destroyed when their time is over.

A model that the studio brings from outside is on record with its folder's seal; the show keeps no copy of it.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from bottega.footage import seal_weights
from bottega.model import Exemplar, JobError, Learned, LearnedKind, Licence, Role, UsageError, shown
from bottega.rights import Ledger
from bottega.rights.desk.models import ModelDesk
from bottega.rights.durable import sync_folder
from bottega.rights.record import registry

from .showfolder import ShowFolder

STRUCK_OFF = "struck off: the show keeps no copy of a model from outside"
HOW = "overwritten once with zeros and unlinked, the show's own copy"
_BLOCK = 1 << 20


def add_model(
    folder: ShowFolder, desk: ModelDesk, path: Path, *, ledger: Ledger, licence: Licence, kind: str, scope: Mapping[str, Any]
) -> Learned:
    """Keep weights or a template in the show and register their scope. Raises UsageError."""
    allowed = [k.value for k in LearnedKind if k is not LearnedKind.EXTERNAL]
    if kind not in allowed:
        raise UsageError(f"kind {shown(kind)}: allowed are {', '.join(allowed)}")
    role = Role.TEMPLATE if kind == LearnedKind.TEMPLATE else Role.MODEL
    sealed = replace(seal_weights(path, role=role), licence_id=licence.licence_id)
    registry.register_exemplar(ledger, sealed)
    learned = desk.register(sealed.digest, kind=LearnedKind(kind), **scope)
    folder.keep(sealed, copy=True)  # last: of what may not be kept no byte is copied
    return learned


def add_external(
    folder: ShowFolder, desk: ModelDesk, sealed: Exemplar, *, ledger: Ledger, shots: Sequence[str], delete_by: datetime
) -> Learned:
    """Put a model's folder on record, with its maker and licence, the shots that it may paint for, and its last day. Raises UsageError."""
    registry.register_exemplar(ledger, sealed)
    nobody: dict[str, Any] = {"people": (), "purposes": (), "trained_on": ()}
    learned = desk.register(sealed.digest, kind=LearnedKind.EXTERNAL, shots=shots, delete_by=delete_by, **nobody)
    folder.keep(sealed, copy=False)
    return learned


def destroy_model(folder: ShowFolder, desk: ModelDesk, digits: str, *, by: str) -> str:
    """Destroy the show's copy of weights or a template, then record it; says how. Raises UsageError, JobError."""
    learned = desk.find(digits).learned
    digest = learned.digest
    how = STRUCK_OFF if learned.kind is LearnedKind.EXTERNAL else destroy_weights(folder, digest)
    desk.destroyed(digest, how=how, by=by)
    return how


def destroy_weights(folder: ShowFolder, digest: str) -> str:
    """Overwrite and unlink the show's copy of weights or a template, and say how; when it is gone already, say that.

    What a disk, a snapshot or a backup keeps elsewhere is out of reach. Raises JobError, UsageError.
    """
    kept = folder.exemplar(digest)
    if kept.role not in (Role.MODEL, Role.TEMPLATE):
        raise UsageError(f"exemplar {digest[:12]} is a {kept.role.value}: only weights and templates are destroyed so")
    copy = (folder.root / kept.files[0].path).absolute()
    if not copy.is_relative_to(folder.exemplars.absolute()) or ".." in copy.parts or copy.is_symlink():
        raise JobError(f"the copy of {digest[:12]} does not lie in exemplars/: destroy it by hand, then record that")
    if not copy.exists():
        return "the show's own copy was gone already"
    try:
        copy.chmod(0o600)
        handle = os.open(copy, os.O_WRONLY | os.O_NOFOLLOW)
        with os.fdopen(handle, "wb", buffering=0) as file:
            left = os.fstat(handle).st_size
            while left:
                left -= file.write(bytes(min(left, _BLOCK))) or 0
            os.fsync(handle)
        copy.unlink()
        sync_folder(copy.parent)
    except OSError as problem:
        raise JobError(f"the copy of {digest[:12]} cannot be destroyed: {problem.strerror}. Nothing is recorded; try again") from problem
    return HOW
