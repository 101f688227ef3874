"""What a counterfactual shows, in whole sentences: one for regions, another for dimensions."""

from __future__ import annotations

from dataclasses import dataclass

from flask_babel import gettext, ngettext

from workbench.services.image.counterfactuals import Outcome
from workbench.web.site.formatting import count, signed


@dataclass(frozen=True)
class TrialWords:
    """The sentences around one edit and its controls."""

    strip: str
    """What the drawn dots say, for those who do not see them."""
    legend: str
    finding: str
    """Whether the edit tells anything."""


def trial_words(outcome: Outcome, *, of_dimension: bool) -> TrialWords:
    """The words for an outcome of a dimension that was set, or of a region that was filled."""
    return TrialWords(
        strip=_strip(outcome, of_dimension=of_dimension),
        legend=_legend(len(outcome.controls), of_dimension=of_dimension),
        finding=_finding(outcome, of_dimension=of_dimension),
    )


def _strip(outcome: Outcome, *, of_dimension: bool) -> str:
    change = signed(outcome.delta_logit)
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


def _finding(outcome: Outcome, *, of_dimension: bool) -> str:
    if outcome.exceeds_control is None or outcome.control_mean is None:
        return _too_few(len(outcome.controls))
    if not outcome.exceeds_control:
        return (
            gettext(
                "Not significant: within the 95% prediction interval of the control dimensions."
            )
            if of_dimension
            else gettext(
                "Not significant: within the 95% prediction interval of the control regions."
            )
        )
    mean = signed(outcome.control_mean)
    if outcome.delta_logit < outcome.control_mean:
        return (
            gettext(
                "Significant: lower than the control dimensions (mean %(mean)s), outside their "
                "95%% prediction interval.",
                mean=mean,
            )
            if of_dimension
            else gettext(
                "Significant: lower than the control regions (mean %(mean)s), outside their "
                "95%% prediction interval.",
                mean=mean,
            )
        )
    return (
        gettext(
            "Significant: higher than the control dimensions (mean %(mean)s), outside their "
            "95%% prediction interval.",
            mean=mean,
        )
        if of_dimension
        else gettext(
            "Significant: higher than the control regions (mean %(mean)s), outside their "
            "95%% prediction interval.",
            mean=mean,
        )
    )


def _too_few(controls: int) -> str:
    if not controls:
        return gettext("No controls: no other dimension changes with this edit.")
    return ngettext(
        "Too few controls for a test: %(controls)s control dimension.",
        "Too few controls for a test: %(controls)s control dimensions.",
        controls,
        controls=count(controls),
    )
