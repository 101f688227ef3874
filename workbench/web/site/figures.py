"""Figures that may mean nothing where they stand, as every page and export prints them."""

from __future__ import annotations

from collections.abc import Callable

from flask import Flask
from flask_babel import gettext, lazy_gettext

from workbench.analysis.intervals import Estimate
from workbench.services.explore.pattern_figures import PatternFigures
from workbench.services.models.outside import lacking_words
from workbench.services.models.version_images import VersionImages
from workbench.services.models.words import learned_words, no_signal_advice, no_signal_words
from workbench.store.images import ByLabel
from workbench.web.site.formatting import count, factor, percent

LIFTED_FROM = 1.05
"""The lower end of a lift's interval from which it is shown as raised."""

MOST_DIGITS = 6

UNLIFTED_WORDS = {
    "no_errors": lazy_gettext("no misclassified image"),
    "only_errors": lazy_gettext("no correctly classified image"),
    "everywhere": lazy_gettext("every image has it"),
}
"""Why there is no lift in errors."""

DISTILLER_WORDS = {
    "evidence by concept": lazy_gettext("evidence by concept"),
    "the paper's": lazy_gettext("the paper's distiller"),
}
"""By what versions keep."""


def distiller_words(kind: str) -> str:
    """What kind of distiller a version has; as it is kept where that is another one."""
    return str(DISTILLER_WORDS.get(kind, kind))


def prevalence_words(figures: PatternFigures) -> str:
    """In how many of the real and of the fake images a pattern is; says where there are none."""
    real, fake = figures.prevalence_real, figures.prevalence_fake
    return ", ".join(
        [
            gettext("%(share)s of real images (%(interval)s)", **_share_and_interval(real))
            if real
            else gettext("no real images"),
            gettext("%(share)s of fake images (%(interval)s)", **_share_and_interval(fake))
            if fake
            else gettext("no fake images"),
        ]
    )


def _share_and_interval(share: Estimate) -> dict[str, str]:
    return {"share": share_value(share), "interval": share_interval(share)}


def share_value(share: Estimate | None) -> str:
    """A share as a percentage, 47%; a dash where there is none."""
    return percent(share.value, _digits(share, percent, 0)) if share else "–"


def share_interval(share: Estimate | None) -> str:
    """The 95% confidence interval of a share, 42% to 52%; nothing where there is none."""
    return _interval(share, percent, 0) if share else ""


def lift_value(figures: PatternFigures) -> str:
    """A lift in errors, ×1.9; a dash where there is none."""
    lift = figures.lift
    return factor(lift.value, _digits(lift, factor, 1)) if lift else "–"


def lift_note(figures: PatternFigures) -> str:
    """The 95% confidence interval of a lift, or why there is none."""
    if figures.lift is None:
        return str(UNLIFTED_WORDS[figures.unlifted])
    return _interval(figures.lift, factor, 1)


def _interval(found: Estimate, write: Callable[[float, int], str], fewest: int) -> str:
    digits = _digits(found, write, fewest)
    return gettext(
        "%(low)s to %(high)s", low=write(found.low, digits), high=write(found.high, digits)
    )


def _digits(found: Estimate, write: Callable[[float, int], str], fewest: int) -> int:
    """How many digits it takes to tell the ends of an interval apart: ×0.000 to ×0.002."""
    for digits in range(fewest, MOST_DIGITS):
        if write(found.low, digits) != write(found.high, digits):
            return digits
    return MOST_DIGITS


def is_lifted(figures: PatternFigures) -> bool:
    """Whether errors have a pattern clearly more often than all images have it."""
    return figures.lift is not None and figures.lift.low >= LIFTED_FROM


def by_label_words(images: ByLabel) -> str:
    """How many images there are of each label: "3 real, 4 fake", "…, 2 unlabelled"."""
    counted = {"real": count(images.real), "fake": count(images.fake)}
    if not images.unlabelled:
        return gettext("%(real)s real, %(fake)s fake", **counted)
    return gettext(
        "%(real)s real, %(fake)s fake, %(unlabelled)s unlabelled",
        **counted,
        unlabelled=count(images.unlabelled),
    )


def decided_words(images: VersionImages) -> str:
    """What people's decisions did to a version's images."""
    return gettext(
        "%(overturned)s overturned, %(unsure)s unsure, %(excluded)s excluded",
        overturned=count(images.overturned),
        unsure=count(images.unsure),
        excluded=count(images.excluded),
    )


def register(app: Flask) -> None:
    """Make every function of this module, and sentences of services, template filters by name."""
    app.add_template_global(no_signal_advice)
    for function in (
        by_label_words,
        decided_words,
        distiller_words,
        is_lifted,
        lacking_words,
        learned_words,
        lift_note,
        lift_value,
        no_signal_words,
        prevalence_words,
        share_interval,
        share_value,
    ):
        app.add_template_filter(function)
