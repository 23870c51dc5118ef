"""The one list of rules for a consent, in the order in which they are asked; the first reason found is shown first."""

from __future__ import annotations

from .case import Fit
from .consent_rules import (
    advised,
    approved,
    by_technique,
    by_the_right_person,
    complete,
    described,
    ended,
    for_purpose,
    from_allowed_pictures,
    in_age_range,
    in_time,
    not_too_long,
    readable,
    same_shot,
    same_show,
    signed,
    with_notice,
    within_limits,
)
from .exemptions import exemption_decided, script_before_performance
from .place_rules import dubbed, in_episode, in_language, in_medium, in_scene, in_territory
from .policy import Policy, numbered

CONSENT_RULES: tuple[Policy[Fit], ...] = numbered(
    ended,
    readable,
    complete,
    same_show,
    same_shot,
    in_episode,
    in_scene,
    in_time,
    for_purpose,
    in_age_range,
    by_the_right_person,
    not_too_long,
    with_notice,
    described,
    signed,
    advised,
    from_allowed_pictures,
    by_technique,
    within_limits,
    in_territory,
    in_medium,
    in_language,
    dubbed,
    exemption_decided,
    script_before_performance,
    approved,
)
