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
            "The edit moves the logit by %(change)s; other dimensions set likewise move it by "
            "%(controls)s.",
            change=change,
            controls=controls,
        )
    return gettext(
        "The edit moves the logit by %(change)s; like regions elsewhere move it by %(controls)s.",
        change=change,
        controls=controls,
    )


def _legend(controls: int, *, of_dimension: bool) -> str:
    if of_dimension:
        return ngettext(
            "◆ this edit, ● %(controls)s other dimension set likewise",
            "◆ this edit, ● %(controls)s other dimensions set likewise",
            controls,
            controls=count(controls),
        )
    return ngettext(
        "◆ this edit, ● %(controls)s like region elsewhere, filled likewise",
        "◆ this edit, ● %(controls)s like regions elsewhere, filled likewise",
        controls,
        controls=count(controls),
    )


def _finding(outcome: Outcome, *, of_dimension: bool) -> str:
    if outcome.exceeds_control is None or outcome.control_mean is None:
        return _too_few(len(outcome.controls))
    if not outcome.exceeds_control:
        return (
            gettext("Other dimensions set likewise move it no less: no evidence.")
            if of_dimension
            else gettext("Like regions elsewhere move it no less: no evidence.")
        )
    mean = signed(outcome.control_mean)
    if outcome.delta_logit < outcome.control_mean:
        return (
            gettext(
                "Other dimensions set likewise move it by %(mean)s; this one less toward fake: "
                "evidence.",
                mean=mean,
            )
            if of_dimension
            else gettext(
                "Like regions elsewhere move it by %(mean)s; this one less toward fake: evidence.",
                mean=mean,
            )
        )
    return (
        gettext(
            "Other dimensions set likewise move it by %(mean)s; this one more toward fake: "
            "evidence.",
            mean=mean,
        )
        if of_dimension
        else gettext(
            "Like regions elsewhere move it by %(mean)s; this one more toward fake: evidence.",
            mean=mean,
        )
    )


def _too_few(controls: int) -> str:
    if not controls:
        return gettext("No other dimension is moved by this: nothing to compare with.")
    return ngettext(
        "Only %(controls)s other dimension is moved by this: too few to compare with.",
        "Only %(controls)s other dimensions are moved by this: too few to compare with.",
        controls,
        controls=count(controls),
    )
