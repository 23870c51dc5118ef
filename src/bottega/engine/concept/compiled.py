"""How this package's kernels are compiled: cached, without the interpreter's lock, without fastmath, so with the same bits everywhere."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba

F = TypeVar("F", bound=Callable[..., Any])


def compiled(function: F) -> F:
    """Compile a kernel."""
    return cast(F, numba.njit(nogil=True, cache=True, error_model="numpy")(function))


def uncounted(function: F) -> F:
    """Compile a kernel that makes no arrays, without numba's reference counts: they cost more than reading the arrays of a tuple."""
    return cast(F, numba.njit(nogil=True, cache=True, error_model="numpy", _nrt=False)(function))


def inlined(function: F) -> F:
    """Compile a part of an uncounted kernel's inner loop; it becomes part of whoever calls it."""
    return cast(F, numba.njit(nogil=True, cache=True, error_model="numpy", _nrt=False, forceinline=True)(function))
