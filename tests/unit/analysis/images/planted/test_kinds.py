from __future__ import annotations

from collections import Counter

from workbench.analysis.images.planted.kinds import (
    ASIDE_KINDS,
    BUILD_KINDS,
    EDITS,
    FAMILIES,
    FILLS,
    KINDS,
)
from workbench.services.demo.planted import DEMO_KINDS


def test_every_kind_has_one_edit_and_one_family() -> None:
    assert max(Counter(KINDS).values()) == 1
    assert set(KINDS) == set(EDITS) | set(FILLS)
    assert not set(EDITS) & set(FILLS)
    assert len(KINDS) >= 20


def test_the_kinds_kept_aside_are_one_of_each_family() -> None:
    for kinds in FAMILIES.values():
        assert len(set(kinds) & set(ASIDE_KINDS)) == 1


def test_build_kinds_and_kinds_kept_aside_stay_what_they_are() -> None:
    """Figures on kinds kept aside mean nothing once a kind has changed sides."""
    assert set(ASIDE_KINDS) == {
        "motion_blur",
        "ringing",
        "wavelet",
        "elastic_warp",
        "demosaicing",
        "desaturation",
        "pasted_patch",
        "mirroring",
        "merged_structure",
    }
    assert set(BUILD_KINDS) | set(ASIDE_KINDS) == set(KINDS)
    assert set(DEMO_KINDS) < set(BUILD_KINDS)
