"""The default solver: Bullet moves rigid bodies of glued pieces, and what bears more than it can comes apart."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from bottega.engine.collapse.motion.blows import blows
from bottega.engine.collapse.motion.breaking import body_loads, parts
from bottega.engine.collapse.motion.buckling import bulge
from bottega.engine.collapse.motion.rotations import cross, lowest, rotated, turned
from bottega.engine.collapse.motion.scene import GRAVITY, MotionSettings, Scene, State
from bottega.engine.collapse.motion.settling import near_moving, quieter, unheld, upright, woken
from bottega.engine.collapse.motion.world import Body, Contact, World, read
from bottega.engine.collapse.records import Float, Int, Pieces

_DOWN = np.array([0.0, 0.0, -GRAVITY])
_FASTEST = 1.2  # times the speed of a fall from the building's top: more than that is the solver's error
_FARTHEST = 0.45  # of the speed of the farthest fall so far, sideways
_HIGHEST = 0.1  # of that, upward: rubble does not fly up
_FASTEST_TURN = 12.0  # rad/s
_LEFT_M = 0.5  # what moves farther away from a sleeper in a frame than this did not hold it
_HELD = [-1]  # as if by the ground
_SLIPPERY = 0.02  # friction of what buckles
_FRAGILE = 0.25  # of a body's middling bond: what presses less than that on it breaks nothing
_FEWEST_SHARE = 0.05  # of a blow that a breaking body still takes


class BulletSolver:
    """`Solver` by Panda3D's Bullet, in this process, on one thread."""

    def frames(self, scene: Scene, settings: MotionSettings, state: State) -> Iterator[State]:
        """See `Solver`. A run that goes on from a checkpoint gives the bits of one that never stopped."""
        run = _Run(scene, settings, state)
        for frame in range(state.frame + 1, scene.last_frame + 1):
            yield run.step_frame(frame)


class _Run:
    """A run's bodies and arrays. Bodies are kept by their lowest piece, in rising order wherever order matters."""

    def __init__(self, scene: Scene, settings: MotionSettings, state: State) -> None:
        self.scene, self.settings, self.state = scene, settings, state
        self.world = World(scene.pieces, scene.boxes, scene.ground, settings=settings)
        self.mass, self.centre = scene.pieces.mass, np.asarray(scene.pieces.centre, np.float64)
        self.spread = _spread(scene.pieces)
        low, high = scene.pieces.vertex_start[:-1], scene.pieces.vertices
        self.radius = np.sqrt(np.maximum.reduceat((high.astype(np.float64) ** 2).sum(1), low))
        self.fastest = _FASTEST * np.sqrt(2 * GRAVITY * max(float(self.centre[:, 2].max()) - scene.ground, 1))
        self.story = np.concatenate([[0.0], np.cumsum(scene.step_s)])
        self.slips_until = state.slips_until.copy()
        pair = scene.bonds.pair
        inner = state.body[pair[:, 0]] == state.body[pair[:, 1]]
        order = np.argsort(state.body[pair[inner, 0]], kind="stable")
        ids = np.flatnonzero(inner)[order]
        keys, first = np.unique(state.body[pair[ids, 0]], return_index=True)
        self.inner: dict[int, Int] = dict(zip(keys.tolist(), np.split(ids, first[1:]), strict=True)) if len(ids) else {}
        self.bodies: dict[int, Body] = {}
        self.under: dict[int, list[int]] = {}
        self.ties: dict[tuple[int, int], tuple[Any, Int]] = {}
        self.broken, self.label = state.broken.copy(), state.body.copy()
        self.offset, self.rigid = np.zeros((len(self.mass), 3)), np.zeros(len(self.mass), np.int64)
        self._build()

    def _build(self) -> None:
        """Make the world anew from the state: what Bullet remembers between steps must not outlive a checkpoint."""
        state = self.state
        self.world.clear()
        self.bodies.clear()
        self.ties.clear()
        order = np.argsort(state.body, kind="stable")
        for members in np.split(order, np.flatnonzero(np.diff(state.body[order])) + 1):
            key = int(members[0])
            moving = not state.asleep[key]
            bonds = self.inner.get(key, np.zeros(0, np.int64))
            body = self._body(members, bonds[self.broken[bonds] == 0], moving)
            self._add(body, state.position, state.rotation, state.velocity, state.spin)
        self._tie(sorted(k for k in self.bodies if state.released[k]))
        still = [(k, b) for k, b in sorted(self.bodies.items()) if state.released[k] and not b.moving]
        self.under = {k: _HELD if state.wedged[k] else self.world.under(b) for k, b in still}

    def _body(self, members: Int, bonds: Int, moving: bool) -> Body:
        mass = self.mass[members]
        offset = self.centre[members] - (mass[:, None] * self.centre[members]).sum(0) / mass.sum()
        spread = (mass[:, None, None] * (self.spread[members] + offset[:, :, None] * offset[:, None])).sum(0) / mass.sum()
        radius = float(np.linalg.norm(offset, axis=1).max())
        return Body(members, offset, float(mass.sum()), moving, self.centre[members[0]], bonds, self._fragile(bonds), spread, radius)

    def _fragile(self, bonds: Int) -> float:
        """Force from which on one of these may break: the slivers among them go with the others."""
        return _FRAGILE * float(np.median(self.scene.bonds.strength[bonds])) if len(bonds) else np.inf

    def _add(self, body: Body, position: Float, rotation: Float, velocity: Float, spin: Float) -> None:
        """Put a body into the world where its pieces, given as arrays over all pieces, are."""
        m = body.members
        share = self.mass[m][:, None] / body.mass
        turn = rotation[body.key]
        middle = ((position[m] - rotated(turn[None], body.offset)) * share).sum(0)
        self.world.add(body, middle, turn, (velocity[m] * share).sum(0), spin[body.key])
        self.bodies[body.key] = body
        if body.moving and self.state.frame < self.slips_until[body.key]:
            self.world.grip(body, _SLIPPERY)
        self.offset[m], self.label[m] = body.offset, body.key

    def _age(self, keys: Int) -> Float:
        """Seconds of story time since pieces were let go."""
        first = self.scene.first_frame
        return np.asarray(self.story[self.state.frame - first] - self.story[self.state.released[keys] - first - 1])

    def _damp(self, touching: set[int]) -> None:
        """Damp more what was let go a while ago, is slow and lies on something."""
        moving = [self.bodies[k] for k in sorted(self.bodies) if self.bodies[k].moving]
        keys = np.array([b.key for b in moving], np.int64)
        age = self._age(keys)
        speed, turn = np.linalg.norm(self.state.velocity[keys], axis=1), np.linalg.norm(self.state.spin[keys], axis=1)
        below = self.settings.settle_below
        topples = upright(np.array([b.spread for b in moving]).reshape(-1, 3, 3), self.state.rotation[keys])
        slow = (age > self.settings.settle_s) & (speed < below) & (turn < below) & ~topples & np.isin(keys, list(touching))
        for body, more in zip(moving, slow.tolist(), strict=True):
            self.world.damp(body.node, more)

    def _tie(self, keys: list[int]) -> None:
        """Tie the named bodies to one another by the bonds between them that hold."""
        named = np.zeros(len(self.mass), bool)
        named[keys] = True
        pair = self.label[self.scene.bonds.pair]
        ids = np.flatnonzero((self.broken == 0) & (pair[:, 0] != pair[:, 1]) & named[pair].all(1))
        between = np.sort(pair[ids], axis=1)
        order = np.lexsort((ids, between[:, 1], between[:, 0]))
        ids, between = ids[order], between[order]
        for group in np.split(np.arange(len(ids)), np.flatnonzero((np.diff(between, axis=0) != 0).any(1)) + 1):
            if not len(group):
                continue
            one, other = self.bodies[int(between[group[0], 0])], self.bodies[int(between[group[0], 1])]
            bonds = ids[group]
            area = self.scene.bonds.area[bonds]
            first = self.scene.bonds.pair[bonds, 0]
            rest = self.scene.bonds.centre[bonds] - self.centre[first]
            now = self.state.position[first] + rotated(self.state.rotation[first], rest)
            tie = self.world.tie(one, other, (now * area[:, None]).sum(0) / area.sum())
            self.ties[one.key, other.key] = tie, bonds

    def _untie(self, frame: int, key: int | None = None) -> None:
        """Drop the ties that broke, or all of one body's; their bonds are broken."""
        for ends in [e for e, (tie, _) in self.ties.items() if (not tie.is_enabled() if key is None else key in e)]:
            tie, bonds = self.ties.pop(ends)
            self.world.world.remove(tie)
            self.broken[bonds] = frame

    def _release(self, frame: int, seconds: float) -> None:
        """Let go what the schedule names: its bonds to all else break, those among itself hold until they bear too much."""
        scene, state = self.scene, self.state
        going = (scene.release == frame) & (state.released == 0)
        if not going.any():
            return
        released = np.where(going, frame, state.released).astype(np.int32)
        crossing = going[scene.bonds.pair[:, 0]] != going[scene.bonds.pair[:, 1]]
        loose = going[scene.bonds.pair].any(1) & scene.weak[scene.bonds.pair].any(1)
        self.broken[(crossing | loose) & (self.broken == 0)] = frame
        self.slips_until[going & scene.weak] = self._slips_from(frame - 1)
        velocity = np.where(going[:, None], scene.push - _DOWN * (0.5 * seconds), state.velocity)  # half a step back: the fall is exact
        self.state = replace(state, released=released, velocity=velocity, asleep=state.asleep & ~going)
        fresh: list[int] = []
        for key in np.unique(self.label[going]).tolist():
            body = self.bodies.pop(key)
            self.world.remove(body)
            fresh += self._part(body, self.state.position, self.state.rotation, velocity, state.spin)
        self._tie(fresh)

    def _slips_from(self, frame: int) -> int:
        """Last frame in which what begins to slip after a frame does so."""
        first = self.scene.first_frame
        return first + int(np.searchsorted(self.story, self.story[frame - first] + self.settings.slip_s))

    def _part(self, body: Body, position: Float, rotation: Float, velocity: Float, spin: Float) -> list[int]:
        """Add what a body comes apart into under the bonds that hold; the keys of the parts."""
        bonds = body.bonds[self.broken[body.bonds] == 0]
        ends = np.searchsorted(body.members, self.scene.bonds.pair[bonds])
        keys = []
        for part in parts(ends, len(body.members)):
            members = body.members[part]
            inside = bonds[np.isin(ends[:, 0], part)]
            self.inner[int(members[0])] = inside
            self._add(self._body(members, inside, True), position, rotation, velocity, spin)
            keys.append(int(members[0]))
        return keys

    def step_frame(self, frame: int) -> State:
        """One frame: release, substeps with what breaks in them, and the state after."""
        whole = float(self.scene.step_s[frame - 1 - self.scene.first_frame])
        steps = max(1, int(np.ceil(self.settings.substeps * whole * self.scene.fps - 1e-6)))
        seconds = whole / steps
        self._release(frame, seconds)
        for tie, bonds in self.ties.values():
            tie.set_breaking_threshold(float(self.scene.bonds.strength[bonds].sum()) * seconds)
        for step in range(steps):
            glued = [b for b in self.bodies.values() if len(b.bonds) and b.moving]
            before = read(glued)
            self.world.step(seconds)
            if glued:
                self._break(glued, before, read(glued), seconds, frame, step % 2 == 1)
        self._untie(frame)
        self._grip(frame)
        self.world.tidy()
        self.state = self._settle(self._gather(frame, whole))
        if (frame - self.scene.first_frame) % self.settings.rebuild_every == 0:
            self._build()
        return self.state

    def _grip(self, frame: int) -> None:
        """Let what buckled grip again after its time."""
        for key in np.flatnonzero(self.slips_until == frame).tolist():
            if key in self.bodies:
                self.world.grip(self.bodies[key], self.settings.friction)

    def _break(self, glued: list[Body], before: Float, after: Float, seconds: float, frame: int, thorough: bool) -> None:
        """Break what bore too much in a substep, give back the share of the blow that it could not bear, and part it."""
        change = after[:, 7:] - before[:, 7:]
        change[:, :3] -= _DOWN * seconds
        size = np.linalg.norm(change[:, :3], axis=1) + np.array([b.radius for b in glued]) * np.linalg.norm(change[:, 3:], axis=1)
        least = np.array([b.fragile for b in glued]) * self.settings.blow_s
        if not (thorough or (np.array([b.mass for b in glued]) * size > least).any()):
            return
        pressed, where = self.world.pressed({str(b.key) for b in glued})
        struck = [i for i, body in enumerate(glued) if pressed[str(body.key)] > least[i]]
        contacts = self.world.contacts({str(glued[i].key) for i in struck}, where)
        share: dict[str, float] = {}
        bonds = self.scene.bonds
        for i in struck:
            body = glued[i]
            load = body_loads(
                body, bonds, self.mass, self.spread, turn=after[i, 3:7], change=change[i], contacts=contacts, pressed=self.settings.pressed
            ) / self.settings.blow_s  # fmt: skip
            over = load > bonds.strength[body.bonds]
            if over.any():
                share[str(body.key)] = max(_FEWEST_SHARE, float((bonds.strength[body.bonds][over] / load[over]).min()))
                self.broken[body.bonds[over]] = frame
        self._give_back(contacts, share)
        for i in struck:
            if str(glued[i].key) in share:
                self._come_apart(glued[i], frame)

    def _give_back(self, contacts: list[Contact], share: dict[str, float]) -> None:
        """A breaking body passes on no more of a blow than its bonds bore: the rest is taken back from both sides, momentum kept."""
        for c in contacts:
            borne = min(share.get(c.first, 1.0), share.get(c.second, 1.0))
            if borne < 1:
                for name, sign in ((c.first, -1.0), (c.second, 1.0)):
                    body = self.bodies.get(int(name)) if name.isdigit() else None
                    if body is not None and body.moving:
                        self.world.push(body, sign * (1 - borne) * c.impulse, c.point)

    def _come_apart(self, body: Body, frame: int) -> None:
        now = read([body])[0]
        holds = body.bonds[self.broken[body.bonds] == 0]
        if len(parts(np.searchsorted(body.members, self.scene.bonds.pair[holds]), len(body.members))) == 1:
            body.bonds, body.fragile, body.frame = holds, self._fragile(holds), None
            self.inner[body.key] = holds
            return
        self._untie(frame, body.key)
        arrays = [np.zeros((len(self.mass), k)) for k in (3, 4, 3, 3)]
        arm, m = rotated(now[None, 3:7], body.offset), body.members
        arrays[0][m], arrays[1][m], arrays[3][m] = now[:3] + arm, now[3:7], now[10:]
        arrays[2][m] = now[7:10] + cross(now[10:], arm)
        if self.settings.crumple and upright(body.spread[None], now[None, 3:7])[0]:
            arrays[2][m] += self.settings.crumple * bulge(arm, self.mass[m])
            self.slips_until[m] = self._slips_from(frame)
        self.world.remove(self.bodies.pop(body.key))
        self._part(body, *arrays)

    def _gather(self, frame: int, whole: float) -> State:
        """Read every moving body, tame what the solver got wrong, and tell the blows."""
        old = self.state
        moving = [self.bodies[k] for k in sorted(self.bodies) if self.bodies[k].moving]
        table = read(moving)
        if not np.isfinite(table).all():
            lost = moving[int(np.flatnonzero(~np.isfinite(table).all(1))[0])].key
            raise FloatingPointError(f"frame {frame}: the solver lost the body of piece {lost}; try more substeps")
        self._tame(moving, table)
        row = np.full(len(self.mass), -1)
        for i, body in enumerate(moving):
            row[body.members] = i
        free = row >= 0
        now = table[row[free]]
        arm = rotated(now[:, 3:7], self.offset[free])
        position, rotation, velocity, spin = old.position.copy(), old.rotation.copy(), old.velocity.copy(), old.spin.copy()
        position[free], rotation[free], spin[free] = now[:, :3] + arm, now[:, 3:7], now[:, 10:]
        velocity[free] = now[:, 7:10] + cross(now[:, 10:], arm)
        sunk = np.zeros(len(moving))
        near = free & (position[:, 2] - self.radius < self.scene.ground)
        np.maximum.at(sunk, row[near], self.scene.ground - self._lowest(near, position, rotation))
        position[free, 2] += sunk[row[free]]
        keys = np.array([b.key for b in moving], np.int64)
        before, after = np.hstack([old.velocity, old.spin])[keys], np.hstack([velocity, spin])[keys]
        topples = upright(np.array([b.spread for b in moving]).reshape(-1, 3, 3), rotation[keys])
        went = np.stack([np.linalg.norm(position[keys] - old.position[keys], axis=1), turned(old.rotation[keys], rotation[keys])], 1)
        quiet = quieter(old.quiet_s[keys], topples, self._age(keys), before, after, went=went, seconds=whole, settings=self.settings)
        calm = old.quiet_s.copy()
        calm[free] = quiet[row[free]]
        state = replace(
            old, frame=frame, position=position, rotation=rotation, velocity=velocity, spin=spin, body=self.label.copy(),
            slips_until=self.slips_until.copy(), broken=self.broken.copy(), asleep=~free, quiet_s=calm,
            wedged=old.wedged & (~free | (calm > 0)),
        )  # fmt: skip
        piece, point, energy = blows(
            self.scene.pieces, [b.members for b in moving], old=old, new=state, seconds=whole, least_j=self.settings.least_impact_j
        )
        return replace(state, impact_piece=piece, impact_point=point, impact_energy=energy)

    def _settle(self, state: State) -> State:
        """Put to sleep what has long been quiet, wake what something shoves, damp what comes to rest."""
        speed, calm = np.linalg.norm(state.velocity, axis=1), state.quiet_s.copy()
        mass = np.zeros(len(self.mass))
        for key, body in self.bodies.items():
            mass[key] = body.mass
        touching = self.world.touching()
        up, wedged = self._stirred(state, mass, speed, touching)
        velocity, spin = state.velocity.copy(), state.spin.copy()
        asleep = state.asleep.copy()
        for key in up:
            body = self.bodies[key]
            self.world.free(body)
            self.under.pop(key)
            asleep[body.members], calm[body.members] = False, 0
        for key in np.flatnonzero((state.body == np.arange(len(mass))) & ~state.asleep & (calm >= self.settings.quiet_s)).tolist():
            body = self.bodies[key]
            self.world.fix(body)
            self.under[key] = _HELD if wedged[key] else self.world.under(body)
            asleep[body.members], velocity[body.members], spin[body.members] = True, 0, 0
        self.state = replace(state, velocity=velocity, spin=spin, asleep=asleep, quiet_s=calm, wedged=wedged)
        self._damp({k for pair in touching for k in pair})
        return self.state

    def _stirred(self, state: State, mass: Float, speed: Float, touching: list[tuple[int, int]]) -> tuple[list[int], Any]:
        """Sleepers to wake, rising, and (N,) bool what was let go as nothing below holds it: if it stays, it is wedged."""
        still, wedged = state.asleep & (state.released > 0), state.wedged.copy()
        if not still.any():
            return [], wedged
        shoved = [k for k in woken(touching, state.asleep, mass, speed, settings=self.settings) if still[k]]
        calm = state.asleep | (speed < self.settings.slow)
        if wedged.any():
            left = near_moving(calm, state.position, self.radius, within_m=_LEFT_M) & still
            wedged[np.isin(state.body, state.body[left])] = False
        near = near_moving(state.asleep, state.position, self.radius, within_m=_LEFT_M) & still & ~wedged
        for key in np.unique(state.body[near]).tolist():
            self.under[key] = self.world.under(self.bodies[key])
        loose = unheld(self.under, ~still, self._feet(state))
        wedged[np.isin(state.body, shoved)], wedged[np.isin(state.body, loose)] = False, True
        return sorted({*shoved, *loose}), wedged

    def _feet(self, state: State) -> Float:
        """(N,) the lowest point of each piece's body, metres."""
        low = lowest(self.scene.pieces.hull, self.scene.pieces.hull_start, state.position, state.rotation)
        foot = np.full(len(low), np.inf)
        np.minimum.at(foot, state.body, low)
        return foot

    def _lowest(self, chosen: Any, position: Float, rotation: Float) -> Float:
        start, points = self.scene.pieces.vertex_start, self.scene.pieces.vertices
        counts = np.diff(start)[chosen]
        own = np.concatenate([[0], np.cumsum(counts)])
        taken = np.repeat(start[:-1][chosen] - own[:-1], counts) + np.arange(own[-1])
        return lowest(points[taken], own, position[chosen], rotation[chosen]) if len(counts) else np.zeros(0)

    def _tame(self, moving: list[Body], table: Float) -> None:
        """Hold speeds and spins to what a fall can give: hulls pressed into one another are shot out by the solver, masonry is not."""
        core = self.world.core
        across, turn, rise = np.hypot(table[:, 7], table[:, 8]), np.linalg.norm(table[:, 10:], axis=1), table[:, 9]
        pushed = float(np.abs(self.scene.push).max())
        fallen = _FASTEST * np.sqrt(2 * GRAVITY * max(float((self.centre[:, 2] - self.state.position[:, 2]).max()), 0.0))
        farthest, highest = _FARTHEST * fallen + pushed, _HIGHEST * fallen + pushed
        for i in np.flatnonzero((across > farthest) | (rise > highest) | (rise < -self.fastest)).tolist():
            table[i, 7:9] *= min(1.0, farthest / max(across[i], 1e-9))
            table[i, 9] = np.clip(table[i, 9], -self.fastest, highest)
            moving[i].node.set_linear_velocity(core.LVector3(*table[i, 7:10].tolist()))
        for i in np.flatnonzero(turn > _FASTEST_TURN).tolist():
            table[i, 10:] *= _FASTEST_TURN / turn[i]
            moving[i].node.set_angular_velocity(core.LVector3(*table[i, 10:].tolist()))


def _spread(pieces: Pieces) -> Float:
    """(N, 3, 3) second moments of the pieces' hull points about their centres."""
    points = np.asarray(pieces.hull, np.float64)
    square = np.add.reduceat(points[:, :, None] * points[:, None], pieces.hull_start[:-1])
    return np.asarray(square / np.diff(pieces.hull_start)[:, None, None])
