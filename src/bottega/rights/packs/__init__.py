"""Policy packs: a studio's guidance as data. What facts there are, how a condition is written, how a pack is read."""

from .condition import Answer, Condition
from .pack import Pack, Question, Row, read_pack, shipped
from .words import FACTS, Fact

__all__ = ["FACTS", "Answer", "Condition", "Fact", "Pack", "Question", "Row", "read_pack", "shipped"]
