"""Exact shares are the formulas': evidence by patch, smoothed, and shared out over the concepts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from math import exp

import pytest
import torch
from torch import Tensor

from tests.support.random_encoders import MakeEncoder, Wanted
from workbench.analysis.distiller.concept_head import ConceptHead
from workbench.analysis.encoders.protocol import (
    PATCH_KINDS,
    Encoder,
    Penultimate,
    content_feature,
    patch_blocks,
)
from workbench.analysis.relevance.concept_share import concept_share

MakeHead = Callable[..., ConceptHead]
MEANS = ((0, "patch_mean"), (2, "patch_mean"), (1, "content"))
TEXTURE = (
    (2, "patch_spread"),
    (0, "patch_mean"),
    (2, "content"),
    (2, "patch_variation"),
    (2, "patch_mean"),
    (1, "patch_spread"),
)
BOTH = ((0, "class"), (1, "patch_mean"), (2, "content"), (2, "class"), (1, "patch_spread"))


def pixels(images: int) -> Tensor:
    return torch.randn(images, 3, 32, 32, generator=torch.Generator().manual_seed(0))


def slow_maps(encoder: Encoder, head: ConceptHead, state: Penultimate) -> Tensor:
    """pi_k(t) e(t) gain_k from the docstrings, one patch and one token at a time."""
    images, patches = len(state.embedding), state.patch_tokens.shape[2]
    maps = torch.zeros(images, head.dimensions, patches, dtype=torch.float64)
    for image in range(images):
        evidence = slow_evidence(encoder, head, state.patch_tokens[image].double())
        if head.evidence.smoothing:
            evidence = slow_spread(evidence, encoder.grid, head.evidence.smoothing)
        for patch in range(patches):
            shares = slow_concepts(encoder, head, state.patch_tokens[image].double(), patch)
            for k, share in enumerate(shares):
                maps[image, k, patch] = share * evidence[patch] * float(head.gain[k])
    return maps


def slow_evidence(encoder: Encoder, head: ConceptHead, blocks: Tensor) -> list[float]:
    """Each patch's share of weight (x - mean) / scale."""
    linear, patches = head.evidence, blocks.shape[1]
    evidence = [0.0] * patches
    for feature in encoder.features:
        if feature.kind not in PATCH_KINDS:
            continue
        tokens = blocks[patch_blocks(encoder.features).index(feature.block)]
        slope = (linear.weight / linear.scale)[feature.slice].double()
        for patch in range(patches):
            share = slow_share(feature.kind, tokens, patch, encoder.grid)
            above = share - linear.mean[feature.slice].double() / patches
            evidence[patch] += float(slope @ above)
    return evidence


def slow_share(kind: str, tokens: Tensor, patch: int, grid: tuple[int, int]) -> Tensor:
    """One patch's share of one feature, channel by channel."""
    patches = len(tokens)
    if kind == "patch_mean":
        return tokens[patch] / patches
    if kind == "patch_spread":
        mean = tokens.mean(dim=0)
        spread = ((tokens - mean) ** 2).mean(dim=0) ** 0.5
        return (tokens[patch] - mean) ** 2 / (patches * spread)
    pairs = [(p, q) for p in range(patches) for q in range(p) if are_neighbours(p, q, grid[1])]
    steps = [(tokens[p] - tokens[q]).abs() for p, q in pairs if patch in (p, q)]
    return sum(steps, torch.zeros_like(tokens[0])) / 2 / len(pairs)


def are_neighbours(first: int, second: int, columns: int) -> bool:
    down = abs(first // columns - second // columns)
    across = abs(first % columns - second % columns)
    return down + across == 1


def slow_spread(evidence: list[float], grid: tuple[int, int], sigma: float) -> list[float]:
    """Each patch's evidence given away by a Gaussian over the grid, one patch at a time."""
    places = [divmod(patch, grid[1]) for patch in range(len(evidence))]
    spread = [0.0] * len(evidence)
    for giver, (row, column) in enumerate(places):
        weights = [exp(-((row - r) ** 2 + (column - c) ** 2) / 2 / sigma**2) for r, c in places]
        for taker, weight in enumerate(weights):
            spread[taker] += evidence[giver] * weight / sum(weights)
    return spread


def slow_concepts(encoder: Encoder, head: ConceptHead, blocks: Tensor, patch: int) -> list[float]:
    """pi_k of one patch: the softmax of its cosines with the concepts over the temperature."""
    content = content_feature(encoder.features)
    assert content is not None
    token = blocks[patch_blocks(encoder.features).index(content.block), patch]
    apart = token - head.dictionary.mean.double()
    powers = [
        exp(float(apart @ centre.double() / apart.norm()) / head.dictionary.temperature)
        for centre in head.dictionary.centres
    ]
    return [power / sum(powers) for power in powers]


@pytest.mark.parametrize("smoothing", [0.0, 1.0])
@pytest.mark.parametrize(
    "features",
    [
        MEANS,
        TEXTURE,
        ((2, "patch_spread"), (2, "content")),
        ((1, "content"), (0, "patch_variation")),
        BOTH,
    ],
)
def test_shares_are_the_formulas(
    timm_encoder: MakeEncoder, make_concept_head: MakeHead, features: Wanted, smoothing: float
) -> None:
    encoder = timm_encoder(features)
    head = make_concept_head(encoder, smoothing=smoothing)
    state = encoder.encode(pixels(2))
    middle = state.embedding.mean(dim=0)
    head = replace(head, evidence=replace(head.evidence, mean=middle))

    found = concept_share(encoder, head, state)

    expected = slow_maps(encoder, head, state).float()
    torch.testing.assert_close(found.maps, expected, atol=1e-5, rtol=1e-4)
    assert bool((expected < 0).any())
    assert bool((expected > 0).any())
    assert not found.baseline.any()


def test_smoothing_takes_no_evidence_from_the_image(
    timm_encoder: MakeEncoder, make_concept_head: MakeHead
) -> None:
    encoder = timm_encoder(TEXTURE)
    state = encoder.encode(pixels(2))

    exact, smooth = (
        make_concept_head(encoder, smoothing=sigma).evidence.of_patches(encoder, state)
        for sigma in (0.0, 1.0)
    )

    torch.testing.assert_close(smooth.sum(dim=-1), exact.sum(dim=-1))
    assert float(smooth.std()) < float(exact.std())


def test_a_spread_belongs_to_the_patches_that_lie_apart(
    timm_encoder: MakeEncoder, make_concept_head: MakeHead
) -> None:
    encoder = timm_encoder(((2, "patch_spread"), (2, "content")))
    tokens = torch.zeros(1, 1, 16, 48)
    tokens[0, 0, 5, 0] = 4.0
    spread = tokens[:, 0].std(dim=1, correction=0)
    embedding = torch.cat([spread, tokens[:, 0].mean(dim=1)], dim=1)
    state = replace(encoder.encode(pixels(1)), embedding=embedding, patch_tokens=tokens)
    head = make_concept_head(encoder)
    plain = replace(
        head,
        evidence=replace(
            head.evidence,
            mean=torch.zeros(96),
            scale=torch.ones(96),
            weight=torch.cat([torch.ones(48), torch.zeros(48)]),
        ),
        gain=torch.ones(5),
    )

    of_patches = concept_share(encoder, plain, state).maps.sum(dim=1)[0]

    # (t - m)^2 is 3.75^2 for the one that lies apart, and 0.25^2 for the 15 others.
    assert float(of_patches[5]) == pytest.approx(float(spread.sum()) * 15 / 16)
    assert float(of_patches.sum()) == pytest.approx(float(spread.sum()))


def test_where_all_patches_are_alike_each_has_the_same(
    timm_encoder: MakeEncoder, make_concept_head: MakeHead
) -> None:
    encoder = timm_encoder(((2, "patch_spread"), (2, "content")))
    head = make_concept_head(encoder)
    alike = torch.randn(48, generator=torch.Generator().manual_seed(1)).expand(1, 1, 16, 48)
    embedding = torch.cat([torch.zeros(1, 48), alike[:, 0, 0]], dim=1)
    state = replace(encoder.encode(pixels(1)), embedding=embedding, patch_tokens=alike)

    maps = concept_share(encoder, head, state).maps

    torch.testing.assert_close(maps, maps[..., :1].expand_as(maps))
    assert bool(maps.any())


def test_the_mean_image_has_no_dimension_and_the_bias_for_a_logit(
    timm_encoder: MakeEncoder, make_concept_head: MakeHead
) -> None:
    encoder = timm_encoder(MEANS)
    state = encoder.encode(pixels(1))
    random = make_concept_head(encoder, dimensions=1)
    head = replace(random, evidence=replace(random.evidence, mean=state.embedding[0]))

    z = head.dimensions_of(encoder, state)

    torch.testing.assert_close(z, torch.zeros(1, 1), atol=1e-5, rtol=0)
    assert float(head.logit_of(z)[0]) == pytest.approx(head.logit_bias, abs=1e-5)


def test_tokens_kept_in_half_precision_lose_nothing_of_the_sum(
    timm_encoder: MakeEncoder, make_concept_head: MakeHead
) -> None:
    encoder = timm_encoder(BOTH)
    head = replace(make_concept_head(encoder), gain=torch.ones(5))
    state = encoder.encode(pixels(4))
    kept = replace(state, patch_tokens=state.patch_tokens.half().float())

    sums = [concept_share(encoder, head, each).maps.sum(dim=(1, 2)) for each in (state, kept)]

    torch.testing.assert_close(sums[1], sums[0], atol=1e-5, rtol=1e-5)


def test_without_evidence_or_content_in_the_embedding_there_is_nothing_to_share(
    clip_encoder: MakeEncoder, make_concept_head: MakeHead
) -> None:
    for features, lacking in (
        (((2, "class"), (1, "content")), "no patch feature"),
        (((2, "class"), (1, "patch_mean")), "no content"),
    ):
        encoder = clip_encoder(features)
        state = encoder.encode(torch.randn(1, 3, 32, 32))

        with pytest.raises(ValueError, match=lacking):
            concept_share(encoder, make_concept_head(encoder), state)
