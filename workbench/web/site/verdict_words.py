"""Verdicts, and the label that they come to, in words: template filters.

A verdict says what an image is. That it confirms or overturns a label is said beside it, of the
label that stood when it was given.
"""

from __future__ import annotations

from flask import Flask
from flask_babel import gettext, lazy_gettext, ngettext

from workbench.services.review.labels import AdjudicationView, StandingLabel
from workbench.services.review.verdicts import VerdictView
from workbench.web.site.formatting import count, day, label_words
from workbench.web.site.predictions import probability

DECISION_WORDS = {
    "real": lazy_gettext("real"),
    "fake": lazy_gettext("fake"),
    "unsure": lazy_gettext("unsure"),
    "exclude": lazy_gettext("excluded"),
}

VERDICT_WORDS = {
    "none": lazy_gettext("not reviewed"),
    "any": lazy_gettext("reviewed"),
    "real": lazy_gettext("decided: real"),
    "fake": lazy_gettext("decided: fake"),
    "unsure": lazy_gettext("unsure"),
    "exclude": lazy_gettext("excluded"),
    "overturned": lazy_gettext("imported label overturned"),
    "wrong_reason": lazy_gettext("right for the wrong reason"),
}


def decision_words(value: str) -> str:
    """A verdict's decision: "fake", "excluded"."""
    return str(DECISION_WORDS[value])


def verdict_words(value: str) -> str:
    """Which verdict a filter asks for: "not reviewed", "decided: fake"."""
    return str(VERDICT_WORDS[value])


def relative_words(verdict: VerdictView) -> str:
    """What a verdict says of the label shown: "overturned"; empty where it says no label."""
    if verdict.overturns is None:
        return ""
    return gettext("overturned") if verdict.overturns else gettext("confirmed")


def saved_words(verdict: VerdictView) -> str:
    """What was decided, and what that is of the label shown: "fake (overturned)"."""
    decision, relative = decision_words(verdict.decision), relative_words(verdict)
    return f"{decision} ({relative})" if relative else decision


def shown_words(verdict: VerdictView) -> str:
    """What was shown to who gave it: "overturned; shown as real, p(fake) 0.12, v1"."""
    if verdict.blind:
        return gettext("blind: label and score were hidden")
    shown = [gettext("shown as %(label)s", label=label_words(verdict.shown_label))]
    if verdict.shown_p is not None:
        shown.append(gettext("p(fake) %(p)s", p=probability(verdict.shown_p)))
    if verdict.shown_version is not None:
        shown.append(gettext("v%(number)s", number=verdict.shown_version))
    wrong = gettext("right for the wrong reason") if verdict.wrong_reason else ""
    return "; ".join(each for each in (relative_words(verdict), ", ".join(shown), wrong) if each)


def origin_words(standing: StandingLabel) -> str:
    """Where a label comes from: "decided by ada on 3 March 2026; imported as real"."""
    if standing.imported is None:
        before = source = gettext("imported without a label")
    else:
        before = gettext("as imported")
        source = gettext("imported as %(label)s", label=label_words(standing.imported))
    decided = standing.decided
    if standing.disputed:
        return gettext("%(before)s; people disagree", before=before)
    if decided is None:
        return gettext("%(before)s; not reviewed", before=before)
    who = {"by": _people(decided.by, standing.agreeing), "day": day(decided.at)}
    if decided.decision == "exclude":
        return gettext("%(before)s; excluded by %(by)s on %(day)s", **who, before=before)
    if decided.decision == "unsure":
        return gettext("%(before)s; unsure by %(by)s on %(day)s", **who, before=before)
    if standing.adjudication is not None:
        return _adjudicated_words(standing.adjudication, who, source)
    return gettext("decided by %(by)s on %(day)s; %(source)s", **who, source=source)


def _adjudicated_words(adjudication: AdjudicationView, who: dict[str, str], source: str) -> str:
    if adjudication.by_majority:
        return gettext("decided by a majority on %(day)s; %(source)s", **who, source=source)
    return gettext("adjudicated by %(by)s on %(day)s; %(source)s", **who, source=source)


def _people(newest: str, others: int) -> str:
    if not others:
        return newest
    return ngettext(
        "%(name)s and %(count)s other",
        "%(name)s and %(count)s others",
        others,
        name=newest,
        count=count(others),
    )


def register(app: Flask) -> None:
    """Make every function of this module a template filter of its own name."""
    for function in (
        decision_words,
        origin_words,
        relative_words,
        saved_words,
        shown_words,
        verdict_words,
    ):
        app.add_template_filter(function)
