"""An exemplar: a picture or a sequence as a name with no pixels. What it is, is what its bytes hash to."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

from .errors import CredentialError
from .names import sha256_text
from .record import Record, canonical_json

CHUNK_BYTES = 16 * 1024 * 1024


class Role(StrEnum):
    """What an exemplar is for. A model's weights and a face template are no pictures, but are sealed and cleared like them.

    `band` is none that anybody brings: the visible mark that we write is credited in that role, as no artist's work.
    """

    PLATE = "plate"
    KEY = "key"
    MATTE = "matte"
    REGION = "region"
    REFERENCE = "reference"
    MODEL = "model"
    TEMPLATE = "template"
    BAND = "band"


class LayerUse(StrEnum):
    """What Bottega does with a layer of a file: decode it, pass it over as no picture, or not know what it is."""

    PICTURE = "picture"
    NOTE = "note"
    UNKNOWN = "unknown"


@dataclass(frozen=True, kw_only=True)
class Layer(Record):
    """One thing that a file holds, by its header: a part and channel, a page, a chunk, a stream. `name` says which."""

    name: str
    use: LayerUse


@dataclass(frozen=True, kw_only=True)
class MadeBy(Record):
    """Where a picture says, or its hash shows, that Bottega made it: the show, and the plans of its takes.

    `source` is the plate of which it is a plain copy, handed out to be painted on; such a picture has no plan.
    """

    show_id: str
    plans: tuple[str, ...] = ()
    source: str | None = None


class MarkState(StrEnum):
    """What a file's Content Credentials are worth: there are none, they hold, they hold and are of a signer we trust, or they do not."""

    NONE = "none"
    VALID = "valid"
    TRUSTED = "trusted"
    INVALID = "invalid"


@dataclass(frozen=True, kw_only=True)
class Marks(Record):
    """The Content Credentials (C2PA) that a picture came with.

    `mining` are the uses that they do not allow (`cawg.ai_training` ...), `faults` the validator's codes of what does not hold,
    and `sidecars` the sha256 of the `.c2pa` files that lay beside it.
    """

    state: MarkState = MarkState.NONE
    mining: tuple[str, ...] = ()
    faults: tuple[str, ...] = ()
    sidecars: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class SealedFile(Record):
    """One file of an exemplar, hashed before anything of it was decoded.

    `chunks` are the sha256 of each 16 MiB of a file longer than that, so that a movie can be checked piece by piece
    while it is read; a shorter file has none. `name` is its place inside a folder that was sealed as a whole (`unet/config.json`).
    """

    unsaid: ClassVar[frozenset[str]] = frozenset({"name"})

    path: str
    sha256: str
    size_bytes: int
    frame: int | None = None
    chunks: tuple[str, ...] = ()
    name: str | None = None


@dataclass(frozen=True, kw_only=True)
class Exemplar(Record):
    """A picture (one file), a sequence (a file a frame), a movie (one file, frames counted from `first_frame`) or a model's folder.

    `digest` depends on the bytes and the frame numbers alone, not on paths or names, so a renamed file keeps its record.
    `came_from` is the path it was added from, kept in the show only (never in the ledger): a path may hold a name.
    `layers` is all that the files hold by their headers (None: not listed), `marks` what they are signed with, `made_by` the take
    that they come from, and `derived_from` the digest of the picture of which this is another encoding.
    """

    schema: ClassVar[str] = "bottega.exemplar"

    digest: str
    role: Role
    files: tuple[SealedFile, ...]
    first_frame: int | None = None
    frame_count: int | None = None
    colour: str | None = None
    author_id: str | None = None
    licence_id: str | None = None
    came_from: str | None = None
    layers: tuple[Layer, ...] | None = None
    marks: Marks | None = None
    made_by: MadeBy | None = None
    derived_from: str | None = None

    def check(self) -> None:
        """Raise CredentialError unless the digest is that of the listed files."""
        found = content_digest(self.files, self.first_frame)
        if found != self.digest:
            raise CredentialError(f"exemplar record {self.digest[:12]}: its files hash to {found[:12]}; the record was changed")

    def file_for(self, frame: int | None) -> SealedFile | None:
        """The file that holds a frame, or None; a still or a movie has one file for all."""
        if len(self.files) == 1 and self.files[0].frame is None:
            return self.files[0]
        return next((f for f in self.files if f.frame == frame), None)


def content_digest(files: tuple[SealedFile, ...], first_frame: int | None) -> str:
    """The sha256 over what the files hold and which frame, or which place in a folder, each is. One still's is its file's own sha256."""
    if any(f.name is not None for f in files):
        named = sorted((f.name or "", sha256_text(f.sha256, "file digest"), f.size_bytes, f.chunks) for f in files)
        return hashlib.sha256(canonical_json({"folder": named})).hexdigest()
    if len(files) == 1 and files[0].frame is None and first_frame is None:
        return sha256_text(files[0].sha256, "file digest")
    rows = sorted(((f.frame if f.frame is not None else -1), sha256_text(f.sha256, "file digest"), f.size_bytes, f.chunks) for f in files)
    return hashlib.sha256(canonical_json({"first_frame": first_frame, "files": rows})).hexdigest()
