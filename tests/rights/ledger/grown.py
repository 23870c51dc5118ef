"""A log in memory with a key of its own, as large as a test wants it."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from bottega.model import canonical_json
from bottega.rights.ledger import tree
from bottega.rights.ledger.checkpoint import Checkpoint
from bottega.rights.ledger.note import COSIGNATURE, Signature, Signer
from bottega.rights.ledger.proof import Proof
from bottega.rights.ledger.witness import Request

LOG = Signer("bottega.example/show-1", Ed25519PrivateKey.from_private_bytes(b"log." * 8))
WITNESS = Signer("guild.example/w1", Ed25519PrivateKey.from_private_bytes(b"see." * 8), COSIGNATURE)
SEEN_AT = 1773144000


@cache
def body(number: int, story: str = "grant") -> bytes:
    return canonical_json({"at": "2026-03-10T12:00:00.000000Z", "data": {"grant_id": f"g_{number}"}, "kind": f"{story}.created"})


@dataclass
class Grown:
    """The log of that story; two stories share the first `fork` entries."""

    size: int
    story: str = "grant"
    fork: int = 0
    signer: Signer = LOG
    _known: dict[tuple[int, int], bytes] = field(default_factory=dict)

    def body(self, number: int) -> bytes:
        return body(number) if number < self.fork else body(number, self.story)

    def at(self, level: int, i: int) -> bytes:
        if (level, i) not in self._known:
            whole = tree.node_hash(self.at(level - 1, 2 * i), self.at(level - 1, 2 * i + 1)) if level else tree.leaf_hash(self.body(i))
            self._known[level, i] = whole
        return self._known[level, i]

    def root(self, size: int) -> bytes:
        return tree.root(size, self.at)

    def checkpoint(self, size: int | None = None) -> Checkpoint:
        size = self.size if size is None else size
        return Checkpoint(self.signer.verifier.name, size, self.root(size))

    def note(self, size: int | None = None, *more: Signature) -> str:
        return self.checkpoint(size).signed(self.signer) + "".join(s.line() for s in more)

    def cosigned(self, size: int | None = None) -> str:
        return self.note(size, WITNESS.sign(self.checkpoint(size).text(), time=SEEN_AT))

    def proof(self, index: int, size: int | None = None) -> Proof:
        size = self.size if size is None else size
        return Proof(index, tuple(tree.inclusion(index, size, self.at)), self.cosigned(size), self.body(index))

    def request(self, old: int, size: int | None = None) -> Request:
        size = self.size if size is None else size
        return Request(old, tuple(tree.consistency(old, size, self.at)) if old <= size else (), self.note(size))
