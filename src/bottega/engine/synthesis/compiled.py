"""How this package's kernels are compiled: cached, without the interpreter's lock, without fastmath, so with the same bits everywhere.

The search is compiled without numba's reference counts: it reads a dozen arrays out of one tuple for every offer, and counting those reads
costs five times the search. Such a kernel can make no arrays of its own.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba

F = TypeVar("F", bound=Callable[..., Any])
_ALWAYS = {"nogil": True, "cache": True, "error_model": "numpy", "boundscheck": False}


def compiled(function: F) -> F:
    """Compile a kernel that is called from Python."""
    return cast(F, numba.njit(**_ALWAYS)(function))


def uncounted(function: F) -> F:
    """Compile a kernel that makes no arrays, without reference counts."""
    return cast(F, numba.njit(**_ALWAYS, _nrt=False)(function))


def inlined(function: F) -> F:
    """Compile a part of an uncounted kernel's inner loop; it becomes part of whoever calls it."""
    return cast(F, numba.njit(**_ALWAYS, _nrt=False, forceinline=True)(function))
