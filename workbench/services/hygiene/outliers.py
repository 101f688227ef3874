"""Outliers as a finding: images far from all others of their label, by content."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from workbench.analysis.hygiene.content import (
    FAR,
    LEAST_COSINE,
    NEIGHBOURS,
    Nearest,
    nearest,
    outliers,
)
from workbench.services.hygiene.embedded import Embedded
from workbench.services.hygiene.findings import MOST_GROUPS, Finding
from workbench.services.hygiene.images import CheckedImages


def label_codes(images: CheckedImages, rows: NDArray[np.int64]) -> NDArray[np.int64]:
    """0 for real, 1 for fake, 2 for images without a label."""
    return np.where(images.real[rows], 0, np.where(images.fake[rows], 1, 2))


def nearest_of(images: CheckedImages, compared: Embedded) -> Nearest:
    """The nearest ones of each compared image."""
    codes = label_codes(images, compared.rows)
    return nearest(compared.vectors, codes, least_cosine=LEAST_COSINE)


def find_outliers(images: CheckedImages, compared: Embedded, found: Nearest) -> list[Finding]:
    """Find images that lie far from those of their label, the farthest first."""
    at, far = outliers(found.distance, label_codes(images, compared.rows))
    if not len(at):
        return []
    rows = compared.rows[at]
    return [
        Finding(
            kind="outliers",
            severity="note",
            figures={
                "images": len(rows),
                "share": round(len(rows) / len(compared.rows), 6),
                "real": int(images.real[rows].sum()),
                "fake": int(images.fake[rows].sum()),
                "limit": FAR,
                "farthest": round(float(far[0]), 1),
                "neighbours": NEIGHBOURS,
            },
            groups=tuple((int(images.ids[row]),) for row in rows[:MOST_GROUPS]),
        )
    ]
