"""Dates that tell the label apart: by being known of one label alone, or by their years."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from workbench.analysis.hygiene.shortcuts import is_shortcut, predictability
from workbench.analysis.intervals import Estimate
from workbench.services.hygiene.findings import Finding
from workbench.services.hygiene.images import CheckedImages

MOST_PER_LABEL: Final = 1000
"""So many images of a label tell an AUC to about 0.02."""
_MIDDLE: Final = (0.05, 0.95)
"""The quantiles that years of a label are told by: a camera's clock may be wrong."""

Rows = NDArray[np.int64]


def find_in_dates(images: CheckedImages) -> list[Finding]:
    """Find out whether dates predict the label. No model sees them, so these are notes."""
    dated = images.years > 0
    return [*_known_of_one(images, dated), *_years_apart(images, dated)]


def _known_of_one(images: CheckedImages, dated: NDArray[np.bool_]) -> list[Finding]:
    """Whether a date is known predicts the label."""
    rows = _sample(images, np.ones(len(images), bool))
    found = _predicted(images, rows, dated)
    if found is None:
        return []
    return [
        Finding(
            "dates_known",
            "note",
            _figures(found)
            | {
                "real": int(images.real.sum()),
                "fake": int(images.fake.sum()),
                "dated_real": int((images.real & dated).sum()),
                "dated_fake": int((images.fake & dated).sum()),
            },
        )
    ]


def _years_apart(images: CheckedImages, dated: NDArray[np.bool_]) -> list[Finding]:
    """The year predicts the label, of images whose date is known."""
    found = _predicted(images, _sample(images, dated), images.years)
    if found is None:
        return []
    real, fake = (images.years[dated & each] for each in (images.real, images.fake))
    return [
        Finding(
            "years_apart",
            "note",
            _figures(found)
            | {
                "real": len(real),
                "fake": len(fake),
                "real_years": _middle(real),
                "fake_years": _middle(fake),
                "shared": round(_shared(real, fake), 4),
            },
        )
    ]


def _sample(images: CheckedImages, which: NDArray[np.bool_]) -> Rows:
    """Some of the images of each label: hashes are uniform, so the smallest are a fair sample."""
    order = np.argsort(np.array(images.pixel_hashes, object), kind="stable")
    return np.concatenate(
        [order[(which & label)[order]][:MOST_PER_LABEL] for label in (images.real, images.fake)]
    )


def _predicted(images: CheckedImages, rows: Rows, facts: NDArray[Any]) -> Estimate | None:
    """How well a fact predicts the label; None where it does not, or too few images tell."""
    if not len(rows):
        return None
    table = facts[rows, None].astype(np.float64)
    found = predictability(table, images.fake[rows], images.groups[rows])
    return found if is_shortcut(found) else None


def _middle(years: NDArray[np.int64]) -> list[int]:
    low, high = np.quantile(years, _MIDDLE, method="nearest")
    return [int(low), int(high)]


def _shared(real: NDArray[np.int64], fake: NDArray[np.int64]) -> float:
    """How far the years of both labels are distributed alike: 0 where none is shared, 1 at most."""
    every = np.union1d(real, fake)
    of_real, of_fake = (
        np.array([np.count_nonzero(each == year) for year in every]) / len(each)
        for each in (real, fake)
    )
    return float(np.minimum(of_real, of_fake).sum())


def _figures(found: Estimate) -> dict[str, Any]:
    return {name: round(getattr(found, name), 4) for name in ("low", "high")} | {
        "auc": round(found.value, 4)
    }
