"""Bottega's adapter: `python run.py -- python -m conformance.bottega_adapter` from the folder above, with Bottega installed."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from typing import Any

from bottega.model import BottegaError, ConsentError

from .adapter.facts import put_on_record
from .adapter.neutral import UnsupportedError
from .adapter.steps import Answer, play, refused
from .adapter.world import World


def answer(case: Mapping[str, Any]) -> Answer:
    """Make the case's world, let happen what happens in it, and say what Bottega answers."""
    with World(case) as world:
        try:
            put_on_record(world, case["facts"])
            return play(world, case["steps"])
        except ConsentError as refusal:
            return refused(refusal)
        except BottegaError as problem:
            return {"decision": "deny", "codes": ["refused_at_entry"], "note": str(problem)}
        except UnsupportedError as problem:
            return {"decision": "unsupported", "codes": [], "note": str(problem)}


def main() -> None:
    """One line a case, one line an answer, until there are no more."""
    for line in sys.stdin:
        sys.stdout.write(json.dumps(answer(json.loads(line))) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
