"""A network's weights as bytes: named arrays in a plain container, the same arrays always the same bytes, read as if a stranger wrote them.

`bottega.network/1` and a line feed; the length of the head, 4 bytes big-endian; the head, canonical JSON: `training`, the digest of
what decided the training, and `arrays`, a list of [name, dtype, shape] in the order of names; then each array's bytes, C order,
little-endian, each begun on a multiple of 16. Nothing in it is run, unpacked or unpickled.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bottega.jobs.recipes.learned import NetworkState, check_network
from bottega.model import JobError, UsageError, canonical_json, sha256_text

MAGIC = b"bottega.network/1\n"
LARGEST_BYTES, LARGEST_HEAD_BYTES, MOST_ARRAYS, MOST_DIMENSIONS = 64 << 20, 1 << 20, 1024, 4
DTYPES = {"<f4": np.float32, "<f8": np.float64, "<i8": np.int64}
_ALIGNED_BYTES = 16
_NAME = re.compile(r"[a-z][A-Za-z0-9_.]{0,95}")


def weight_bytes(state: NetworkState, *, training: str) -> bytes:
    """What is kept of a trained network: enough to predict, not to train on."""
    arrays = {name: np.asarray(a, order="C") for name, a in sorted(state.arrays(to_go_on=False).items())}
    plain = {name: a.astype(a.dtype.newbyteorder("<"), copy=False) for name, a in arrays.items()}
    head = canonical_json({"training": training, "arrays": [[n, a.dtype.str, list(a.shape)] for n, a in plain.items()]})
    out = bytearray(MAGIC + len(head).to_bytes(4, "big") + head)
    for array in plain.values():
        out += bytes(-len(out) % _ALIGNED_BYTES) + array.tobytes()
    return bytes(out)


def read_weights(data: bytes, *, called: str) -> NetworkState:
    """The network in a file of weights. Raises JobError that names what is wrong with it, and where."""
    try:
        state = NetworkState.from_arrays(_arrays(data))
        if not state.done:
            raise ValueError(f"it stopped at step {state.step} of {state.steps}, allowed is a training that is done")
        check_network(state)
    except (UsageError, ValueError, TypeError, KeyError, IndexError, AttributeError, OverflowError, RecursionError) as problem:
        raise JobError(f"weights {called} cannot be used: {problem}") from problem
    return state


def _arrays(data: bytes) -> dict[str, NDArray[Any]]:
    if len(data) > LARGEST_BYTES or not data.startswith(MAGIC):
        raise ValueError(f"{len(data)} bytes that begin with {data[:18]!r}, allowed are {LARGEST_BYTES} that begin with {MAGIC!r}")
    begin = len(MAGIC) + 4
    size = int.from_bytes(data[len(MAGIC) : begin], "big")
    if size > LARGEST_HEAD_BYTES or begin + size > len(data):
        raise ValueError(f"a head of {size} bytes, allowed are {min(LARGEST_HEAD_BYTES, len(data) - begin)}")
    head = json.loads(data[begin : begin + size])
    if not isinstance(head, dict) or set(head) != {"training", "arrays"} or canonical_json(head) != data[begin : begin + size]:
        raise ValueError("a head that is no canonical table of training and arrays")
    sha256_text(head["training"], "training digest")
    if not isinstance(head["arrays"], list) or len(head["arrays"]) > MOST_ARRAYS:
        raise ValueError(f"its arrays are no list of up to {MOST_ARRAYS}")
    found: dict[str, NDArray[Any]] = {}
    at = begin + size
    for entry in head["arrays"]:
        name, kind, shape = _described(entry, after=next(reversed(found), ""))
        at += -at % _ALIGNED_BYTES
        count = math.prod(shape)
        if at + count * np.dtype(kind).itemsize > len(data):
            raise ValueError(f"array {name} of shape {shape} goes beyond its {len(data)} bytes")
        found[name] = np.frombuffer(data, kind, count, at).reshape(shape)
        at += found[name].nbytes
    if at != len(data):
        raise ValueError(f"{len(data) - at} bytes after the last array, allowed are none")
    _check_kinds(found)
    return found


def _described(entry: Any, *, after: str) -> tuple[str, str, tuple[int, ...]]:
    """One row of the head, checked: a name that comes after the last one, a known dtype, a small shape."""
    if not isinstance(entry, list) or len(entry) != 3:
        raise ValueError(f"the row after {after or 'the beginning'} is no [name, dtype, shape]")
    name, kind, shape = entry
    if not isinstance(name, str) or not _NAME.fullmatch(name) or name <= after:
        raise ValueError(f"the row after {after or 'the beginning'} has no name that may follow")
    if kind not in DTYPES:
        raise ValueError(f"array {name} has no known type, allowed are {', '.join(DTYPES)}")
    sizes = isinstance(shape, list) and len(shape) <= MOST_DIMENSIONS and all(type(n) is int and 0 <= n <= LARGEST_BYTES for n in shape)
    if not sizes:
        raise ValueError(f"array {name} has no shape of up to {MOST_DIMENSIONS} whole numbers")
    return name, kind, tuple(shape)


def _check_kinds(found: Mapping[str, NDArray[Any]]) -> None:
    """Weights are float32 and settings single numbers, so that what reads them is given what it expects."""
    for name, array in found.items():
        if name.startswith("weights.") and array.dtype != np.float32:
            raise ValueError(f"array {name} is {array.dtype}, allowed is float32")
        if name.startswith("settings.") and array.shape:
            raise ValueError(f"array {name} has shape {array.shape}, allowed is a single number")
        if not np.isfinite(array).all():
            raise ValueError(f"array {name} holds what is not finite")
