"""Outcomes: what the model calls an image, against its label. Tables, masks and pages share them.

An array of outcomes holds codes, which are indices into `OUTCOMES`; counts by outcome have one
entry a code on their last axis.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench.store.images import LABELS

OUTCOMES = (
    "real_right",
    "real_called_fake",
    "fake_right",
    "fake_called_real",
    "unlabelled_called_real",
    "unlabelled_called_fake",
)
UNLABELLED = OUTCOMES[4:]
"""Of images without a label: neither right nor wrong."""
FALSE_POSITIVE, FALSE_NEGATIVE = "real_called_fake", "fake_called_real"
WRONG = (FALSE_POSITIVE, FALSE_NEGATIVE)
THRESHOLD = 0.5
"""An image is called fake above this p(fake), which is where its logit is above 0."""
CALLED_FAKE = (FALSE_POSITIVE, "fake_right", "unlabelled_called_fake")

RIGHT_CODES = [OUTCOMES.index("real_right"), OUTCOMES.index("fake_right")]
WRONG_CODES = [OUTCOMES.index(each) for each in WRONG]
CODES_OF_LABEL = {
    label: [code for code, name in enumerate(OUTCOMES) if name.startswith(label)]
    for label in LABELS
}


def outcome_of(label: str | None, *, called_fake: bool) -> str:
    """The outcome of an image with this label, or none, that the model calls fake, or real."""
    if label is None:
        return "unlabelled_called_fake" if called_fake else "unlabelled_called_real"
    if label == "real":
        return FALSE_POSITIVE if called_fake else "real_right"
    return "fake_right" if called_fake else FALSE_NEGATIVE


def code_of(outcome: str) -> int:
    """The code of an outcome. Raises ValueError for an unknown one."""
    return OUTCOMES.index(outcome)


def are_wrong(codes: NDArray[np.integer[Any]]) -> NDArray[np.bool_]:
    """Where label and decision of the model differ."""
    return np.isin(codes, WRONG_CODES)


def counts_of(codes: NDArray[np.integer[Any]]) -> NDArray[np.int64]:
    """How many images there are of each outcome (6)."""
    return np.bincount(codes, minlength=len(OUTCOMES))


def wrong_count(counts: NDArray[np.int64]) -> NDArray[np.int64]:
    """How many of the counted images (…, 6) the model gets wrong (…)."""
    return np.asarray(counts[..., WRONG_CODES].sum(axis=-1))


def right_count(counts: NDArray[np.int64]) -> NDArray[np.int64]:
    """How many of the counted images (…, 6) the model gets right (…)."""
    return np.asarray(counts[..., RIGHT_CODES].sum(axis=-1))


def unlabelled_count(counts: NDArray[np.int64]) -> NDArray[np.int64]:
    """How many of the counted images (…, 6) have no label (…)."""
    return np.asarray(counts[..., [code_of(each) for each in UNLABELLED]].sum(axis=-1))


def label_count(counts: NDArray[np.int64], label: str) -> NDArray[np.int64]:
    """How many of the counted images (…, 6) have this label (…)."""
    return np.asarray(counts[..., CODES_OF_LABEL[label]].sum(axis=-1))
