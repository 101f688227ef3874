"""What a finding says of duplicates."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask_babel import gettext

from workbench.services.hygiene.number_words import groups_words, images_words

Figures = Mapping[str, Any]


def _near(figures: Figures) -> str:
    return gettext(
        "Near duplicates: at most %(bits)s of 64 bits of their perceptual hashes differ, and their "
        "thumbnails by at most %(difference)s of their contrast; %(same)s of the groups have "
        "the same pixels.",
        bits=figures["most_bits"],
        difference=f"{figures['most_difference']:.2f}",
        same=figures["same_pixels"],
    ) + (
        " "
        + gettext(
            "%(groups)s of the groups are found or joined by embedding: a cosine of %(cosine)s or "
            "more, and their details correlate by %(agreement)s or more where one is a part of the "
            "other or mirrored.",
            groups=figures["by_embedding"],
            cosine=f"{figures['least_cosine']:.2f}",
            agreement=f"{figures['least_agreement']:.2f}",
        )
        if figures.get("by_embedding")
        else ""
    )


def contradicting_words(figures: Figures) -> str:
    """How many duplicates are labelled real and fake at once."""
    return gettext(
        "%(images)s in %(groups)s of duplicates are labelled real and fake at once. "
        "One label is wrong, unless one is an edit of the other.",
        images=images_words(figures["images"]),
        groups=groups_words(figures["groups"]),
    )


def across_words(figures: Figures) -> str:
    """How many duplicates lie in both parts of the split."""
    return gettext(
        "%(images)s in %(groups)s of duplicates lie in training and test split: "
        "figures of the test split are too good.",
        images=images_words(figures["images"]),
        groups=groups_words(figures["groups"]),
    )


def duplicates_words(figures: Figures) -> str:
    """How many duplicates there are, and by what they are taken for such."""
    return (
        gettext(
            "%(images)s, %(share)s%% of all, lie in %(groups)s of duplicates.",
            images=images_words(figures["images"]),
            share=f"{100 * figures['share']:.1f}",
            groups=groups_words(figures["groups"]),
        )
        + " "
        + _near(figures)
    )
