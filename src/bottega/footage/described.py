"""What pictures say of themselves in their headers, before anybody may look at a pixel."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path, PurePath

from bottega.model import Exemplar, FootageError, Role, SealedFile, UsageError, shown

from .colour import known_space, light_space
from .exr_header import ExrPart, header_of, picture_in
from .frame import Box
from .movie_file import movie_header
from .sealing import open_plain, place
from .sequence import MOVIES, check_flat
from .still_file import still_header

_FIRST_READ_BYTES = 1 << 16
# Red, green, blue and white xy of the linear spaces that files spell out (SMPTE ST 2065-1, AP1; BT.709; BT.2020; P3-D65).
_PRIMARIES = {
    "lin_rec709_srgb": (0.64, 0.33, 0.30, 0.60, 0.15, 0.06, 0.3127, 0.3290),
    "acescg": (0.713, 0.293, 0.165, 0.830, 0.128, 0.044, 0.32168, 0.33767),
    "aces2065_1": (0.7347, 0.2653, 0.0, 1.0, 0.0001, -0.077, 0.32168, 0.33767),
    "lin_rec2020": (0.708, 0.292, 0.170, 0.797, 0.131, 0.046, 0.3127, 0.3290),
    "lin_p3d65": (0.680, 0.320, 0.265, 0.690, 0.150, 0.060, 0.3127, 0.3290),
}


@dataclass(frozen=True, kw_only=True)
class Described:
    """Headers of an exemplar. `canvas` holds every frame's data window and the display window.

    `colour` is what the files' metadata says, by the config's name, or None; `notes` say what was there and not understood.
    """

    width: int
    height: int
    display: Box
    data_windows: tuple[Box, ...]
    canvas: Box
    channels: tuple[str, ...]
    dtype: str
    alpha: bool
    premultiplied: bool
    pixel_aspect: float = 1.0
    colour: str | None = None
    fps: Fraction | None = None
    frame_count: int | None = None
    notes: tuple[str, ...] = ()


def describe(exemplar: Exemplar, *, root: Path | None = None) -> Described:
    """Read the headers of all files, no pixels; relative paths are under `root`.

    Raises FootageError for a damaged header, or frames that differ in size, channels, type or colour.
    """
    first: Described | None = None
    windows = []
    for sealed in exemplar.files:
        found = _file(sealed, path_of(sealed, root))
        windows.append(found.data_windows[0])
        if first is None:
            first = found
        elif (odd := _difference(first, found)) is not None:
            name, given, other = odd
            frames = f"frame {exemplar.files[0].frame} has {other}"
            raise FootageError(f"{place(sealed.path, sealed.frame)}: {name} is {given}, {frames}; all frames of a sequence must agree")
    if first is None:
        raise UsageError(f"exemplar {exemplar.digest[:12]} lists no file: seal it again")
    canvas = first.display
    for window in windows:
        canvas = canvas.union(window)
    return replace(first, data_windows=tuple(windows), canvas=canvas)


def colour_of(exemplar: Exemplar, described: Described, default: str | None = None) -> str:
    """The colour space of an exemplar: declared, else what its metadata says, else the default. Nothing is guessed.

    Raises UsageError, saying how to declare it, when nothing is known; or when a declared name is unknown to the config.
    """
    for name in (exemplar.colour, described.colour, default):
        if name:
            return light_space(name)
    said = f" ({'; '.join(described.notes)})" if described.notes else ""
    raise UsageError(
        f"{place(exemplar.files[0].path, None)}: the file does not say its colour space{said}, and none was declared: "
        "declare it with --colour, as --colour lin_rec709_srgb for a scene-linear render or --colour srgb_tx for a painted PNG"
    )


def path_of(sealed: SealedFile, root: Path | None) -> Path:
    """Where a sealed file lies now."""
    return Path(sealed.path) if root is None else root / sealed.path


def needs_colour(role: Role) -> bool:
    """Whether pixels of this role are colours; a matte's are numbers."""
    return role not in (Role.MATTE, Role.REGION)


def _file(sealed: SealedFile, path: Path) -> Described:
    where = place(path, sealed.frame)
    check_flat(sealed.path, where)
    suffix = PurePath(sealed.path).suffix.lower()
    fd = open_plain(path, sealed.frame)
    try:
        if os.fstat(fd).st_size == 0:
            raise FootageError(f"{where} is empty (0 bytes): copy it again from where it was made")
        if suffix == ".exr":
            return _exr(fd, where)
        if suffix in MOVIES:
            return _movie(fd, suffix, where)
        return _still(fd, path, where)
    finally:
        os.close(fd)


def _exr(fd: int, where: str) -> Described:
    parts = header_of(lambda offset, count: os.pread(fd, count, offset), os.fstat(fd).st_size, where)
    index, names = picture_in([p.channels for p in parts], where)
    part = parts[index]
    colour, notes = _exr_colour(part)
    alpha = f"{names[0][:-1]}A" in part.channels if names[0] != names[1] else "A" in part.channels and names[0] != "A"
    return Described(
        width=part.display.width,
        height=part.display.height,
        display=part.display,
        data_windows=(part.data,),
        canvas=part.display.union(part.data),
        channels=tuple(sorted(part.channels)),
        dtype=part.channels[names[0]],
        alpha=alpha,
        premultiplied=alpha,
        pixel_aspect=part.pixel_aspect,
        colour=colour,
        notes=notes,
    )


def _exr_colour(part: ExrPart) -> tuple[str | None, tuple[str, ...]]:
    notes = []
    for attribute in ("colorInteropId", "bottega:colourSpace", "oiio:ColorSpace", "colorSpace", "ColorSpace"):
        said = part.text(attribute)
        if said:
            if (space := known_space(said)) is not None:
                return space, ()
            notes.append(f"{attribute} {shown(said)} is not in the OpenColorIO config")
    if part.chromaticities is not None:
        for name, primaries in _PRIMARIES.items():
            if all(abs(a - b) < 1e-3 for a, b in zip(part.chromaticities, primaries, strict=True)):
                return known_space(name), ()
        notes.append("its chromaticities are of no known space")
    return None, tuple(notes)


def _still(fd: int, path: Path, where: str) -> Described:
    head = os.pread(fd, _FIRST_READ_BYTES * 16, 0)
    found = still_header(head, f"/proc/self/fd/{fd}" if Path("/proc/self/fd").is_dir() else str(path), path.name, where)
    colour = known_space(found.colour) if found.colour else None
    return Described(
        width=found.size.width,
        height=found.size.height,
        display=found.size,
        data_windows=(found.size,),
        canvas=found.size,
        channels=found.channels,
        dtype=found.dtype,
        alpha=found.alpha is not None,
        premultiplied=found.premultiplied,
        pixel_aspect=found.pixel_aspect,
        colour=colour,
        notes=found.notes,
    )


def _movie(fd: int, suffix: str, where: str) -> Described:
    with os.fdopen(os.dup(fd), "rb") as file:
        found = movie_header(file, suffix, where)
    return Described(
        width=found.size.width,
        height=found.size.height,
        display=found.size,
        data_windows=(found.size,),
        canvas=found.size,
        channels=("R", "G", "B", *(("A",) if found.alpha else ())),
        dtype=f"uint{found.bits}",
        alpha=found.alpha,
        premultiplied=False,
        pixel_aspect=found.pixel_aspect,
        colour=known_space(found.colour) if found.colour else None,
        fps=found.fps,
        frame_count=found.frame_count,
        notes=found.notes,
    )


def _difference(first: Described, other: Described) -> tuple[str, object, object] | None:
    for name in ("display", "channels", "dtype", "premultiplied", "pixel_aspect", "colour"):
        if getattr(first, name) != getattr(other, name):
            return name.replace("_", " "), getattr(other, name), getattr(first, name)
    return None
