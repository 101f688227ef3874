"""What a finding says: its title, and what it means, in sentences for pages and commands."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from flask_babel import gettext

from workbench.services.hygiene.duplicate_words import (
    across_words,
    contradicting_words,
    duplicates_words,
)
from workbench.services.hygiene.findings import Finding
from workbench.services.hygiene.number_words import images_words, signed_words
from workbench.services.hygiene.slice_words import slice_subject, slice_words
from workbench.services.imports.shortcut_words import family_name

Figures = Mapping[str, Any]


def finding_words(finding: Finding) -> tuple[str, str]:
    """The title of a finding, and a sentence or two on its size and meaning."""
    return finding_title(finding.key), _WORDS[finding.kind][1](finding.figures)


def finding_title(key: str) -> str:
    """The title of a finding by its key, of one that was found earlier too."""
    kind, _, subject = key.partition(":")
    title = _WORDS[kind][0]()
    if not subject:
        return title
    if kind in ("shortcut", "trace"):
        subject = family_name(subject)
    elif kind == "slice":
        subject = slice_subject(subject)
    return f"{title}: {subject}"


def _shortcut(figures: Figures) -> str:
    said = gettext(
        "Predicts the label with AUC %(auc)s, 95%% CI [%(low)s, %(high)s] (%(images)s, "
        "cross-validated). A warning is given where the interval lies above %(bound)s: figures "
        "made from this collection may then measure this instead of what images show.",
        auc=f"{figures['auc']:.2f}",
        low=f"{figures['low']:.2f}",
        high=f"{figures['high']:.2f}",
        images=images_words(figures["images"]),
        bound=f"{figures['bound']:.2f}",
    )
    if not figures["unmatched"]:
        return said
    return f"{said} " + gettext(
        "%(unmatched)s images have no counterpart of the other label; without them it tells "
        "nothing.",
        unmatched=figures["unmatched"],
    )


def _trace(figures: Figures) -> str:
    return gettext(
        "Predicts the label with AUC %(auc)s, 95%% CI [%(low)s, %(high)s]. A generator may leave "
        "this itself, so it is no warning: look whether it is what you want to detect.",
        auc=f"{figures['auc']:.2f}",
        low=f"{figures['low']:.2f}",
        high=f"{figures['high']:.2f}",
    )


def _label_errors(figures: Figures) -> str:
    found = gettext(
        "%(images)s, %(share)s%% of those scored: %(real)s labelled real, %(fake)s labelled fake.",
        images=images_words(figures["images"]),
        share=f"{100 * figures['share']:.1f}",
        real=figures["labelled_real"],
        fake=figures["labelled_fake"],
    )
    if figures.get("detector"):
        sure = gettext(
            "The scores of %(detector)s (v%(number)s) are as sure of the other label as they are "
            "of images that bear it; whether it was trained on these images is not known.",
            detector=figures["detector"],
            number=figures["version"],
        )
    elif figures.get("version"):
        sure = gettext(
            "Heads of v%(number)s that were not trained on them are as sure of the other label as "
            "they are of images that bear it.",
            number=figures["version"],
        )
    else:
        sure = gettext(
            "Heads that were not trained on them are as sure of the other label as they are of "
            "images that bear it."
        )
    return f"{found} {sure} " + gettext("A verdict decides; the surest come first.")


def _imbalance(figures: Figures) -> str:
    return gettext(
        "%(real)s real and %(fake)s fake images: accuracy says little here, AUC and the rates of "
        "each label say more.",
        real=figures["real"],
        fake=figures["fake"],
    )


def _one_sided(figures: Figures) -> str:
    names = ", ".join(figures["names"]) + (
        ", …" if figures["classes"] > len(figures["names"]) else ""
    )
    return gettext(
        "%(classes)s of %(of)s classes (%(names)s) have real or fake images alone, %(images)s "
        "images, %(share)s%% of all: what these show tells the label.",
        classes=figures["classes"],
        of=figures["of"],
        names=names,
        images=figures["images"],
        share=f"{100 * figures['share']:.1f}",
    )


def _dates_known(figures: Figures) -> str:
    return gettext(
        "A date is known of %(dated_real)s of %(real)s real and of %(dated_fake)s of %(fake)s fake "
        "images; whether one is known predicts the label with AUC %(auc)s, 95%% CI [%(low)s, "
        "%(high)s]. No model sees dates. But where they come from files, those that kept what a "
        "camera wrote came another way than those without, and were saved and scaled differently: "
        "see the shortcuts, make all images alike, or take both labels from like sources.",
        **{each: figures[each] for each in ("real", "fake", "dated_real", "dated_fake")},
        **_auc(figures),
    )


def _years_apart(figures: Figures) -> str:
    return gettext(
        "Real images are of %(real_years)s, fake ones of %(fake_years)s (nine in ten of %(real)s "
        "and %(fake)s with a date); the year predicts the label with AUC %(auc)s, 95%% CI "
        "[%(low)s, %(high)s], and the labels share %(shared)s%% of their years. What pictures show "
        "changes with time, such as phones, clothes and cameras, so a model may learn that "
        "instead. Add images of the years that one label lacks, or compare figures within years "
        "that both have.",
        real_years=_span(figures["real_years"]),
        fake_years=_span(figures["fake_years"]),
        real=figures["real"],
        fake=figures["fake"],
        shared=f"{100 * figures['shared']:.0f}",
        **_auc(figures),
    )


def _auc(figures: Figures) -> dict[str, str]:
    return {name: f"{figures[name]:.2f}" for name in ("auc", "low", "high")}


def _span(years: list[int]) -> str:
    first, last = years
    return str(first) if first == last else f"{first}–{last}"


def few_images_words(findings: Sequence[Finding]) -> str:
    """All generators of which there are few images, in one sentence."""
    return gettext(
        "Fewer than %(few)s images, too few to measure an error rate closely: %(names)s.",
        few=findings[0].figures["few"],
        names=", ".join(f"{each.subject} ({each.figures['images']})" for each in findings),
    )


def _few(figures: Figures) -> str:
    return gettext(
        "%(images)s, fewer than %(few)s: too few to measure its error rate closely.",
        images=images_words(figures["images"]),
        few=figures["few"],
    )


def _odd(limit: Callable[[float], str]) -> Callable[[Figures], str]:
    def words(figures: Figures) -> str:
        return gettext(
            "%(images)s, %(share)s%% of all, %(real)s real and %(fake)s fake. %(limit)s",
            images=images_words(figures["images"]),
            share=f"{100 * figures['share']:.1f}",
            real=figures["real"],
            fake=figures["fake"],
            limit=limit(figures["limit"]),
        )

    return words


def _outliers(figures: Figures) -> str:
    return gettext(
        "%(images)s, %(share)s%% of those compared, %(real)s real and %(fake)s fake: farther from "
        "the %(neighbours)s nearest images of the same label, by embedding, than usual, by more "
        "than %(limit)s robust standard deviations; at most by %(farthest)s. Look whether they "
        "belong here.",
        images=images_words(figures["images"]),
        share=f"{100 * figures['share']:.1f}",
        real=figures["real"],
        fake=figures["fake"],
        limit=f"{figures['limit']:.0f}",
        neighbours=figures["neighbours"],
        farthest=f"{figures['farthest']:.1f}",
    )


_WORDS: Final[Mapping[str, tuple[Callable[[], str], Callable[[Figures], str]]]] = {
    "contradicting_duplicates": (
        lambda: gettext("Duplicates with contradicting labels"),
        contradicting_words,
    ),
    "duplicates_across_split": (
        lambda: gettext("Duplicates across training and test split (leakage)"),
        across_words,
    ),
    "duplicates": (lambda: gettext("Duplicates"), duplicates_words),
    "shortcut": (lambda: gettext("Shortcut"), _shortcut),
    "label_errors": (lambda: gettext("Likely label errors"), _label_errors),
    "slice": (lambda: gettext("The model is worse on"), slice_words),
    "imbalance": (lambda: gettext("Labels out of balance"), _imbalance),
    "one_sided": (lambda: gettext("Classes with one label alone"), _one_sided),
    "dates_known": (
        lambda: gettext("Dates known of one label more than of the other"),
        _dates_known,
    ),
    "years_apart": (lambda: gettext("Real and fake images of different years"), _years_apart),
    "few_images": (lambda: gettext("Few images of a generator"), _few),
    "outliers": (lambda: gettext("Outliers"), _outliers),
    "small": (
        lambda: gettext("Very small images"),
        _odd(lambda limit: gettext("The shorter side has fewer than %(limit)s px.", limit=limit)),
    ),
    "dark": (
        lambda: gettext("Very dark images"),
        _odd(
            lambda limit: gettext(
                "99%% of the pixels are darker than %(limit)s of white.", limit=limit
            )
        ),
    ),
    "bright": (
        lambda: gettext("Very bright images"),
        _odd(
            lambda limit: gettext(
                "95%% of the pixels are brighter than %(limit)s of white.", limit=limit
            )
        ),
    ),
    "blurred": (
        lambda: gettext("Blurred images"),
        _odd(
            lambda limit: gettext(
                "Sharpness below %(limit)s: the logarithm of the variance of the Laplacian, by "
                "that of the grey levels, in the analysed size.",
                limit=signed_words(limit),
            )
        ),
    ),
    "trace": (lambda: gettext("Statistics of the pixels"), _trace),
}
