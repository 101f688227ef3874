"""What a collection lacks: balance of labels, classes of both, generators with enough images."""

from __future__ import annotations

from collections import Counter
from typing import Final

import numpy as np

from workbench.services.hygiene.findings import MOST_GROUPS, Finding
from workbench.services.hygiene.images import CheckedImages

FEW: Final = 50
"""Of fewer images an error rate is known to no better than about 0.14 either way."""
NAMED: Final = 5
"""So many classes are named."""
IMBALANCE: Final = 4.0
"""From so many times as many images of one label on."""


def _one_sided(images: CheckedImages) -> list[Finding]:
    """Classes of which all images bear one label, though others bear the other: a shortcut."""
    classes = np.array(images.classes, object)
    labelled = (images.real | images.fake) & (classes != "")
    if not (images.real.any() and images.fake.any() and labelled.any()):
        return []
    of_real, of_fake = (set(classes[labelled & each]) for each in (images.real, images.fake))
    alone = sorted(of_real ^ of_fake)
    rows = np.flatnonzero(labelled & np.isin(classes, alone))
    if not len(rows):
        return []
    return [
        Finding(
            kind="one_sided",
            severity="note",
            figures={
                "classes": len(alone),
                "of": len(of_real | of_fake),
                "images": len(rows),
                "share": round(len(rows) / len(images), 6),
                "names": alone[:NAMED],
            },
            groups=tuple((int(images.ids[row]),) for row in rows[:MOST_GROUPS]),
        )
    ]


def find_gaps(images: CheckedImages) -> list[Finding]:
    """Find labels that are out of balance, and generators of which there are few images."""
    real, fake = int(images.real.sum()), int(images.fake.sum())
    found = []
    if max(real, fake) >= IMBALANCE * min(real, fake):
        found.append(Finding("imbalance", "note", {"real": real, "fake": fake}))
    found += _one_sided(images)
    counted = Counter(
        name for name, each in zip(images.generators, images.fake, strict=True) if each
    )
    found += [
        Finding("few_images", "note", {"images": count, "few": FEW}, subject=name)
        for name, count in sorted(counted.items())
        if name and count < FEW
    ]
    return found
