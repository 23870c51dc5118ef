"""Concept boards, as people ask for them: stated, planned, made."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from bottega.jobs.runner.concept.comparing import compared
from bottega.jobs.runner.concept.job import ConceptRequest
from bottega.jobs.runner.concept.liking import liked
from bottega.jobs.runner.concept.planning import ConceptPlan, dry_run
from bottega.jobs.runner.concept.run import prepare, run
from bottega.jobs.runner.explain import explain_request
from bottega.jobs.runner.progress import Watch, silent
from bottega.jobs.runner.run import House
from bottega.jobs.runner.showfolder import ShowFolder
from bottega.model import Take
from bottega.rights.decision.explain import Explanation

from .asked import concept_asked


class Boards:
    """The boards of a show. A board is a shot of its own: its drawing is the plate, its cards are the frames."""

    def __init__(self, folder: ShowFolder, *, house: Callable[[], House]) -> None:
        self._folder, self._house = folder, house

    def request(self, sheet: str | Path, **options: Any) -> ConceptRequest:
        """State the board that a sheet describes.

        Options: no_performer, delivery ("temp" or "final"), depicts, territory, language, medium, stated, seed; like (a card that more is
        wanted of, "consul/concept/v001/7"). Raises UsageError.
        """
        like = options.pop("like", None)
        return concept_asked(sheet, **options, like=liked(self._folder, like) if like else {})

    def compare(self, first: str, second: str, *, to: str | Path) -> Path:
        """Write two cards of the show's takes, and between them where they differ, as a PNG. Never overwrites. Raises UsageError."""
        return compared(self._house(), first, second, to=Path(to))

    def plan(self, request: ConceptRequest, *, threads: int = 1) -> ConceptPlan:
        """What a board would make and cost, and the gate's answer; nothing is made."""
        house = self._house()
        return dry_run(house, prepare(house, request), threads=threads)

    def explain(self, request: ConceptRequest) -> Explanation:
        """The gate's answer to a request, on record like any other, and what a yes would need; nothing is made."""
        house = self._house()
        return explain_request(house, prepare(house, request))

    def make(self, request: ConceptRequest, *, threads: int = 1, watch: Watch = silent) -> Take:
        """Make the looks of a board, or go on with an unfinished take. Raises ConsentError when the gate refuses."""
        house = self._house()
        return run(house, prepare(house, request), threads=threads, watch=watch)
