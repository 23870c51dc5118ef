"""Scenes, states and motions as plain arrays by name, so that a solver may be another process, and a state may be kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any, TypeVar, get_type_hints

import numpy as np
import numpy.typing as npt

from bottega.engine.collapse.motion.scene import MotionSettings, Scene, State
from bottega.engine.collapse.records import Motion

Record = TypeVar("Record", Scene, State, Motion, MotionSettings)
Arrays = dict[str, npt.NDArray[Any]]
_VERSION = 1


def to_exchange(record: Scene | State | Motion | MotionSettings) -> dict[str, npt.NDArray[Any]]:
    """Give a record's fields as arrays: those of a record within it as "name/field"; numbers as arrays of no dimension.

    Parameters
    ----------
    record : Scene, State, Motion or MotionSettings
        What is to be sent.

    Returns
    -------
    dict of str to array
        "record" and "version" say what it is; dtypes as in the record, text as numpy's str.

    Raises
    ------
    TypeError
        Another record.

    Examples
    --------
    >>> from bottega.engine.collapse.motion import MotionSettings, from_exchange, to_exchange
    >>> from_exchange(to_exchange(MotionSettings(substeps=4)), MotionSettings).substeps
    4
    """
    if not isinstance(record, Scene | State | Motion | MotionSettings):
        raise TypeError(f"exchange: a Scene, State, Motion or MotionSettings is needed, not {type(record).__name__}")
    return {"record": np.array(type(record).__name__), "version": np.array(_VERSION), **_flat(record, "")}


def _flat(record: Any, prefix: str) -> dict[str, npt.NDArray[Any]]:
    out: dict[str, npt.NDArray[Any]] = {}
    for field in fields(record):
        value = getattr(record, field.name)
        if is_dataclass(value):
            out |= _flat(value, f"{prefix}{field.name}/")
        else:
            out[prefix + field.name] = np.asarray(value, np.str_) if isinstance(value, tuple) else np.asarray(value)
    return out


def from_exchange(arrays: Mapping[str, npt.NDArray[Any]], kind: type[Record]) -> Record:
    """Make a record of the arrays that `to_exchange` gave: the same bits.

    Parameters
    ----------
    arrays : mapping of str to array
        All fields of the record.
    kind : type
        `Scene`, `State`, `Motion` or `MotionSettings`.

    Returns
    -------
    that record

    Raises
    ------
    ValueError
        Another record or version, a field that is missing or unknown.

    Examples
    --------
    >>> from bottega.engine.collapse.motion import MotionSettings, from_exchange, to_exchange
    >>> from_exchange(to_exchange(MotionSettings()), MotionSettings) == MotionSettings()
    True
    """
    said = {name: str(arrays[name][()]) if name in arrays else "nothing" for name in ("record", "version")}
    if said != {"record": kind.__name__, "version": str(_VERSION)}:
        raise ValueError(f"exchange: {kind.__name__} of version {_VERSION} is needed, given {said['record']} of version {said['version']}")
    used = {"record", "version"}
    record: Record = _built(arrays, kind, "", used)
    unknown = sorted(set(arrays) - used)
    if unknown:
        raise ValueError(f"exchange: {kind.__name__} has no fields {unknown}")
    return record


def _built(arrays: Mapping[str, npt.NDArray[Any]], kind: type[Any], prefix: str, used: set[str]) -> Any:
    hints, values = get_type_hints(kind), {}
    for field in fields(kind):
        name, hint = prefix + field.name, hints[field.name]
        if is_dataclass(hint):
            values[field.name] = _built(arrays, hint, f"{name}/", used)  # type: ignore[arg-type]
            continue
        if name not in arrays:
            raise ValueError(f"exchange: field {name} is missing")
        used.add(name)
        value = np.asarray(arrays[name])
        values[field.name] = hint(value[()]) if hint in (int, float) else tuple(value.tolist()) if value.dtype.kind == "U" else value
    return kind(**values)
