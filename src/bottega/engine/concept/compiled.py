"""How this package's kernels are compiled: cached, without the interpreter's lock, without fastmath, so with the same bits everywhere."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba

F = TypeVar("F", bound=Callable[..., Any])


def compiled(function: F) -> F:
    """Compile a kernel."""
    return cast(F, numba.njit(nogil=True, cache=True, error_model="numpy")(function))
