"""What findings say: numbers that are no worse than they are, and one of a thing as one."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from flask_babel import Babel

from workbench.services.hygiene.findings import Finding
from workbench.services.hygiene.words import finding_title, finding_words

SLICE = {
    "images": 30,
    "errors": 29,
    "rate": 0.9667,
    "low": 0.83,
    "high": 0.99,
    "rest": 0.1,
    "p": 0.0,
    "looked_at": 13,
}


def said(kind: str, figures: dict[str, Any], subject: str = "") -> str:
    app = Flask(__name__)
    Babel(app)
    with app.app_context():
        return finding_words(Finding(kind, "note", figures, subject=subject))[1]


def title(key: str) -> str:
    app = Flask(__name__)
    Babel(app)
    with app.app_context():
        return finding_title(key)


def test_a_probability_is_never_said_to_be_nought() -> None:
    assert "(p < 0.0001, corrected for 13 slices)" in said("slice", SLICE, "label=fake")
    assert "(p = 0.0003, " in said("slice", SLICE | {"p": 0.0003}, "label=fake")


@pytest.mark.parametrize(
    ("detector", "by"), [("", "By v3: 29 of 30"), ("UnivFD", "By the scores of UnivFD (v3): 29 of")]
)
def test_a_slice_says_whose_errors_these_are(detector: str, by: str) -> None:
    assert said("slice", SLICE | {"version": 3, "detector": detector}, "label=fake").startswith(by)
    assert said("slice", SLICE, "label=fake").startswith("29 of 30"), (
        "of a check before it was kept"
    )


def test_one_group_of_duplicates_is_one() -> None:
    assert "2 images in 1 group of duplicates are" in said(
        "contradicting_duplicates", {"images": 2, "groups": 1}
    )
    assert "4 images in 2 groups of duplicates lie" in said(
        "duplicates_across_split", {"images": 4, "groups": 2}
    )


def test_a_slice_by_property_is_named_by_it_and_its_limit() -> None:
    worse = "The model is worse on: images with"
    assert title("slice:property=side,,1024") == f"{worse} a shorter side (px) of 1024 or less"
    assert title("slice:property=aspect,,1") == (
        f"{worse} an aspect ratio (width / height) of 1 or less"
    )
    assert title("slice:property=sharpness,-1.5,") == f"{worse} a sharpness of −1.5 or more"
    assert title("slice:property=year,,2014") == "The model is worse on: images of 2014 or earlier"
