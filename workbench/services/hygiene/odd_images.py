"""Very small, dark, bright and blurred images as findings."""

from __future__ import annotations

from workbench.analysis.hygiene import odd_images
from workbench.services.hygiene.findings import MOST_GROUPS, Finding
from workbench.services.hygiene.images import CheckedImages


def find_odd_images(images: CheckedImages) -> list[Finding]:
    """Find images of which there is little to see, the worst of each kind first."""
    looked_for = {
        "small": (odd_images.small(images.sides), odd_images.SMALL),
        "dark": (odd_images.dark(images.brightest), odd_images.DARK),
        "bright": (odd_images.bright(images.darkest), odd_images.BRIGHT),
        "blurred": (odd_images.blurred(images.sharpness), odd_images.BLURRED),
    }
    return [
        Finding(
            kind=kind,
            severity="note",
            figures={
                "images": len(found),
                "share": round(len(found) / len(images), 6),
                "real": int(images.real[found].sum()),
                "fake": int(images.fake[found].sum()),
                "limit": limit,
            },
            groups=tuple((int(images.ids[at]),) for at in found[:MOST_GROUPS]),
        )
        for kind, (found, limit) in looked_for.items()
        if len(found)
    ]
