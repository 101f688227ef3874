"""What is said of a version in one sentence."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from flask import Flask
from flask_babel import Babel

from workbench.services.models.figures import Figures, VersionFigures
from workbench.services.models.learned import Learned
from workbench.services.models.words import learned_words, no_signal_words

NOTHING = Learned(
    parent=1,
    training_labels=0,
    test_labels=0,
    halved=0,
    restored=0,
    excluded=0,
    included=0,
    new_images=0,
    flipped=0,
    flipped_held_out=0,
    comparable=True,
)


@pytest.fixture(autouse=True)
def _in_english() -> Iterator[None]:
    app = Flask(__name__)
    Babel(app)
    with app.test_request_context():
        yield


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, "v2 learned from v1: no label changed; every image is called the same."),
        (
            {"training_labels": 12, "test_labels": 3, "halved": 1, "flipped": 27},
            (
                "v2 learned from v1: 12 training labels changed, 3 test labels corrected "
                "(not learned), 1 weight changed; 27 images are called differently "
                "(0 of the test set)."
            ),
        ),
        (
            {"excluded": 2, "included": 1, "flipped": 1, "flipped_held_out": 1},
            (
                "v2 learned from v1: no label changed, 2 images excluded, 1 image included again; "
                "1 image is called differently (1 of the test set)."
            ),
        ),
        (
            {"test_labels": 1, "new_images": 1200, "restored": 2},
            (
                "v2 learned from v1: 1 test label corrected (not learned), 2 weights changed, "
                "1,200 new images; every image is called the same."
            ),
        ),
        (
            {"training_labels": 1, "flipped": 90, "flipped_held_out": 4, "comparable": False},
            (
                "v2 learned from v1: 1 training label changed; 4 test images are called "
                "differently (training images were scored by another kind of head, and cannot be "
                "compared)."
            ),
        ),
        ({"parent": None}, "v2 learned the labels as imported: no label changed."),
        (
            {"parent": None, "training_labels": 2},
            "v2 learned the labels as imported: 2 training labels changed.",
        ),
    ],
)
def test_a_version_says_in_one_sentence_what_it_learned(
    changes: dict[str, int], words: str
) -> None:
    assert learned_words(2, replace(NOTHING, **changes)) == words


def test_a_version_that_found_nothing_names_the_figure_that_says_so() -> None:
    tested = VersionFigures(test=Figures(auc=0.52, auc_low=0.4, auc_high=0.64))
    crossed = replace(tested, cross_validated=Figures(auc=0.5, auc_low=0.45, auc_high=0.55))

    assert "the test AUC is 0.52 (95% CI 0.40 to 0.64)" in no_signal_words(tested)
    assert "the cross-validated AUC is 0.50 (95% CI 0.45 to 0.55)" in no_signal_words(crossed)
    assert "every image has the same score" in no_signal_words(replace(crossed, constant=True))
