"""The features that an embedding is made of by default: early evidence, and later content."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.analysis.encoders.features import MOST_BLOCKS, default_features
from workbench.analysis.encoders.protocol import PATCH_KINDS


def blocks_of_evidence(blocks: int) -> list[int]:
    return list(
        dict.fromkeys(block for block, kind in default_features(blocks) if kind in PATCH_KINDS)
    )


def content_block(blocks: int) -> int:
    (found,) = [block for block, kind in default_features(blocks) if kind == "content"]
    return found


@pytest.mark.parametrize(
    ("blocks", "evidence", "content"),
    [
        (12, [0, 1, 2, 3, 4, 5, 6, 7], 9),
        (24, [0, 2, 4, 6, 9, 11, 13, 15], 18),
        (6, [0, 1, 2, 3], 4),
        (3, [0, 1], 2),
        (2, [0], 1),
        (1, [0], 0),
    ],
)
def test_evidence_is_from_the_first_two_thirds_and_content_from_three_quarters(
    blocks: int, evidence: list[int], content: int
) -> None:
    assert blocks_of_evidence(blocks) == evidence
    assert content_block(blocks) == content


@given(st.integers(1, 60))
def test_every_tower_has_them_all_each_once(blocks: int) -> None:
    features = default_features(blocks)

    assert len(set(features)) == len(features)
    assert all(0 <= block < blocks for block, _ in features)
    evidence = blocks_of_evidence(blocks)
    assert 1 <= len(evidence) <= MOST_BLOCKS
    assert features[:-1] == tuple(
        (block, kind)
        for block in evidence
        for kind in ("patch_mean", "patch_spread", "patch_variation")
    )
    assert features[-1] == (content_block(blocks), "content")
    assert content_block(blocks) >= max(evidence)
