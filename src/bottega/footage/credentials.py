"""The Content Credentials (C2PA) that pictures come with: read, validated, kept. Never stripped, never followed to a network.

A file that cannot carry any is told by its bytes, without the library. In a file: PNG chunk `caBX`, TIFF tag 52545, a `uuid` box of
an MP4 or QuickTime file. Beside it: a file of the same name that ends in `.c2pa`. What is not there is `none`; what is there and
does not hold, itself or for one of its ingredients, is `invalid`.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import struct
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePath
from typing import Any

from bottega.model import Exemplar, FootageError, Marks, MarkState

from .layers import Reach, guarded, png_chunks, tiff_tags
from .sealing import open_plain, place
from .sequence import MOVIES

SIDECAR = ".c2pa"
LARGEST_SIDECAR_BYTES = 16 * 1024 * 1024
_TIFF_TAG = 52545
_MOVIE_UUID = bytes.fromhex("d8fec3d61b0e483c92975828877ec481")
_FORMATS = {
    ".png": "image/png",
    ".tif": "image/tiff",
    ".tiff": "image/tiff",
    ".exr": "image/x-exr",
    ".dpx": "image/x-dpx",
    ".mov": "video/quicktime",
    ".mp4": "video/mp4",
    ".m4v": "video/mp4",
    ".mxf": "application/mxf",
    ".mkv": "video/x-matroska",
}
_MINING = ("cawg.training-mining", "c2pa.training-mining")
_UNKNOWN_SIGNER = "signingCredential.untrusted"
_WORST = (MarkState.NONE, MarkState.TRUSTED, MarkState.VALID, MarkState.INVALID)


def marks_of(exemplar: Exemplar, *, root: Path | None = None, anchors: str | None = None) -> Marks:
    """The credentials of all files of an exemplar together: the worst state, everything forbidden, every fault.

    `anchors` are certificates (PEM) of signers to be trusted; without them nobody is. Raises FootageError.
    """
    each = []
    for sealed in exemplar.files:
        path = Path(sealed.path) if root is None else root / sealed.path
        with os.fdopen(open_plain(path, sealed.frame), "rb") as file:
            each.append(_of_file(file, path, place(sealed.path, sealed.frame), anchors))
    return Marks(
        state=max((m.state for m in each), key=_WORST.index, default=MarkState.NONE),
        mining=tuple(sorted({entry for m in each for entry in m.mining})),
        faults=tuple(sorted({fault for m in each for fault in m.faults})),
        sidecars=tuple(dict.fromkeys(s for m in each for s in m.sidecars)),
    )


def sidecar_of(path: Path) -> Path | None:
    """The credentials that lie beside a picture, or None."""
    beside = path.with_suffix(SIDECAR)
    return beside if os.path.lexists(beside) else None


def _of_file(file: Any, path: Path, where: str, anchors: str | None) -> Marks:
    suffix, beside = PurePath(path).suffix.lower(), sidecar_of(path)
    reach = Reach(os.fstat(file.fileno()).st_size, lambda offset, count: os.pread(file.fileno(), count, offset))
    inside = any(guarded(lambda: _inside(reach, suffix), where))
    found = [_validated(file, suffix, None, anchors)] if inside else []
    digests: tuple[str, ...] = ()
    if beside is not None:
        manifest = _sidecar_bytes(beside)
        digests = (hashlib.sha256(manifest).hexdigest(),)
        found.append(_validated(file, suffix, manifest, anchors))
    return Marks(
        state=max((m.state for m in found), key=_WORST.index, default=MarkState.NONE),
        mining=tuple(sorted({entry for m in found for entry in m.mining})),
        faults=tuple(sorted({fault for m in found for fault in m.faults})),
        sidecars=digests,
    )


def _inside(reach: Reach, suffix: str) -> Iterator[bool]:
    """True for each place in the file that holds credentials."""
    if suffix == ".png":
        yield from (True for name, _, _ in png_chunks(reach) if name == b"caBX")
    elif suffix in (".tif", ".tiff"):
        yield from (True for tags in tiff_tags(reach) if _TIFF_TAG in tags)
    elif suffix in MOVIES:
        yield from (True for name, at in _boxes(reach) if name == b"uuid" and reach.at(at, 16) == _MOVIE_UUID)


def _boxes(reach: Reach) -> Iterator[tuple[bytes, int]]:
    """The outermost boxes of a movie and where their contents begin (ISO/IEC 14496-12, 4.2); of another container, what looks so."""
    at = 0
    while at + 8 <= reach.size:
        size, name = struct.unpack(">I4s", reach.whole(at, 8))
        longer = size == 1
        if longer:
            (size,) = struct.unpack(">Q", reach.whole(at + 8, 8))
        yield name, at + (16 if longer else 8)
        if size < 8:
            return
        at += size


def _sidecar_bytes(path: Path) -> bytes:
    with os.fdopen(open_plain(path, None), "rb") as file:
        data = file.read(LARGEST_SIDECAR_BYTES + 1)
    if len(data) > LARGEST_SIDECAR_BYTES:
        raise FootageError(f"{place(path, None)} has more than {LARGEST_SIDECAR_BYTES} bytes: it holds no credentials; move it away")
    return data


def _validated(file: Any, suffix: str, manifest: bytes | None, anchors: str | None) -> Marks:
    from c2pa import C2paError, Context, Reader

    verify = {"verify_trust": True, "remote_manifest_fetch": False, "ocsp_fetch": False}  # no address in a file is ever asked
    settings: dict[str, Any] = {"verify": verify, **({"trust": {"trust_anchors": anchors}} if anchors else {})}
    file.seek(0)
    whole = io.BytesIO(file.read()) if suffix not in MOVIES else file
    try:
        with Context.from_dict(settings) as context, Reader(_FORMATS[suffix], whole, manifest, context=context) as reader:
            said, state = json.loads(reader.json()), reader.get_validation_state()
    except (C2paError, ValueError) as problem:
        return Marks(state=MarkState.INVALID, faults=(f"unreadable.{type(problem).__name__.strip('_')}",))
    made = said.get("manifests", {}).values()
    parts = [ingredient.get("validation_results") or {} for m in made for ingredient in m.get("ingredients") or ()]
    checked = [said.get("validation_results") or {}, *parts]
    faults = sorted({code for results in checked for code in _failures(results) if code != _UNKNOWN_SIGNER})
    known = {"Trusted": MarkState.TRUSTED, "Valid": MarkState.VALID}.get(str(state), MarkState.INVALID)
    mining = sorted({entry for m in made for entry in _forbidden(m)})
    return Marks(state=MarkState.INVALID if faults else known, mining=tuple(mining), faults=tuple(faults))


def _failures(results: Mapping[str, Any]) -> Iterator[str]:
    """The codes of what does not hold. An ingredient's are asked for as well: a parent may be trusted over a broken child."""
    deltas = [delta.get("validationDeltas") or {} for delta in results.get("ingredientDeltas") or ()]
    for found in (results.get("activeManifest") or {}, *deltas):
        yield from (str(f.get("code"))[:80] for f in found.get("failure") or ())


def _forbidden(manifest: Mapping[str, Any]) -> Iterator[str]:
    """The uses that a manifest does not allow. What is constrained is not allowed: nobody here can judge the condition."""
    for assertion in manifest.get("assertions", ()):
        if str(assertion.get("label", "")).split("__")[0].removesuffix(".v2") in _MINING:
            entries = assertion.get("data", {}).get("entries", {})
            yield from (str(name)[:80] for name, entry in entries.items() if entry.get("use") != "allowed")
