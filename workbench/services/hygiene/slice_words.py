"""What a finding says of a slice of images on which the model is worse."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from flask_babel import gettext, lazy_gettext


def slice_subject(condition: str) -> str:
    """Which images a slice is of, by the condition of an address that shows them."""
    name, _, value = condition.partition("=")
    if name == "label":
        return gettext("real images") if value == "real" else gettext("fake images")
    if name == "generator":
        return gettext("images of %(generator)s", generator=value)
    if name == "format":
        return gettext("%(format)s files", format=value)
    if name == "property":
        return _property_slice(*value.split(","))
    return gettext("a cell of the overview")


def _property_slice(name: str, low: str, high: str) -> str:
    """Such as "dark images, brightness 0.21 or less"."""
    lowest, highest = _PROPERTIES[name]
    if high:
        return gettext("%(images)s %(most)s or less", images=lowest, most=_number(high))
    return gettext("%(images)s %(least)s or more", images=highest, least=_number(low))


def _number(written: str) -> str:
    """Three digits, but whole pixels and years."""
    value = float(written)
    return f"{value:.3g}" if abs(value) < _WHOLE_FROM else f"{value:.0f}"


_WHOLE_FROM: Final = 100
_PROPERTIES: Final = {
    "side": (
        lazy_gettext("small images, shorter side"),
        lazy_gettext("large images, shorter side"),
    ),
    "aspect": (
        lazy_gettext("tall images, width by height"),
        lazy_gettext("wide images, width by height"),
    ),
    "brightness": (
        lazy_gettext("dark images, brightness"),
        lazy_gettext("bright images, brightness"),
    ),
    "sharpness": (lazy_gettext("soft images, sharpness"), lazy_gettext("sharp images, sharpness")),
    "quality": (
        lazy_gettext("images of low JPEG quality"),
        lazy_gettext("images of high JPEG quality"),
    ),
    "year": (lazy_gettext("old images, year"), lazy_gettext("new images, year")),
}


def slice_words(figures: Mapping[str, Any]) -> str:
    """How often it errs there, and elsewhere."""
    return gettext(
        "%(errors)s of %(images)s images are misclassified: %(rate)s, 95%% CI [%(low)s, %(high)s], "
        "against %(rest)s of all others (p = %(p)s, corrected for %(looked_at)s slices).",
        errors=figures["errors"],
        images=figures["images"],
        rate=f"{figures['rate']:.2f}",
        low=f"{figures['low']:.2f}",
        high=f"{figures['high']:.2f}",
        rest=f"{figures['rest']:.2f}",
        p=f"{figures['p']:.4f}",
        looked_at=figures["looked_at"],
    )
