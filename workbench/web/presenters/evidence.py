"""What a counterfactual shows, in whole sentences: one for regions, another for dimensions."""

from __future__ import annotations

from dataclasses import dataclass

from flask_babel import gettext, lazy_gettext, ngettext

from workbench.services.image.counterfactuals import Outcome
from workbench.web.site.formatting import count, signed

MOST_DIGITS = 17

# Of regions, and of dimensions.
_SIGNIFICANT = (
    lazy_gettext(
        "Significant: %(change)s lies outside the 95%% prediction interval of the control regions, "
        "%(low)s to %(high)s."
    ),
    lazy_gettext(
        "Significant: %(change)s lies outside the 95%% prediction interval of the control "
        "dimensions, %(low)s to %(high)s."
    ),
)
_WITHIN = (
    lazy_gettext(
        "Not significant: %(change)s lies within the 95%% prediction interval of the control "
        "regions, %(low)s to %(high)s."
    ),
    lazy_gettext(
        "Not significant: %(change)s lies within the 95%% prediction interval of the control "
        "dimensions, %(low)s to %(high)s."
    ),
)
_WITHIN_YET_BEYOND_ALL = (
    lazy_gettext(
        "Not significant: %(change)s lies beyond every control region, but within their 95%% "
        "prediction interval, %(low)s to %(high)s, where one more would be expected."
    ),
    lazy_gettext(
        "Not significant: %(change)s lies beyond every control dimension, but within their 95%% "
        "prediction interval, %(low)s to %(high)s, where one more would be expected."
    ),
)


@dataclass(frozen=True)
class TrialWords:
    """The sentences around one edit and its controls."""

    change: str
    """The change of the logit, in as many digits as tell on which side of an end it lies."""
    strip: str
    """What the drawn dots say, for those who do not see them."""
    legend: str
    finding: str
    """Whether the edit tells anything."""


def trial_words(outcome: Outcome, *, of_dimension: bool) -> TrialWords:
    """The words for an outcome of a dimension that was set, or of a region that was filled."""
    digits = digits_apart(outcome)
    return TrialWords(
        change=signed(outcome.delta_logit, digits),
        strip=_strip(outcome, digits, of_dimension=of_dimension),
        legend=_legend(len(outcome.controls), of_dimension=of_dimension),
        finding=_finding(outcome, digits, of_dimension=of_dimension),
    )


def digits_apart(outcome: Outcome) -> int:
    """How many digits a change is printed with: two, or what tells it from the interval's ends.

    A change that lies outside is never printed equal to an end, as if it lay on it.
    """
    if not outcome.exceeds_control or outcome.interval is None:
        return 2
    for digits in range(2, MOST_DIGITS):
        printed = signed(outcome.delta_logit, digits)
        if all(signed(end, digits) != printed for end in outcome.interval):
            return digits
    return MOST_DIGITS


def _strip(outcome: Outcome, digits: int, *, of_dimension: bool) -> str:
    change = signed(outcome.delta_logit, digits)
    controls = ", ".join(signed(value) for value in outcome.controls)
    if of_dimension:
        return gettext(
            "Change in logit: %(change)s; control dimensions with the same edit: %(controls)s.",
            change=change,
            controls=controls,
        )
    return gettext(
        "Change in logit: %(change)s; control regions with the same edit: %(controls)s.",
        change=change,
        controls=controls,
    )


def _legend(controls: int, *, of_dimension: bool) -> str:
    if of_dimension:
        return ngettext(
            "◆ this edit, ● %(controls)s control dimension",
            "◆ this edit, ● %(controls)s control dimensions",
            controls,
            controls=count(controls),
        )
    return ngettext(
        "◆ this edit, ● %(controls)s control region elsewhere in the image",
        "◆ this edit, ● %(controls)s control regions elsewhere in the image",
        controls,
        controls=count(controls),
    )


def _finding(outcome: Outcome, digits: int, *, of_dimension: bool) -> str:
    """Whether the edit is significant, with the rule and the figures that decide it."""
    if outcome.interval is None:
        return _too_few(len(outcome.controls))
    if outcome.exceeds_control:
        sentences = _SIGNIFICANT
    elif min(outcome.controls) <= outcome.delta_logit <= max(outcome.controls):
        sentences = _WITHIN
    else:
        sentences = _WITHIN_YET_BEYOND_ALL
    low, high = (signed(end, digits) for end in outcome.interval)
    said = str(sentences[of_dimension]) % {
        "change": signed(outcome.delta_logit, digits),
        "low": low,
        "high": high,
    }
    if outcome.moved == "less":
        said += " " + gettext("It moves p(fake) less far than the controls do.")
    return said


def _too_few(controls: int) -> str:
    if not controls:
        return gettext("No controls: no other dimension changes with this edit.")
    return ngettext(
        "Too few controls for a test: %(controls)s control dimension.",
        "Too few controls for a test: %(controls)s control dimensions.",
        controls,
        controls=count(controls),
    )
