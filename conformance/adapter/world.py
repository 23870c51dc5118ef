"""The world of one case: a real show in a folder of its own, a clock that stands until it is moved, and names for what is in it."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from bottega import Studio
from bottega.jobs.runner.books import open_books
from bottega.model import Delivery, Input, Purpose, Role, Take, Use
from bottega.rights import Clearance, Door, Gate, Ledger, SteadyClock, key_id, load_gate_key, load_public_key, make_gate_key
from bottega.rights.desk.words import WordsDesk
from bottega.rights.ledger.clock import Moment

from .neutral import digest, pseudonym, record_of, taken

if TYPE_CHECKING:
    from .painter import Painting

HOME = "BOTTEGA_HOME"


class World:
    """A case's show. Use it as a context: the folder, the keys and `$BOTTEGA_HOME` are gone afterwards."""

    def __init__(self, case: Mapping[str, Any]) -> None:
        self.case, self.facts, self.ask = case, case["facts"], case["ask"]
        self.now = datetime.fromisoformat(self.facts["now"]).astimezone(UTC)
        self.since_boot = timedelta(days=3)
        self.pictures: dict[str, str] = {}
        self._subjects: dict[str, str] = {}
        self._waiting: list[Callable[[], None]] = []
        self.swapped: dict[str, str] = {}
        self.takes: dict[str, Take] = {}
        self.doors: dict[str, tuple[Door, Clearance]] = {}
        self.override_refused: tuple[str, ...] = ()
        self.turned_down: list[str] = []
        self.grantor_key = Ed25519PrivateKey.generate()
        self._folder = tempfile.TemporaryDirectory(prefix="gate-case-")
        self.root = Path(self._folder.name)
        self.show_folder = self.root / "show"
        self.home = self.root / "home"
        self.clock = SteadyClock(self.home / "clock", moment=self.moment)
        self._ending = ExitStack()
        self.at_exit = self._ending.callback

    def __enter__(self) -> World:
        self.at_exit(self._folder.cleanup)
        self.at_exit(restore_variable(HOME))
        os.environ[HOME] = str(self.home)
        self.studio = Studio.create(self.show_folder, show="demo", fps=24, clock=self.clock)
        return self

    def __exit__(self, *_: object) -> None:
        self.studio.close()
        self._ending.close()

    def moment(self) -> Moment:
        """What the machine's two clocks show."""
        return Moment(self.now, self.since_boot, "boot-1")

    def set_clock(self, to: datetime, *, ran: timedelta) -> None:
        """The clock shows another time, and the machine has been running for that much longer."""
        self.now, self.since_boot = to, self.since_boot + ran

    def pass_time(self, span: timedelta) -> None:
        """Time goes by."""
        self.set_clock(self.now + span, ran=span)

    @property
    def ledger(self) -> Ledger:
        """The show's ledger."""
        return self.studio.ledger

    @cached_property
    def painting(self) -> Painting:
        """The pictures of a case that needs pixels, painted when they are first needed."""
        from .painter import Painting

        return Painting(self.root)

    @cached_property
    def gate(self) -> Gate:
        """The gate, opened when it is first needed."""
        return Gate(self.ledger, load_gate_key(self.show_id(None)), show_id=self.show_id(None), clock=self.clock)

    def door(self, job_id: str) -> Door:
        """A new worker's door."""
        public = load_public_key(self.studio.folder.public_key)
        return Door(self.ledger, public, show_id=self.show_id(None), job_id=job_id, clock=self.clock)

    @property
    def gate_key_id(self) -> str:
        """The id of the gate's key."""
        return key_id(load_public_key(self.studio.folder.public_key))

    def new_gate_key(self) -> Ed25519PrivateKey:
        """Another private key in the place of the gate's, which is gone."""
        return make_gate_key(self.show_id(None))

    def reopen(self) -> None:
        """What a program does that is started again: forget everything, open the show anew."""
        self.studio.close()
        self.__dict__.pop("gate", None)
        self.studio = Studio.open(self.show_folder, clock=self.clock)

    def hurry(self) -> None:
        """Open the gate on a ledger that waits for other writers no longer than a blink."""
        ledger = Ledger(self.ledger.path, clock=self.clock, wait_s=0.2, notary=self.ledger.notary)
        self.at_exit(ledger.close)
        self.__dict__["gate"] = Gate(ledger, load_gate_key(self.show_id(None)), show_id=self.show_id(None), clock=self.clock)

    @contextmanager
    def opened_again(self) -> Iterator[Ledger]:
        """The ledger as another worker has it open."""
        with open_books(self.studio.folder, self.studio.show, clock=self.clock) as ledger:
            yield ledger

    @contextmanager
    def neighbour(self) -> Iterator[World]:
        """Another show with the very same facts."""
        from .facts import put_on_record

        with World(self.case) as other:
            put_on_record(other, self.facts)
            yield other

    def show_id(self, name: str | None) -> str:
        """The real id of the case's show; any other name is another show."""
        return self.studio.show.show_id if name in (None, self.facts["show"]) else str(name)

    def licence_id(self, name: str) -> str:
        """A licence's id: the show makes one called `production` of its own."""
        return f"case-{name}"

    def subject(self, name: str) -> str:
        """A person's id in the ledger, by the case's name for them."""
        return self._subjects.get(name) or pseudonym(name)

    def name(self, name: str, subject_id: str) -> None:
        """Remember under which id somebody was added."""
        self._subjects[name] = subject_id

    def person_or_label(self, name: str) -> str:
        """A person's pseudonym, or the name of somebody who is none of the people on record."""
        return self.subject(name) if name in self.facts["people"] else name

    def later(self, put: Callable[[], None]) -> None:
        """Put something on record when all other facts are."""
        self._waiting.append(put)

    def catch_up(self) -> None:
        """Put on record what waited."""
        while self._waiting:
            self._waiting.pop(0)()

    def deliver(self, take: str, *, plan: str, grants: list[str]) -> None:
        """A take is on record as delivered, as a finished job leaves it."""
        entry = {"job_id": take, "take_id": take, "take": take, "record_sha256": digest(take), "outputs": 1, "plan": plan}
        self.ledger.append("output.registered", {**entry, "grants": grants, "exemplars": [self.digest("plate")], "files": [digest(plan)]})

    def digest(self, picture: str) -> str:
        """A picture's digest by its name in the case, also of one that is not on record yet."""
        if picture not in self.pictures:
            known = {**self.facts["pictures"], **self.facts.get("models", {})}
            self.pictures[picture] = digest(known[picture]["bytes"])
        return self.pictures[picture]

    def use(self, **changes: Any) -> Use:
        """The case's ask as a Use."""
        ask = {**self.ask, **changes}
        rest, (show, age, inputs, people, frames, text) = taken(ask, "show", "age_target", "inputs", "people", "frames", "text")
        purpose = rest.get("purpose")
        values = {
            **rest,
            "show_id": self.show_id(show),
            "inputs": [self._input(name, role).to_json() for name, role in inputs.items()],
            "people": [self.subject(p) for p in people],
            "purpose": Purpose(purpose).value if purpose else None,
            "age_target": age,
            "delivery": Delivery(rest["delivery"]).value,
            **({"text": self._words(text)} if text is not None else {}),
            **({"frames": {"first": frames[0], "last": frames[1]}} if frames else {}),
        }
        return record_of(Use, values)

    def _words(self, text: str) -> dict[str, Any]:
        return WordsDesk(self.ledger, self.studio._people).check([text]).to_json()

    def _input(self, name: str, role: str) -> Input:
        registered, now = self.digest(name), self.swapped.get(name)
        return Input(digest=now or registered, role=Role(role), replaces=registered if now else None)


def restore_variable(name: str) -> Callable[[], None]:
    """What puts a variable of the environment back to what it is now."""
    value = os.environ.get(name)

    def put_back() -> None:
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value

    return put_back
