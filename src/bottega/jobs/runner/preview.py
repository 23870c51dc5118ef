"""A look at a frame, mostly one that is no key, while the network is still learning."""

from __future__ import annotations

import numpy as np

from bottega.footage import Band, Delivery, as_matte
from bottega.jobs.recipes.learned import NetworkState, alone
from bottega.model import JobError

from .opening import Inputs
from .request import Resolved
from .screens import screen, small
from .takefolder import TakeFolder

PREVIEW = "preview"


class Look:
    """Draws plate, network and change of one frame into the take's work folder, with the take's mark and band; the newest look stays."""

    def __init__(self, job: Resolved, inputs: Inputs, folder: TakeFolder, delivery: Delivery) -> None:
        if job.request.preview is None or inputs.matte is None:
            raise JobError("a preview needs a frame and a matte")
        self._number, self._inputs, self._matte, self._folder = job.request.preview, inputs, inputs.matte, folder
        self._take, self._toe = delivery.take, job.request.settings.toe
        self._band = Band(delivery.take.band.text) if delivery.take.band else None

    def at(self, state: NetworkState) -> None:
        """Draw what the network makes of the frame at this step. Raises ConsentError where the gate no longer says yes."""
        plate, matte = self._inputs.plate.read(self._number), as_matte(self._matte.read(self._number))
        made = alone(plate.rgb, state, matte=matte, toe=self._toe)
        before, after = (screen(light, plate.canvas, plate.display, plate.working) for light in (plate.rgb, made))
        change = np.clip(np.abs(after.astype(np.float32) - before) * 4, 0, 255).astype(np.uint8)
        said = ((f"{self._number} plate", before), (f"the network alone, step {state.step} of {state.steps}", after), ("change x4", change))
        row = [(label, small(self._band.on_screen(shown) if self._band else shown)) for label, shown in said]
        name = f"{PREVIEW}.{self._number}.{state.step:06d}.png"
        (self._folder.work / name).unlink(missing_ok=True)
        self._inputs.right.check()
        Delivery(self._folder.work, self._take).sheet(name, [row])
        for old in self._folder.work.glob(f"{PREVIEW}.*.png"):
            if old.name != name:
                old.unlink()
