"""Verdicts, and the label that they come to, in words: template filters.

A verdict says what an image is. That it confirms or overturns a label is said beside it, of the
label that stood when it was given.
"""

from __future__ import annotations

from flask import Flask
from flask_babel import gettext, lazy_gettext, ngettext

from workbench.services.review.labels import StandingLabel
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
    shown = [gettext("shown as %(label)s", label=label_words(verdict.shown_label))]
    if verdict.shown_p is not None:
        shown.append(gettext("p(fake) %(p)s", p=probability(verdict.shown_p)))
    if verdict.shown_version is not None:
        shown.append(gettext("v%(number)s", number=verdict.shown_version))
    return "; ".join(each for each in (relative_words(verdict), ", ".join(shown)) if each)


def origin_words(standing: StandingLabel) -> str:
    """Where a label comes from: "decided by ada on 3 March 2026; imported as real"."""
    if standing.imported is None:
        return _origin_without_label(standing)
    return _origin_with_label(standing, label_words(standing.imported))


def _origin_with_label(standing: StandingLabel, imported: str) -> str:
    if standing.disputed:
        return gettext("as imported; people disagree")
    decided = standing.decided
    if decided is None:
        return gettext("as imported; not reviewed")
    who = {"by": _people(decided.by, standing.agreeing), "day": day(decided.at)}
    if decided.decision == "exclude":
        return gettext("as imported; excluded by %(by)s on %(day)s", **who)
    if decided.decision == "unsure":
        return gettext("as imported; unsure by %(by)s on %(day)s", **who)
    if standing.adjudication is not None:
        return gettext(
            "adjudicated by %(by)s on %(day)s; imported as %(label)s", **who, label=imported
        )
    return gettext("decided by %(by)s on %(day)s; imported as %(label)s", **who, label=imported)


def _origin_without_label(standing: StandingLabel) -> str:
    """Where the label of an image comes from that was imported without one."""
    if standing.disputed:
        return gettext("imported without a label; people disagree")
    decided = standing.decided
    if decided is None:
        return gettext("imported without a label; not reviewed")
    who = {"by": _people(decided.by, standing.agreeing), "day": day(decided.at)}
    if decided.decision == "exclude":
        return gettext("imported without a label; excluded by %(by)s on %(day)s", **who)
    if decided.decision == "unsure":
        return gettext("imported without a label; unsure by %(by)s on %(day)s", **who)
    if standing.adjudication is not None:
        return gettext("adjudicated by %(by)s on %(day)s; imported without a label", **who)
    return gettext("decided by %(by)s on %(day)s; imported without a label", **who)


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
