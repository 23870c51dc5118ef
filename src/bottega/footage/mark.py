"""The mark that every file we write carries: how it was made, in which show, by which plan. No writer works without one.

It is the machine-readable mark of the EU AI Act, article 50(2), with the code of IPTC's NewsCodes "Digital Source Type":
`compositeSynthetic` for pixels gathered from exemplars, the trained code as soon as learned weights had a hand in it. Where it
lies: in a PNG as XMP in an iTXt chunk, in an MP4 as XMP in a `uuid` box and in a QuickTime file in `moov/udta/XMP_` (all Adobe
XMP Specification part 3), in an EXR, which has no such place, as text attributes. Read back, it says whether a picture that
comes in is one that Bottega made.
"""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Mapping
from dataclasses import dataclass

from bottega.model import MadeBy, Take, Technique

SOURCE_TYPES = "http://cv.iptc.org/newscodes/digitalsourcetype/"
COMPOSITE, TRAINED = "compositeSynthetic", "compositeWithTrainedAlgorithmicMedia"
SOURCE_TYPE = "Iptc4xmpExt:DigitalSourceType"
XMP_KEYWORD = b"XML:com.adobe.xmp"
XMP_UUID = bytes.fromhex("BE7ACFCB97A942E89C71999491E3AFAC")
LARGEST_XMP_BYTES = 1 << 20
_PACKET = """<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about=""
 xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/" xmlns:bottega="urn:bottega:mark/1"{properties}/></rdf:RDF></x:xmpmeta>
<?xpacket end="r"?>"""
_VALUE = r"""(?:\s*=\s*["']|>\s*)([A-Za-z0-9._-]{1,96})\s*["'<]"""
_SHOW, _PLAN, _SOURCE = (re.compile(f"bottega:{name}{_VALUE}".encode()) for name in ("show", "plan", "source"))
_DIGEST = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class Mark:
    """How a file was made. `source_type` is None for a plain copy of `source`, a plate handed out to be painted on."""

    show_id: str
    plan: str | None = None
    source: str | None = None
    source_type: str | None = COMPOSITE

    @classmethod
    def of(cls, take: Take) -> Mark:
        """A take's mark. It has the plan, not the take, so that the same plan gives the same bytes; the ledger knows the take."""
        learned = take.use.technique in (Technique.PER_SHOT_NETWORK, Technique.EXTERNAL_MODEL)
        return cls(take.use.show_id, plan=take.plan_digest, source_type=TRAINED if learned else COMPOSITE)

    @classmethod
    def of_copy(cls, show_id: str, source: str) -> Mark:
        """The mark of a plate's frame that leaves as it is."""
        return cls(show_id, source=source, source_type=None)

    def fields(self) -> dict[str, str]:
        """The properties by name; an EXR has them as attributes."""
        said = {"bottega:show": self.show_id, "bottega:plan": self.plan, "bottega:source": self.source}
        said[SOURCE_TYPE] = self.source_type and SOURCE_TYPES + self.source_type
        return {name: value for name, value in said.items() if value is not None}

    def xmp(self) -> bytes:
        """The mark as an XMP packet."""
        properties = "".join(f'\n {name}="{_escaped(value)}"' for name, value in self.fields().items())
        return _PACKET.format(properties=properties).encode()

    def png_chunk(self) -> tuple[bytes, bytes]:
        """The mark as a PNG's iTXt chunk: keyword, not compressed, no language, no translated keyword."""
        return b"iTXt", XMP_KEYWORD + b"\0\0\0\0\0" + self.xmp()


def uuid_box(mark: Mark) -> bytes:
    """The mark as a box to follow all others of an MP4."""
    return _box(b"uuid", XMP_UUID + mark.xmp())


def in_moov(moov: bytes, mark: Mark) -> bytes:
    """The `moov` box of a QuickTime file with the mark in it. Raises ValueError for what is no whole such box, or has user data."""
    if struct.unpack_from(">I4s", moov) != (len(moov), b"moov") or b"udta" in moov:
        raise ValueError(f"a whole moov box without udta is needed, given {len(moov)} bytes that begin with {moov[:8]!r}")
    return _box(b"moov", moov[8:] + _box(b"udta", _box(b"XMP_", mark.xmp())))


def _box(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I4s", 8 + len(body), name) + body


def read_xmp(packet: bytes) -> MadeBy | None:
    """Who made a picture, by the XMP found in it; None where it is no mark of ours. What is written there is not trusted."""
    packet = packet[:LARGEST_XMP_BYTES]
    found = {name: m[1].decode() for name, look in (("show", _SHOW), ("plan", _PLAN), ("source", _SOURCE)) if (m := look.search(packet))}
    return made_by(found)


def read_attributes(attributes: Mapping[str, bytes]) -> MadeBy | None:
    """Who made an EXR, by its attributes. A frame of a version that did not name its show is some show's: `unknown`."""
    names = [name for name in ("show", "plan", "source") if f"bottega:{name}" in attributes]
    said = {name: attributes[f"bottega:{name}"].decode("utf-8", "replace") for name in names}
    if "plan" in said:
        said.setdefault("show", "unknown")
    return made_by(said)


def made_by(said: Mapping[str, str]) -> MadeBy | None:
    """The statement, as far as it is one: an id, and digests. A show's id that is none is `unknown`."""
    if "show" not in said:
        return None
    show = said["show"] if re.fullmatch(r"[A-Za-z0-9._-]{1,96}", said["show"]) else "unknown"
    plan, source = (value if _DIGEST.fullmatch(value) else None for value in (said.get("plan", ""), said.get("source", "")))
    return MadeBy(show_id=show, plans=(plan,) if plan else (), source=source)


def png_xmp(chunk: bytes) -> bytes:
    """The XMP of an iTXt chunk, unpacked; empty where it holds other text."""
    if not chunk.startswith(XMP_KEYWORD + b"\0"):
        return b""
    packed, rest = chunk[len(XMP_KEYWORD) + 1 : len(XMP_KEYWORD) + 2] == b"\1", chunk[len(XMP_KEYWORD) + 3 :]
    text = rest.split(b"\0", 2)[-1]
    return zlib.decompressobj().decompress(text, LARGEST_XMP_BYTES) if packed else text


def _escaped(value: str) -> str:
    return value.replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;")
