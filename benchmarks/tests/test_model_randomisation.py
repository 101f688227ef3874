"""Randomised models: what is redrawn, what stays, and how maps are compared."""

from __future__ import annotations

import jaxtyping
import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import spearmanr
from torch import tensor

from tests.support.concept_heads import random_concept_head
from tests.support.fake_encoder import FakeEncoder
from tests.support.random_encoders import random_timm
from workbench.analysis.encoders.timm import tower_of
from workbench.analysis.encoders.transformer import Preprocessing, TransformerEncoder

with jaxtyping.install_import_hook("benchmarks.model_randomisation", "beartype.beartype"):
    from benchmarks.model_randomisation import (
        rank_correlation,
        redrawn,
        with_random_blocks,
        with_random_dimensions,
        with_random_logit,
        with_random_weights,
    )

FEATURES = ((0, "patch_mean"), (1, "patch_mean"), (2, "patch_mean"), (2, "class"))


def test_redrawn_weights_keep_mean_and_spread_and_nothing_else() -> None:
    weights = torch.randn(40, 50) * 0.3 + 2
    before = weights.clone()

    found = redrawn(weights, torch.Generator().manual_seed(0))

    assert float(found.mean()) == pytest.approx(float(weights.mean()), abs=0.03)
    assert float(found.std()) == pytest.approx(float(weights.std()), rel=0.05)
    assert abs(np.corrcoef(found.flatten(), weights.flatten())[0, 1]) < 0.1
    assert torch.equal(weights, before)
    assert redrawn(torch.full((3,), 2.0), torch.Generator()).tolist() == [2.0, 2.0, 2.0]


def test_a_head_is_redrawn_in_the_part_that_is_named() -> None:
    head = random_concept_head(FakeEncoder(), dimensions=5)

    other_logit = with_random_logit(head, seed=1)
    other_dimensions = with_random_dimensions(head, seed=1)

    assert torch.equal(other_logit.evidence.weight, head.evidence.weight)
    assert torch.equal(other_logit.dictionary.centres, head.dictionary.centres)
    assert not torch.equal(other_logit.logit_weight, head.logit_weight)
    assert torch.equal(other_dimensions.logit_weight, head.logit_weight)
    assert not torch.equal(other_dimensions.evidence.weight, head.evidence.weight)
    assert not torch.equal(other_dimensions.dictionary.centres, head.dictionary.centres)
    assert other_dimensions.dictionary.centres.norm(dim=1).tolist() == pytest.approx([1] * 5)
    # What carries no evidence has none afterwards either.
    assert torch.equal(other_dimensions.evidence.weight == 0, head.evidence.weight == 0)
    assert torch.equal(other_logit.logit_weight, with_random_logit(head, seed=1).logit_weight)
    assert not torch.equal(other_logit.logit_weight, with_random_logit(head, seed=2).logit_weight)


def small_encoder() -> TransformerEncoder:
    return TransformerEncoder(
        tower_of(random_timm()),
        FEATURES,
        Preprocessing(32, torch.nn.Identity(), {}),
        name="small",
        identity={},
    )


def test_of_random_weights_nothing_is_as_it_was_not_what_comes_before_the_blocks_either() -> None:
    encoder = small_encoder()
    pixels = torch.randn(2, 3, 32, 32)
    before = encoder.encode(pixels).embedding
    tokens = encoder.tower.embedding(pixels)

    found = with_random_weights(encoder, seed=0)

    both = torch.stack([found.tower.embedding(pixels).flatten(), tokens.flatten()])
    assert abs(float(torch.corrcoef(both)[0, 1])) < 0.2
    assert not torch.allclose(found.encode(pixels).embedding, before, atol=0.1)
    assert torch.equal(encoder.encode(pixels).embedding, before)
    assert found.fingerprint != with_random_weights(encoder, seed=1).fingerprint


def test_random_blocks_change_what_comes_after_them_alone() -> None:
    encoder = small_encoder()
    pixels = torch.randn(2, 3, 32, 32)
    before = encoder.encode(pixels).embedding

    found = with_random_blocks(encoder, 1, seed=0)

    embedding = found.encode(pixels).embedding
    early = encoder.features[2].start
    assert torch.equal(embedding[:, :early], before[:, :early])
    assert not torch.allclose(embedding[:, early:], before[:, early:], atol=0.1)
    assert found.fingerprint != encoder.fingerprint
    assert torch.equal(encoder.encode(pixels).embedding, before)
    assert torch.equal(with_random_blocks(encoder, 1, seed=0).encode(pixels).embedding, embedding)
    assert torch.equal(with_random_blocks(encoder, 0, seed=0).encode(pixels).embedding, before)
    with pytest.raises(ValueError, match="3 blocks, 4 cannot"):
        with_random_blocks(encoder, 4, seed=0)


@given(
    st.lists(st.tuples(st.integers(-3, 3), st.integers(-3, 3)), min_size=2, max_size=12).filter(
        lambda pairs: all(len(set(side)) > 1 for side in zip(*pairs, strict=True))
    )
)
def test_rank_correlation_is_spearmans_ties_included(pairs: list[tuple[int, int]]) -> None:
    first, second = (tensor([side], dtype=torch.float32) for side in zip(*pairs, strict=True))

    found = float(rank_correlation(first, second)[0])

    assert found == pytest.approx(spearmanr(first[0], second[0])[0], abs=1e-6)


def test_a_constant_map_is_correlated_with_nothing() -> None:
    assert rank_correlation(torch.zeros(2, 5), torch.randn(2, 5)).tolist() == [0.0, 0.0]
    assert rank_correlation(torch.zeros(0, 5), torch.zeros(0, 5)).shape == (0,)
