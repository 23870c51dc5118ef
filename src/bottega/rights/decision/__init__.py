"""May this use be made? Policies, rules for consents, and the decision that they add up to."""

from .decide import POLICIES, Answer, Case, Decision, decide

__all__ = ["POLICIES", "Answer", "Case", "Decision", "decide"]
