"""A greybox room from several angles, one of them painted: the others in the same hand, of the painting's own strokes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from .ground import Ground, Search
from .painted import Painted, gather, label_map
from .patchwork import PatchworkSettings, patchwork
from .records import Float, Room, number, within
from .room_guides import CHANNELS, guides, palette_of, world_normals
from .things import cast

_LEAST_PX = 32  # of either side


@dataclass(frozen=True)
class RoomSettings:
    """How another angle is painted. The weights say how much each guide counts, 0..10; 0 leaves it out.

    Parameters
    ----------
    edge
        Edges of labels: painted like the same side of such an edge in the painting.
    beyond
        The paint on the other side of an edge: strokes reach over it.
    flow
        The way that shade and line run: strokes that follow it.
    shade
        The greybox's light.
    line
        Ink.
    depth
        Near like near, far like far.
    normal
        Surfaces that face the same way are painted alike: the wall on the left like the wall on the left.
    strict
        All of these against whole strokes, 0..100.
    stand_ins
        Pairs (label, painted label): a label that the painting lacks is painted like that one.
    missing
        ``"nearest"``: a label that the painting lacks and that has no stand-in is painted like the label whose normal and shade are
        nearest, and the result says which. ``"refuse"``: it is an error.
    seed
        Another number is another picture, as good.
    """

    edge: float = 0.3
    beyond: float = 0.5
    flow: float = 0.15
    shade: float = 1.5
    line: float = 0.5
    depth: float = 0.1
    normal: float = 0.25
    strict: float = 1.0
    stand_ins: tuple[tuple[int, int], ...] = ()
    missing: str = "nearest"
    seed: int = 1

    def __post_init__(self) -> None:
        for name in ("edge", "beyond", "flow", "shade", "line", "depth", "normal"):
            number(getattr(self, name), name, 0, 10)
        if not any(self.weights()):
            raise ValueError("edge, beyond, flow, shade, line, depth and normal are all 0, allowed is more than 0 somewhere")
        number(self.strict, "strict", 0, 100)
        number(self.seed, "seed", 0, 2**31 - 1)
        if self.missing not in ("nearest", "refuse"):
            raise ValueError(f"missing is {self.missing!r}, allowed is 'nearest' or 'refuse'")

    def weights(self) -> tuple[float, ...]:
        """A weight for each guide channel."""
        return tuple(float(getattr(self, name)) for name in CHANNELS)


def paint_angles(
    key: Room,
    others: tuple[Room, ...],
    *,
    settings: RoomSettings | None = None,
    threads: int = 1,
    progress: Callable[[int, int], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> tuple[Painted, ...]:
    """Paint other angles of a room by the one that is painted (image analogies, Hertzmann et al. 2001, with guides of the surface).

    (1) Labels and things of one colour are classes (`things.cast`): paint goes from wall to wall and from the yellow chair to one chair.
    (2) A synthesis within classes, guided by edges, flow, shade, line, depth and normal, finds what may lie where.
    (3) It is laid as a patchwork of whole strokes (`patchwork.patchwork`): strokes keep their size, as nothing is scaled or mixed.

    Parameters
    ----------
    key : Room
        The painted angle, with ``painted``.
    others : tuple of Room
        The others, of any size; 32 pixels a side at least.
    settings : RoomSettings, optional
        Guides, stand-ins, seed.
    threads : int
        How many; the bits do not depend on it.
    progress : callable, optional
        Called with (done, total) angles after each.
    cancelled : callable, optional
        Asked often; True ends it with `bottega.engine.synthesis.Cancelled`.

    Returns
    -------
    tuple of Painted
        One for each of ``others``: picture, positions in ``key.painted``, stand-ins.

    Raises
    ------
    TypeError, ValueError
        If there is no painting, or a label 254 or 255, a depth that is not positive, a picture smaller than 32 pixels; if a label is not
        painted and may not be stood in for.

    Examples
    --------
    >>> import numpy as np
    >>> y, x = np.mgrid[0:40, 0:48]
    >>> labels, flat = (y > 25).astype(np.uint8), np.ones((40, 48), np.float32)
    >>> normal = np.stack([flat * 0, np.where(y > 25, 1, 0), np.where(y > 25, 0, 1)], -1).astype(np.float32)
    >>> paint = np.where(y[..., None] > 25, (0.5, 0.2, 0.1), (0.1, 0.3, 0.6)).astype(np.float32)
    >>> key = Room(labels, normal, flat * 3, flat * 0.5, flat * 0, painted=paint)
    >>> turned = Room(labels[:, ::-1].copy(), normal, flat * 3, flat * 0.5, flat * 0)
    >>> made, = paint_angles(key, (turned,))
    >>> bool((made.picture == paint).all()), made.stand_ins
    (True, ())
    """
    s = settings or RoomSettings()
    painted = _painted(key)
    for name, room in (("key", key), *((f"others[{i}]", room) for i, room in enumerate(others))):
        _check(room, name)
    search = Search(s.seed, threads, cancelled)
    out = []
    for room in others:
        out.append(_paint(key, painted, room, s, search))
        if progress is not None:
            progress(len(out), len(others))
    return tuple(out)


def _check(room: Room, name: str) -> None:
    label_map(room.labels, f"{name}.labels")
    if min(room.labels.shape) < _LEAST_PX:
        raise ValueError(f"{name} is {room.labels.shape[1]} by {room.labels.shape[0]} pixels, allowed is at least {_LEAST_PX} each way")
    if room.depth.min() <= 0:
        raise ValueError(f"{name}.depth has {room.depth.min():g}, allowed is more than 0 metres")
    within(room.normal, f"{name}.normal", -1.01, 1.01)
    within(room.shade, f"{name}.shade", 0, 4)
    within(room.line, f"{name}.line", 0, 1)


def _painted(key: Room) -> Float:
    if key.painted is None:
        raise ValueError("key.painted is None, allowed is the angle that is painted")
    return key.painted


def _paint(key: Room, painted: Float, room: Room, s: RoomSettings, search: Search) -> Painted:
    normals = world_normals(key, room)
    casting = cast(key, painted, room, normals, stand_ins=s.stand_ins, refuse=s.missing == "refuse")
    depths = float(min(key.depth.min(), room.depth.min())), float(max(key.depth.max(), room.depth.max()))
    style = np.sqrt(painted)
    palette = palette_of(style, casting.kind)
    source = guides(key, normals[0], depths, casting.kind, palette)
    target = guides(room, normals[1], depths, casting.wanted, palette)
    weights, held = np.asarray(s.weights(), np.float32), np.zeros(room.labels.shape, np.bool_)
    ground = Ground(style, source, casting.kind, target, casting.wanted, weights, held)
    place = patchwork(ground, search.find(ground), settings=PatchworkSettings(s.strict, seed=s.seed))
    positions = np.ascontiguousarray(place[..., ::-1])
    return Painted(gather(painted, positions), positions, casting.stand_ins)
