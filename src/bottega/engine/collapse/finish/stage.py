"""All that stays the same through a shot: skin, light, what stands around, and the views and tiles that colour comes from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bottega.engine.collapse.records import Camera, Face, Pieces

from .buffers import draw_pose, draw_poses
from .fringe import add_fringe
from .light import Lamp, Light, Maps, irradiance, lay_lamp, shadow_maps
from .raster import PATTERNS, Planes, draw, empty_planes, lens_of, see
from .skin import Pose, Skin, casting, lay_skin, planes, pose, rest_pose, to_world
from .sources import Seen, Tile, View, lay_view

Array = NDArray[Any]


@dataclass(frozen=True, slots=True, eq=False)
class Stage:
    """A shot made ready by `prepare`.

    pieces, light, views, tiles, seed, samples
        As given.
    skin, rest
        The pieces' triangles, and their pose at rest.
    static
        (V, 3) vertices and (T, 3) triangles of what stands around.
    lamp
        The light's maps' lenses.
    maps
        Shadow maps: of each view, then at rest, then of what stands around alone.
    seen
        Each view laid out.
    """

    pieces: Pieces
    light: Light
    views: tuple[View, ...]
    tiles: tuple[Tile, ...]
    seed: int
    samples: int
    skin: Skin
    rest: Pose
    static: tuple[Array, Array]
    lamp: Lamp
    maps: tuple[Maps, ...]
    seen: tuple[Seen, ...]

    def shadows(self, now: Pose | None) -> Maps:
        """Shadow maps with the pieces in a pose, or without them."""
        vertices, triangles = self.static
        if now is not None:
            vertices = np.concatenate([to_world(self.skin, now), vertices])
            triangles = np.concatenate([casting(self.skin), triangles + len(self.skin.vertices)])
        return shadow_maps(self.lamp, vertices, triangles, double=np.zeros(len(triangles), np.bool_))


@dataclass(frozen=True, slots=True, eq=False)
class Rested:
    """What a camera sees of the rest: (S, H, W) int32 triangles of the samples, and the ground behind.

    samples
        As said.
    held, middle
        Planes of what stands around, one for each sample; and at the pixels' middles.
    ground
        (H, W) bool: pixels whose ray meets the ground or what stands around.
    point, normal
        (G, 3) of those pixels, world.
    lit, bare
        (G, 3) float32 irradiance there at rest, and without the pieces.
    """

    camera: Camera
    samples: Array
    held: tuple[Planes, ...]
    middle: Planes
    ground: Array
    point: Array
    normal: Array
    lit: Array
    bare: Array


def prepare(
    pieces: Pieces,
    light: Light,
    *,
    views: Sequence[View],
    tiles: Sequence[Tile] = (),
    static: tuple[Array, Array] | None = None,
    reach_m: float | None = None,
    samples: int = 4,
    fringe: float = 0.03,
    seed: int = 0,
) -> Stage:
    """Make a shot ready.

    Parameters
    ----------
    pieces : Pieces
        At rest.
    light : Light
        The shot's.
    views : sequence of View
        Plates and painted keys to take from: keys first where they see a place, then the plate with the most pixels on it.
    tiles : sequence of Tile
        One for each material and face kind that no view may show.
    static : (V, 3) float and (T, 3) int, optional
        What stands around, casts shadows and hides pieces; see `skin.boxes`.
    reach_m : float, optional
        How far from the building pieces still cast shadows; its height by default.
    samples : int
        Samples a pixel, 1, 4 or 8.
    fringe : float
        How far beyond the pieces' outline the first plate's matte is the building's, as a share of the plate's width; 0: nowhere.
    seed : int
        Of the tiles' places.

    Returns
    -------
    Stage

    Raises
    ------
    ValueError
        For samples that there is no pattern for, two tiles of one kind, a material that the pieces do not have, a view that shows no
        piece, a view or tile called plate or clean.
    """
    _check(pieces, views, tiles, samples)
    skin, rest = lay_skin(pieces), rest_pose(pieces)
    standing = (np.zeros((0, 3)), np.zeros((0, 3), np.int32)) if static is None else (np.asarray(static[0], np.float64), static[1])
    world = to_world(skin, rest)
    low, high = world.min(0), world.max(0)
    reach = high[2] - low[2] if reach_m is None else reach_m
    about = np.array([reach, reach, 1.0])
    lamp = lay_lamp(light, low - about, high + about)
    plates = [view for view in views if view.position is None]
    if plates and fringe:
        skin = add_fringe(skin, rest, plates[0], widest_px=fringe * plates[0].camera.width)
    stage = Stage(pieces, light, tuple(views), tuple(tiles), seed, samples, skin, rest, standing, lamp, (), ())
    at_rest, bare = stage.shadows(rest), stage.shadows(None)
    maps, seen = [], []
    for view in views:
        shown = rest if view.position is None or view.rotation is None else pose(view.position, view.rotation)
        drawn = draw_pose(
            skin, shown, lens_of(view.camera), size=(view.camera.height, view.camera.width), held=held_out(stage, view.camera)
        )
        maps.append(at_rest if shown is rest else stage.shadows(shown))
        seen.append(lay_view(view, drawn, shown))
    return Stage(
        pieces, light, tuple(views), tuple(tiles), seed, samples, skin, rest, standing, lamp, (*maps, at_rest, bare), tuple(seen)
    )  # fmt: skip


def _check(pieces: Pieces, views: Sequence[View], tiles: Sequence[Tile], samples: int) -> None:
    if samples not in PATTERNS:
        raise ValueError(f"samples is {samples}, allowed is one of {sorted(PATTERNS)}")
    taken = [name for name in (*(v.name for v in views), *(t.name for t in tiles)) if name in {"plate", "clean"}]
    if taken:
        raise ValueError(f"a view or tile is called {taken[0]!r}, which is the frame's own; allowed is any other name")
    kinds = [(tile.material, tile.face) for tile in tiles]
    for kind in kinds:
        if kind[0] not in pieces.materials:
            raise ValueError(f"a tile is for material {kind[0]!r}, allowed is one of {pieces.materials}")
        if kinds.count(kind) > 1:
            raise ValueError(f"two tiles are for {kind[0]} {Face(kind[1]).name}, allowed is one of each kind")


def held_out(stage: Stage, camera: Camera, offset: tuple[int, int] = (0, 0)) -> Planes:
    """What stands around, drawn: the planes that pieces are hidden by."""
    into, lens = empty_planes(camera.height, camera.width), lens_of(camera)
    vertices, triangles = stage.static
    draw(see(vertices, lens), triangles, np.zeros(len(triangles), np.bool_), lens, into, offset, 0)
    return into


def look_at_rest(stage: Stage, camera: Camera) -> Rested:
    """What a camera sees of the rest; made once where the camera stands still."""
    pattern, middle = PATTERNS[stage.samples], held_out(stage, camera, (0, 0))
    held = tuple(held_out(stage, camera, offset) for offset in pattern)
    drawn = draw_poses(stage.skin, stage.rest, lens_of(camera), offsets=pattern, held=held).triangle
    ground, point, normal = _ground(camera, middle, stage.static)
    lit, bare = (irradiance(point, normal, stage.lamp, maps) for maps in stage.maps[-2:])
    return Rested(camera, drawn, held, middle, ground, point, normal, lit, bare)


def _ground(camera: Camera, drawn: Planes, static: tuple[Array, Array]) -> tuple[Array, Array, Array]:
    """Where the pixels' rays meet what stands around, drawn already, or the ground at z = 0."""
    lens = lens_of(camera)
    x = (np.arange(camera.width) + 0.5 - lens.centre_x) / lens.scale
    y = (np.arange(camera.height) + 0.5 - lens.centre_y) / lens.scale
    ray = x[None, :, None] * lens.turn[0] + y[:, None, None] * lens.turn[1] + lens.turn[2]
    with np.errstate(divide="ignore", invalid="ignore"):
        far = np.where(ray[..., 2] < 0, -lens.eye[2] / ray[..., 2], np.inf)
    normal = np.zeros((camera.height, camera.width, 3))
    normal[..., 2] = 1
    hit = drawn.triangle >= 0
    wall = hit & (1 / np.where(hit, drawn.near, 1) < far)
    normal[wall] = planes(*static)[0][drawn.triangle[wall]]
    far[wall] = 1 / drawn.near[wall]
    there = np.isfinite(far) & (far > 0)
    return there, lens.eye + ray[there] * far[there][:, None], np.ascontiguousarray(normal[there])
