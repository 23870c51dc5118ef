"""The one list of policies, in the order in which they are asked; the first reason found is shown first."""

from __future__ import annotations

from .case import Case
from .faces import FACE_POLICIES
from .facts import stated_facts
from .models import MODEL_POLICIES
from .picture_rules import chain_covered, credentials_hold, names_nobody_else, nothing_hidden
from .place_rules import placed
from .policy import Policy, numbered
from .table import asked_by_packs
from .use_rules import (
    approved_final,
    consented,
    declared,
    known_inputs,
    known_technique,
    licensed_inputs,
    named_people,
    never_minors,
    right_show,
)

POLICIES: tuple[Policy[Case], ...] = numbered(
    right_show,
    placed,
    known_inputs,
    licensed_inputs,
    declared,
    named_people,
    never_minors,
    known_technique,
    consented,
    approved_final,
    *FACE_POLICIES,
    *MODEL_POLICIES,
    nothing_hidden,
    credentials_hold,
    chain_covered,
    names_nobody_else,
    stated_facts,
    asked_by_packs,
)
