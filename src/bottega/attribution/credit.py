"""The credit of a frame: for every pixel the kind of claim and the exact parts of its sources."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, ClassVar, Self, TypeVar

import numpy as np
from numpy.typing import NDArray

from bottega.model import Claim, CredentialError, Record, Role, UsageError, canonical_json

from .claims import CLAIM_OF, CODE_OF, CODES, DENOMINATOR, Blended, Copied, CreditSource, External, Learned, PixelCredit

UInt8 = NDArray[np.uint8]
UInt32 = NDArray[np.uint32]
COPIED = CODE_OF[Claim.COPIED]


@dataclass(frozen=True, kw_only=True)
class CreditManifest(Record):
    """What the numbers in the channels mean, and the sha256 of the channels themselves."""

    schema: ClassVar[str] = "bottega.credit"

    denominator: int
    sources: tuple[CreditSource, ...]
    channels_sha256: str


@dataclass(frozen=True, eq=False)
class CreditMap:
    """Who made each pixel of a frame, and what kind of claim that is.

    For pixel p and source s the credit is ``parts[s, p] / 65536``, and ``sum over s of parts[s, p] == 65536``.

    Parameters
    ----------
    claim : ndarray of uint8, shape (H, W)
        1 copied, 2 blended, 3 learned, 4 external.
    parts : ndarray of uint32, shape (S, H, W)
        Parts of 65536. A copied pixel has one source with all of them.
    x, y : ndarray of uint32, shape (H, W)
        Column and row of the source pixel where the claim is 1, else 0.
    sources : tuple of CreditSource
        S sources, in the order of `parts`. The order also decides colours in pictures.
    extra : mapping
        Fields of a manifest that a newer version wrote.

    Raises
    ------
    TypeError
        For another dtype.
    ValueError
        For another shape, parts that do not sum to 65536, an unknown claim, or two sources with one id. Names the first pixel.

    Examples
    --------
    >>> from bottega.model import Role
    >>> plate = CreditSource(id=1, exemplar="a" * 64, role=Role.PLATE)
    >>> whole = np.full((1, 2, 3), 65536, np.uint32)
    >>> found = credit_frame(whole, np.ones((2, 3), np.uint8), [plate]).at(2, 1)
    >>> found == Copied(plate, x=2, y=1)
    True
    """

    claim: UInt8
    parts: UInt32
    x: UInt32
    y: UInt32
    sources: tuple[CreditSource, ...]
    extra: Mapping[str, Any] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        _check_shapes(self)
        _check_values(self)
        for name in ("claim", "parts", "x", "y"):
            view = getattr(self, name).view()
            view.flags.writeable = False
            object.__setattr__(self, name, view)

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width in pixels."""
        return self.claim.shape[0], self.claim.shape[1]

    def at(self, x: int, y: int) -> PixelCredit:
        """What is claimed of the pixel in column `x`, row `y`: a `Copied`, a `Blended`, a `Learned` or an `External`.

        Raises
        ------
        IndexError
            For a pixel outside the frame.
        """
        height, width = self.shape
        if not (0 <= x < width and 0 <= y < height):
            raise IndexError(f"pixel x={x}, y={y} is outside the frame: allowed are x 0 to {width - 1}, y 0 to {height - 1}")
        column = self.parts[:, y, x].tolist()
        given = tuple((s, Fraction(part, DENOMINATOR)) for s, part in zip(self.sources, column, strict=True) if part)
        claim = CLAIM_OF[int(self.claim[y, x])]
        if claim is Claim.COPIED:
            return Copied(given[0][0], int(self.x[y, x]), int(self.y[y, x]))
        if claim is Claim.BLENDED:
            return Blended(given)
        return Learned(given) if claim is Claim.LEARNED else External(given)

    def channels(self) -> dict[str, UInt32]:
        """The frame's credit as channels fit for a part of an EXR file.

        Returns
        -------
        dict of str to ndarray of uint32, shape (H, W)
            ``credit.claim``; ``credit.x`` and ``credit.y`` (0 unless copied); and for each source that has a part in this
            frame, in the order of the manifest, ``credit.id0`` and ``credit.part0`` and so on (both 0 where it has none). Read only.
        """
        channels = dict(self._each_channel())
        for pixels in channels.values():
            pixels.flags.writeable = False  # some are the map's own arrays
        return channels

    def _each_channel(self) -> Iterator[tuple[str, UInt32]]:
        yield "credit.claim", self.claim.astype(np.uint32)
        yield "credit.x", np.ascontiguousarray(self.x)
        yield "credit.y", np.ascontiguousarray(self.y)
        used = [i for i in range(len(self.sources)) if self.parts[i].any()]
        for slot, i in enumerate(used):
            yield f"credit.id{slot}", np.where(self.parts[i] > 0, np.uint32(self.sources[i].id), np.uint32(0))
            yield f"credit.part{slot}", np.ascontiguousarray(self.parts[i])

    def manifest(self) -> str:
        """What the channels' numbers mean, as canonical JSON: ids and digests only, no names and no paths.

        It lists all sources of the take, used in this frame or not, and holds the sha256 of the channels, so that
        `from_channels` finds a change of any of their values.
        """
        manifest = CreditManifest(
            denominator=DENOMINATOR, sources=self.sources, channels_sha256=_digest(self.shape, self._each_channel()), extra=self.extra
        )
        return canonical_json(manifest.to_json()).decode()

    @classmethod
    def from_channels(cls, channels: Mapping[str, NDArray[Any]], manifest: str) -> Self:
        """Read what `channels` and `manifest` wrote, and verify all of it.

        Parameters
        ----------
        channels : mapping of str to ndarray of uint32, shape (H, W)
            As `channels` gives them, in any order.
        manifest : str
            As `manifest` gives it.

        Raises
        ------
        CredentialError
            When a channel is missing, unknown or not uint32, an id is not in the manifest, parts do not sum to 65536, a claim is
            unknown, a copied pixel has more than one source, or the channels are not those that the manifest was written for.
        """
        try:
            record = _read_manifest(manifest)
            found = _from_slots(cls, channels, record)
        except (ValueError, TypeError, RecursionError, UsageError) as problem:
            raise CredentialError(f"credit does not hold: {problem}") from problem
        if _digest(found.shape, found._each_channel()) != record.channels_sha256:
            raise CredentialError("credit does not hold: the channels are not those of the manifest; make the frame again")
        return found


_Map = TypeVar("_Map", bound=CreditMap)


def credit_frame(
    weights: UInt32,
    copied_from: UInt8,
    sources: Sequence[CreditSource],
    *,
    learned: NDArray[np.bool_] | None = None,
    copied_xy: UInt32 | None = None,
) -> CreditMap:
    """Turn an engine's weights into credit: ``parts[s] = weights[s]``, and the kind of claim from `copied_from` and `learned`.

    Parameters
    ----------
    weights : ndarray of uint32, shape (K + 1, H, W)
        Parts of 65536 of the plate (first) and of K candidates; the sum over the first axis is 65536.
    copied_from : ndarray of uint8, shape (H, W)
        0 a blend, 1 the plate's pixel bit for bit, 2 + i candidate i's pixel bit for bit.
    sources : sequence of CreditSource
        The plate (role plate), then the K candidates in their order.
    learned : ndarray of bool, shape (H, W), optional
        Where a network had a hand in the pixel. The weights there are the credit of what it was trained on.
    copied_xy : ndarray of uint32, shape (2, H, W), optional
        Column and row of the source pixel where `copied_from` is not 0. Default: the same position.

    Returns
    -------
    CreditMap
        Of shape (H, W); it holds its own copies of the arrays.

    Raises
    ------
    TypeError
        For another dtype.
    ValueError
        For another shape, weights that do not sum to 65536, a copy whose weights name another source, or a pixel that is said
        to be both copied and learned.

    Examples
    --------
    >>> plate = CreditSource(id=1, exemplar="a" * 64, role=Role.PLATE)
    >>> key = CreditSource(id=2, exemplar="b" * 64, role=Role.KEY, frame=1001, author_id="p_1")
    >>> weights = np.array([[[65536, 16384, 0]], [[0, 49152, 65536]]], np.uint32)
    >>> credit = credit_frame(weights, np.array([[1, 0, 2]], np.uint8), [plate, key])
    >>> [credit.at(x, 0).claim.value for x in range(3)]
    ['copied', 'blended', 'copied']
    >>> [str(part) for _, part in credit.at(1, 0).parts]
    ['1/4', '3/4']
    """
    _need(weights, "weights", np.uint32, 3)
    _need(copied_from, "copied_from", np.uint8, 2)
    shape = _need_shape(copied_from, "copied_from", weights.shape[1:])
    if len(sources) != weights.shape[0] or not sources or sources[0].role is not Role.PLATE:
        given = [s.role.value for s in sources]
        raise ValueError(f"sources: {weights.shape[0]} weights need as many sources, the plate first; given {given}")
    copied = copied_from > 0
    if int(copied_from.max(initial=0)) > len(sources):
        raise ValueError(f"copied_from holds {int(copied_from.max())}: allowed are 0 to {len(sources)} with {len(sources)} sources")
    if learned is not None:
        _need(learned, "learned", np.bool_, 2)
        _need_shape(learned, "learned", shape)
        _first(learned & copied, "is said to be both copied and learned")
    for i in range(len(sources)):
        _first((copied_from == i + 1) & (weights[i] != DENOMINATOR), f"is copied from source {i} but its weights name others too")
    if copied_xy is None:
        x, y = np.meshgrid(np.arange(shape[1], dtype=np.uint32), np.arange(shape[0], dtype=np.uint32))
    else:
        _need(copied_xy, "copied_xy", np.uint32, 3)
        _need_shape(copied_xy, "copied_xy", (2, *shape))
        x, y = copied_xy[0], copied_xy[1]
    claim = np.where(copied, np.uint8(COPIED), np.uint8(CODE_OF[Claim.BLENDED]))
    if learned is not None:
        claim[learned] = CODE_OF[Claim.LEARNED]
    return CreditMap(claim, weights.copy(), x * copied, y * copied, tuple(sources))


def _need(array: NDArray[Any], name: str, dtype: Any, dimensions: int) -> None:
    if not isinstance(array, np.ndarray) or array.dtype != dtype:
        raise TypeError(f"{name}: an array of {np.dtype(dtype)} is needed, given {getattr(array, 'dtype', type(array).__name__)}")
    if array.ndim != dimensions or 0 in array.shape:
        raise ValueError(f"{name}: {dimensions} dimensions, none empty, are needed; given shape {array.shape}")


def _need_shape(array: NDArray[Any], name: str, shape: tuple[int, ...]) -> tuple[int, int]:
    if array.shape != shape:
        raise ValueError(f"{name}: shape is {array.shape}, must be {tuple(shape)}")
    return int(shape[-2]), int(shape[-1])


def _first(bad: NDArray[np.bool_], what: str) -> None:
    if bad.any():
        y, x = np.unravel_index(int(np.argmax(bad)), bad.shape)
        raise ValueError(f"credit of pixel x={int(x)}, y={int(y)}: it {what} ({int(bad.sum())} pixels)")


def _check_shapes(credit: CreditMap) -> None:
    _need(credit.claim, "claim", np.uint8, 2)
    _need(credit.parts, "parts", np.uint32, 3)
    _need_shape(credit.parts, "parts", (len(credit.sources), *credit.claim.shape))
    for name, array in (("x", credit.x), ("y", credit.y)):
        _need(array, name, np.uint32, 2)
        _need_shape(array, name, credit.claim.shape)
    ids = [s.id for s in credit.sources]
    if len(set(ids)) != len(ids):
        raise ValueError(f"two sources have the same id: given {ids}")


def _check_values(credit: CreditMap) -> None:
    _first((credit.claim < 1) | (credit.claim > len(CODE_OF)), f"has an unknown claim; allowed are {CODES}")
    _first(credit.parts.sum(axis=0, dtype=np.uint64) != DENOMINATOR, f"has parts whose sum is not {DENOMINATOR}")
    copied = credit.claim == COPIED
    _first(copied & (credit.parts.max(axis=0) != DENOMINATOR), "is copied but has more than one source")
    _first(~copied & ((credit.x != 0) | (credit.y != 0)), "has a source position but is not copied")


def _digest(shape: tuple[int, int], channels: Iterator[tuple[str, UInt32]]) -> str:
    sha = hashlib.sha256(f"bottega.credit/1 {shape[0]} {shape[1]}\n".encode())
    for name, pixels in channels:
        sha.update(f"{name}\n".encode())
        sha.update(np.ascontiguousarray(pixels, "<u4").data)
    return sha.hexdigest()


def _read_manifest(text: str) -> CreditManifest:
    data = json.loads(text)
    if not isinstance(data, dict):
        raise ValueError("the manifest is no JSON table")
    written = data.get("schema_version")
    if isinstance(written, int) and written > CreditManifest.version:
        raise ValueError(f"the manifest's version is {written}, this Bottega reads 1 to {CreditManifest.version}: use a newer one")
    record = CreditManifest.from_json(data)
    if record.denominator != DENOMINATOR:
        raise ValueError(f"the manifest's denominator is {record.denominator}, must be {DENOMINATOR}")
    return record


def _from_slots(cls: type[_Map], channels: Mapping[str, NDArray[Any]], record: CreditManifest) -> _Map:
    plain = ("credit.claim", "credit.x", "credit.y")
    slots = sum(name.startswith("credit.id") for name in channels)
    wanted = {*plain, *(f"credit.{kind}{slot}" for slot in range(slots) for kind in ("id", "part"))}
    if set(channels) != wanted:
        odd = sorted(set(channels) ^ wanted)
        raise ValueError(f"channels {odd} are missing or unknown: allowed are claim, x, y and for each source a pair of id and part")
    for name, pixels in channels.items():
        _need(pixels, name, np.uint32, 2)
        _need_shape(pixels, name, channels["credit.claim"].shape)
    claim = channels["credit.claim"]
    _first(claim > len(CODE_OF), f"has an unknown claim; allowed are {CODES}")
    row = {s.id: i for i, s in enumerate(record.sources)}
    parts = np.zeros((len(record.sources), *claim.shape), np.uint32)
    for slot in range(slots):
        ids, part = channels[f"credit.id{slot}"], channels[f"credit.part{slot}"]
        of = int(ids.max())
        if of not in row:
            raise ValueError(f"credit.id{slot} holds id {of}: the manifest knows {sorted(row)}")
        wrong = ids != np.where(part > 0, np.uint32(of), np.uint32(0))
        _first(wrong, f"has an id in credit.id{slot} that is not {of}, or one where it has no part")
        parts[row[of]] += part
    return cls(claim.astype(np.uint8), parts, channels["credit.x"], channels["credit.y"], record.sources, record.extra)
