"""What people expect an edit to do to p(fake), and whether it did: the one rule."""

from __future__ import annotations

from dataclasses import dataclass

from flask_babel import gettext

from workbench.analysis.regions.counterfactual import movement
from workbench.services.errors import InvalidError

DIRECTIONS = ("fall", "rise", "stay")


@dataclass(frozen=True)
class Expected:
    """What p(fake) is expected to do: fall, rise or stay; fall below, or rise above, a bound."""

    direction: str
    bound: float | None = None


def check_expected(expected: Expected) -> None:
    """Raise InvalidError unless this can be expected of p(fake)."""
    if expected.direction not in DIRECTIONS:
        raise InvalidError(gettext("Choose what you expected p(fake) to do: fall, rise or stay."))
    if expected.bound is None:
        return
    if expected.direction == "stay":
        raise InvalidError(gettext("What stays neither falls below nor rises above a value."))
    if not 0 < expected.bound < 1:
        raise InvalidError(gettext("The value must lie between 0 and 1, such as 0.5."))


def is_met(
    expected: Expected, p_after: float, delta_logit: float, interval: tuple[float, float] | None
) -> bool | None:
    """Whether an edit did what was expected, by `movement`: the rule of the page's finding.

    With a bound p(fake) has to end beyond it, too. None where nothing can be said: there were too
    few controls for their prediction interval.
    """
    if interval is None:
        return None
    if movement(delta_logit, interval) != expected.direction:
        return False
    if expected.bound is None:
        return True
    return p_after < expected.bound if expected.direction == "fall" else p_after > expected.bound
