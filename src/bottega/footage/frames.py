"""The one way in: pixels for a clearance, decoded from the very bytes whose hash was cleared."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterator
from pathlib import Path, PurePath
from types import TracebackType
from typing import Self

import numpy as np

from bottega.model import ConsentError, Exemplar, FootageError, Reason, Role, SealedFile, UsageError
from bottega.rights import Clearance, Door

from .colour import is_linear, space_name, to_working
from .described import Described, colour_of, describe, needs_colour, path_of
from .exr_file import decode_exr
from .frame import LARGEST_HALF, Box, Decoded, Floats, Frame, as_float, on_canvas
from .layers import check_layers, layers_in, movie_layers
from .movie_file import CheckedFile, MovieReader, changed
from .sealing import open_plain, place
from .sequence import MOVIES, check_flat, ranges
from .still_file import decode_still
from .whole_file import as_path


def open_frames(
    exemplar: Exemplar,
    clearance: Clearance,
    *,
    door: Door,
    working: str | None,
    canvas: Box | None = None,
    default_colour: str | None = None,
    info: Described | None = None,
    root: Path | None = None,
) -> Frames:
    """Open an exemplar's pixels, in the `working` colour space, on `canvas` (None: its own).

    `info` is what `describe` gave for the same exemplar, when it was asked before; relative paths are under `root`.
    `default_colour` is the space of files that do not say theirs; mattes and regions are numbers and have none.

    Raises ConsentError when the door refuses or a file changed since it was sealed, CredentialError for a record that was
    changed, FootageError for damaged files, UsageError when a colour space is unknown.
    """
    check_door(door)
    if exemplar.role in (Role.MODEL, Role.TEMPLATE):
        raise UsageError(f"exemplar {exemplar.digest[:12]} is a {exemplar.role.value} and no picture: read it with open_weights")
    check_flat(exemplar.files[0].path, place(exemplar.files[0].path, None))
    door.admit(clearance, exemplar.digest)
    exemplar.check()
    for sealed in exemplar.files:
        _check_in_place(sealed, path_of(sealed, root))
    info = info or describe(exemplar, root=root)
    colour = colour_of(exemplar, info, default_colour) if needs_colour(exemplar.role) else None
    if colour is not None and working is None:
        raise ValueError(f"working is None, allowed is a colour space name for a {exemplar.role}")
    return Frames(exemplar, clearance, door, info, colour=colour, working=working, canvas=canvas or info.canvas, root=root)


class Frames:
    """An open exemplar. `numbers` are its frames; a still has the one number 0 and stands for any it is asked for.

    Stills and sequences may be read by several threads at once, a movie by one.
    """

    def __init__(
        self,
        exemplar: Exemplar,
        clearance: Clearance,
        door: Door,
        info: Described,
        *,
        colour: str | None,
        working: str | None,
        canvas: Box,
        root: Path | None,
    ) -> None:
        check_door(door)
        self.exemplar, self.info, self.canvas, self.colour = exemplar, info, canvas, colour
        self.working = None if colour is None or working is None else space_name(working)
        self._clearance, self._door, self._root = clearance, door, root
        self._movie: MovieReader | None = None
        self.is_movie = len(exemplar.files) == 1 and PurePath(exemplar.files[0].path).suffix.lower() in MOVIES
        self.is_still = len(exemplar.files) == 1 and exemplar.files[0].frame is None and not self.is_movie
        self.numbers: tuple[int, ...] = self._numbers()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def __iter__(self) -> Iterator[Frame]:
        return (self.read(n) for n in self.numbers)

    def __len__(self) -> int:
        return len(self.numbers)

    def close(self) -> None:
        """Close the movie, if one is open."""
        if self._movie is not None:
            self._movie.close()
            self._movie = None

    def read(self, number: int) -> Frame:
        """Read one frame. Raises as `open_frames`, and FootageError for a frame that is not there."""
        if not self.is_still and number not in self.numbers:
            there = f"there are {ranges(self.numbers)}"
            raise FootageError(
                f"{place(self.exemplar.files[0].path, None)}: frame {number} is missing, {there}: supply it, or leave it out"
            )
        self._door.admit(self._clearance, self.exemplar.digest)
        sealed = self.exemplar.file_for(number)
        if sealed is None:
            raise FootageError(f"exemplar {self.exemplar.digest[:12]} has no file for frame {number}: seal it again")
        where = place(sealed.path, number)
        found = self._from_movie(sealed, number) if self.is_movie else self._from_still(sealed, where)
        return self._frame(found, sealed, number, where)

    def _numbers(self) -> tuple[int, ...]:
        if self.is_movie:
            first = self.exemplar.first_frame
            if first is None:
                raise UsageError(f"exemplar {self.exemplar.digest[:12]} is a movie without a first frame: seal it again")
            return tuple(range(first, first + (self.info.frame_count or 0)))
        return (0,) if self.is_still else tuple(f.frame for f in self.exemplar.files if f.frame is not None)

    def _from_movie(self, sealed: SealedFile, number: int) -> Decoded:
        if self._movie is None:
            path = path_of(sealed, self._root)
            file = CheckedFile(open_plain(path, number), sealed)
            try:
                self._movie = MovieReader(file, PurePath(sealed.path).suffix.lower(), place(sealed.path, None))
                check_layers(movie_layers(self._movie.container), self.exemplar, place(sealed.path, None))
            except BaseException:
                file.close()
                raise
        return self._movie.read(number - self.numbers[0])

    def _from_still(self, sealed: SealedFile, where: str) -> Decoded:
        data, suffix = sealed_bytes(sealed, path_of(sealed, self._root)), PurePath(sealed.path).suffix.lower()
        check_layers(layers_in(data, suffix, self.exemplar.role, where), self.exemplar, where)
        with as_path(data, suffix) as path:
            if suffix == ".exr":
                return decode_exr(data, path, where)
            return decode_still(data, path, sealed.path, where)

    def _frame(self, found: Decoded, sealed: SealedFile, number: int, where: str) -> Frame:
        if not self.canvas.holds(found.data):
            wrong = f"its data window {found.data} leaves the shot's canvas {self.canvas}"
            raise FootageError(f"{where}: {wrong}: describe all frames of the shot together")
        rgb = as_float(found.rgb)
        bad = self._replace_non_finite(rgb, where)
        alpha = as_float(found.others[found.alpha_name]) if found.alpha_name else None
        if alpha is not None:
            bad += self._replace_non_finite(alpha[..., None], where)
        premultiplied = found.premultiplied and alpha is not None
        if self.colour is not None and self.working is not None and self.colour != self.working:
            if premultiplied and alpha is not None and not is_linear(self.colour):
                if self.exemplar.role is Role.PLATE and (alpha != 1).any():
                    raise FootageError(
                        f"{where}: its alpha is multiplied into {self.colour} codes: unpremultiply the plate and save it again"
                    )
                rgb, premultiplied = _unpremultiplied(rgb, alpha), False  # codes of a curve cannot be converted multiplied
            rgb = to_working(rgb, self.colour, self.working)
        return Frame(
            number=number,
            file=place(sealed.path, None),
            rgb=on_canvas(rgb, found.data, self.canvas),
            alpha=None if alpha is None else on_canvas(alpha, found.data, self.canvas),
            premultiplied=premultiplied,
            native=found.rgb,
            others=found.others,
            alpha_name=found.alpha_name,
            dtype=found.dtype,
            grey=found.grey,
            colour=self.colour,
            working=self.working,
            canvas=self.canvas,
            data=found.data,
            display=found.display,
            pixel_aspect=found.pixel_aspect,
            non_finite=bad,
            passed_on=found.passed_on,
        )

    def _replace_non_finite(self, rgb: Floats, where: str) -> int:
        """A plate is repaired for the engine and counted; anything an artist made is refused."""
        wrong = ~np.isfinite(rgb)
        if not wrong.any():
            return 0
        if self.exemplar.role is not Role.PLATE:
            row, column, channel = (int(v) for v in np.argwhere(wrong)[0])
            first = (
                f"{'RGB'[channel] if rgb.shape[2] == 3 else 'A'} = {rgb[row, column, channel]} at x {column}, y {row} of its data window"
            )
            raise FootageError(
                f"{where}: {int(wrong.sum())} samples are NaN or infinite, the first {first}; allowed are finite values: "
                "repaint or clamp them and save again"
            )
        np.nan_to_num(rgb, copy=False, nan=0.0, posinf=LARGEST_HALF, neginf=-LARGEST_HALF)
        return int(wrong.sum())


def _check_in_place(sealed: SealedFile, path: Path) -> None:
    """The cheap half of the seal: still an ordinary file of the same size."""
    try:
        now = path.lstat()
    except OSError as problem:
        raise FootageError(f"{place(path, sealed.frame)} is gone: {problem.strerror}; put the file back") from problem
    if stat.S_ISLNK(now.st_mode):
        raise changed(sealed, "it has become a link, what it leads to may")
    if now.st_size != sealed.size_bytes:
        raise changed(sealed, f"its {now.st_size} bytes (then {sealed.size_bytes})")


def check_door(door: object) -> None:
    """Only the gate's own door counts: something that merely looks like one would let anything in. Raises ConsentError."""
    if type(door) is not Door:
        raise ConsentError(Reason("forged", f"a Door of the gate is needed, given {type(door).__name__}; ask the gate for a clearance"))


def sealed_bytes(sealed: SealedFile, path: Path) -> bytes:
    """Read a file once; its bytes must be those that were sealed. Raises ConsentError `hash_changed`, FootageError."""
    _check_in_place(sealed, path)
    fd = open_plain(path, sealed.frame)
    with os.fdopen(fd, "rb", buffering=0) as file:
        size = os.fstat(fd).st_size
        if size != sealed.size_bytes:
            raise changed(sealed, f"its {size} bytes (then {sealed.size_bytes})")
        data = file.read(size + 1) or b""
        while len(data) < size and (more := file.read(size - len(data))):
            data += more
    if hashlib.sha256(data).hexdigest() != sealed.sha256:
        raise changed(sealed, "its bytes")
    return data


def _unpremultiplied(rgb: Floats, alpha: Floats) -> Floats:
    return np.divide(rgb, alpha[..., None], out=np.zeros_like(rgb), where=alpha[..., None] > 0)
