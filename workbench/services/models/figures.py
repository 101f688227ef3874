"""How good a version is: on its test set, and cross-validated on its training images."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Literal

Signal = Literal["none", "weak", "clear"]

CONSTANT = "constant_score"
"""Where a version's metrics say that every image has the same score."""
ALL_LABELLED = "all_labelled"
"""Where they keep the figures of scores from outside on all labelled images."""
CHANCE = 0.5
CLEAR_FROM = 0.6
"""The lower end of the interval of the AUC up to which a signal is called weak."""


@dataclass(frozen=True)
class Figures:
    """AUC, accuracy with their 95% intervals, and calibration error over some images.

    None where it was not measured, or the images cannot tell: all of one label, or none.
    """

    n: int | None = None
    auc: float | None = None
    auc_low: float | None = None
    auc_high: float | None = None
    accuracy: float | None = None
    accuracy_low: float | None = None
    accuracy_high: float | None = None
    calibration_error: float | None = None

    @property
    def auc_interval(self) -> tuple[float, float] | None:
        """The 95% interval of the AUC."""
        if self.auc_low is None or self.auc_high is None:
            return None
        return self.auc_low, self.auc_high


@dataclass(frozen=True)
class VersionFigures:
    """The figures of a version, each by what it was measured on."""

    test: Figures
    """The test set, which no version is trained on, with its labels as people corrected them."""
    test_as_imported: Figures | None = None
    """The same with the labels as imported: what is better here is a better model. None in
    versions from before it was measured, like `cross_validated`."""
    cross_validated: Figures | None = None
    """The training images, each by a head that was not trained on it."""
    all_labelled: Figures | None = None
    """All labelled images, where the scores are those of a detector from outside, to which no split
    is known. None in versions that were trained here."""
    parent_auc: float | None = None
    """The parent on the same test set with the same corrected labels."""
    constant: bool = False
    """Whether every image has the same score."""

    @property
    def cross_fitted(self) -> bool:
        """Whether what is shown of training images comes from heads not trained on them."""
        return self.cross_validated is not None

    @property
    def decisive(self) -> Figures:
        """By which it is decided whether the model found anything: the ones on most images."""
        return self.cross_validated or self.all_labelled or self.test


def figures_of(metrics: Mapping[str, Any]) -> VersionFigures:
    """The figures of a version by what its metrics keep."""
    test = dict(metrics) | {"auc": metrics.get("held_out_auc")}
    return VersionFigures(
        test=_figures(test),
        test_as_imported=_optional(metrics.get("held_out_as_imported")),
        cross_validated=_optional(metrics.get("cross_validated")),
        all_labelled=_optional(metrics.get(ALL_LABELLED)),
        parent_auc=metrics.get("parent_auc"),
        constant=metrics.get(CONSTANT, False),
    )


def signal_of(figures: VersionFigures) -> Signal | None:
    """Whether a version has found something that tells real from fake.

    `none` where every image has the same score, or the interval of the AUC reaches down to chance;
    `weak` where it ends close above. Cross-validated, or on the test set where a version is not
    cross-fitted. None where no AUC could be measured.
    """
    if figures.constant:
        return "none"
    decisive = figures.decisive
    if decisive.auc is None:
        return None
    least = decisive.auc if decisive.auc_low is None else decisive.auc_low
    if least <= CHANCE:
        return "none"
    return "weak" if least <= CLEAR_FROM else "clear"


def _optional(kept: Mapping[str, Any] | None) -> Figures | None:
    return None if kept is None else _figures(kept)


def _figures(kept: Mapping[str, Any]) -> Figures:
    return Figures(**{each.name: kept.get(each.name) for each in fields(Figures)})
