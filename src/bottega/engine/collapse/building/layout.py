"""Lays a building out in parts, storey by storey."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from bottega.engine.collapse.building.materials import FLOORS, FRAMES, GLASS, WALLS, Material
from bottega.engine.collapse.building.parts import Element
from bottega.engine.collapse.building.polygons import clip_polygon, deep, inset, polygon_area
from bottega.engine.collapse.records import Face, Float

if TYPE_CHECKING:
    from bottega.engine.collapse.building.structure import Building

_TALLEST_SHOP_M = 3.6
_LEAST_M = 0.12  # a part thinner than this is left out
_SAME_M = 1e-6
_PANE_M = 0.024  # of two panes


class Layout:
    """Lays out storey by storey."""

    def __init__(self, building: Building) -> None:
        self.b = building
        self.plan = np.asarray(building.plan, np.float64)
        self.inner = inset(self.plan, building.walls.thick_m)
        self.stone, self.floor, self.frame = (of[building.material] for of in (WALLS, FLOORS, FRAMES))
        self.parts: list[Element] = []
        self._panels: dict[tuple[object, ...], int] = {}

    def all(self) -> list[Element]:
        """Every part, from the ground up."""
        for side in range(len(self.plan)):
            self._wall(side)
        low = 0.0
        for storey, height in enumerate(self.b.storeys_m):
            self._inside(storey, low, low + height - self.b.slab_m)
            self._slab(storey, low + height - self.b.slab_m, low + height)
            low += height
        if self.b.parapet_m > 0:
            for side in range(len(self.plan)):
                self._parapet(side, len(self.b.storeys_m) - 1, low, low + self.b.parapet_m)
        return self.parts

    def _panel(self, *name: object) -> int:
        return self._panels.setdefault(name, len(self._panels))

    def _put(
        self,
        base: Float,
        span: tuple[float, float],
        *,
        of: tuple[int, ...],
        material: Material,
        at: tuple[int, int],
        called: tuple[str, int, int],
        cells: float = 1.0,
    ) -> None:
        """A part from a height to another, its sides' faces, its storey and panel, its kind, side and bay."""
        if span[1] - span[0] >= _LEAST_M / 4:
            kind, side, bay = called
            self.parts.append(Element(base, *span, of, material, *at, cells, kind=kind, side=side, bay=bay))

    def _strip(self, side: int, left: float, right: float, outer: float = 0.0, inner: float = 1.0) -> Float:
        """A part of a wall from `left` to `right` of its length (0..1), between shares of its thickness; ends are mitred."""
        a, b = self.plan[side], self.plan[(side + 1) % len(self.plan)]
        c, d = self.inner[side], self.inner[(side + 1) % len(self.plan)]
        out = [a + (b - a) * left, a + (b - a) * right]
        back = [c + (d - c) * left, c + (d - c) * right]
        at = [o + (i - o) * share for share in (outer, inner) for o, i in zip(out, back, strict=True)]
        return np.array([at[0], at[1], at[3], at[2]])

    def _wall(self, side: int) -> None:
        """A wall over all storeys in boxes side by side, so that cracks can run over piers, sills and heads; panes in the openings."""
        rows, columns, run = self._rows(side), self._columns(side), self._panel("run", side)
        open_ = np.array([[self._opening(side, row, (a + b) / 2) >= 0 for a, b in pairwise(columns)] for row in rows])
        for r, (low, high, storey, _) in enumerate(rows):
            for c, (left, right) in enumerate(pairwise(columns)):
                if open_[r, c]:
                    continue
                beside = [(r, c + 1), (r, c - 1), (r - 1, c), (r + 1, c)]
                bare = [0 <= i < open_.shape[0] and 0 <= j < open_.shape[1] and open_[i, j] for i, j in beside]
                right_, left_, under, over = (Face.OUTSIDE if b else Face.INSIDE for b in bare)
                panel = self._panel(storey, side, int(((left + right) / 2 * max(self.b.bays[side], 1) + 0.5) / 2))
                of = (Face.OUTSIDE, right_, Face.INSIDE, left_, under, over)
                base = self._strip(side, left, right)
                bay = min(int((left + right) / 2 * max(self.b.bays[side], 1)), max(self.b.bays[side], 1) - 1)
                self.parts.append(Element(base, low, high, of, self.stone, storey, panel, 1.0, run, "wall", side, bay))
        self._panes(side, rows)

    def _panes(self, side: int, rows: list[tuple[float, float, int, float]]) -> None:
        w, bays = self.b.walls, self.b.bays[side]
        pane = w.reveal_m / w.thick_m
        for low, high, storey, window in rows:
            for i in range(bays if window else 0):
                left, right = (i + 0.5 - window / 2) / bays, (i + 0.5 + window / 2) / bays
                base = self._strip(side, left, right, pane, min(1.0, pane + _PANE_M / w.thick_m))
                panel = self._panel(storey, side, (i + 1) // 2)
                self._put(base, (low, high), of=(Face.GLASS,) * 6, material=GLASS, at=(storey, panel), called=("glass", side, i), cells=1.5)

    def _rows(self, side: int) -> list[tuple[float, float, int, float]]:
        """Of each row of a wall from the ground up: from, to, storey, and its windows' width as a share of a bay, 0 where it has none."""
        w, low, out = self.b.walls, 0.0, []
        for storey, height in enumerate(self.b.storeys_m):
            high = low + height
            if self.b.bays[side]:
                window, sill, head = w.shop if storey == 0 else (w.window, w.sill, w.head)
                bottom, top = low + sill * height, min(low + head * height, low + _TALLEST_SHOP_M, high - self.b.slab_m)
                out += [(low, bottom, storey, 0.0), (bottom, top, storey, window), (top, high, storey, 0.0)]
            else:
                out.append((low, high, storey, 0.0))
            low = high
        return [row for row in out if row[1] - row[0] > _SAME_M]

    def _columns(self, side: int) -> Float:
        """Where a wall is cut along its length, 0..1: at the edges of all its windows."""
        bays = self.b.bays[side]
        if bays == 0:
            length = float(np.linalg.norm(self.plan[(side + 1) % len(self.plan)] - self.plan[side]))
            return np.linspace(0, 1, max(1, round(length / 4)) + 1)
        middles = (np.arange(bays) + 0.5) / bays
        halves = {w / 2 / bays for w in (self.b.walls.window, self.b.walls.shop[0])}
        return np.unique(np.concatenate([[0.0, 1.0], *(middles + sign * h for h in halves for sign in (-1, 1))]).round(9))

    def _opening(self, side: int, row: tuple[float, float, int, float], at: float) -> int:
        """The bay whose window a place along a row lies in, −1 where it is wall."""
        bay = int(at * self.b.bays[side])
        inside = row[3] > 0 and abs(at * self.b.bays[side] - bay - 0.5) < row[3] / 2
        return bay if inside else -1

    def _parapet(self, side: int, storey: int, low: float, high: float) -> None:
        bays = max(1, self.b.bays[side], round(float(np.linalg.norm(self.plan[(side + 1) % len(self.plan)] - self.plan[side])) / 4))
        skin = (Face.OUTSIDE, Face.INSIDE, Face.INSIDE, Face.INSIDE, Face.INSIDE, Face.OUTSIDE)
        for i in range(bays):
            base = self._strip(side, i / bays, (i + 1) / bays, 0.0, 0.75)
            self._put(
                base,
                (low, high),
                of=skin,
                material=self.stone,
                at=(storey, self._panel("parapet", side, i // 2)),
                called=("parapet", side, i),
            )

    def _slab(self, storey: int, low: float, high: float) -> None:
        """Floors in fields between the columns' lines."""
        top = Face.OUTSIDE if storey == len(self.b.storeys_m) - 1 else Face.INSIDE
        for i, j, field_ in self._fields():
            sides = (*((Face.INSIDE,) * len(field_)), Face.INSIDE, top)
            panel = self._panel("slab", storey, i // 2, j // 2)
            self.parts.append(Element(field_, low, high, sides, self.floor, storey, panel, 0.5, self._panel("floor", storey), "slab"))

    def _fields(self) -> list[tuple[int, int, Float]]:
        """The inner outline cut by a grid along its first side."""
        origin, along, across = self._axes()
        at = (self.inner - origin) @ np.stack([along, across], -1)
        spans, out = self._spans(at), []
        for i in range(len(spans[0]) - 1):
            for j in range(len(spans[1]) - 1):
                cut = at
                for k, low, high in ((0, spans[0][i], spans[0][i + 1]), (1, spans[1][j], spans[1][j + 1])):
                    cut = clip_polygon(clip_polygon(cut, k, low, above=True), k, high, above=False)
                if len(cut) >= 3 and polygon_area(cut) > _LEAST_M:
                    out.append((i, j, origin + cut @ np.stack([along, across])))
        return out

    def _spans(self, at: Float) -> list[Float]:
        """Lines of columns along both axes."""
        return [np.linspace(at[:, k].min(), at[:, k].max(), max(1, round(float(np.ptp(at[:, k])) / self.b.rooms_m)) + 1) for k in (0, 1)]

    def _axes(self) -> tuple[Float, Float, Float]:
        along = self.plan[1] - self.plan[0]
        along = along / np.linalg.norm(along)
        return self.inner[0], along, np.array([-along[1], along[0]])

    def _inside(self, storey: int, low: float, high: float) -> None:
        """Columns at the fields' corners, inner walls along every other line, a core in the middle."""
        _, along, across = self._axes()
        fields = self._fields()
        grey = (Face.INSIDE,) * 6
        corners = np.unique(np.round(np.concatenate([f for _, _, f in fields]), 6), axis=0)
        middle, half = self.inner.mean(0), 0.22
        core = 0.55 * self.b.rooms_m
        for k, corner in enumerate(corners):
            if deep(self.inner, corner) > 2 * half and not self._in_core(corner, middle, core + 2 * half):
                base = _box(corner, along, across, half, half)
                self._put(
                    base,
                    (low, high),
                    of=grey,
                    material=self.frame,
                    at=(storey, self._panel("column", storey, k)),
                    called=("column", -1, -1),
                    cells=5.0,
                )
        if deep(self.inner, middle) > core + self.b.rooms_m / 2:
            for k, (way, turned) in enumerate(((along, across), (across, -along), (-along, -across), (-across, along))):
                base = _box(middle + turned * core, way, turned, core - 0.15, 0.15, ahead=0.3)
                self._put(
                    base,
                    (low, high),
                    of=grey,
                    material=self.frame,
                    at=(storey, self._panel("core", storey, k)),
                    called=("core", -1, -1),
                    cells=2.0,
                )
        self._partitions(storey, low, high, middle, core)

    def _partitions(self, storey: int, low: float, high: float, middle: Float, core: float) -> None:
        origin, along, across = self._axes()
        reach = (self.inner - origin) @ np.stack([along, across], -1)
        thin, gap = 0.09, 0.5
        lines = self._spans(reach)[0]
        for n, x in enumerate((lines[1:] + lines[:-1]) / 2):  # midway between columns
            line = clip_polygon(clip_polygon(reach, 0, x - thin, above=True), 0, x + thin, above=False)
            if len(line) < 3:
                continue
            near, far = line[:, 1].min() + gap, line[:, 1].max() - gap
            for m, start in enumerate(np.arange(near, far - gap, self.b.rooms_m)):
                end = min(start + self.b.rooms_m - 0.9, far)  # a doorway between each and the next
                centre = origin + along * x + across * (start + end) / 2
                if end - start > 1 and not self._in_core(centre, middle, core + (end - start) / 2 + 0.3):
                    base = _box(centre, along, across, thin, (end - start) / 2)
                    panel = self._panel("rooms", storey, n, m // 2)
                    self._put(
                        base,
                        (low, high),
                        of=(Face.INSIDE,) * 6,
                        material=self.stone,
                        at=(storey, panel),
                        called=("partition", -1, -1),
                        cells=0.8,
                    )

    def _in_core(self, at: Float, middle: Float, reach: float) -> bool:
        _, along, across = self._axes()
        return max(abs(float((at - middle) @ along)), abs(float((at - middle) @ across))) < reach


def _box(centre: Float, along: Float, across: Float, half_a: float, half_b: float, *, ahead: float = 0.0) -> Float:
    """A rectangle, counter-clockwise; `ahead` moves it along its first axis by half of that."""
    c = centre + along * (ahead / 2)
    return np.array([c - along * half_a - across * half_b, c + along * half_a - across * half_b,
                     c + along * half_a + across * half_b, c - along * half_a + across * half_b])  # fmt: skip
