"""The keyed repair: carry what painted key frames changed to every frame between them (`deage` and `repair`)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bottega.engine.repair import (
    Candidate,
    Change,
    Key,
    Neighbour,
    Repaired,
    RepairSettings,
    Strength,
    Walk,
    away,
    by_motion,
    carry,
    chain,
    change_of,
    estimate,
    guide,
    in_order,
    look,
    matte_from_keys,
    prepare_key,
    render,
    start_walk,
    steady,
    step_flow,
    step_walk,
)

from .learned import (
    BYTES_A_NETWORK,
    PARTS,
    SECONDS_A_MEGAPIXEL,
    NetworkSettings,
    NetworkState,
    can_learn,
    mixed,
    names,
    training_seconds,
    without_network,
)
from .lending import Lending

REVISION = "split-band/6"
KEYS_AT_A_TIME = 2
FRAMES_AT_A_TIME = 16  # that wait on disk to be steadied
MOST_STRENGTH = 1.5

Picture = NDArray[np.float32]
Codes = NDArray[np.uint8]


@dataclass(frozen=True)
class Seen:
    """A frame as correspondence sees it: the light-robust `guide` (H, W) that flow runs on, the `look` (H, W, 3) that maps fit."""

    guide: Codes
    look: Codes

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Everything as named arrays, for a scratch folder."""
        return {"guide": self.guide, "look": self.look}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> Seen:
        """Make it again, bit for bit, from what `arrays` gave."""
        return cls(arrays["guide"], arrays["look"])


@dataclass(frozen=True)
class Cost:
    """What a job is expected to take: CPU seconds in all, scratch at its largest, memory of all threads together.

    `learn_seconds` are those of the CPU seconds that a network is trained in.
    """

    cpu_seconds: float
    scratch_bytes: int
    memory_bytes: int
    learn_seconds: float = 0.0


def cost(
    width: int,
    height: int,
    *,
    frames: int,
    longest: int,
    walked: int,
    threads: int,
    learn: NetworkSettings | None = None,
    trained: bool = False,
) -> Cost:
    """Estimate a job from the engine's measured figures.

    `longest` is the longest interval, `walked` the most steps that are walked in one: they lie on disk. `learn` is how a network is
    trained, if one is; it is `trained` already where its weights are on record.
    """
    each = estimate(width, height, frames=frames, keys=KEYS_AT_A_TIME, settings=RepairSettings())
    drafts = min(longest, FRAMES_AT_A_TIME + 2 * RepairSettings().steady_frames)
    scratch = each.walk_bytes * walked + each.draft_bytes * drafts
    if learn is None:
        return Cost(each.cpu_seconds, scratch, each.peak_bytes * threads)
    training = 0.0 if trained else training_seconds(learn)
    asked = SECONDS_A_MEGAPIXEL * width * height * frames / 1e6
    return Cost(each.cpu_seconds + training + asked, scratch, each.peak_bytes * threads + BYTES_A_NETWORK, training)


@dataclass(frozen=True)
class Near:
    """What of a repaired frame the steadying of its neighbours looks at; `keys` are the frames of the keys that its weights stand for.

    Where a network had a part its weights are one longer: the network's come last.
    """

    keys: tuple[int, ...]
    change: Change
    weights: NDArray[np.uint32]
    reach: Picture

    @property
    def of(self) -> tuple[int | str, ...]:
        """What the weights after the plate's stand for."""
        return names(self.keys, len(self.weights))

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Everything as named arrays, for a scratch folder."""
        keys = np.array(self.keys, np.int64)
        pictures = {"plate": self.change.plate, "repair": self.change.repair, "weights": self.weights, "reach": self.reach}
        return {"keys": keys, "away": np.array(self.change.away), **pictures}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> Near:
        """Make it again, bit for bit, from what `arrays` gave."""
        keys = tuple(int(k) for k in arrays["keys"])
        return cls(keys, Change(arrays["plate"], arrays["repair"], float(arrays["away"])), arrays["weights"], arrays["reach"])


@dataclass(frozen=True)
class Draft:
    """A repaired frame before it is steadied: what its neighbours look at, and the rest."""

    near: Near
    rgb: Picture
    copied_from: NDArray[np.uint8]
    matte: Picture

    @classmethod
    def of(cls, made: Repaired, change: Change, *, matte: Picture, reach: Picture, keys: tuple[int, ...]) -> Draft:
        """The draft of a frame that was rendered, or left as it is."""
        return cls(Near(keys, change, made.weights, reach), made.rgb, made.copied_from, matte)

    def repaired(self, plate: Picture) -> Repaired:
        """The frame as it was rendered on its plate."""
        return Repaired(self.rgb, self.rgb - plate, self.near.weights, self.copied_from)

    def arrays(self) -> dict[str, NDArray[Any]]:
        """All but `near` as named arrays, for a scratch folder."""
        return {"rgb": self.rgb, "copied_from": self.copied_from, "matte": self.matte}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]], near: Near) -> Draft:
        """Make the draft again, bit for bit, from what `arrays` gave."""
        return cls(near, arrays["rgb"], arrays["copied_from"], arrays["matte"])


class KeyedRepair:
    """The steps of a keyed repair on arrays: (H, W, 3) float32 scene-linear pictures, (H, W) float32 mattes in 0..1."""

    def __init__(self, settings: RepairSettings) -> None:
        self.settings = settings

    def key(self, number: int, plate: Picture, painted: Picture, matte: Picture | None) -> Key:
        """Take a painted key frame apart into what it changed."""
        return prepare_key(plate, painted, frame=number, matte=matte, settings=self.settings)

    def lent_key(self, number: int, plate: Picture, matte: Picture | None, pair: tuple[Picture, Picture]) -> Key:
        """A key of another shot, its plate and painting, as if it had been painted on this frame."""
        return Lending(self.settings).key(number, plate, matte, pair)

    def seen(self, plate: Picture) -> Seen:
        """A frame as correspondence sees it."""
        return Seen(guide(plate, settings=self.settings), look(plate, settings=self.settings))

    def begin(self, key: Key) -> Walk:
        """The correspondence of a key with itself."""
        return start_walk(key)

    def step(self, key: Key, walk: Walk, before: Seen, here: Seen, *, frame: int) -> Walk:
        """Extend a key's correspondence by one frame outwards, from `before` to `here`."""
        return step_walk(key, walk, before.guide, here.guide, settings=self.settings, frame=frame, look=here.look)

    def derived_matte(self, key: Key) -> Picture:
        """Where a key was painted, feathered."""
        return matte_from_keys(key)

    def carried(self, parts: Sequence[tuple[Picture, Walk, float]]) -> Picture:
        """Mattes painted or derived at the keys, carried to a frame and mixed by their weights in time."""
        total, sure = np.zeros_like(parts[0][0]), np.zeros_like(parts[0][0])
        for picture, walk, weight in parts:
            moved, validity = carry(picture, walk)
            total += np.float32(weight) * validity * moved
            sure += np.float32(weight) * validity
        return np.clip(np.divide(total, sure, out=np.zeros_like(total), where=sure > 0), 0, 1)

    def strength(self, shape: tuple[int, int], regions: Mapping[str, tuple[Picture, Strength]]) -> Strength:
        """Combine regions to one strength map a band: 1 outside them, a region's own strength where its matte is 1.

        Where regions overlap their strengths multiply, up to MOST_STRENGTH.
        """
        if not regions:
            return Strength()

        def band(name: str) -> Picture:
            out = np.ones(shape, np.float32)
            for matte, strength in regions.values():
                out *= 1 + matte * np.float32(getattr(strength, name) - 1)
            return np.minimum(out, np.float32(MOST_STRENGTH))

        return Strength(band("tone"), band("shape"), band("detail"))

    def frame(
        self,
        plate: Picture,
        candidates: Sequence[Candidate],
        *,
        matte: Picture,
        strength: Strength,
        network: NetworkState | None = None,
    ) -> Draft:
        """Repair one frame from the keys that serve it, with the network's second opinion; without a key it is the plate, bit for bit."""
        if not candidates:
            untouched = np.full((1, *matte.shape), PARTS, np.uint32), np.ones(matte.shape, np.uint8)
            still = Repaired(plate, plate - plate, *untouched)
            none = change_of(plate, still, settings=self.settings)
            return Draft.of(still, none, matte=matte, reach=np.zeros_like(matte), keys=())
        candidates = by_motion(candidates, matte=matte)
        made, far = render(plate, candidates, matte=matte, strength=strength, settings=self.settings), away(candidates, matte=matte)
        if network is not None:
            made = mixed(plate, made, network, matte=matte, away=far, strength=strength.most, settings=self.settings)
        reach, keys = matte * np.float32(strength.most), tuple(c.key.frame for c in candidates)
        change = change_of(plate, made, settings=self.settings, away=far)
        return Draft.of(made, change, matte=matte, reach=reach, keys=keys)

    def flow(self, here: Seen, there: Seen) -> Picture:
        """Where a frame's pixels lie on its neighbour."""
        return step_flow(here.guide, there.guide, settings=self.settings)

    def steadied(
        self,
        number: int,
        shown: tuple[Picture, Draft],
        sides: Sequence[Sequence[int]],
        near_at: Callable[[int], Near],
        flow_at: Callable[[int, int], Picture],
    ) -> Repaired:
        """Filter a frame's change along the motion; what its neighbours show, and the flows to them, is asked for one by one.

        `number` is the frame's moment, `shown` its plate and draft, `sides` are its neighbours as `Schedule.around` names them.
        """
        plate, draft = shown

        def neighbours() -> Iterator[Neighbour]:
            for side in sides:
                flow, last = None, number
                for n in side:
                    step = flow_at(last, n)
                    flow, last = step if flow is None else chain(flow, step), n
                    there = near_at(n)
                    weights = in_order(there.weights, there.of, want=draft.near.of)
                    yield Neighbour(n - number, there.change, weights, there.reach, flow)

        asked: Iterable[Neighbour] = neighbours()
        near = draft.near
        return steady(plate, draft.repaired(plate), asked, reach=near.reach, settings=self.settings, change=near.change)


__all__ = [
    "FRAMES_AT_A_TIME",
    "MOST_STRENGTH",
    "REVISION",
    "Candidate",
    "Cost",
    "Draft",
    "Key",
    "KeyedRepair",
    "Near",
    "NetworkSettings",
    "NetworkState",
    "RepairSettings",
    "Repaired",
    "Seen",
    "Strength",
    "Walk",
    "can_learn",
    "cost",
    "without_network",
]
