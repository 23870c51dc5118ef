"""The ledger: an append-only log of what was said, laid under a Merkle tree that an outsider can check."""

from .clock import Clock, Moment, SteadyClock, not_before, wall_clock
from .entries import KINDS
from .log import EMPTY, Entry, Head, Ledger, Transaction
from .mark import Mark
from .notary import Notary, log_signer
from .note import Verifier
from .place import Database
from .tree import Frontier, leaf_hash

__all__ = [
    "EMPTY",
    "KINDS",
    "Clock",
    "Database",
    "Entry",
    "Frontier",
    "Head",
    "Ledger",
    "Mark",
    "Moment",
    "Notary",
    "SteadyClock",
    "Transaction",
    "Verifier",
    "leaf_hash",
    "log_signer",
    "not_before",
    "wall_clock",
]
