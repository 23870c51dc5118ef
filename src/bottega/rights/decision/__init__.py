"""May this use be made? Policies, rules for consents, and the decision that they add up to."""

from .case import Answer, Case, Fit
from .decide import Decision, decide
from .policies import POLICIES
from .policy import AllOf, Policy, numbered, policy

__all__ = ["POLICIES", "AllOf", "Answer", "Case", "Decision", "Fit", "Policy", "decide", "numbered", "policy"]
