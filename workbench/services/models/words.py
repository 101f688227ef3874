"""Sentences about a version that pages and commands have in common."""

from __future__ import annotations

from flask_babel import gettext, ngettext

from workbench.services.models.figures import VersionFigures
from workbench.services.models.learned import Learned


def learned_words(number: int, learned: Learned) -> str:
    """What a version learned, in one sentence."""
    said = ", ".join(_label_parts(learned)) or gettext("no label changed")
    calls = _calls(learned)
    said = f"{said}; {calls}." if calls else f"{said}."
    if learned.parent is None:
        return gettext(
            "v%(number)s learned the labels as imported: %(changes)s", number=number, changes=said
        )
    return gettext(
        "v%(number)s learned from v%(parent)s: %(changes)s",
        number=number,
        parent=learned.parent,
        changes=said,
    )


def _label_parts(learned: Learned) -> list[str]:
    weights = learned.halved + learned.restored
    found = (
        (
            learned.training_labels,
            ngettext(
                "%(count)s training label changed",
                "%(count)s training labels changed",
                learned.training_labels,
                count=_count(learned.training_labels),
            ),
        ),
        (
            learned.test_labels,
            ngettext(
                "%(count)s test label corrected (not learned)",
                "%(count)s test labels corrected (not learned)",
                learned.test_labels,
                count=_count(learned.test_labels),
            ),
        ),
        (
            weights,
            ngettext(
                "%(count)s weight changed",
                "%(count)s weights changed",
                weights,
                count=_count(weights),
            ),
        ),
        (
            learned.excluded,
            ngettext(
                "%(count)s image excluded",
                "%(count)s images excluded",
                learned.excluded,
                count=_count(learned.excluded),
            ),
        ),
        (
            learned.included,
            ngettext(
                "%(count)s image included again",
                "%(count)s images included again",
                learned.included,
                count=_count(learned.included),
            ),
        ),
        (
            learned.new_images,
            ngettext(
                "%(count)s new image",
                "%(count)s new images",
                learned.new_images,
                count=_count(learned.new_images),
            ),
        ),
    )
    parts = [words for number, words in found if number]
    if parts and not (learned.training_labels or learned.test_labels):
        return [gettext("no label changed"), *parts]
    return parts


def _calls(learned: Learned) -> str:
    """How many images are called differently; empty for a version without a parent."""
    if learned.parent is None:
        return ""
    if not learned.comparable:
        held_out = learned.flipped_held_out
        return ngettext(
            "%(count)s test image is called differently (training images were scored by another "
            "kind of head, and cannot be compared)",
            "%(count)s test images are called differently (training images were scored by another "
            "kind of head, and cannot be compared)",
            held_out,
            count=_count(held_out),
        )
    if not learned.flipped:
        return gettext("every image is called the same")
    return ngettext(
        "%(count)s image is called differently (%(held_out)s of the test set)",
        "%(count)s images are called differently (%(held_out)s of the test set)",
        learned.flipped,
        count=_count(learned.flipped),
        held_out=_count(learned.flipped_held_out),
    )


def no_signal_words(figures: VersionFigures) -> str:
    """That a version found nothing, and by which figure."""
    if figures.constant:
        return gettext(
            "Nothing was found that tells real from fake: every image has the same score."
        )
    decisive = figures.decisive
    measured = {
        "auc": f"{decisive.auc or 0:.2f}",
        "low": f"{decisive.auc_low or 0:.2f}",
        "high": f"{decisive.auc_high or 0:.2f}",
    }
    if figures.all_labelled:
        return gettext(
            "These scores do not tell real from fake: their AUC over all labelled images is "
            "%(auc)s (95%% CI %(low)s to %(high)s), and 0.5 is chance.",
            **measured,
        )
    if figures.cross_fitted:
        return gettext(
            "Nothing was found that tells real from fake: the cross-validated AUC is %(auc)s "
            "(95%% CI %(low)s to %(high)s), and 0.5 is chance.",
            **measured,
        )
    return gettext(
        "Nothing was found that tells real from fake: the test AUC is %(auc)s "
        "(95%% CI %(low)s to %(high)s), and 0.5 is chance.",
        **measured,
    )


def no_signal_advice() -> str:
    """What that may mean, and what to try."""
    return gettext(
        "There may be too few images, their labels may be mixed up, or real and fake may not "
        "differ in anything that this encoder sees. Scores, heatmaps and patterns tell nothing "
        "then. Check the labels of some images, import more, or analyse with another encoder."
    )


def _count(number: int) -> str:
    return f"{number:,}"
