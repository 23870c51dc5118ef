"""The training between opening and frames: find or make a network for a job, put its weights on record, open them like any input.

A training's saved state lies in the take's scratch, so a run that was stopped goes on where it was and ends in the same bits. Its
weights are registered for the digest of all that decided the training: the same training is never done twice.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bottega.attribution import CreditSource
from bottega.footage import Delivery, as_matte, open_weights, seal_weights
from bottega.jobs.recipes.keyed import REVISION, KeyedRepair
from bottega.jobs.recipes.learned import MOST_KEYS, NetworkState, Pair, keep_to_one_thread, train, training_seconds, worth_learning
from bottega.jobs.recipes.lending import Lending, Picture
from bottega.model import (
    ConsentError,
    Exemplar,
    Input,
    JobError,
    Learned,
    LearnedKind,
    Role,
    Take,
    TakeInput,
    Technique,
    UsageError,
    canonical_json,
    utc_text,
)
from bottega.rights import State
from bottega.rights.desk.models import trained_before, trained_scope
from bottega.rights.overrides import LIFTABLE
from bottega.rights.reasons import HOLDS, refusal
from bottega.rights.record import registry
from bottega.rights.record.models_registry import register_model

from .files import write_whole
from .laying import lent_pair
from .lending import lent_facts
from .opening import Inputs, painted_key
from .passes import Pass
from .preview import Look
from .progress import Progress
from .request import Resolved, exact, versions
from .scratch import Scratch
from .takefolder import TRAINING, TakeFolder
from .weights import read_weights, weight_bytes

if TYPE_CHECKING:
    from .run import House

SAVE_EVERY_STEPS = 100
SECONDS_A_UNIT_AND_MEGAPIXEL = 0.75  # of the work that `make.work_units` counts, so that the bar runs evenly


class AskedAgainError(ConsentError):
    """The pictures were cleared, but with the weights that came of them a human is wanted again. Nothing was made, nothing is set aside."""


@dataclass(frozen=True)
class Taught:
    """A job with its inputs, and its network where it has one; the take's record says which weights."""

    job: Resolved
    inputs: Inputs
    take: Take
    network: NetworkState | None = None


def learn_units(job: Resolved) -> float:
    """How much the training is, for the progress bar; nothing where there is none to do."""
    if job.request.learn is None or job.weights is not None:
        return 0.0
    megapixels = max(job.shot.width * job.shot.height / 1e6, 1e-3)
    return training_seconds(job.request.learn) / (SECONDS_A_UNIT_AND_MEGAPIXEL * megapixels)


def ready_worker(network: NetworkState | None) -> Callable[[], None] | None:
    """What each thread that makes frames does first."""
    return keep_to_one_thread if network is not None else None


def training_digest(house: House, job: Resolved) -> str:
    """The sha256 of all that decides a training's bits, and of whom and for what it is: another scope is another training."""
    if job.request.learn is None:
        raise ValueError("request.learn is None, allowed are settings of a training")
    facts = {
        "revision": REVISION,
        "technique": Technique.PER_SHOT_NETWORK.value,
        "settings": exact(job.request.learn),
        "bands": exact(job.request.settings) if job.matte is None else None,  # they shape a matte that is derived
        "versions": versions(learn=True),
        "show": [house.show.show_id, house.show.working_colour, house.show.key_colour],
        "shot": [job.shot.code, job.shot.colour],
        "plate": job.plate.digest,
        "keys": [[n, e.digest] for n, e in job.keys.items()],
        "lent": _laid_by(job) if job.lent else None,
        "matte": job.matte.digest if job.matte else None,
        "people": sorted(job.use.people),
        "purpose": job.use.purpose.value if job.use.purpose else None,
    }
    return hashlib.sha256(canonical_json(facts)).hexdigest()


def _laid_by(job: Resolved) -> list[Any]:
    """The keys of other shots, and what decides where and how they lie; the strengths do not."""
    flow = replace(job.request.settings, tone=1.0, shape=1.0, detail=1.0)
    return [lent_facts(job.lent), list(job.frames), job.request.cuts, exact(flow)]


def with_known_weights(house: House, job: Resolved) -> Resolved:
    """The job with the weights that its training gave before, in its use too; the gate says whether they may still be loaded."""
    if job.request.learn is None or job.weights is not None:
        return job
    known = trained_before(State.of(house.ledger), training_digest(house, job))
    if known is None or not house.folder.has_exemplar(known.learned.digest):
        return job
    kept = house.folder.exemplar(known.learned.digest)
    there = (house.folder.root / kept.files[0].path).is_file()
    return with_weights(job, kept) if there or known.destroyed_idx is not None else job


def with_weights(job: Resolved, weights: Exemplar) -> Resolved:
    """The job with a network's weights among its inputs."""
    inputs = (*job.use.inputs, Input(digest=weights.digest, role=Role.MODEL))
    return replace(job, weights=weights, use=replace(job.use, inputs=inputs))


def training_mattes(house: House, job: Resolved) -> None:
    """Put the mattes of a job that trains on the production's ground for training, where there is one: naming them is the word for it.

    What is on record as anything but a matte or region keeps its author and licence.
    """
    ground = house.training_licence()
    if job.request.learn is None or ground is None:
        return
    state = State.of(house.ledger)
    for matte in (*((job.matte,) if job.matte else ()), *(e for _, e in job.regions)):
        known = state.exemplars.get(matte.digest)
        stands = state.licences.get(known.licence_id or "") if known else None
        if known and known.roles <= {Role.MATTE, Role.REGION} and not (stands and stands.licence.train_ok):
            registry.register_exemplar(house.ledger, replace(matte, licence_id=ground))


def taught(
    house: House, job: Resolved, inputs: Inputs, folder: TakeFolder, delivery: Delivery, *, take: Take, progress: Progress
) -> Taught:
    """The job ready for its frames: with `learn` its network is trained or found, on record, and opened under a clearance that lists it.

    Raises ConsentError when the gate says no in between, UsageError for keys that show nothing to learn, JobError for damaged weights.
    """
    if job.request.learn is None:
        return Taught(job, inputs, take)
    if job.weights is None:
        look = Look(job, inputs, folder, delivery) if job.request.preview is not None else None
        state = _trained(job, inputs, folder, look, progress)
        job = with_weights(job, _kept(house, job, inputs, folder, state, take=take))
        _turn(inputs.right, job)
    folder.scratch().drop(TRAINING)
    weights = job.weights
    if weights is None:
        raise ValueError("job.weights is None, allowed are weights on record")
    data = open_weights(weights, inputs.right.clearance(), door=inputs.right.door, root=house.folder.root)
    source = CreditSource(
        id=len(inputs.sources) + 1, exemplar=weights.digest, role=Role.MODEL, author_id=weights.author_id, licence_id=weights.licence_id
    )
    network = read_weights(data, called=weights.digest[:12])
    said = _said(take, job, weights)
    if said != take:
        folder.write(said)
    return Taught(job, replace(inputs, sources=(*inputs.sources, source)), said, network)


def _turn(right: Pass, job: Resolved) -> None:
    """Ask the gate about the use with the weights in it. A hold or an override was about the use without them: that is asked again."""
    try:
        right.turn_to(job.use)
    except ConsentError as problem:
        if {*problem.codes} <= HOLDS | LIFTABLE:
            raise AskedAgainError(*problem.reasons) from problem
        raise


def _said(take: Take, job: Resolved, weights: Exemplar) -> Take:
    """The take's record with the weights among its inputs."""
    if any(i.role is Role.MODEL for i in take.inputs):
        return replace(take, use=job.use)
    name = Path(weights.files[0].path).name
    used = TakeInput(digest=weights.digest, role=Role.MODEL, name=name, author_id=weights.author_id, licence_id=weights.licence_id)
    return replace(take, use=job.use, inputs=(*take.inputs, used))


def _trained(job: Resolved, inputs: Inputs, folder: TakeFolder, look: Look | None, progress: Progress) -> NetworkState:
    """Train to the end, from where an earlier run was; every hundred steps the state is kept, and the frame looked at."""
    settings, scratch = job.request.learn, folder.scratch()
    if settings is None:
        raise ValueError("request.learn is None, allowed are settings of a training")
    pairs = _pairs(job, inputs)
    a_step, state = learn_units(job) / settings.steps, _saved(scratch)
    progress.advance("learn", units=a_step * (state.step if state else 0), found=True)

    def asked() -> bool:
        inputs.right.check()
        return False

    def told(_: object) -> None:
        progress.advance("learn", units=a_step)

    while state is None or not state.done:
        until = (state.step if state else 0) // SAVE_EVERY_STEPS * SAVE_EVERY_STEPS + SAVE_EVERY_STEPS
        state = train(pairs, settings=settings, state=state, pause_at=until, progress=told, cancelled=asked)
        scratch.put(TRAINING, state.arrays())
        if look is not None:
            look.at(state)
    progress.advance("learn", units=a_step * (settings.steps - state.step), found=True)  # what an early end left out
    return state


def _saved(scratch: Scratch) -> NetworkState | None:
    """Where an earlier run of this take stopped. Raises JobError for what no run of this version left; it is forgotten then."""
    saved = scratch.get(TRAINING)
    try:
        return NetworkState.from_arrays(saved) if saved is not None else None
    except (ValueError, TypeError, KeyError, IndexError) as problem:
        scratch.drop(TRAINING)
        raise JobError(f"the saved training cannot be gone on from ({problem}): run it again, it begins anew") from problem


def _pairs(job: Resolved, inputs: Inputs) -> list[Pair]:
    """The keys with their plates and mattes, those of other shots where they lie; one with nothing under its matte has nothing to teach."""
    numbers = sorted({*job.keys, *job.laid})
    if len(numbers) > MOST_KEYS:
        raise UsageError(f"--learn with {len(numbers)} keys: allowed are {MOST_KEYS}")
    recipe, out = KeyedRepair(job.request.settings), []
    for number in numbers:
        given = as_matte(inputs.matte.read(number)) if inputs.matte else None
        plate, painted = _lesson(job, inputs, number, given)
        matte = recipe.derived_matte(recipe.key(number, plate, painted, None)) if given is None else given
        if worth_learning(matte):
            out.append(Pair(number, plate, painted, matte))
    if not out:
        raise UsageError("--learn: the mattes of all keys are empty, so there is nothing to learn: paint, or give other mattes")
    return out


def _lesson(job: Resolved, inputs: Inputs, number: int, matte: Picture | None) -> tuple[Picture, Picture]:
    """A key's plate and painting; of another shot's key as they lie on a frame of this one."""
    if number in job.keys:
        plate, painted = painted_key(inputs, job, number)
        return plate.rgb, painted
    here = inputs.plate.read(number).rgb
    return Lending(job.request.settings).lesson(number, here, matte, lent_pair(inputs, job, job.laid[number]))


def _kept(house: House, job: Resolved, inputs: Inputs, folder: TakeFolder, state: NetworkState, *, take: Take) -> Exemplar:
    """Put the weights on record, with their scope and end, then keep the show's copy; a copy that failed before is mended."""
    training, ground = training_digest(house, job), _ground(house)
    path = folder.work / f"{job.shot.code}_{job.request.job}_network.bin"
    write_whole(path, weight_bytes(state, training=training))
    sealed = replace(seal_weights(path, role=Role.MODEL), licence_id=ground)
    ledger = State.of(house.ledger)
    if sealed.digest not in ledger.models:
        registry.register_exemplar(house.ledger, sealed)
        register_model(house.ledger, _learned(house, job, inputs, sealed.digest, training=training, take=take))
    kept = house.folder.keep(sealed, copy=True)  # last: of what may not be kept no byte is copied
    with suppress(FileNotFoundError):
        path.unlink()
    return kept


def check_keeping(house: House, job: Resolved, *, grants: Sequence[str], licences: Sequence[str]) -> None:
    """Before a training: is there a ground for its weights to stand on, and time that they may be kept? Raises ConsentError."""
    if job.request.learn is None or job.weights is not None:
        return
    _ground(house)
    _, delete_by = trained_scope(State.of(house.ledger), job.use, grants, licences, now=house.clock())
    if delete_by <= house.clock():
        raise refusal("model_overdue", f"weights trained now would have to be deleted by {utc_text(delete_by)}")


def _ground(house: House) -> str:
    found = house.training_licence()
    if found is None:
        raise refusal("no_licence", "the production has no licence of its own that allows training, for the weights to stand on")
    return found


def _learned(house: House, job: Resolved, inputs: Inputs, digest: str, *, training: str, take: Take) -> Learned:
    inputs.right.check()
    state, right = State.of(house.ledger), inputs.right
    grants, delete_by = trained_scope(state, job.use, right.clearance().grants, right.licences(state), now=house.clock())
    lent = (e for one in job.lent for e in (one.painted, one.plate))
    pictures = (job.plate, *job.keys.values(), *((job.matte,) if job.matte else ()), *lent)
    return Learned(
        digest=digest,
        kind=LearnedKind.NETWORK,
        show_id=house.show.show_id,
        subjects=job.use.people,
        shots=(job.shot.code,),
        purposes=(job.use.purpose,) if job.use.purpose else (),
        trained_on=tuple(dict.fromkeys(e.digest for e in pictures)),
        grants=grants,
        delete_by=delete_by,
        made_by=take.take_id,
        training=training,
    )
