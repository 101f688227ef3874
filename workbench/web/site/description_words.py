"""What dimensions and patterns show, in words: template filters."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Flask
from flask_babel import gettext, lazy_gettext

from workbench.services.explore.descriptions import Description, DimensionView
from workbench.services.explore.tag_shares import TagShares
from workbench.web.site.formatting import percent

LOCATION_WORDS = {
    "all over": lazy_gettext("all over"),
    "edges": lazy_gettext("edges"),
    "sides": lazy_gettext("left and right edges"),
    "top edge": lazy_gettext("top edge"),
    "bottom edge": lazy_gettext("bottom edge"),
    "left edge": lazy_gettext("left edge"),
    "right edge": lazy_gettext("right edge"),
    "upper half": lazy_gettext("upper half"),
    "lower half": lazy_gettext("lower half"),
    "left half": lazy_gettext("left half"),
    "right half": lazy_gettext("right half"),
    "upper left": lazy_gettext("upper left"),
    "upper middle": lazy_gettext("upper middle"),
    "upper right": lazy_gettext("upper right"),
    "middle left": lazy_gettext("middle left"),
    "centre": lazy_gettext("centre"),
    "middle right": lazy_gettext("middle right"),
    "lower left": lazy_gettext("lower left"),
    "lower middle": lazy_gettext("lower middle"),
    "lower right": lazy_gettext("lower right"),
}

REGION_WORDS = {
    "eyes": lazy_gettext("eyes"),
    "brows": lazy_gettext("brows"),
    "nose": lazy_gettext("nose"),
    "mouth": lazy_gettext("mouth"),
    "cheeks": lazy_gettext("cheeks"),
    "forehead": lazy_gettext("forehead"),
    "jaw": lazy_gettext("jaw"),
    "hair": lazy_gettext("hair"),
    "body": lazy_gettext("body"),
    "background": lazy_gettext("background"),
}

MOST_REGIONS = 4
LEAST_REGION = 0.05
"""A smaller share of a region is not worth a word."""
LEAST_TAGGED = 0.1
"""A tag names a dimension in short where at least so much of its evidence bears it."""


def location_words(description: Description) -> str:
    """Where the evidence lies: "upper middle"; empty where that is not known."""
    return str(LOCATION_WORDS[description.location]) if description.location else ""


def region_words(description: Description) -> str:
    """In which regions of faces the evidence lies: "mouth 62%, cheeks 20%"; empty for no faces."""
    shown = [each for each in description.regions[:MOST_REGIONS] if each[1] >= LEAST_REGION]
    return ", ".join(f"{REGION_WORDS[name]} {percent(share)}" for name, share in shown)


def tag_words(tags: TagShares) -> str:
    """What the tags say, honestly of both: of all evidence, and of what is tagged."""
    if not tags.shares:
        return gettext("no tag yet")
    return "; ".join(
        gettext(
            "%(whole)s tagged “%(tag)s” (%(tagged)s of what is tagged)",
            whole=percent(each.whole),
            tag=each.tag,
            tagged=percent(each.tagged),
        )
        for each in tags.shares
    )


def short_words(description: Description) -> str:
    """A few words to know it by: "eyes 71%" where so much of its evidence is tagged.

    Else where its evidence lies: "hair 84%, upper right", or "upper right" without faces.
    """
    if isinstance(description, DimensionView):
        named = [each for each in description.tags.shares if each.whole >= LEAST_TAGGED]
        if named:
            return f"{named[0].tag} {percent(named[0].whole)}"
    if description.regions:
        name, share = description.regions[0]
        return f"{REGION_WORDS[name]} {percent(share)}, {location_words(description)}"
    if description.location:
        return location_words(description)
    return description.reads if isinstance(description, DimensionView) else ""


def long_words(description: Description) -> str:
    """All that is known, for a tooltip: "upper middle · forehead 46%, hair 46% · no tag yet"."""
    words = [location_words(description), region_words(description)]
    if description.suggested:
        words.append(gettext("suggestion: %(words)s", words=suggested_words(description)))
    if isinstance(description, DimensionView):
        words.append(tag_words(description.tags) if description.location else description.reads)
        if description.new_in is not None:
            words.append(new_words(description.new_in))
    return " · ".join(each for each in words if each)


def suggested_words(description: Description) -> str:
    """Words that the text tower suggests: "hair, fringe, hat"."""
    return ", ".join(description.suggested)


def new_words(number: int) -> str:
    """In which version a dimension took on what it means."""
    return gettext("new in v%(number)s", number=number)


FILTERS: tuple[Callable[..., Any], ...] = (
    location_words,
    long_words,
    new_words,
    region_words,
    short_words,
    suggested_words,
    tag_words,
)


def register(app: Flask) -> None:
    """Make these functions template filters of their own names."""
    for function in FILTERS:
        app.add_template_filter(function)
