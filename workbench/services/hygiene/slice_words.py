"""What a finding says of a slice of images on which the model is worse."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from flask_babel import gettext, lazy_gettext

from workbench.services.hygiene.number_words import signed_words


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
    """Such as "images with a brightness of 0.21 or less"."""
    if name == "year":
        return _year_slice(low, high)
    if high:
        return gettext(
            "images with %(property)s of %(most)s or less",
            property=_PROPERTIES[name],
            most=signed_words(float(high)),
        )
    return gettext(
        "images with %(property)s of %(least)s or more",
        property=_PROPERTIES[name],
        least=signed_words(float(low)),
    )


def _year_slice(low: str, high: str) -> str:
    if high:
        return gettext("images of %(year)s or earlier", year=f"{float(high):.0f}")
    return gettext("images of %(year)s or later", year=f"{float(low):.0f}")


_PROPERTIES: Final = {
    "side": lazy_gettext("a shorter side (px)"),
    "aspect": lazy_gettext("an aspect ratio (width / height)"),
    "brightness": lazy_gettext("a brightness"),
    "sharpness": lazy_gettext("a sharpness"),
    "quality": lazy_gettext("a JPEG quality"),
}


def slice_words(figures: Mapping[str, Any]) -> str:
    """How often it errs there, and elsewhere; whose scores these are, where that was kept."""
    said = gettext(
        "%(errors)s of %(images)s images are misclassified: %(rate)s, 95%% CI [%(low)s, %(high)s], "
        "against %(rest)s of all others (p %(p)s, corrected for %(looked_at)s slices).",
        errors=figures["errors"],
        images=figures["images"],
        rate=f"{figures['rate']:.2f}",
        low=f"{figures['low']:.2f}",
        high=f"{figures['high']:.2f}",
        rest=f"{figures['rest']:.2f}",
        p="< 0.0001" if figures["p"] < 0.0001 else f"= {figures['p']:.4f}",
        looked_at=figures["looked_at"],
    )
    if not figures.get("version"):
        return said
    if figures["detector"]:
        by = gettext(
            "By the scores of %(detector)s (v%(number)s):",
            detector=figures["detector"],
            number=figures["version"],
        )
    else:
        by = gettext("By v%(number)s:", number=figures["version"])
    return f"{by} {said}"
