"""OpenRaster: a zip of PNG layers and a `stack.xml` that says how they lie; read and written. By the OpenRaster 0.0.6 specification.

A file from outside is not trusted: names that lead out of the zip, documents with entities, sizes that no picture has and zips that
unpack to more than they say are errors with a name. Layers are unpacked one at a time.
"""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any
from xml.parsers import expat  # no entities are taken: see _Stack
from xml.sax.saxutils import quoteattr

import numpy as np
import numpy.typing as npt

from bottega.model import FootageError

from .colour import DISPLAY
from .frame import Box
from .layered import MULTIPLY, NORMAL, SCREEN, LayerHead, PaintLayer, check_count, codes8, layer_name
from .mark import Mark
from .png import png_bytes
from .still_file import decode_still
from .whole_file import as_path

MIMETYPE = b"image/openraster"
MERGED = "mergedimage.png"
MOST_ENTRIES = 4096
LARGEST_STACK_BYTES = 1 << 20
LARGEST_ENTRY_BYTES = 1 << 31
DEEPEST = 32
_THUMBNAIL_PX = 256
_DATE = (1980, 1, 1, 0, 0, 0)
_OPS = {"svg:src-over": NORMAL, "svg:multiply": MULTIPLY, "svg:screen": SCREEN}
_SAYS = {blend: op for op, blend in _OPS.items()}


@dataclass(frozen=True, eq=False, kw_only=True)
class Ora:
    """An open file. `heads` are its layers, the lowest first; `sources` are where each lies in the zip."""

    canvas: Box
    heads: tuple[LayerHead, ...]
    sources: tuple[str, ...]
    data: bytes
    where: str

    def read(self, head: LayerHead) -> PaintLayer:
        """One layer's pixels. Raises FootageError for damage."""
        place = next(i for i, h in enumerate(self.heads) if h is head)
        name = self.sources[place]
        called = f"{self.where}, layer {head.path!r}"
        with _zip(self.data, self.where) as file:
            png = _entry(file, name, LARGEST_ENTRY_BYTES, called)
        with as_path(png, ".png") as path:
            found = decode_still(png, path, "layer.png", called)
        rgb, alpha = found.rgb, found.others.get("A")
        if rgb.dtype not in (np.uint8, np.uint16):
            raise FootageError(f"{called} holds {rgb.dtype} samples, allowed are 8 or 16 bits")
        clear = np.full(rgb.shape[:2], np.iinfo(rgb.dtype).max, rgb.dtype) if alpha is None else alpha
        box = Box(head.box.x, head.box.y, rgb.shape[1], rgb.shape[0])
        return PaintLayer(head=replace(head, box=box), rgba=np.concatenate([rgb, clear[..., None]], -1))


def read_ora(data: bytes, where: str) -> Ora:
    """Read what lies in a file; pixels are read layer by layer afterwards. Raises FootageError."""
    with _zip(data, where) as file:
        if _entry(file, "mimetype", 64, where).strip() != MIMETYPE:
            raise FootageError(f"{where} is no OpenRaster file: its mimetype is another; check what wrote it, or correct its ending")
        stack = _Stack(_entry(file, "stack.xml", LARGEST_STACK_BYTES, where), where)
        there = set(file.namelist())
        stack.canvas.check(where)
        for name in stack.sources:
            if name not in there:
                raise FootageError(f"{where}: a layer lies in {name!r}, which is not in the file: save it again")
        heads = tuple(_with_size(file, head, name, where) for head, name in zip(stack.heads, stack.sources, strict=True))
    return Ora(canvas=stack.canvas, heads=heads[::-1], sources=tuple(stack.sources[::-1]), data=data, where=where)


def merged_of(data: bytes, where: str) -> bytes:
    """The merged picture's PNG, with the mark that it may carry; none where there is none. Raises FootageError."""
    with _zip(data, where) as file:
        return _entry(file, MERGED, LARGEST_ENTRY_BYTES, where) if MERGED in file.namelist() else b""


def ora_bytes(layers: Sequence[PaintLayer], merged: npt.NDArray[np.uint8], *, mark: Mark) -> bytes:
    """Encode 8-bit layers, the lowest first, and what they look like together, `merged` (H, W, 3). Raises ValueError."""
    if merged.ndim != 3 or merged.shape[2] != 3 or merged.dtype != np.uint8:
        raise ValueError(f"merged is {merged.shape} {merged.dtype}, needed is (H, W, 3) uint8")
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as file:
        _put(file, "mimetype", MIMETYPE)
        _put(file, "stack.xml", _stack_xml(layers, merged.shape[1], merged.shape[0]))
        for i, layer in enumerate(layers):
            _put(file, f"data/layer{i:03d}.png", png_bytes(layer.rgba, colour=DISPLAY, mark=mark))
        _put(file, "Thumbnails/thumbnail.png", png_bytes(_thumbnail(merged), colour=DISPLAY, mark=mark))
        _put(file, MERGED, png_bytes(merged, colour=DISPLAY, mark=mark))
    return out.getvalue()


def _put(file: zipfile.ZipFile, name: str, data: bytes) -> None:
    """The same bytes every time: no clock, no machine in the entry."""
    entry = zipfile.ZipInfo(name, _DATE)
    entry.create_system, entry.external_attr = 3, 0o644 << 16
    file.writestr(entry, data)


def _stack_xml(layers: Sequence[PaintLayer], width: int, height: int) -> bytes:
    """Layers stand uppermost first, each group once."""
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', f'<image version="0.0.6" w="{width}" h="{height}">', "<stack>"]
    inside: tuple[str, ...] = ()
    for i, layer in reversed(list(enumerate(layers))):
        groups, head = layer.head.groups, layer.head
        shared = next((n for n, (a, b) in enumerate(zip(inside, groups, strict=False)) if a != b), min(len(inside), len(groups)))
        lines += ["</stack>"] * (len(inside) - shared)
        lines += [f"<stack name={quoteattr(name)}>" for name in groups[shared:]]
        inside = groups
        seen = "visible" if head.visible else "hidden"
        lines.append(
            f'<layer name={quoteattr(head.name)} src="data/layer{i:03d}.png" x="{head.box.x}" y="{head.box.y}" '
            f'opacity="{head.opacity:.6g}" visibility="{seen}" composite-op="{_SAYS[head.blend]}"/>'
        )
    return "\n".join([*lines, *["</stack>"] * len(inside), "</stack>", "</image>", ""]).encode()


def _thumbnail(merged: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """The picture in at most 256 pixels a side, by the mean over blocks."""
    step = -(-max(merged.shape[:2]) // _THUMBNAIL_PX)
    height, width = max(1, merged.shape[0] // step), max(1, merged.shape[1] // step)
    part = merged[: height * step, : width * step].astype(np.float32)
    if part.shape[:2] != (height * step, width * step):  # a side shorter than a block
        return merged[::step, ::step]
    return codes8(part.reshape(height, step, width, step, 3).mean((1, 3)) / 255)


def _zip(data: bytes, where: str) -> zipfile.ZipFile:
    try:
        file = zipfile.ZipFile(io.BytesIO(data))
    except (zipfile.BadZipFile, ValueError, NotImplementedError) as problem:
        raise FootageError(f"{where} is cut off or damaged ({problem}): copy it again from where it was made") from problem
    names = file.namelist()
    if len(names) > MOST_ENTRIES or len(set(names)) != len(names):
        raise FootageError(f"{where} holds {len(names)} entries ({len(set(names))} names), allowed are {MOST_ENTRIES}, each once")
    return file


def _entry(file: zipfile.ZipFile, name: str, most: int, where: str, *, begin: int | None = None) -> bytes:
    """An entry's bytes, or as many of its first, and no more than are allowed or stated, whatever they unpack to."""
    try:
        said = file.getinfo(name)
        if said.flag_bits & 1 or said.file_size > most:
            fault = "is encrypted" if said.flag_bits & 1 else f"says that it has {said.file_size} bytes, allowed are {most}"
            raise FootageError(f"{where}: {name!r} in it {fault}")
        with file.open(said) as entry:
            data = entry.read(said.file_size + 1 if begin is None else begin)
            if len(data) > said.file_size:
                raise FootageError(f"{where}: {name!r} in it unpacks to more than the {said.file_size} bytes that it says")
            return data
    except KeyError as problem:
        raise FootageError(f"{where} is no OpenRaster file: it holds no {name!r}") from problem
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError) as problem:
        raise FootageError(f"{where}: {name!r} in it is damaged ({problem}): copy it again from where it was made") from problem


def _with_size(file: zipfile.ZipFile, head: LayerHead, name: str, where: str) -> LayerHead:
    """A layer's size is its PNG's; a head that is none becomes an error when the layer is read."""
    begin = _entry(file, name, LARGEST_ENTRY_BYTES, f"{where}, layer {head.path!r}", begin=24)
    box = Box(head.box.x, head.box.y, int.from_bytes(begin[16:20], "big") or 1, int.from_bytes(begin[20:24], "big") or 1)
    box.check(f"{where}, layer {head.path!r}")
    return replace(head, box=box)


class _Stack:
    """`stack.xml`, read without entities: a document type is an error. `heads` are uppermost first, as in the file."""

    def __init__(self, data: bytes, where: str) -> None:
        self.canvas = Box(0, 0, 0, 0)
        self.heads: list[LayerHead] = []
        self.sources: list[str] = []
        self._where, self._open = where, list[tuple[str, float, bool]]()
        parser = expat.ParserCreate()
        parser.StartDoctypeDeclHandler = self._refuse
        parser.EntityDeclHandler = self._refuse
        parser.StartElementHandler, parser.EndElementHandler = self._start, self._end
        try:
            parser.Parse(data, True)
        except (expat.ExpatError, ValueError, KeyError) as problem:
            raise FootageError(f"{where}: its stack.xml cannot be read ({type(problem).__name__}: {problem}): save it again") from problem

    def _refuse(self, *_: Any) -> None:
        raise FootageError(f"{self._where}: its stack.xml declares a document type or an entity, which no paint program writes: not read")

    def _start(self, tag: str, said: dict[str, str]) -> None:
        if tag == "image":
            self.canvas = Box(0, 0, int(said["w"]), int(said["h"]))
        elif tag == "stack":
            opacity, seen = _laid(said)
            before = self._open[-1] if self._open else ("", 1.0, True)
            self._open.append((layer_name(said.get("name", "group")), before[1] * opacity, before[2] and seen))
            if len(self._open) > DEEPEST:
                raise FootageError(f"{self._where}: its groups lie more than {DEEPEST} deep")
        elif tag == "layer":
            self._layer(said)

    def _layer(self, said: dict[str, str]) -> None:
        source = said["src"]
        if "\\" in source or ".." in source.split("/"):  # one writer begins its names with a slash: they are names in the zip all the same
            raise FootageError(f"{self._where}: a layer lies in {source[:80]!r}, allowed are places inside the file")
        opacity, seen = _laid(said)
        _, over, shown_too = self._open[-1] if self._open else ("", 1.0, True)
        op = said.get("composite-op", "svg:src-over")
        place = Box(int(said.get("x", 0)), int(said.get("y", 0)), 0, 0)
        self.heads.append(
            LayerHead(
                name=layer_name(said.get("name", "")), groups=tuple(name for name, _, _ in self._open[1:]), box=place,
                opacity=opacity * over, visible=seen and shown_too, blend=_OPS.get(op, op[:40]),
            )
        )  # fmt: skip
        self.sources.append(source)
        check_count(len(self.heads), self._where)

    def _end(self, tag: str) -> None:
        if tag == "stack":
            self._open.pop()


def _laid(said: dict[str, str]) -> tuple[float, bool]:
    opacity = float(said.get("opacity", 1))
    if not 0 <= opacity <= 1:
        raise ValueError(f"an opacity of {opacity}")
    return opacity, said.get("visibility", "visible") != "hidden"
