"""What a finding says: its title, and what it means, in sentences for pages and commands."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from flask_babel import gettext

from workbench.services.hygiene.findings import Finding

Figures = Mapping[str, Any]


def finding_words(finding: Finding) -> tuple[str, str]:
    """The title of a finding, and a sentence or two on its size and meaning."""
    title, sentence = _WORDS[finding.kind]
    return title(), sentence(finding.figures)


def finding_title(key: str) -> str:
    """The title of a finding by its key, of one that was found earlier too."""
    kind, _, subject = key.partition(":")
    title = _WORDS[kind][0]()
    return f"{title} ({subject})" if subject else title


def _near(figures: Figures) -> str:
    return gettext(
        "Near duplicates: at most %(bits)s of 64 bits of their perceptual hashes differ, and their "
        "thumbnails by at most %(difference)s of their contrast; %(same)s of the groups have "
        "the same pixels.",
        bits=figures["most_bits"],
        difference=f"{figures['most_difference']:.2f}",
        same=figures["same_pixels"],
    )


def _contradicting(figures: Figures) -> str:
    return gettext(
        "%(images)s images in %(groups)s groups of duplicates are labelled real and fake at once. "
        "One label is wrong, unless one is an edit of the other.",
        images=figures["images"],
        groups=figures["groups"],
    )


def _across(figures: Figures) -> str:
    return gettext(
        "%(images)s images in %(groups)s groups of duplicates lie in training and test split: "
        "figures of the test split are too good.",
        images=figures["images"],
        groups=figures["groups"],
    )


def _all(figures: Figures) -> str:
    return (
        gettext(
            "%(images)s images, %(share)s%% of all, lie in %(groups)s groups of duplicates.",
            images=figures["images"],
            share=f"{100 * figures['share']:.1f}",
            groups=figures["groups"],
        )
        + " "
        + _near(figures)
    )


_WORDS: Final[Mapping[str, tuple[Callable[[], str], Callable[[Figures], str]]]] = {
    "contradicting_duplicates": (
        lambda: gettext("Duplicates with contradicting labels"),
        _contradicting,
    ),
    "duplicates_across_split": (
        lambda: gettext("Duplicates across training and test split (leakage)"),
        _across,
    ),
    "duplicates": (lambda: gettext("Duplicates"), _all),
}
