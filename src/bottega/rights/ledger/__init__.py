"""The ledger: an append-only log of what was said, laid under a Merkle tree that an outsider can check."""

from .entries import KINDS
from .log import EMPTY, Clock, Entry, Head, Ledger, Transaction, not_before, wall_clock
from .tree import leaf_hash

__all__ = ["EMPTY", "KINDS", "Clock", "Entry", "Head", "Ledger", "Transaction", "leaf_hash", "not_before", "wall_clock"]
