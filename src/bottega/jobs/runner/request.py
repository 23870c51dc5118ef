"""What a person asks for, resolved to records: which pictures, which settings, which use. No pixels are read here."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from functools import cache, cached_property
from importlib.metadata import version
from pathlib import Path
from typing import Any

import bottega.engine
from bottega.footage import config_name, space_name
from bottega.jobs.recipes.keyed import REVISION, NetworkSettings, RepairSettings, can_learn
from bottega.jobs.recipes.lending import Places
from bottega.jobs.recipes.schedule import KeyUse, Schedule
from bottega.model import (
    Content,
    Delivery,
    Exemplar,
    FrameRange,
    Input,
    LookKey,
    Purpose,
    Role,
    Shot,
    Technique,
    UsageError,
    Use,
    canonical_json,
    code,
    shown,
)

from .fitting import check_keys_fit, check_matte, check_served
from .lending import Lent, lent_facts, lent_inputs, lent_keys
from .parts import REFUSE, Region, check_uses, checked
from .register import looked_at, seal_at
from .showfolder import ShowFolder

PICTURE_SUFFIXES = frozenset({".png", ".tif", ".tiff", ".exr", ".dpx"})
PAINTED_SUFFIXES = PICTURE_SUFFIXES | {".psd", ".ora"}  # files in layers are inputs of boards, and no frames
DECIDING_LIBRARIES = ("numpy", "scipy", "numba", "opencv-python-headless", "OpenEXR", "OpenImageIO", "opencolorio", "av")
ALSO = ("png16", "prores")
ENVIRONMENT, LOCAL = "environment", "local"
WITHOUT_HANDLES = "without_handles"
_NUMBER = re.compile(r"(\d+)$")


@dataclass(frozen=True, kw_only=True)
class RepairRequest:
    """A keyed repair as a user states it. `people` are subject ids; `touches_performer` None means nobody has said.

    `learn` asks for a network trained on the keys, `preview` for a look at that frame while it is trained. `look` is the version of a
    look that the request stands on, `look_keys` are that look's keys: its own shot's, and others that are lent.
    """

    job: str
    shot: str
    keys: Path | None
    matte: Path | None = None
    regions: tuple[Region, ...] = ()
    people: tuple[str, ...] = ()
    touches_performer: bool | None = None
    purpose: Purpose | None = None
    age_target: int | None = None
    delivery: Delivery = Delivery.TEMP
    territory: str | None = None
    content: tuple[Content, ...] = ()
    language: str | None = None
    medium: str | None = None
    stated: Mapping[str, str] = field(default_factory=dict)
    frames: FrameRange | None = None
    settings: RepairSettings = field(default_factory=RepairSettings)
    seed: int = 0
    allow_8bit_keys: bool = False
    also: tuple[str, ...] = ()
    deliver_colour: str | None = None
    key_uses: tuple[KeyUse, ...] = ()
    unserved: str = REFUSE
    cuts: str = REFUSE
    handles: bool = True
    learn: NetworkSettings | None = None
    preview: int | None = None
    look: str | None = None
    look_keys: tuple[LookKey, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Resolved:
    """A request with its records: everything that decides the bits of the result, and the use for the gate.

    `cuts` and `repeats` are what was found in the plate's pixels once they may be read, as `Schedule` takes them.
    `weights` are the network's, once they are on record: trained, or found. `lent` are keys of other shots, `places` where they
    lie, once the plates may be read.
    """

    request: RepairRequest
    shot: Shot
    plate: Exemplar
    keys: Mapping[int, Exemplar]
    matte: Exemplar | None
    regions: tuple[tuple[Region, Exemplar], ...]
    frames: tuple[int, ...]
    use: Use
    plan_digest: str
    weights: Exemplar | None = None
    cuts: tuple[int, ...] = ()
    repeats: Mapping[int, int] = field(default_factory=dict)
    lent: tuple[Lent, ...] = ()
    places: Places | None = None

    @cached_property
    def schedule(self) -> Schedule:
        """Which key serves which frame. Until keys of other shots have their places they stand evenly in the shot: that is for plans."""
        stated = {u.frame: u for u in self.request.key_uses}
        uses = [stated.get(n) or KeyUse(n) for n in self.keys]
        uses += [KeyUse(n, self.lent[i].key.weight) for n, i in self.laid.items()]
        return Schedule(self.frames, tuple(sorted(uses, key=lambda u: u.frame)), self.cuts, self.repeats)

    @cached_property
    def laid(self) -> Mapping[int, int]:
        """The frames that keys of other shots lie on, to their places in `lent`."""
        if self.places is not None:
            return self.places.by_frame
        free = [n for n in self.frames if n not in self.keys]
        count = min(len(self.lent), len(free))
        return {free[int((i + 0.5) * len(free) / count)]: i for i in range(count)}

    @property
    def exemplars(self) -> tuple[Exemplar, ...]:
        """All inputs: plate, keys in order, mattes, weights, what is lent."""
        mattes, weights = (self.matte,) if self.matte else (), (self.weights,) if self.weights else ()
        lent = (e for one in self.lent for e in (one.painted, one.plate))
        return (self.plate, *self.keys.values(), *mattes, *(e for _, e in self.regions), *weights, *lent)


def resolve(folder: ShowFolder, request: RepairRequest, *, show_id: str) -> Resolved:
    """Find and seal what a request names. Raises UsageError or FootageError that names the file or frame."""
    shot = folder.shot(request.shot)
    check_learning(request, shot)
    own = [k for k in request.look_keys if (k.shot, k.plate) == (shot.code, shot.plate)]
    lent = lent_keys(folder, [k for k in request.look_keys if k not in own])
    keys = {k.frame: folder.exemplar(k.digest) for k in own if k.frame in _frames(shot, request)}
    keys |= {n: seal_at(p, role=Role.KEY) for n, p in (key_files(request.keys) if request.keys else {}).items()}
    keys = dict(sorted(keys.items()))
    beyond = {k.frame for k in own} - set(keys)
    request = replace(request, key_uses=tuple(u for u in request.key_uses if u.frame not in beyond))
    matte = looked_at(seal_at(request.matte, role=Role.MATTE), folder, show_id=show_id) if request.matte else None
    regions = tuple((r, looked_at(seal_at(r.matte, role=Role.REGION), folder, show_id=show_id)) for r in checked(request.regions))
    plate = folder.exemplar(shot.plate)
    sealed: dict[str, Any] = {"plate": plate, "keys": keys, "matte": matte, "regions": regions, "lent": lent}
    return assemble(folder, request, shot=shot, **sealed, show_id=show_id)


def assemble(
    folder: ShowFolder,
    request: RepairRequest,
    *,
    shot: Shot,
    plate: Exemplar,
    keys: Mapping[int, Exemplar],
    matte: Exemplar | None,
    regions: tuple[tuple[Region, Exemplar], ...],
    show_id: str,
    lent: tuple[Lent, ...] = (),
) -> Resolved:
    """Check that sealed inputs fit the shot, and state the use that the gate decides on."""
    check_learning(request, shot)
    frames = _frames(shot, request)
    check_also(request.also)
    if not keys and not lent:
        raise UsageError(f"shot {shot.code} has no key of its own: give --keys")
    check_keys_fit(keys, frames, shot)
    check_uses(request.key_uses, keys, unserved=request.unserved, cuts=request.cuts)
    for name, sequence in (("matte", matte), *((f"region {r.name}", e) for r, e in regions)):
        if sequence is not None:
            check_matte(name, sequence, frames, tuple(keys) if sequence.role is Role.REGION and not lent else ())
    mattes = (*((matte,) if matte else ()), *(e for _, e in regions))
    inputs = (plate, *keys.values(), *mattes)
    use = stated_use(folder, request, inputs, shot=shot, show_id=show_id)
    use = replace(use, inputs=(*use.inputs, *lent_inputs(lent)))
    sealed: dict[str, Any] = {"plate": plate, "shot": shot, "keys": keys, "frames": frames}
    digest = plan_digest(request, **sealed, mattes=(matte, *(e for _, e in regions)), lent=lent)
    job = Resolved(request=request, **sealed, matte=matte, regions=regions, use=use, plan_digest=digest, lent=lent)
    check_served(job)
    return job


def check_also(also: tuple[str, ...], *, allowed: tuple[str, ...] = ALSO) -> None:
    """Raise UsageError for something to deliver as well that the job does not know."""
    unknown = sorted(set(also) - set(allowed))
    if unknown:
        raise UsageError(f"--also {shown(unknown[0])}: allowed are {', '.join(allowed)}")


def stated_use(folder: ShowFolder, request: RepairRequest, inputs: tuple[Exemplar, ...], *, shot: Shot, show_id: str) -> Use:
    """The facts of a request, for the gate."""
    frames = _frames(shot, request)
    return Use(
        show_id=show_id,
        shot=shot.code,
        job=code(request.job, "job"),
        inputs=tuple(Input(digest=e.digest, role=e.role, replaces=folder.replaced_by(e)) for e in inputs),
        people=request.people,
        touches_performer=request.touches_performer,
        purpose=request.purpose,
        age_target=request.age_target,
        delivery=request.delivery,
        technique=(Technique.PER_SHOT_NETWORK if request.learn else Technique.EXEMPLAR_SYNTHESIS).value,
        territory=request.territory,
        content=request.content,
        episode=shot.episode,
        scene=shot.scene,
        language=request.language,
        medium=request.medium,
        stated={ENVIRONMENT: environment()} | dict(request.stated),
        frames=FrameRange(first=frames[0], last=frames[-1]),
    )


def environment() -> str:
    """The name of the place where jobs run: `$BOTTEGA_ENVIRONMENT`, else `local`. Packs list the places that they approve."""
    return os.environ.get("BOTTEGA_ENVIRONMENT") or LOCAL


def key_files(source: Path) -> dict[int, Path]:
    """The painted keys in a folder (or one file), by the frame number that ends their name. Raises UsageError."""
    if not source.exists():
        raise UsageError(f"keys {shown(str(source))}: no such file or folder")
    try:
        files = sorted(source.iterdir()) if source.is_dir() else [source]
    except OSError as problem:
        raise UsageError(f"keys {shown(str(source))} cannot be read: {problem.strerror}") from problem
    found: dict[int, Path] = {}
    for path in files:
        if path.name.startswith(".") or path.suffix.lower() not in PICTURE_SUFFIXES:
            continue
        number = _NUMBER.search(path.stem)
        if number is None:
            raise UsageError(f"key {shown(path.name)} has no frame number: its name must end in one, like 1024.png or face.1024.exr")
        if int(number[1]) in found:
            raise UsageError(f"keys {shown(found[int(number[1])].name)} and {shown(path.name)} are both frame {int(number[1])}: keep one")
        found[int(number[1])] = path
    if not found:
        raise UsageError(f"keys {shown(str(source))}: no picture there; allowed are {', '.join(sorted(PICTURE_SUFFIXES))}")
    return dict(sorted(found.items()))


def picture_files(named: Iterable[str | Path]) -> list[Path]:
    """The pictures that a user names: files as they are, a folder's pictures one by one. Raises UsageError for an empty folder."""
    out: list[Path] = []
    for path in map(Path, named):
        inside = sorted(p for p in path.iterdir() if p.suffix.lower() in PAINTED_SUFFIXES) if path.is_dir() else [path]
        if not inside:
            raise UsageError(f"folder {shown(path.name)} holds no picture; allowed are {', '.join(sorted(PAINTED_SUFFIXES))}")
        out += inside
    return out


def digests_at(path: Path) -> list[str]:
    """The digests of all pictures that lie at a path, for a licence that names its works as files."""
    return [seal_at(p, role=Role.KEY).digest for p in picture_files([path])]


def check_learning(request: RepairRequest, shot: Shot) -> None:
    """Raise UsageError for a training that this machine or this shot cannot have, before anything is written."""
    if request.learn is None:
        if request.preview is not None:
            raise UsageError("--preview shows what a network learns: give --learn as well")
        return
    if not can_learn():
        raise UsageError("--learn needs torch, which is not installed: pip install 'bottega[learn]'")
    if request.preview is not None and (request.preview not in shot.frames or request.preview in shot.holes):
        raise UsageError(f"--preview {request.preview}: shot {shot.code} has {shot.frames}")
    if request.preview is not None and request.matte is None:
        raise UsageError("--preview needs --matte: without one the matte is carried from the keys after the training")


def versions(*, learn: bool = False, also: tuple[str, ...] = ()) -> dict[str, str]:
    """The versions of all that decides the bits: libraries, and the OpenColorIO config (a file by its sha256, as paths may hold names).

    With `learn` torch is one of them; `also` are further libraries.
    """
    config = config_name()
    if not config.startswith("ocio://"):
        path = Path(config)
        config = f"sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}" if path.is_file() else "sha256:none"
    ours = {"colour config": config, "engine source": _source_digest()}
    return {name: version(name) for name in (*DECIDING_LIBRARIES, *(("torch",) if learn else ()), *also)} | ours


@cache
def _source_digest() -> str:
    """The sha256 of the engine's own source: another engine is another plan, even between two releases."""
    top = Path(bottega.engine.__file__).parent
    files = sorted((f.relative_to(top).as_posix(), f) for f in top.rglob("*.py"))
    return hashlib.sha256(b"".join(name.encode() + b"\0" + f.read_bytes() for name, f in files)).hexdigest()[:16]


def settings_json(request: RepairRequest) -> dict[str, Any]:
    """A request's settings as `take.json` keeps them: enough to state the request again."""
    return {
        "repair": asdict(request.settings),
        "regions": [{k: v for k, v in asdict(r).items() if k != "matte"} for r in request.regions],
        "keys": [asdict(u) for u in request.key_uses],
        "unserved": request.unserved,
        "cuts": request.cuts,
        "allow_8bit_keys": request.allow_8bit_keys,
        "also": list(request.also),
        "deliver_colour": request.deliver_colour,
        "learn": asdict(request.learn) if request.learn else None,
        **({"look": request.look} if request.look else {}),
    }


def plan_digest(
    request: RepairRequest,
    *,
    plate: Exemplar,
    shot: Shot,
    keys: Mapping[int, Exemplar],
    mattes: tuple[Exemplar | None, ...],
    frames: tuple[int, ...],
    lent: tuple[Lent, ...] = (),
) -> str:
    """The sha256 of all that decides the bits of a take."""
    facts: dict[str, Any] = {
        "revision": REVISION,
        "versions": versions(learn=request.learn is not None),
        "plate": plate.digest,
        "colour": shot.colour,
        "frames": frames,
        "keys": [[n, e.digest] for n, e in keys.items()],
        "mattes": [e.digest if e else None for e in mattes],
        "regions": [[r.name, *(float(b).hex() for b in asdict(r.bands).values())] for r in request.regions],
        "key uses": [[u.frame, float(u.weight).hex(), u.first, u.last] for u in sorted(request.key_uses, key=lambda u: u.frame)],
        "parts": [request.unserved, request.cuts],
        "settings": exact(request.settings),
        "seed": request.seed,
        "also": list(request.also),
        "deliver_colour": request.deliver_colour and space_name(request.deliver_colour),
        "use": [request.purpose and request.purpose.value, request.age_target, list(request.people), request.delivery.value],
        "shown": [request.territory, [c.value for c in request.content], request.language, request.medium, dict(request.stated)],
    }
    if lent:
        facts["lent"] = lent_facts(lent)
    if request.learn is not None:
        facts["learn"] = [Technique.PER_SHOT_NETWORK.value, exact(request.learn)]
    return hashlib.sha256(canonical_json(facts)).hexdigest()


def exact(settings: RepairSettings | NetworkSettings) -> dict[str, str | None]:
    """Settings for a digest: 1 and 1.0 are one setting; a whole number stays whole, whatever its size."""
    given = asdict(settings)
    return {k: None if v is None else str(v) if k == "seed" else float(v).hex() for k, v in given.items()}


def _frames(shot: Shot, request: RepairRequest) -> tuple[int, ...]:
    wanted = request.frames
    if not request.handles:
        if wanted:
            raise UsageError(f"frames {wanted} without handles: give --frames or --no-handles, not both")
        wanted = shot.without_handles
    if wanted and (wanted.first not in shot.frames or wanted.last not in shot.frames):
        raise UsageError(f"frames {wanted}: shot {shot.code} has {shot.frames}")
    return tuple(n for n in (wanted or shot.frames) if n not in shot.holes)
