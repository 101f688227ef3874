"""Families split an embedding by what its columns are, the same way for every training."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.analysis.distiller.families import feature_families
from workbench.analysis.encoders.protocol import Feature, FeatureKind


def features(*places: tuple[int, FeatureKind], width: int = 4) -> tuple[Feature, ...]:
    return tuple(
        Feature(block, kind, width * place, width * (place + 1))
        for place, (block, kind) in enumerate(places)
    )


PACKAGED = features(
    *((b, kind) for b in range(8) for kind in ("patch_mean", "patch_spread", "patch_variation"))
)


@given(
    st.lists(
        st.tuples(
            st.integers(0, 5),
            st.sampled_from(["class", "patch_mean", "patch_spread", "patch_variation"]),
        ),
        min_size=1,
        max_size=10,
        unique=True,
    ),
    st.integers(1, 12),
)
def test_every_column_is_in_one_family(places: list[tuple[int, FeatureKind]], count: int) -> None:
    families = feature_families(features(*places), count)

    assert len(families) == count
    assert sorted(np.concatenate(families).tolist()) == list(range(4 * len(places)))


def test_means_and_texture_have_families_of_their_own_by_depth() -> None:
    kinds = [
        {
            (feature.kind, feature.block)
            for column in family
            for feature in PACKAGED
            if feature.start <= column < feature.stop
        }
        for family in feature_families(PACKAGED, 8)
    ]

    assert kinds[0] == {("patch_mean", 0), ("patch_mean", 1)}
    assert kinds[3] == {("patch_mean", 6), ("patch_mean", 7)}
    assert kinds[4] == {
        (kind, block) for kind in ("patch_spread", "patch_variation") for block in (0, 1)
    }


def test_one_class_token_is_split_into_runs_of_channels() -> None:
    families = feature_families(features((11, "class"), width=512), 8)

    assert [family.tolist() for family in families] == [
        list(range(64 * place, 64 * (place + 1))) for place in range(8)
    ]


def test_fewer_families_than_statistics_go_by_depth() -> None:
    (first,) = feature_families(PACKAGED, 1)

    assert len(first) == 4 * len(PACKAGED)


def test_no_family_at_all_is_refused() -> None:
    with pytest.raises(ValueError, match="a family at least"):
        feature_families(PACKAGED, 0)
