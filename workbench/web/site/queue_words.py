"""Review queues in words: template filters."""

from __future__ import annotations

from flask import Flask
from flask_babel import gettext, lazy_gettext, ngettext

from workbench.web.site.formatting import count

SOURCE_WORDS = {
    "misclassified": lazy_gettext("misclassified images"),
    "uncertain": lazy_gettext("uncertain images"),
    "label_errors": lazy_gettext("likely label errors"),
    "slice": lazy_gettext("a selection of images"),
    "random": lazy_gettext("a random sample"),
}
STATE_WORDS = {
    "open": lazy_gettext("open"),
    "done": lazy_gettext("all verdicts given"),
    "paused": lazy_gettext("paused"),
    "ended": lazy_gettext("ended"),
    "making": lazy_gettext("being made"),
}
DISPUTE_WORDS = {
    "any": lazy_gettext("a reviewer adjudicates every disagreement"),
    "majority": lazy_gettext("the majority decides; a reviewer adjudicates ties"),
}


def source_words(value: str) -> str:
    """What a queue is made of: "misclassified images"."""
    return str(SOURCE_WORDS[value])


def queue_state_words(value: str) -> str:
    """How a queue stands: "paused"."""
    return str(STATE_WORDS[value])


def dispute_words(value: str) -> str:
    """What becomes of disagreements in a queue."""
    return str(DISPUTE_WORDS[value])


def verdict_count(number: int) -> str:
    """So many verdicts: "1 verdict"."""
    return ngettext("%(count)s verdict", "%(count)s verdicts", number, count=count(number))


def days_words(days: float) -> str:
    """How long what is left takes, at the pace of lately: "about 3 days"."""
    whole = max(round(days), 1)
    if days < 1:
        return gettext("less than a day")
    return ngettext("about %(count)s day", "about %(count)s days", whole, count=count(whole))


def register(app: Flask) -> None:
    """Make every function of this module a template filter of its own name."""
    for function in (source_words, queue_state_words, dispute_words, verdict_count, days_words):
        app.add_template_filter(function)
