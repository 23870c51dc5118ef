"""A show, opened: what people do with it, as calls."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from fractions import Fraction
from functools import cached_property
from pathlib import Path
from typing import Any

from bottega.jobs.recipes.keyed import NetworkSettings, RepairSettings
from bottega.jobs.recipes.survey import Survey
from bottega.jobs.runner.advise import AdvicePlan, Advised, advise_on, plan_advice
from bottega.jobs.runner.books import make_show, steady_clock
from bottega.jobs.runner.collapse.job import CollapseRequest
from bottega.jobs.runner.collapse.planning import CollapsePlan
from bottega.jobs.runner.collapse.planning import dry_run as plan_collapse
from bottega.jobs.runner.collapse.run import prepare as prepare_collapse
from bottega.jobs.runner.collapse.run import run as run_collapse
from bottega.jobs.runner.concept.job import ConceptRequest
from bottega.jobs.runner.concept.planning import ConceptPlan
from bottega.jobs.runner.desks import ShowFaces
from bottega.jobs.runner.explain import explain_request
from bottega.jobs.runner.handout import hand_out
from bottega.jobs.runner.looks import Looks, with_look
from bottega.jobs.runner.parts import key_use, region
from bottega.jobs.runner.plan import Plan
from bottega.jobs.runner.progress import Watch, silent
from bottega.jobs.runner.register import add_copy, add_exemplar, add_shot, seal_at
from bottega.jobs.runner.remake import Remade, plan_remake, remake
from bottega.jobs.runner.report import show_report, take_report
from bottega.jobs.runner.request import RepairRequest, picture_files
from bottega.jobs.runner.run import House, dry_run, prepare, run
from bottega.jobs.runner.showfolder import ShowFolder
from bottega.jobs.runner.surveying import shot_survey
from bottega.jobs.runner.takefolder import named
from bottega.model import (
    Consent,
    Content,
    Delivery,
    Exemplar,
    FrameRange,
    Person,
    Purpose,
    Role,
    Shot,
    Take,
    UsageError,
    shown,
)
from bottega.rights import (
    Door,
    Gate,
    load_gate_key,
    load_public_key,
    private_key_path,
)
from bottega.rights.decision.explain import Explanation
from bottega.rights.desk.words import WordsDesk

from .asked import blender, collapse_asked, learning_asked, one_of, operator, painter, scene_file
from .boards import Boards
from .desks import Clock, Desks

_FROM_LOOK = ("tone", "shape", "detail", "seed")  # what a look says where nobody else does


class Studio(Desks):
    """A show, opened: people, consents, exemplars, shots and takes.

    `clock` gives the present as an aware UTC datetime; tests hand in their own. Without one it is the machine's, watched.
    """

    @classmethod
    def create(
        cls,
        folder: str | Path,
        *,
        show: str,
        fps: str | int | Fraction = 24,
        ledger: str | None = None,
        ledger_owner: str | None = None,
        clock: Clock | None = None,
    ) -> Studio:
        """Make a show in a new folder, with its ledger (a PostgreSQL URL, else a file) and its keys. Raises UsageError."""
        try:
            rate = Fraction(fps)
        except (ValueError, ZeroDivisionError) as problem:
            raise UsageError(f"fps {shown(str(fps))}: write it as 24 or 24000/1001") from problem
        clock = clock or steady_clock()
        return cls(make_show(Path(folder), show=show, fps=rate, clock=clock, ledger=ledger, owner_url=ledger_owner), clock=clock)

    @classmethod
    def open(cls, folder: str | Path = ".", *, clock: Clock | None = None) -> Studio:
        """Open the show that a folder is, or lies in. Raises UsageError when there is none."""
        return cls(ShowFolder.find(Path(folder)), clock=clock)

    def close(self) -> None:
        """Let go of the ledger and the names."""
        self.ledger.close()
        self.records.close()

    def __enter__(self) -> Studio:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def key_folder(self) -> Path:
        """Where this show's private key lies: outside the show."""
        return private_key_path(self.show.show_id).parent

    # People, consents, exemplars, shots

    def add_person(self, name: str, *, role: str, of_age_at: datetime | None = None) -> Person:
        """Add a person by name; the ledger gets a pseudonym. `of_age_at` is when a minor comes of age."""
        return self.people_desk.add(name, kind=role, of_age_at=of_age_at)

    def people(self) -> list[tuple[Person, str]]:
        """All people with their names."""
        return self.records.people()

    def consent_template(self, *, purpose: str, person: str, shot: str, amends: str | None = None) -> str:
        """A form for a person to fill in and sign, as TOML; `amends` is the consent that it is to replace."""
        return self.consent_desk.template(purpose=one_of(Purpose, purpose, "purpose"), person=person, shot=shot, amends=amends)

    def consent_page(self, grant_id: str) -> str:
        """A consent as a page to print, in HTML."""
        return self.consent_desk.page(grant_id, show_code=self.show.code, now=self.clock())

    def add_consent(self, form: str | Path) -> Consent:
        """Put a filled-in form on record: a file's path, or the form's own text. Raises UsageError that lists what is missing."""
        return self.consent_desk.add(form)

    def consents(self) -> list[tuple[Consent, str, str]]:
        """All consents, with the person's name and `active`, `expired` or `revoked`."""
        return self.consent_desk.all(now=self.clock())

    def revoke_consent(self, grant_id: str, *, reason: str = "") -> list[str]:
        """Revoke a consent; gives the names of the takes that were made under it."""
        return sorted({t.take for t in self.withdrawals.consent(grant_id, reason=reason or "not stated").takes})

    def add_exemplars(
        self, pictures: Iterable[str | Path], *, by: str, licence: str, document: Path | None = None, colour: str | None = None
    ) -> list[Exemplar]:
        """Seal key frames or references (files, or all pictures of a folder), keep copies, and record whose they are."""
        author = self.records.artist(by).subject_id
        sealed = [seal_at(p, role=Role.KEY, colour=colour) for p in picture_files(pictures)]
        ground = self.records.licence(licence, author_id=author, works=[e.digest for e in sealed], document=document)
        return [add_exemplar(self.folder, self.ledger, e, author_id=author, licence_id=ground.licence_id) for e in sealed]

    def add_copies(self, pictures: Iterable[str | Path], *, same_as: str, colour: str | None = None) -> list[Exemplar]:
        """Register other encodings of a picture on record, by its digest: they have its author and licence, and end with them."""
        sealed = [seal_at(p, role=Role.KEY, colour=colour) for p in picture_files(pictures)]
        return [add_copy(self.folder, self.ledger, e, same_as=same_as) for e in sealed]

    def exemplars(self) -> list[tuple[Exemplar, str]]:
        """All exemplars on record, with their authors' names."""
        known = self.records.state().exemplars
        kept = [self.folder.exemplar(d) for d in known if self.folder.has_exemplar(d)]
        return [(e, self.records.name_of(e.author_id) if e.author_id else "") for e in kept]

    def add_shot(
        self,
        code: str,
        plate: str | Path,
        *,
        colour: str | None = None,
        first_frame: int | None = None,
        allow_holes: bool = False,
        handles: int = 0,
        watch: Callable[[int, int], None] | None = None,
        licence: str | None = None,
        **told: Any,
    ) -> Shot:
        """Register a shot by its plate: a pattern, a folder, a movie or a still. `told`: episode, scene, performed_at.

        `handles` of its frames at each end are handles. `licence` is the number of the plate's, where it is not the production's own.
        """
        return add_shot(
            self.folder,
            self.ledger,
            self.show,
            code,
            plate=Path(plate),
            licence=self.records.licence_on_record(licence) if licence else self.records.production_licence(),
            colour=colour,
            first_frame=first_frame,
            allow_holes=allow_holes,
            handles=handles,
            watch=watch,
            **told,
        )

    def shots(self) -> list[Shot]:
        """All shots."""
        return [self.folder.shot(name) for name in self.folder.shots()]

    def cuts(self, shot: str) -> Survey:
        """Where a shot's plate is cut, and which of its frames only repeat the one before."""
        return shot_survey(self._house, self.folder.shot(shot))

    def hand_out(self, shot: str, frames: Sequence[int], *, to: str | Path) -> list[Path]:
        """Write plate frames as 16-bit sRGB PNG for an artist to paint on."""
        return hand_out(self._house, self.folder.shot(shot), frames, to=Path(to))

    def rotate_key(self, which: str, *, by: str) -> str:
        """Replace the `gate` or `log` key; gives the new public one."""
        self.__dict__.pop("_house", None)  # it holds the old one
        return self.upkeep.rotate(which, by=by)

    @cached_property
    def faces(self) -> ShowFaces:
        """Whose faces the plates show."""
        return ShowFaces(self.ledger, self.records, self.folder, house=lambda: self._house)

    # Jobs

    def deage_request(
        self,
        shot: str,
        *,
        keys: str | Path | None = None,
        people: Sequence[str],
        age: int,
        **options: Any,
    ) -> RepairRequest:
        """State a de-ageing. `options` as for `repair_request`."""
        ids = tuple(self.records.find(name).subject_id for name in people)
        use: dict[str, Any] = {"people": ids, "touches_performer": True, "purpose": Purpose.DEAGE, "age_target": age}
        return self._request("deage", shot, keys, **use, **options)

    def repair_request(self, shot: str, *, keys: str | Path | None = None, no_performer: bool = False, **options: Any) -> RepairRequest:
        """State a keyed repair.

        Options: matte, regions ((name, mattes, strength) triples; a strength of its own for each band as {"tone": 0.5, "shape": 1}),
        frames ("1001-1010"), handles (False leaves them out), tone, shape, detail, key_uses ({1024: {"weight": 2, "range": "1010-1030"}}),
        unserved ("refuse" or "plate"), cuts ("refuse", "split" or "none"), delivery ("temp" or "final"), also ("png16", "prores"),
        deliver_colour, seed, allow_8bit_keys; depicts (what the result shows that a consent may limit),
        territory, language, medium (where it will be seen), stated (facts that policy packs ask for, by name); learn (True, or settings)
        with learn_steps and preview (a frame's number): a network trained on the keys; look ("hero" or "hero@v2"), whose keys and settings
        are used where nothing else is said.
        """
        return self._request("repair", shot, keys, touches_performer=False if no_performer else None, **options)

    def deage(self, shot: str, *, person: str, age: int, threads: int = 1, watch: Watch = silent, **options: Any) -> Take:
        """De-age a performer from painted key frames or a look. Raises ConsentError when the gate refuses."""
        return self.make(self.deage_request(shot, people=[person], age=age, **options), threads=threads, watch=watch)

    def repair(self, shot: str, *, threads: int = 1, watch: Watch = silent, **options: Any) -> Take:
        """Carry a painted edit that touches no performer. Raises ConsentError when the gate refuses."""
        return self.make(self.repair_request(shot, **options), threads=threads, watch=watch)

    @cached_property
    def looks(self) -> Looks:
        """Keys, settings and network that several shots share."""
        return Looks(self.folder, self.ledger)

    def collapse_request(self, shot: str, sheet: str | Path, **options: Any) -> CollapseRequest:
        """State the collapse that a sheet describes; options as for `repair_request` where they have a meaning. Raises UsageError."""
        return collapse_asked(self.folder.shot(shot), sheet, **options)

    def plan_collapse(self, request: CollapseRequest, *, threads: int = 1) -> CollapsePlan:
        """What a collapse would do and cost, and the gate's answer; nothing is made."""
        return plan_collapse(self._house, prepare_collapse(self._house, request), threads=threads)

    def collapse(self, request: CollapseRequest, *, threads: int = 1, watch: Watch = silent, preview_only: bool = False) -> Take:
        """Bring a building down, or go on with an unfinished take; with `preview_only` no further than a look at how it falls."""
        job = prepare_collapse(self._house, request)
        return run_collapse(self._house, job, threads=threads, watch=watch, preview_only=preview_only)

    @cached_property
    def boards(self) -> Boards:
        """Concept boards of costumes and sets."""
        return Boards(self.folder, house=lambda: self._house)

    def plan(self, request: RepairRequest, *, threads: int = 1) -> Plan:
        """What a request would do and cost, and the gate's answer; nothing is made."""
        return dry_run(self._house, prepare(self._house, request), threads=threads)

    def make(self, request: RepairRequest, *, threads: int = 1, watch: Watch = silent) -> Take:
        """Make a take, or go on with an unfinished one."""
        return run(self._house, prepare(self._house, request), threads=threads, watch=watch)

    def remake(self, take: str, *, threads: int = 1, watch: Watch = silent) -> Remade:
        """Make a take again from its record, as a new version, and compare them bit for bit."""
        return remake(self._house, named(self.folder.root, take), threads=threads, watch=watch)

    def plan_remake(self, take: str, *, threads: int = 1) -> Plan | CollapsePlan | ConceptPlan:
        """What a remake would do and cost, and the gate's answer; nothing is made."""
        return plan_remake(self._house, named(self.folder.root, take), threads=threads)

    def advise(self, take: str, *, count: int = 2, sheet: str | Path | None = None, watch: Watch = silent) -> Advised:
        """Which frames of a finished take to paint next, why, and what each may gain; `sheet` is a PNG to write them to."""
        to = Path(sheet) if sheet is not None else None
        return advise_on(self._house, named(self.folder.root, take), count=count, to=to, watch=watch)

    def plan_advice(self, take: str) -> AdvicePlan:
        """The gate's answer to reading a take for advice; nothing is read."""
        return plan_advice(self._house, named(self.folder.root, take))

    def explain(self, request: RepairRequest | CollapseRequest | ConceptRequest) -> Explanation:
        """The gate's answer to a request, on record like any other, and what a yes would need; nothing is made."""
        if isinstance(request, CollapseRequest):
            return explain_request(self._house, prepare_collapse(self._house, request))
        if isinstance(request, ConceptRequest):
            return self.boards.explain(request)
        return explain_request(self._house, prepare(self._house, request))

    def report(self, take: str | None = None) -> dict[str, Any]:
        """What was made, from whose work, under whose consent: one take, or the show."""
        if take is not None:
            return take_report(named(self.folder.root, take), name_of=self.records.name_of)
        return show_report(self.folder, self.ledger, name_of=self.records.name_of)

    # Inside

    @cached_property
    def _house(self) -> House:
        public = load_public_key(self.folder.public_key)
        show_id = self.show.show_id
        return House(
            folder=self.folder,
            show=self.show,
            ledger=self.ledger,
            gate=Gate(self.ledger, load_gate_key(show_id), show_id=show_id, clock=self.clock),
            door=lambda job_id: Door(self.ledger, public, show_id=show_id, job_id=job_id, clock=self.clock),
            clock=self.clock,
            declare=lambda use: self.records.declare_no_performer(use, by=operator()),
            words=WordsDesk(self.ledger, self._people).check,
            matte_licence_id=self.records.production_licence().licence_id,
            credit=self.licence_desk.credit,
            training_licence=lambda: getattr(self.records.training_licence(now=self.clock()), "licence_id", None),
            scene_file=scene_file,
            blender=blender,
            painter=painter,
        )

    def _request(
        self,
        job: str,
        shot: str,
        keys: str | Path | None,
        *,
        look: str | None = None,
        matte: str | Path | None = None,
        regions: Sequence[tuple[str, str | Path, float | Mapping[str, float] | None]] = (),
        key_uses: Mapping[int, Mapping[str, Any]] | None = None,
        frames: str | None = None,
        delivery: str = "temp",
        also: Sequence[str] = (),
        depicts: Sequence[str] = (),
        learn: NetworkSettings | bool = False,
        learn_steps: int | None = None,
        **rest: Any,
    ) -> RepairRequest:
        rest = {name: value for name, value in rest.items() if value is not None or name not in _FROM_LOOK}
        given = frozenset(_FROM_LOOK) & set(rest)
        _check_source(keys, look, regions)
        said = _stated(rest, key_uses or {}, learn, learn_steps)
        request = RepairRequest(
            job=job,
            shot=shot,
            keys=Path(keys) if keys else None,
            matte=Path(matte) if matte else None,
            regions=tuple(region(n, Path(p), s) for n, p, s in regions),
            frames=FrameRange.parse(frames) if frames else None,
            delivery=one_of(Delivery, delivery, "delivery"),
            also=tuple(also),
            content=tuple(one_of(Content, text, "depicts") for text in depicts),
            **(rest | said),
        )
        return with_look(request, self.looks.read(look), given=given) if look else request


def _stated(
    rest: dict[str, Any], key_uses: Mapping[int, Mapping[str, Any]], learn: NetworkSettings | bool, steps: int | None
) -> dict[str, Any]:
    """Settings, key uses and training as records; the strengths are taken out of `rest`. Raises UsageError."""
    try:
        settings = RepairSettings(**{band: rest.pop(band) for band in ("tone", "shape", "detail") if band in rest})
        uses = tuple(key_use(number, **stated) for number, stated in key_uses.items())
        learning = learning_asked(learn, steps, seed=rest.get("seed", 0), toe=settings.toe)
    except (TypeError, ValueError) as problem:
        raise UsageError(str(problem)) from problem
    return {"settings": settings, "key_uses": uses, "learn": learning}


def _check_source(keys: object, look: str | None, regions: Sequence[tuple[str, Any, Any]]) -> None:
    if keys is None and look is None:
        raise UsageError("no keys: give --keys FOLDER, --look NAME, or both")
    bare = [name for name, _, strength in regions if strength is None]
    if bare and look is None:
        raise UsageError(f"region {shown(bare[0])} has no strength: write it as NAME=MATTES:STRENGTH, or give a --look that has it")
