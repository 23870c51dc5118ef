"""Photoshop's own format, read: header, layer records, and one layer's pixels at a time.

By Adobe's Photoshop File Formats Specification (November 2019). What is there and cannot be taken as it is, is an error with a
name: CMYK, Lab, indexed and 32-bit files, the large format PSB. Layer masks are multiplied into the alpha. Adjustment layers, fills,
effects and vector masks have no pixels of their own: they are listed as `left_out`, and such a file cannot be flattened here.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from bottega.model import FootageError

from .frame import Box, Samples
from .layered import MULTIPLY, NORMAL, SCREEN, LayerHead, PaintLayer, check_count, layer_name

MAGIC = b"8BPS"
XMP_RESOURCE, ICC_RESOURCE = 1060, 1039
_MODES = {0: "bitmap", 1: "grey", 2: "indexed", 3: "RGB", 4: "CMYK", 7: "multichannel", 8: "duotone", 9: "Lab"}
_GREY, _RGB = 1, 3
_BLENDS = {b"norm": NORMAL, b"mul ": MULTIPLY, b"scrn": SCREEN, b"pass": NORMAL}
_SEEN_BY_ADJUSTING = {
    *(b"levl", b"curv", b"brit", b"blnc", b"hue ", b"hue2", b"selc", b"mixr", b"grdm", b"phfl", b"post", b"thrs", b"nvrt", b"expA"),
    *(b"vibA", b"blwh", b"clrL", b"SoCo", b"GdFl", b"PtFl"),
}
_EFFECTS = {b"lfx2", b"lrFX", b"lmfx"}
_VECTOR_MASKS = {b"vmsk", b"vsms"}
_GROUP_KINDS = {1, 2}
_MASK, _ALPHA = -2, -1
_RAW, _RLE, _ZIP, _ZIP_PREDICTED = range(4)
_WIDEST = 300_000


@dataclass(frozen=True, kw_only=True)
class PsdHead:
    """What a file says before its pixels."""

    canvas: Box
    bits: int
    grey: bool


@dataclass(frozen=True, kw_only=True)
class _Record:
    """A layer's record, and where each of its channels lies: (id, place, size)."""

    head: LayerHead
    channels: tuple[tuple[int, int, int], ...]
    mask: Box | None = None
    mask_default: int = 0
    mask_off: bool = False
    left_out: tuple[str, ...] = ()
    section: int = 0


@dataclass(frozen=True, eq=False, kw_only=True)
class Psd:
    """An open file. `heads` are its pixel layers, the lowest first; `resources` are where its image resources lie."""

    head: PsdHead
    heads: tuple[LayerHead, ...]
    left_out: tuple[str, ...]
    resources: dict[int, tuple[int, int]]
    data: memoryview
    where: str
    _records: tuple[_Record, ...] = field(repr=False)

    def read(self, head: LayerHead) -> PaintLayer:
        """One layer's pixels. Raises FootageError for damage."""
        record = next(r for r in self._records if r.head is head)
        try:
            return PaintLayer(head=head, rgba=_pixels(self, record))
        except (struct.error, zlib.error, ValueError, IndexError) as problem:
            raise _damaged(self.where, f"layer {head.path!r}: {problem}") from problem

    def resource(self, number: int) -> bytes:
        """An image resource's bytes; none where there is none."""
        at, size = self.resources.get(number, (0, 0))
        return bytes(self.data[at : at + size])


def psd_head(data: bytes | memoryview, where: str) -> PsdHead:
    """Read the header alone. Raises FootageError for what is no PSD that we take."""
    if bytes(data[:4]) != MAGIC or len(data) < 26:
        raise FootageError(f"{where} is no PSD: it begins with {bytes(data[:8])!r}; check what wrote it, or correct its ending")
    version, channels, height, width, bits, mode = struct.unpack(">H6xHIIHH", data[4:26])
    if version != 1:
        raise FootageError(f"{where} is of version {version} (2 is PSB, the large format), allowed is 1: save it as PSD")
    if mode not in (_GREY, _RGB):
        raise FootageError(
            f"{where} is {_MODES.get(mode, f'of colour mode {mode}')}, allowed are RGB and grey: convert it to RGB and save it"
        )
    if bits not in (8, 16):
        raise FootageError(f"{where} has {bits} bits a channel, allowed are 8 and 16: convert it and save it again")
    if not 1 <= channels <= 56:
        raise FootageError(f"{where} says that it has {channels} channels, allowed are 1 to 56: its header is damaged")
    canvas = Box(0, 0, width, height)
    canvas.check(where)
    return PsdHead(canvas=canvas, bits=bits, grey=mode == _GREY)


def read_psd(data: bytes, where: str) -> Psd:
    """Read a file's records; pixels are read layer by layer afterwards. Raises FootageError."""
    view = memoryview(data)
    head = psd_head(view, where)
    try:
        _, at = _block(view, 26)
        resources, at = _resources(view, at)
        records = _layers(view, at, head, where)
    except (struct.error, ValueError, IndexError) as problem:
        raise _damaged(where, str(problem)) from problem
    pixels = [r for r in records if not r.left_out and not r.section]
    left = tuple(f"{r.head.path}: {what}" for r in records for what in r.left_out)
    return Psd(
        head=head, heads=tuple(r.head for r in pixels), left_out=left, resources=resources, data=view, where=where, _records=tuple(pixels)
    )


def _damaged(where: str, what: str) -> FootageError:
    return FootageError(f"{where} is cut off or damaged ({what}): copy it again from where it was made")


def _block(view: memoryview, at: int) -> tuple[slice, int]:
    """A block with its length before it, and where the next begins."""
    (size,) = struct.unpack_from(">I", view, at)
    end = at + 4 + size
    if end > len(view):
        raise ValueError(f"{size} bytes at {at + 4} are beyond its {len(view)}")
    return slice(at + 4, end), end


def _resources(view: memoryview, at: int) -> tuple[dict[int, tuple[int, int]], int]:
    """The image resources by number, and where the next section begins."""
    inside, following = _block(view, at)
    found, at = {}, inside.start
    while at + 12 <= inside.stop:
        signature, number = bytes(view[at : at + 4]), struct.unpack_from(">H", view, at + 4)[0]
        if signature not in (b"8BIM", b"MeSa"):
            raise ValueError(f"an image resource begins with {signature!r}")
        at += 6 + (view[at + 6] + 2) // 2 * 2
        block, at = _block(view, at)
        found[number] = (block.start, block.stop - block.start)
        at += at % 2
    return found, following


def _layers(view: memoryview, at: int, head: PsdHead, where: str) -> list[_Record]:
    """All layer records, the lowest first. 16-bit files keep them in a block `Lr16` behind the plain place, which is empty."""
    section, _ = _block(view, at)
    if section.stop - section.start < 4:
        return []
    info, at = _block(view, section.start)
    if info.stop - info.start >= 2:
        return _records(view, info, where)
    if at + 4 <= section.stop:
        _, at = _block(view, at)  # the global mask
    for key, block in _tagged(view, at, section.stop, pad=4):
        if key in (b"Lr16", b"Layr"):
            return _records(view, block, where)
    return []


def _tagged(view: memoryview, at: int, end: int, *, pad: int) -> list[tuple[bytes, slice]]:
    found = []
    while at + 12 <= end:
        if bytes(view[at : at + 4]) not in (b"8BIM", b"8B64"):
            break  # padding
        key = bytes(view[at + 4 : at + 8])
        block, following = _block(view, at + 8)
        if following > end:
            raise ValueError(f"block {key!r} leaves its layer")
        found.append((key, block))
        at = following + -(following - block.start) % pad
    return found


def _records(view: memoryview, info: slice, where: str) -> list[_Record]:
    (count,) = struct.unpack_from(">h", view, info.start)
    count = abs(count)
    check_count(count, where)
    at, raw = info.start + 2, []
    for _ in range(count):
        record, at = _record(view, at, where)
        raw.append(record)
    out = []
    for record in raw:
        places = []
        for number, _, size in record.channels:
            places.append((number, at, size))
            at += size
        if at > len(view):
            raise ValueError("the layers' pixels are beyond its end")
        out.append(replace(record, channels=tuple(places)))
    return _in_groups(out)


def _record(view: memoryview, at: int, where: str) -> tuple[_Record, int]:
    top, left, bottom, right, channels = struct.unpack_from(">iiiiH", view, at)
    if channels > 56 or max(abs(v) for v in (top, left, bottom, right)) > _WIDEST or bottom < top or right < left:
        raise ValueError(f"a layer of {channels} channels from ({left}, {top}) to ({right}, {bottom})")
    box = Box(left, top, right - left, bottom - top)
    if box.width and box.height:
        box.check(where)
    at += 18
    listed = tuple((i, 0, size) for i, size in (struct.unpack_from(">hI", view, at + 6 * c) for c in range(channels)))
    at += 6 * channels
    signature, blend, opacity, clipping, flags = struct.unpack_from(">4s4sBBB", view, at)
    if signature != b"8BIM":
        raise ValueError(f"a layer's blend mode begins with {signature!r}")
    extra, end = _block(view, at + 12)
    mask, at = _block(view, extra.start)
    _, at = _block(view, at)
    size = view[at]
    name = bytes(view[at + 1 : at + 1 + size]).decode("mac_roman")
    tags = dict(_tagged(view, at + (size + 4) // 4 * 4, extra.stop, pad=1) or _tagged(view, at + (size + 4) // 4 * 4, extra.stop, pad=2))
    if b"luni" in tags:
        name = _unicode(view, tags[b"luni"])
    head = LayerHead(
        name=layer_name(name), groups=(), box=box, opacity=opacity / 255, visible=not flags & 2, clipped=clipping == 1,
        blend=_BLENDS.get(blend, blend.decode("latin-1").strip()),
    )  # fmt: skip
    found = _Record(head=head, channels=listed, **_mask(view, mask, where), left_out=_left_out(tags, box), section=_section(view, tags))
    return found, end


def _mask(view: memoryview, block: slice, where: str) -> dict[str, Any]:
    if block.stop - block.start < 18:
        return {}
    top, left, bottom, right, default, flags = struct.unpack_from(">iiiiBB", view, block.start)
    if bottom < top or right < left or max(abs(v) for v in (top, left, bottom, right)) > _WIDEST:
        raise ValueError(f"a mask from ({left}, {top}) to ({right}, {bottom})")
    box = Box(left, top, right - left, bottom - top)
    if box.width and box.height:
        box.check(where)
    return {"mask": box, "mask_default": default, "mask_off": bool(flags & 2)}


def _left_out(tags: dict[bytes, slice], box: Box) -> tuple[str, ...]:
    """Why a layer's pixels are not what the artist saw; empty for plain paint."""
    adjusting = sorted(k.decode().strip() for k in tags if k in _SEEN_BY_ADJUSTING)
    if adjusting:
        return (f"adjustment or fill ({', '.join(adjusting)})",)
    if not (box.width and box.height) and b"lsct" not in tags and b"lsdk" not in tags:
        return ("empty",)
    odd = [word for keys, word in ((_EFFECTS, "layer effects"), (_VECTOR_MASKS, "a vector mask")) if keys & tags.keys()]
    return (f"{' and '.join(odd)}: rasterise the layer",) if odd and b"lsct" not in tags else ()


def _section(view: memoryview, tags: dict[bytes, slice]) -> int:
    """0 for a layer, 1 or 2 for a group's head, 3 for the line under a group's last layer."""
    block = tags.get(b"lsct") or tags.get(b"lsdk")
    return int(struct.unpack_from(">I", view, block.start)[0]) if block else 0


def _unicode(view: memoryview, block: slice) -> str:
    (count,) = struct.unpack_from(">I", view, block.start)
    if block.start + 4 + 2 * count > block.stop:
        raise ValueError(f"a name of {count} characters")
    return bytes(view[block.start + 4 : block.start + 4 + 2 * count]).decode("utf-16-be", "replace").rstrip("\0")


def _in_groups(records: list[_Record]) -> list[_Record]:
    """Give each layer its groups' names, opacity and visibility. Records run upwards, a group's head comes after its layers."""
    out: list[_Record] = []
    inside: list[LayerHead] = []
    for record in reversed(records):
        if record.section in _GROUP_KINDS:
            inside.append(record.head)
        elif record.section == 3:
            if not inside:
                raise ValueError("a group ends that did not begin")
            inside.pop()
        else:
            opacity, seen = record.head.opacity, record.head.visible
            for group in inside:
                opacity, seen = opacity * group.opacity, seen and group.visible
            head = replace(record.head, groups=tuple(g.name for g in inside), opacity=opacity, visible=seen)
            out.append(replace(record, head=head))
    return out[::-1]


def _pixels(psd: Psd, record: _Record) -> Samples:
    head, bits = psd.head, psd.head.bits
    dtype = np.dtype(np.uint8) if bits == 8 else np.dtype(np.uint16)
    box = record.head.box
    rgba: Samples = np.zeros((box.height, box.width, 4), dtype)
    rgba[..., 3] = 255 if bits == 8 else 65535
    for number, at, size in record.channels:
        if number == _ALPHA or 0 <= number < (1 if head.grey else 3):
            plane = _channel(psd.data[at : at + size], box, bits)
            if head.grey and number == 0:
                rgba[..., :3] = plane[..., None]
            else:
                rgba[..., number] = plane
    mask = next(((at, size) for number, at, size in record.channels if number == _MASK), None)
    if mask is not None and record.mask is not None and not record.mask_off:
        _mask_in(rgba, record, _channel(psd.data[mask[0] : sum(mask)], record.mask, bits))
    return rgba


def _mask_in(rgba: Samples, record: _Record, mask: Samples) -> None:
    """Multiply a mask into the alpha; beyond its rectangle it is its default."""
    most = int(np.iinfo(rgba.dtype).max)
    box, there = record.head.box, record.mask
    whole = np.full(rgba.shape[:2], record.mask_default * (most // 255), rgba.dtype)
    shared = box.shared(there) if there else None
    if shared is not None and there is not None:
        whole[shared.inside(box)] = mask[shared.inside(there)]
    rgba[..., 3] = (rgba[..., 3].astype(np.uint64) * whole + most // 2) // most


def _channel(view: memoryview, box: Box, bits: int) -> Samples:
    """One plane, (h, w) uint8 or uint16. Its size is known before anything is unpacked, and never exceeded."""
    height, row = box.height, box.width * bits // 8
    if not height or not row:
        return np.zeros((height, box.width), np.uint8 if bits == 8 else np.uint16)
    (packing,) = struct.unpack_from(">H", view, 0)
    body = view[2:]
    if packing == _RAW:
        rows = np.frombuffer(body, np.uint8, height * row).reshape(height, row)
    elif packing == _RLE:
        rows = _unpacked(body, height, row)
    elif packing in (_ZIP, _ZIP_PREDICTED):
        data = zlib.decompressobj().decompress(bytes(body), height * row)
        if len(data) != height * row:
            raise ValueError(f"a channel holds {len(data)} bytes, needed are {height * row}")
        rows = np.frombuffer(data, np.uint8).reshape(height, row)
    else:
        raise ValueError(f"compression {packing}")
    plane: Samples = rows if bits == 8 else rows.view(">u2").astype(np.uint16)
    return np.cumsum(plane, 1, dtype=plane.dtype) if packing == _ZIP_PREDICTED else plane


def _unpacked(body: memoryview, height: int, row: int) -> Samples:
    from .packbits import unpack

    sizes = np.frombuffer(body, ">u2", height).astype(np.int64)
    starts = np.concatenate([[0], np.cumsum(sizes)])
    packed = np.frombuffer(body, np.uint8)[2 * height :]
    if starts[-1] > packed.size:
        raise ValueError(f"rows of {starts[-1]} bytes are beyond its {packed.size}")
    out = np.empty((height, row), np.uint8)
    if (wrong := unpack(packed, starts, out)) >= 0:
        raise ValueError(f"row {wrong} does not unpack")
    return out
