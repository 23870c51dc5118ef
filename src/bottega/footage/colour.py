"""Colour spaces by OpenColorIO: names checked, conversions exact, nothing guessed."""

from __future__ import annotations

import difflib
import os
from functools import cache
from typing import TYPE_CHECKING, Any

from bottega.model import UsageError, shown
from bottega.model.show import WORKING_COLOUR

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Floats = npt.NDArray[np.float32]

PINNED_CONFIG = "ocio://cg-config-v4.0.0_aces-v2.0_ocio-v2.5"
DISPLAY = "srgb_tx"


def config_name() -> str:
    """The OpenColorIO config in force: `$OCIO`, else the pinned one."""
    return os.environ.get("OCIO") or PINNED_CONFIG


def space_name(name: str) -> str:
    """The config's own name of a colour space given by name, alias, role or interop id.

    Raises UsageError with the closest names for one that the config does not have.
    """
    config = _config(config_name())
    space = config.getColorSpace(name) or _by_interop_id(name)
    if space is not None:
        return str(space.getName())
    names = [n for s in config.getColorSpaces() for n in (s.getName(), *s.getAliases())]
    folded = {n.casefold(): n for n in names}
    near = [folded[n] for n in difflib.get_close_matches(name.casefold(), list(folded), n=5, cutoff=0.5)]
    raise UsageError(f"colour space {shown(name)} is not in the config {config_name()}: {_advice(near)}")


def colour_spaces() -> tuple[str, ...]:
    """The names of all colour spaces in the config, for help and completion."""
    return tuple(str(s.getName()) for s in _config(config_name()).getColorSpaces())


def known_space(name: str) -> str | None:
    """The config's name for what a file says of itself; None for a name that the config does not have, and for a role."""
    space = _config(config_name()).getColorSpace(name) or _by_interop_id(name)
    if space is None:
        return None
    # A role ("scene_linear") means another space in every config: in a file it says nothing.
    names = {n.casefold() for n in (space.getName(), space.getInteropID(), *space.getAliases())}
    return str(space.getName()) if name.casefold() in names else None


def light_space(name: str) -> str:
    """Like `space_name`, for a picture: UsageError too for a space of numbers ("Raw")."""
    found = space_name(name)
    if _config(config_name()).getColorSpace(found).isData():
        raise UsageError(
            f"colour space {shown(name)} holds numbers, no light: declare the space the picture was made in, as lin_rec709_srgb"
        )
    return found


def is_linear(space: str) -> bool:
    """Whether a space is scene-linear: light, not codes."""
    return str(_config(config_name()).getColorSpace(space_name(space)).getEncoding()) == "scene-linear"


def working_space(plate_space: str, show_space: str = WORKING_COLOUR) -> str:
    """Where a shot is worked on: a scene-linear plate's own space, so that plate + delta needs no conversion; else the show's."""
    return space_name(plate_space) if is_linear(plate_space) else space_name(show_space)


def interop_id(space: str) -> str | None:
    """The colour interop id that a file carries for a space, if it has one."""
    return str(_config(config_name()).getColorSpace(space_name(space)).getInteropID()) or None


def to_working(array: Floats, from_space: str, to_space: str) -> Floats:
    """Convert (H, W, 3) float32 from one space to another, in place where the array allows; the same space changes no bit."""
    return _converted(array, space_name(from_space), space_name(to_space), exact=True)


def display(rgb: Floats, from_space: str) -> npt.NDArray[np.uint8]:
    """Encode for a monitor, without a film look: sRGB, 8 bits, rounded half up. For proxies and contact sheets."""
    import numpy as np

    shown_rgb = _converted(rgb.astype(np.float32), space_name(from_space), space_name(DISPLAY), exact=False)
    np.nan_to_num(shown_rgb, copy=False)
    np.clip(shown_rgb, 0, 1, out=shown_rgb)
    shown_rgb *= 255
    shown_rgb += 0.5
    return shown_rgb.astype(np.uint8)


def _converted(array: Floats, source: str, target: str, *, exact: bool) -> Floats:
    import numpy as np

    if array.dtype != np.float32 or array.ndim != 3 or array.shape[2] != 3:
        raise ValueError(f"a colour conversion takes (H, W, 3) float32, given {array.shape} {array.dtype}")
    if source == target or array.size == 0:
        return array
    whole = array if array.flags.c_contiguous and array.flags.writeable else np.array(array, order="C")
    _processor(config_name(), source, target, exact).applyRGB(whole)
    return whole


@cache
def _config(name: str) -> Any:
    import PyOpenColorIO

    try:
        config = PyOpenColorIO.Config.CreateFromFile(name)
    except (PyOpenColorIO.Exception, PyOpenColorIO.ExceptionMissingFile) as problem:
        raise UsageError(f"the OpenColorIO config {shown(name)} cannot be read: {problem}; correct or unset OCIO") from problem
    # Two LUTs of one size get the first one's processor from OpenColorIO's cache; ours below is keyed by names.
    config.setProcessorCacheFlags(PyOpenColorIO.PROCESSOR_CACHE_OFF)
    return config


@cache
def _processor(config: str, source: str, target: str, exact: bool) -> Any:
    import PyOpenColorIO

    # Lossless keeps pow() exact: its fast form is off by 4e-5, half a 14-bit code.
    how = PyOpenColorIO.OPTIMIZATION_LOSSLESS if exact else PyOpenColorIO.OPTIMIZATION_DEFAULT
    return _config(config).getProcessor(source, target).getOptimizedCPUProcessor(how)


def _by_interop_id(name: str) -> Any:
    return next((s for s in _config(config_name()).getColorSpaces() if name and s.getInteropID() == name), None)


def _advice(near: list[str]) -> str:
    if near:
        return "did you mean " + " or ".join(dict.fromkeys(near)) + "?"
    return "usual ones are acescg, lin_rec709_srgb, srgb_tx and g24_rec709"
