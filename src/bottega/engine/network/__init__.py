"""The per-shot network: learns from the shot's own painted keys alone, and says how far it is to be trusted. Needs the extra `learn`.

Work: `Pair` for each key, `train`, `predict` for a frame, `combine` with what `render` copied. Nothing here needs torch until `train` or
`predict` is called. Both work on one thread.

The same seed, torch version, processor and build give the same bits, whether trained in one go or in pieces. Another processor or another
version of torch may differ in the last bits of each step, and so in the result: keep the state, not the seed, to make a take again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib.util import find_spec

import numpy as np

from bottega.engine.checks import Float
from bottega.engine.network.combining import Combined, combine
from bottega.engine.network.features import Pair
from bottega.engine.network.settings import NetworkSettings
from bottega.engine.network.state import NetworkState, Progress

TILE_PX = 512

__all__ = [
    "Combined",
    "NetworkSettings",
    "NetworkState",
    "Pair",
    "Progress",
    "available",
    "check_network",
    "combine",
    "keep_to_one_thread",
    "predict",
    "train",
]


def available() -> bool:
    """Whether torch is installed, without importing it.

    Returns
    -------
    bool

    Raises
    ------
    ValueError
        If something calls itself torch and is none.

    Examples
    --------
    >>> available() in (True, False)
    True
    """
    return find_spec("torch") is not None


def train(
    pairs: Sequence[Pair],
    *,
    settings: NetworkSettings,
    state: NetworkState | None = None,
    pause_at: int | None = None,
    progress: Callable[[Progress], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> NetworkState:
    """Minimise |r̂ − r| + ½|∇(r̂ − r)| + 0.1·(1 − SSIM) over crops of the keys, r = enc(painted) − enc(plate).

    A U-Net of 0.49 million parameters, Muon (Jordan et al. 2024) with AdamW for biases (Loshchilov & Hutter 2019) on a cosine with
    warm-up, a moving average of the weights; crops are drawn more often where the change has detail, turned, stretched, bent, mirrored and
    relit (Texler et al. 2020 train on patches of few keys in the same spirit). It learns its
    own expected error as well, by the likelihood of Laplace's distribution (Kendall & Gal 2017), calibrated on a key it has not seen:
    with two or more keys the one nearest to the others is held back for `held_share` of the steps, then joins. When two looks in a row
    find no gain on it, the training ends early: the steps done so far are then that share of all. With one key nothing can be held back:
    all steps are done, and the expected error is taken to be twice what it says.

    Parameters
    ----------
    pairs
        1..64 painted keys with their plates, all of one size.
    settings
        Steps, seed and the rest.
    state
        Go on from here: a state with the same settings and keys. None begins anew.
    pause_at
        Stop before this step; None trains to the end. Going on from there gives the same bits as one run.
    progress
        Called after every step with where it stands and the time left.
    cancelled
        Asked before every step; True ends the training, and the state so far comes back, to preview with or to go on from.

    Returns
    -------
    NetworkState
        `done` unless paused or cancelled.

    Raises
    ------
    TypeError, ValueError
        If an array is not as described, or the state is another training's.
    RuntimeError
        If OpenCV is set to more than one thread.
    ImportError
        Without torch; the message says what to install.

    Examples
    --------
    >>> import cv2, numpy as np
    >>> cv2.setNumThreads(1)
    >>> plate = np.full((64, 64, 3), 0.18, np.float32)
    >>> pair = Pair(1001, plate, plate * np.float32(1.2), np.ones((64, 64), np.float32))
    >>> steps = NetworkSettings(steps=2, crop_px=32, crops=1)
    >>> not available() or train([pair], settings=steps).done
    True
    """
    _need_torch()
    from bottega.engine.network import training

    return training.train(pairs, settings=settings, state=state, pause_at=pause_at, progress=progress, cancelled=cancelled)


def predict(state: NetworkState, plate: Float, matte: Float, *, tile_px: int = TILE_PX) -> tuple[Float, Float]:
    """What the network would change in a frame, key or not, and how wrong it expects to be. Any state will do, also one still in training.

    Works on tiles with 128 pixels around them, more than the network can see, so that tiles give what the whole would; only where
    the matte is.

    Parameters
    ----------
    state
        From `train`.
    plate
        (H, W, 3) float32, scene-linear.
    matte
        (H, W) float32, 0..1.
    tile_px
        Side of a tile in pixels, a multiple of 16. Memory grows with it, about 300 bytes a pixel of a tile with its surroundings.

    Returns
    -------
    residual
        (H, W, 3) float32: the change in the encoding, 0 where the matte is 0.
    error
        (H, W) float32: the expected absolute error of the residual, infinite where the matte is 0.

    Raises
    ------
    TypeError, ValueError
        If an array is not as described, or the tile's side is no multiple of 16.
    RuntimeError
        If OpenCV is set to more than one thread.
    ImportError
        Without torch; the message says what to install.

    Examples
    --------
    >>> import cv2, numpy as np
    >>> cv2.setNumThreads(1)
    >>> plate, matte = np.full((64, 64, 3), 0.18, np.float32), np.ones((64, 64), np.float32)
    >>> if available():
    ...     state = train([Pair(1, plate, plate, matte)], settings=NetworkSettings(steps=1, crop_px=32, crops=1))
    ...     assert predict(state, plate, matte)[0].shape == (64, 64, 3)
    """
    _need_torch()
    from bottega.engine.network import predicting

    return predicting.predict(state, plate, matte, tile_px=tile_px)


def check_network(state: NetworkState) -> None:
    """Build the network once: what comes from a file has all weights of the right shapes, or is refused before it is used.

    Parameters
    ----------
    state
        From `NetworkState.from_arrays`.

    Raises
    ------
    ValueError
        If weights are missing, unknown, not finite or of another shape.
    ImportError
        Without torch; the message says what to install.

    Examples
    --------
    >>> import cv2, numpy as np
    >>> cv2.setNumThreads(1)
    >>> plate, matte = np.full((64, 64, 3), 0.18, np.float32), np.ones((64, 64), np.float32)
    >>> if available():
    ...     check_network(train([Pair(1, plate, plate, matte)], settings=NetworkSettings(steps=1, crop_px=32, crops=1)))
    """
    _need_torch()
    from bottega.engine.network import training

    if any(not np.isfinite(a).all() for a in state.weights.values()):
        raise ValueError("the state has weights that are not finite, allowed are finite ones")
    training.network_of(state)


def keep_to_one_thread() -> None:
    """Torch works on one thread in the calling thread from now on: for threads that predict side by side.

    Raises
    ------
    ImportError
        Without torch; the message says what to install.

    Examples
    --------
    >>> if available():
    ...     keep_to_one_thread()
    """
    _need_torch()
    import torch

    torch.set_num_threads(1)


def _need_torch() -> None:
    if not available():
        raise ImportError("the per-shot network needs torch: pip install 'bottega[learn]'")
