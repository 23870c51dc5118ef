"""Ask the gate about a job, and say in plain words what a yes would need. Nothing is opened and nothing is made."""

from __future__ import annotations

from dataclasses import replace

from bottega.rights import State
from bottega.rights.decision.explain import Explanation, explain

from .entering import AnyJob, job_id_of, named_reasons
from .run import House


def explain_request(house: House, job: AnyJob) -> Explanation:
    """The gate's answer, which goes on record as a dry run, with a step for each reason against it."""
    decision = house.gate.decide(job.use, job_id=job_id_of(job), dry_run=True)
    named = replace(decision, reasons=tuple(named_reasons(job, decision.reasons)))
    return explain(job.use, named, State.of(house.ledger), now=house.clock())
