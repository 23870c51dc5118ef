"""The world of one case: a real show in a folder of its own, a clock that stands until it is moved, and names for what is in it."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from bottega import Studio
from bottega.model import Delivery, Input, Purpose, Role, Use
from bottega.rights import Clearance, Door, Gate, Ledger, load_gate_key, load_public_key

from .neutral import digest, pseudonym, record_of, taken

HOME = "BOTTEGA_HOME"


class World:
    """A case's show. Use it as a context: the folder, the keys and `$BOTTEGA_HOME` are gone afterwards."""

    def __init__(self, case: Mapping[str, Any]) -> None:
        self.case, self.facts, self.ask = case, case["facts"], case["ask"]
        self.now = datetime.fromisoformat(self.facts["now"]).astimezone(UTC)
        self.pictures: dict[str, str] = {}
        self.swapped: dict[str, str] = {}
        self.doors: dict[str, tuple[Door, Clearance]] = {}
        self.grantor_key = Ed25519PrivateKey.generate()
        self._folder = tempfile.TemporaryDirectory(prefix="gate-case-")
        self.root = Path(self._folder.name)
        self._home = os.environ.get(HOME)

    def __enter__(self) -> World:
        os.environ[HOME] = str(self.root / "home")
        self.studio = Studio.create(self.root / "show", show="demo", fps=24, clock=self.clock)
        return self

    def __exit__(self, *_: object) -> None:
        if self._home is None:
            os.environ.pop(HOME, None)
        else:
            os.environ[HOME] = self._home
        self.studio.close()
        self._folder.cleanup()

    def clock(self) -> datetime:
        """The present of the case."""
        return self.now

    @property
    def ledger(self) -> Ledger:
        """The show's ledger."""
        return self.studio.ledger

    @cached_property
    def gate(self) -> Gate:
        """The gate, opened when it is first needed."""
        return Gate(self.ledger, load_gate_key(self.show_id(None)), show_id=self.show_id(None), clock=self.clock)

    def door(self, job_id: str) -> Door:
        """A new worker's door."""
        public = load_public_key(self.studio.folder.public_key)
        return Door(self.ledger, public, show_id=self.show_id(None), job_id=job_id, clock=self.clock)

    def reopen(self) -> None:
        """What a program does that is started again: forget everything, open the show anew."""
        self.studio.close()
        self.__dict__.pop("gate", None)
        self.studio = Studio.open(self.root / "show", clock=self.clock)

    def show_id(self, name: str | None) -> str:
        """The real id of the case's show; any other name is another show."""
        return self.studio.show.show_id if name in (None, self.facts["show"]) else str(name)

    def licence_id(self, name: str) -> str:
        """A licence's id: the show makes one called `production` of its own."""
        return f"case-{name}"

    def person_or_label(self, name: str) -> str:
        """A person's pseudonym, or the name of somebody who is none of the people on record."""
        return pseudonym(name) if name in self.facts["people"] else name

    def digest(self, picture: str) -> str:
        """A picture's digest by its name in the case, also of one that is not on record yet."""
        if picture not in self.pictures:
            self.pictures[picture] = digest(self.facts["pictures"][picture]["bytes"])
        return self.pictures[picture]

    def use(self, **changes: Any) -> Use:
        """The case's ask as a Use."""
        ask = {**self.ask, **changes}
        rest, (show, age, inputs, people) = taken(ask, "show", "age_target", "inputs", "people")
        purpose = rest.get("purpose")
        values = {
            **rest,
            "show_id": self.show_id(show),
            "inputs": [self._input(name, role).to_json() for name, role in inputs.items()],
            "people": [pseudonym(p) for p in people],
            "purpose": Purpose(purpose).value if purpose else None,
            "age_target": age,
            "delivery": Delivery(rest["delivery"]).value,
        }
        return record_of(Use, values)

    def _input(self, name: str, role: str) -> Input:
        registered, now = self.digest(name), self.swapped.get(name)
        return Input(digest=now or registered, role=Role(role), replaces=registered if now else None)
