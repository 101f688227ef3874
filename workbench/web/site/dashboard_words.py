"""The dashboard in words: template filters."""

from __future__ import annotations

from flask import Flask
from flask_babel import gettext, ngettext

from workbench.services.dashboard.people import Concern, PersonWork
from workbench.store.images import LABELS
from workbench.web.site.formatting import count, fixed, percent
from workbench.web.site.verdict_words import decision_words


def day_count(days: float) -> str:
    """How many days: "less than a day", "12 days"."""
    if days < 1:
        return gettext("less than a day")
    whole = round(days)
    return ngettext("%(number)s day", "%(number)s days", whole, number=count(whole))


def people_words(number: int) -> str:
    """How many people: "1 person"."""
    return ngettext("%(number)s person", "%(number)s people", number, number=count(number))


def concern_words(person: PersonWork, concern: Concern) -> str:
    """What may be wrong with somebody's verdicts."""
    if concern == "fast":
        return gettext(
            "%(name)s gives a verdict every %(pace)s s: hardly time to look at an image.",
            name=person.name,
            pace=fixed(person.pace, 1),
        )
    answer, share = person.usual or ("", 0.0)
    says = {"name": person.name, "answer": decision_words(answer), "share": percent(share)}
    if answer not in LABELS:
        return gettext("%(name)s says “%(answer)s” on %(share)s of their images.", **says)
    return gettext(
        "%(name)s says “%(answer)s” on %(share)s of their images, of which %(labelled)s are "
        "labelled so.",
        **says,
        labelled=percent(person.labelled),
    )


def register(app: Flask) -> None:
    """Make every function of this module a template filter of its own name."""
    for function in (concern_words, day_count, people_words):
        app.add_template_filter(function)
