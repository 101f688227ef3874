"""Agreement in words: names of its figures, figures with their intervals, answers."""

from __future__ import annotations

from flask import Flask
from flask_babel import gettext, lazy_gettext, ngettext

from workbench.analysis.agreement.figures import Agreement, Figure
from workbench.web.site.formatting import count, fixed, percent
from workbench.web.site.verdict_words import DECISION_WORDS

FIGURE_NAMES = {
    "raw": lazy_gettext("raw agreement"),
    "kappa": lazy_gettext("Cohen's kappa"),
    "alpha": lazy_gettext("Krippendorff's alpha"),
    "ac1": lazy_gettext("Gwet's AC1"),
}

FIGURE_MEANINGS = {
    "raw": lazy_gettext(
        "Of all pairs of answers on one image, the share that is the same. Chance alone makes it "
        "high where nearly all answers are the same."
    ),
    "kappa": lazy_gettext(
        "Agreement beyond chance of two people, each with a habit of their own; of more people the "
        "mean over all pairs, weighted by the images of each. 0 is chance, 1 is perfect."
    ),
    "alpha": lazy_gettext(
        "Agreement beyond chance of any number of people, who need not have answered on the same "
        "images. 0 is chance, 1 is perfect; from 0.8 answers can be relied on, from 0.67 for "
        "tentative conclusions."
    ),
    "ac1": lazy_gettext(
        "Agreement beyond chance that stays meaningful where nearly all answers are the same, and "
        "kappa and alpha fall although people agree."
    ),
}

ANSWER_WORDS = DECISION_WORDS | {
    "yes": lazy_gettext("tagged"),
    "no": lazy_gettext("not tagged"),
}


def figure_name(name: str) -> str:
    """What a figure is called."""
    return str(FIGURE_NAMES[name])


def figure_meaning(name: str) -> str:
    """What a figure says, in a sentence or two."""
    return str(FIGURE_MEANINGS[name])


def answer_words(answer: str) -> str:
    """What somebody said of an image."""
    return str(ANSWER_WORDS[answer])


def figure_value(figure: Figure, name: str) -> str:
    """A figure: 0.74, raw agreement as a percentage."""
    return percent(figure.value) if name == "raw" else fixed(figure.value)


def figure_interval(figure: Figure, name: str) -> str:
    """Its 95% interval: 0.43 to 1.00; empty where it has none."""
    if figure.low is None or figure.high is None:
        return ""
    low, high = (figure_value(Figure(each), name) for each in (figure.low, figure.high))
    return gettext("%(low)s to %(high)s", low=low, high=high)


def compared_words(agreement: Agreement) -> str:
    """How much was compared: "212 images compared, 14 differ"."""
    return gettext(
        "%(compared)s, %(differ)s",
        compared=ngettext(
            "%(number)s image compared",
            "%(number)s images compared",
            agreement.units,
            number=count(agreement.units),
        ),
        differ=ngettext(
            "%(number)s differs",
            "%(number)s differ",
            agreement.splits,
            number=count(agreement.splits),
        ),
    )


def undefined_words(agreement: Agreement, name: str) -> str:
    """Why a figure is undefined."""
    if not agreement.units:
        return gettext("no image that two people answered on")
    if name in ("kappa", "alpha"):
        return gettext("everybody gave the same answer everywhere")
    return ""


def register(app: Flask) -> None:
    """Make every function of this module a template filter of its own name."""
    for function in (
        answer_words,
        compared_words,
        figure_interval,
        figure_meaning,
        figure_name,
        figure_value,
        undefined_words,
    ):
        app.add_template_filter(function)
