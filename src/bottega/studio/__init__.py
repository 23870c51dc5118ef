"""The wiring: one `Studio` for each show that is open, with the desks over its records. It decides nothing itself."""

from bottega.jobs.runner.advise import Advised
from bottega.jobs.runner.collapse.planning import CollapsePlan
from bottega.jobs.runner.collapse.sheet import template as collapse_template
from bottega.jobs.runner.concept.planning import ConceptPlan
from bottega.jobs.runner.concept.sheet import template as board_template
from bottega.jobs.runner.doctor import Check, examine
from bottega.jobs.runner.plan import Plan
from bottega.jobs.runner.progress import Event
from bottega.jobs.runner.remake import Remade
from bottega.jobs.runner.request import RepairRequest
from bottega.jobs.runner.withdraw import Withdrawn
from bottega.rights.decision.explain import Explanation
from bottega.rights.desk.ledger import Finding, read_key, summary
from bottega.rights.desk.usage import Usage
from bottega.rights.ledger.witness import Witness
from bottega.rights.ledger.witness_http import WitnessServer

from .asked import operator
from .boards import Boards
from .studio import Studio

__all__ = [
    "Advised",
    "Boards",
    "Check",
    "CollapsePlan",
    "ConceptPlan",
    "Event",
    "Explanation",
    "Finding",
    "Plan",
    "Remade",
    "RepairRequest",
    "Studio",
    "Usage",
    "Withdrawn",
    "Witness",
    "WitnessServer",
    "board_template",
    "collapse_template",
    "examine",
    "operator",
    "read_key",
    "summary",
]
