"""Descriptions in words: a tag names a dimension only where it says something of all of it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask

from workbench.analysis.descriptions import LOCATIONS
from workbench.analysis.faces.regions import REGIONS
from workbench.services.explore.descriptions import Description, DimensionView
from workbench.services.explore.tag_shares import TagShare, TagShares
from workbench.web.site import i18n
from workbench.web.site.description_words import (
    LOCATION_WORDS,
    REGION_WORDS,
    long_words,
    region_words,
    short_words,
)


@pytest.fixture(autouse=True)
def _speaking() -> Iterator[None]:
    app = Flask(__name__)
    i18n.register(app)
    with app.test_request_context():
        yield


def tagged(whole: float) -> DimensionView:
    shares = TagShares((TagShare("eyes", whole, 1.0),), whole)
    return DimensionView("centre", regions=(("nose", 0.62), ("jaw", 0.3)), tags=shares)


def test_there_are_words_for_every_location_and_region() -> None:
    assert set(LOCATION_WORDS) == set(LOCATIONS)
    assert set(REGION_WORDS) == set(REGIONS)


def test_a_tag_names_a_dimension_where_enough_of_its_evidence_bears_it() -> None:
    assert short_words(tagged(0.71)) == "eyes 71%"
    assert short_words(tagged(0.04)) == "nose 62%, centre"
    assert "4% tagged “eyes” (100% of what is tagged)" in long_words(tagged(0.04))


def test_without_faces_the_location_is_said_and_without_that_nothing() -> None:
    assert short_words(Description("left edge")) == "left edge"
    assert short_words(Description()) == long_words(Description()) == ""
    assert short_words(DimensionView(reads="class token")) == "class token"


def test_small_regions_are_not_listed() -> None:
    regions = (("hair", 0.9), ("brows", 0.06), ("body", 0.03))

    assert region_words(Description("edges", regions=regions)) == "hair 90%, brows 6%"
