"""The gate decides, records and signs, with the private key. A worker holds a door: it checks with the public key."""

from __future__ import annotations

import secrets
import threading
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from bottega.model import ConsentError, Use, label, utc_text

from .clearance import LONGEST_SPAN, Clearance, sign_clearance, verify_clearance
from .decision import Decision, decide
from .decision.faces import faces_on_record
from .ledger import Clock, Entry, Head, Ledger, Transaction, not_before
from .private.keys import key_id
from .reasons import refusal
from .record.state import State

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey


class Gate:
    """Says yes or no to uses of one show. Every answer is a ledger entry, also a no, also a dry run.

    The state is read, the answer found and recorded under the ledger's write lock: a revocation comes wholly before or after.
    Raises ConsentError `wrong_show` or `unknown_key` where ledger, show and key do not belong together.
    """

    def __init__(self, ledger: Ledger, private_key: Ed25519PrivateKey, *, show_id: str, clock: Clock | None = None) -> None:
        self._ledger = ledger
        self._key = private_key
        self._key_id = key_id(private_key.public_key())
        self._show_id = show_id
        self._clock = clock
        self._state = _open_state(ledger, private_key.public_key(), show_id=show_id)

    def decide(self, use: Use, *, job_id: str, dry_run: bool = False) -> Decision:
        """Answer and record. A dry run asks the same question; its entry says that nothing was to be done."""
        with self._ledger.transaction(self._clock) as transaction:
            return self._answer(transaction, use, job_id=job_id, dry_run=dry_run)[0]

    def clear(self, use: Use, *, job_id: str) -> Clearance:
        """Answer, record, and sign a clearance for a yes. Raises ConsentError with every reason for a no."""
        clearance_id = secrets.token_hex(16)
        with self._ledger.transaction(self._clock) as transaction:
            decision, entry = self._answer(transaction, use, job_id=job_id, clearance_id=clearance_id)
        if not decision.allow:
            raise ConsentError(*decision.reasons)
        latest = entry.at + LONGEST_SPAN
        unsigned = Clearance(
            clearance_id=clearance_id,
            show_id=self._show_id,
            job_id=job_id,
            use_digest=use.digest(),
            inputs=_digests(use),
            grants=decision.grants,
            decision_idx=entry.idx,
            issued_at=entry.at,
            expires_at=min(latest, decision.valid_until) if decision.valid_until else latest,
            key_id=self._key_id,
            watermark=decision.watermark,
        )
        return sign_clearance(unsigned, self._key)

    def _answer(
        self, transaction: Transaction, use: Use, *, job_id: str, dry_run: bool = False, clearance_id: str | None = None
    ) -> tuple[Decision, Entry]:
        label(job_id, "job id")
        self._state.refresh(self._ledger)
        _check_key(self._state, self._key_id)
        decision = decide(use, self._state, now=transaction.now)
        entry = transaction.append(
            "gate.decided",
            {
                "allow": decision.allow,
                "clearance_id": clearance_id if decision.allow else None,
                "dry_run": dry_run,
                "faces": faces_on_record(use, self._state),
                "grants": decision.grants,
                "inputs": _digests(use),
                "job_id": job_id,
                "licences": decision.licences,
                "lifted": [{"code": r.code, "detail": r.detail} for r in decision.lifted],
                "override_id": decision.override_id,
                "reasons": [{"code": r.code, "detail": r.detail} for r in decision.reasons],
                "resolved": dict(decision.resolved),
                "use": use.to_json(),
                "use_digest": use.digest(),
                "watermark": decision.watermark,
            },
        )
        if decision.override_id is not None and not dry_run:
            transaction.append("override.used", {"override_id": decision.override_id, "decision_idx": entry.idx, "job_id": job_id})
        return replace(decision, idx=entry.idx), entry


class Door:
    """One worker's door, for one job. Safe for threads; two doors never admit on the same clearance.

    Raises ConsentError `wrong_show` or `unknown_key` where ledger, show and key do not belong together.
    """

    def __init__(self, ledger: Ledger, public_key: Ed25519PublicKey, *, show_id: str, job_id: str, clock: Clock | None = None) -> None:
        self._ledger = ledger
        self._key = public_key
        self._key_id = key_id(public_key)
        self._show_id = show_id
        self._job_id = job_id
        self._clock = clock or ledger.clock
        self._door_id = secrets.token_hex(16)
        self._lock = threading.Lock()
        self._seen: dict[str, Clearance] = {}
        self._judged: dict[str, Head] = {}
        self._state = _open_state(ledger, public_key, show_id=show_id)

    def admit(self, clearance: Clearance, digest: str) -> None:
        """Let a picture be read, or raise ConsentError. To be called before every file; after the first time it is quick.

        1 signature, 2 key, 3 show, 4 job, 5 picture listed, 6 time, 7 recorded by the gate, 8 spent by this door and no
        other, 9 nothing that was recorded since makes it a no.
        """
        with self._lock:
            own = self._known(clearance)
            first = own is None
            if own is None:
                own = self._check_who(clearance)  # 1 to 4
            if digest not in own.inputs:  # 5
                raise refusal("not_listed", f"clearance {own.clearance_id} does not list picture {str(digest)[:12]}")
            if self._ledger.head() != self._state.head:
                self._state.refresh(self._ledger)
            _check_key(self._state, self._key_id)  # 2
            self._check_time(own)  # 6
            if first:
                self._check_recorded(own)  # 7
                self._spend(own)  # 8
                self._seen[own.clearance_id] = own
            self._check_not_ended(own)  # 9

    def _known(self, clearance: Clearance) -> Clearance | None:
        """Our own copy of a clearance that was checked and spent here; None for one altered since, even in place."""
        if type(clearance) is not Clearance or not isinstance(clearance.clearance_id, str) or clearance.extra:
            return None
        own = self._seen.get(clearance.clearance_id)
        return own if own == clearance else None

    def _check_who(self, given: Clearance) -> Clearance:
        verify_clearance(given, self._key)  # 1
        clearance = Clearance.from_bytes(given.to_bytes())  # from here on what was signed, whatever happens to the object
        if clearance.key_id != self._key_id:  # 2
            raise refusal("unknown_key", f"clearance {clearance.clearance_id} names key {clearance.key_id[:12]}")
        if clearance.show_id != self._show_id:  # 3
            raise refusal("wrong_show", f"clearance {clearance.clearance_id} is for show {clearance.show_id}, this is {self._show_id}")
        if clearance.job_id != self._job_id:  # 4
            raise refusal("wrong_job", f"clearance {clearance.clearance_id} is for job {clearance.job_id}, this is {self._job_id}")
        return clearance

    def _check_time(self, clearance: Clearance) -> None:
        now = not_before(self._state.at, self._clock())
        if clearance.expires_at - clearance.issued_at > LONGEST_SPAN:
            raise refusal("clearance_expired", f"clearance {clearance.clearance_id} runs longer than {LONGEST_SPAN}")
        if not clearance.issued_at <= now < clearance.expires_at:
            span = f"{utc_text(clearance.issued_at)} to {utc_text(clearance.expires_at)}"
            raise refusal("clearance_expired", f"clearance {clearance.clearance_id} holds {span}, it is {utc_text(now)}")

    def _check_recorded(self, clearance: Clearance) -> None:
        decided = self._state.cleared.get(clearance.decision_idx)
        said = decided.data if decided else {}
        facts = _recorded_facts(clearance)
        if decided is None or decided.at != clearance.issued_at or any(said.get(k) != v for k, v in facts.items()):
            raise refusal("not_recorded", f"clearance {clearance.clearance_id} does not match ledger entry {clearance.decision_idx}")

    def _spend(self, clearance: Clearance) -> None:
        with self._ledger.transaction(self._clock) as transaction:
            self._state.refresh(self._ledger)
            if clearance.clearance_id in self._state.spent:
                raise refusal("replayed", f"clearance {clearance.clearance_id} was spent by another door")
            self._check_time(clearance)  # we may have waited for the lock
            data = {"clearance_id": clearance.clearance_id, "door_id": self._door_id, "job_id": self._job_id}
            transaction.append("clearance.spent", data)
        self._state.refresh(self._ledger)

    def _check_not_ended(self, clearance: Clearance) -> None:
        """Whatever was recorded since the yes: what it rests on has not ended, and the same question still gets a yes."""
        said = self._state.cleared[clearance.decision_idx].data
        stopped = self._state.stopped(clearance.grants, tuple(said["licences"]))
        if stopped:
            raise ConsentError(*stopped)
        if self._judged.get(clearance.clearance_id) == self._state.head:
            return
        again = decide(Use.from_json(said["use"]), self._state, now=not_before(self._state.at, self._clock()))
        if not again.allow:
            raise ConsentError(*again.reasons)
        if again.watermark and not clearance.watermark:  # an override came in the meantime; what is made here would not show it
            raise refusal("not_recorded", f"clearance {clearance.clearance_id} carries no watermark, and now it would need one")
        self._judged[clearance.clearance_id] = self._state.head


def _open_state(ledger: Ledger, public_key: Ed25519PublicKey, *, show_id: str) -> State:
    """Read the ledger and check that it is the one signed last, this show's, and bound to this key."""
    ledger.attest()
    state = State.of(ledger)
    if state.show_id is None or state.show_id != show_id:
        raise refusal("wrong_show", f"{ledger.path} is the ledger of show {state.show_id}, asked is {show_id}")
    _check_key(state, key_id(public_key))
    return state


def _check_key(state: State, given: str) -> None:
    """The key may have been rotated since it was loaded."""
    if state.gate_key_id != given:
        raise refusal("unknown_key", f"the gate's key is {state.gate_key_id}, given is {given}")


def _recorded_facts(clearance: Clearance) -> dict[str, Any]:
    """What the decision's entry has to say for a clearance to be genuine."""
    return {
        "allow": True,
        "clearance_id": clearance.clearance_id,
        "dry_run": False,
        "grants": [*clearance.grants],
        "inputs": [*clearance.inputs],
        "job_id": clearance.job_id,
        "use_digest": clearance.use_digest,
        "watermark": clearance.watermark,
    }


def _digests(use: Use) -> tuple[str, ...]:
    return tuple(sorted({item.digest for item in use.inputs}))
