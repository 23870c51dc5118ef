"""The facts that a pack may ask about: a name, the values it may have, and the question as a person would be asked it.

A computed fact is worked out from the job and the ledger, and nobody can state it. A stated one is somebody's word, on record with the use.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from bottega.model import Delivery, Technique

YES_NO = ("yes", "no")


@dataclass(frozen=True)
class Fact:
    """One fact. Empty `values` means any code (a job, an environment)."""

    name: str
    asks: str
    values: tuple[str, ...] = YES_NO
    computed: bool = False

    def allows(self, value: str) -> bool:
        """Whether the fact may have that value."""
        return not self.values or value in self.values


_LISTED = (
    Fact("job", "Which job is it?", (), computed=True),
    Fact("delivery", "Is the result to look at, or for the picture?", tuple(d.value for d in Delivery), computed=True),
    Fact("technique", "How is it made?", tuple(t.value for t in Technique), computed=True),
    Fact("touches_performer", "Does the edit touch a performer?", computed=True),
    Fact("inputs_licensed", "Does every picture have a licence that covers this use now?", computed=True),
    Fact("people_consented", "Did everybody whom the edit touches consent to this very use?", computed=True),
    Fact("trains_on_inputs", "Is a network trained on the production's pictures?", computed=True),
    Fact("training_consented", "Do all consents and licences allow training?", computed=True),
    Fact("environment_approved", "Is the place where the job runs approved for production material?", computed=True),
    Fact("training_environment_approved", "Is that place approved, on record, for training on production pictures?", computed=True),
    Fact("exemption_claimed", "Does a consent claim an exemption?", computed=True),
    Fact("environment", "Where does the job run?", ()),
    Fact(
        "prominence",
        "How is what is made seen: in passing, referred to, read aloud, or as part of the story?",
        ("incidental", "referenced", "read_aloud", "story_relevant"),
    ),
    Fact("key_visual", "Is it the final design of a main character, a central setting or a key visual?"),
    Fact("human_input", "Did a person give the final its form, beyond asking for it?"),
    Fact("fictional_context", "Is it plain to the viewer that what is shown is fiction?"),
    Fact("could_pass_as_real", "Could the result be taken for a real event, person or statement?"),
    Fact("affects_union_work", "Does it replace or materially affect work that a union covers?"),
    Fact("personal_data", "Do the inputs hold personal data beyond what the consents cover?"),
    Fact("names_real", "Does a text or reference point at a protected work, a public figure or somebody dead?"),
)
FACTS: Mapping[str, Fact] = MappingProxyType({fact.name: fact for fact in _LISTED})
