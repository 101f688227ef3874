"""Figures that may mean nothing where they stand, as every page and export prints them."""

from __future__ import annotations

from flask import Flask
from flask_babel import gettext, lazy_gettext

from workbench.services.explore.pattern_figures import PatternFigures
from workbench.services.models.version_images import VersionImages
from workbench.web.site.formatting import count, factor, percent

LIFTED_FROM = 1.05
"""The lower end of a lift's interval from which it is shown as raised."""

UNLIFTED_WORDS = {
    "no_errors": lazy_gettext("no misclassified image"),
    "only_errors": lazy_gettext("no correctly classified image"),
    "everywhere": lazy_gettext("every image has it"),
}
"""Why there is no lift in errors."""


def prevalence_words(figures: PatternFigures) -> str:
    """In how many of the real and of the fake images a pattern is; says where there are none."""
    real, fake = percent(figures.prevalence_real), percent(figures.prevalence_fake)
    if figures.prevalence_real is None:
        return gettext("%(fake)s of fake images (no real images)", fake=fake)
    if figures.prevalence_fake is None:
        return gettext("%(real)s of real images (no fake images)", real=real)
    return gettext("%(real)s of real, %(fake)s of fake images", real=real, fake=fake)


def lift_value(figures: PatternFigures) -> str:
    """A lift in errors, ×1.9; a dash where there is none."""
    return factor(figures.lift.value) if figures.lift else "–"


def lift_note(figures: PatternFigures) -> str:
    """The 95% confidence interval of a lift, or why there is none."""
    if figures.lift is None:
        return str(UNLIFTED_WORDS[figures.unlifted])
    return gettext(
        "%(low)s to %(high)s", low=factor(figures.lift.low), high=factor(figures.lift.high)
    )


def is_lifted(figures: PatternFigures) -> bool:
    """Whether errors have a pattern clearly more often than all images have it."""
    return figures.lift is not None and figures.lift.low >= LIFTED_FROM


def decided_words(images: VersionImages) -> str:
    """What people's decisions did to a version's images."""
    return gettext(
        "%(overturned)s overturned, %(unsure)s unsure, %(excluded)s excluded",
        overturned=count(images.overturned),
        unsure=count(images.unsure),
        excluded=count(images.excluded),
    )


def register(app: Flask) -> None:
    """Make every function of this module a template filter of its own name."""
    for function in (decided_words, is_lifted, lift_note, lift_value, prevalence_words):
        app.add_template_filter(function)
