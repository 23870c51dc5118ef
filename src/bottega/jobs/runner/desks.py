"""The desks that also need the show's pictures and files: faces and models."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bottega.footage import seal_model_folder
from bottega.model import Detection, Learned
from bottega.rights import Ledger, Records
from bottega.rights.desk.faces import FaceDesk
from bottega.rights.desk.models import ModelDesk

from .facefinding import detect_faces
from .facesheet import face_sheet
from .models import add_external, add_model, destroy_model
from .showfolder import ShowFolder

if TYPE_CHECKING:
    from .run import House


class ShowFaces(FaceDesk):
    """Whose faces the plates show, and a look at them through the gate."""

    def __init__(self, ledger: Ledger, records: Records, folder: ShowFolder, *, house: Callable[[], House]) -> None:
        super().__init__(ledger, records, shot_of=folder.shot)
        self._folder, self._house = folder, house

    def detect(self, shot: str, *, detector: str, every: int = 1) -> Detection:
        """Let a detector look at a plate and record what it found: it can make the gate ask, never say yes."""
        return detect_faces(self._house(), self._folder.shot(shot), name=detector, every=every)

    def sheet(self, shot: str, *, to: str | Path) -> list[int]:
        """Draw a contact sheet of a plate's faces, without names; gives the frames on it."""
        return face_sheet(self._house(), self._folder.shot(shot), to=Path(to))


class ShowModels(ModelDesk):
    """What was learned from the show's pictures, and the show's own copies of it."""

    def __init__(self, ledger: Ledger, records: Records, folder: ShowFolder, *, show_id: str) -> None:
        super().__init__(ledger, records, show_id=show_id, shot_of=folder.shot)
        self._folder = folder

    def add(self, path: str | Path, *, kind: str = "network", **scope: Any) -> Learned:
        """Keep weights or a face template and register their scope: `people`, `shots`, `purposes`, `trained_on`, `delete_by`."""
        licence = self._records.production_licence()
        return add_model(self._folder, self, Path(path), ledger=self._ledger, licence=licence, kind=kind, scope=scope)

    def add_external(self, path: str | Path, *, by: str, licence: str, document: Path | None = None, **scope: Any) -> Learned:
        """Put the folder of a model from outside on record: whose it is (`by`), its `licence`, its `shots` and its `delete_by`.

        Nothing of it is copied. Raises UsageError for a folder that is not on this machine, or holds more than safetensors and text.
        """
        sealed = seal_model_folder(Path(path))
        author = self._records.artist(by).subject_id
        ground = self._records.licence(licence, author_id=author, works=[sealed.digest], document=document)
        owned = replace(sealed, author_id=author, licence_id=ground.licence_id)
        return add_external(self._folder, self, owned, ledger=self._ledger, **scope)

    def destroy(self, digits: str, *, by: str) -> str:
        """Destroy the show's copy of weights or a template, then record it; says how."""
        return destroy_model(self._folder, self, digits, by=by)
