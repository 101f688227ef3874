"""How a collection is made up: imbalance, and labels or generators with few images."""

from __future__ import annotations

from collections import Counter
from typing import Final

from workbench.services.hygiene.findings import Finding
from workbench.services.hygiene.images import CheckedImages

FEW: Final = 50
"""Of fewer images an error rate is known to no better than about 0.14 either way."""
IMBALANCE: Final = 4.0
"""From so many times as many images of one label on."""


def find_gaps(images: CheckedImages) -> list[Finding]:
    """Find labels that are out of balance, and generators of which there are few images."""
    real, fake = int(images.real.sum()), int(images.fake.sum())
    found = []
    if max(real, fake) >= IMBALANCE * min(real, fake):
        found.append(Finding("imbalance", "note", {"real": real, "fake": fake}))
    counted = Counter(
        name for name, each in zip(images.generators, images.fake, strict=True) if each
    )
    found += [
        Finding("few_images", "note", {"images": count, "few": FEW}, subject=name)
        for name, count in sorted(counted.items())
        if name and count < FEW
    ]
    return found
