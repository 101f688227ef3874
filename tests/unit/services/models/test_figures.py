"""Whether a version has found something, by its figures alone."""

from __future__ import annotations

import pytest

from workbench.services.models.figures import Figures, VersionFigures, figures_of, signal_of


@pytest.mark.parametrize(
    ("auc", "low", "signal"),
    [
        (0.5, 0.5, "none"),
        (0.8, 0.5, "none"),
        (0.8, 0.4, "none"),
        (0.8, 0.501, "weak"),
        (0.8, 0.6, "weak"),
        (0.8, 0.61, "clear"),
        (0.45, None, "none"),
        (0.55, None, "weak"),
        (None, None, None),
    ],
)
def test_the_lower_end_of_the_auc_tells_whether_there_is_a_signal(
    auc: float | None, low: float | None, signal: str | None
) -> None:
    figures = Figures(auc=auc, auc_low=low)
    clear, nothing = Figures(auc=0.9, auc_low=0.85), Figures(auc=0.5, auc_low=0.4)

    assert signal_of(VersionFigures(test=figures)) == signal
    for test in (clear, nothing):
        assert signal_of(VersionFigures(test=test, cross_validated=figures)) == signal


def test_where_every_image_has_the_same_score_nothing_was_found() -> None:
    assert signal_of(VersionFigures(test=Figures(), constant=True)) == "none"
    assert signal_of(figures_of({"constant_score": True})) == "none"


def test_figures_are_read_by_what_they_were_measured_on() -> None:
    kept = {
        "n": 9,
        "held_out_auc": 0.8,
        "auc_low": 0.7,
        "auc_high": 0.9,
        "accuracy": 0.75,
        "calibration_error": 0.1,
        "parent_auc": 0.78,
        "held_out_as_imported": {"n": 10, "auc": 0.7},
        "cross_validated": {"n": 40, "auc": 0.85, "auc_low": 0.8, "auc_high": 0.9},
    }

    found = figures_of(kept)

    assert found.test == Figures(9, 0.8, 0.7, 0.9, 0.75, None, None, 0.1)
    assert found.test_as_imported == Figures(10, 0.7)
    assert found.cross_validated == Figures(40, 0.85, 0.8, 0.9)
    assert (found.parent_auc, found.cross_fitted, found.test.auc_interval) == (
        0.78,
        True,
        (0.7, 0.9),
    )


def test_a_version_from_before_has_its_test_figures_alone() -> None:
    found = figures_of({"n": 9, "held_out_auc": 0.8})

    assert found == VersionFigures(test=Figures(9, 0.8))
    assert not found.cross_fitted
    assert figures_of({}) == VersionFigures(test=Figures())
