"""What holds for the token maps of every method."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from typing import get_args

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.random_encoders import MakeEncoder
from workbench.analysis.distiller.concept_head import ConceptHead, silent
from workbench.analysis.distiller.head import DistilledHead
from workbench.analysis.encoders.protocol import TOKENS, Encoder, Penultimate
from workbench.analysis.relevance.attribution import Attribution
from workbench.analysis.relevance.methods import (
    METHODS,
    attribute,
    default_method,
    needs,
    smoothing_of,
)
from workbench.config import METHODS_BY_DISTILLER, Settings

MakeHead = Callable[[str, Encoder, int], ConceptHead | DistilledHead]
CASES = 15
CLASS = ((2, "class"),)
BOTH = ((0, "class"), (1, "patch_mean"), (2, "class"), (2, "patch_mean"))
MEANS = ((0, "patch_mean"), (2, "patch_mean"))
CONTENT = (*MEANS, (2, "content"))
TEXTURE = (
    (2, "patch_spread"),
    (0, "patch_mean"),
    (1, "content"),
    (2, "patch_variation"),
    (2, "patch_mean"),
    (1, "patch_spread"),
)
ALL = (*BOTH, (2, "patch_spread"), (0, "patch_spread"), (1, "patch_variation"), (2, "content"))


@pytest.fixture(scope="session")
def head_for(
    make_head: Callable[..., DistilledHead], make_concept_head: Callable[..., ConceptHead]
) -> MakeHead:
    """Makes a random head of the kind that a method explains."""

    def make(method: str, encoder: Encoder, seed: int = 0) -> ConceptHead | DistilledHead:
        if METHODS[method].head is DistilledHead:
            return make_head(encoder.dimension, seed=seed)
        return make_concept_head(encoder, seed=seed, smoothing=smoothing_of(method))

    return make


@pytest.fixture(scope="session")
def cases(
    clip_encoder: MakeEncoder, timm_encoder: MakeEncoder
) -> list[tuple[str, Encoder, Penultimate]]:
    """Each method on each kind of embedding that it can explain, with a state of six images."""
    chosen = [
        ("last_block", clip_encoder(CLASS)),
        ("last_block", timm_encoder(BOTH)),
        ("last_block", clip_encoder()),
        ("last_block", clip_encoder(CLASS, image_size=8, patch_size=8)),
        ("patch_share", timm_encoder(CONTENT)),
        ("patch_share", clip_encoder()),
        ("patch_share", timm_encoder(TEXTURE)),
        ("patch_share", clip_encoder(ALL)),
        ("patch_share", timm_encoder(ALL, image_size=8, patch_size=8)),
        ("smooth_share", timm_encoder(ALL)),
        ("smooth_share", clip_encoder(ALL, image_size=8, patch_size=8)),
        ("class_token_path", clip_encoder(CLASS)),
        ("class_token_path", timm_encoder(BOTH)),
        ("class_token_path", clip_encoder(((1, "class"), (0, "class"), (2, "patch_mean")))),
        ("class_token_path", timm_encoder(BOTH, image_size=8, patch_size=8)),
    ]
    assert len(chosen) == CASES
    return [
        (method, encoder, encoded(method, encoder, random_pixels(encoder, 6)))
        for method, encoder in chosen
    ]


def random_pixels(encoder: Encoder, images: int, seed: int = 0) -> torch.Tensor:
    size = encoder.image_size
    return torch.randn(images, 3, size, size, generator=torch.Generator().manual_seed(seed))


def encoded(method: str, encoder: Encoder, pixels: torch.Tensor) -> Penultimate:
    """The state with what the method needs, and nothing else."""
    return encoder.encode(pixels, needs(method, encoder))


def scaled(head: ConceptHead | DistilledHead, strength: float) -> ConceptHead | DistilledHead:
    """The same head with `strength` times its weights."""
    if isinstance(head, DistilledHead):
        return replace(head, weight=head.weight * strength, bias=head.bias * strength)
    return replace(head, evidence=replace(head.evidence, weight=head.evidence.weight * strength))


def idle(head: ConceptHead | DistilledHead) -> ConceptHead | DistilledHead:
    """The same head, of which no dimension depends on the image."""
    if isinstance(head, DistilledHead):
        return replace(head, weight=torch.zeros_like(head.weight), bias=torch.ones_like(head.bias))
    return silent(head)


def assert_complete(
    maps: Attribution, encoder: Encoder, head: ConceptHead | DistilledHead, state: Penultimate
) -> None:
    """The maps sum to z_k less the baseline, within what float32 can say of their summands.

    And those of a head by concepts, over the dimensions, to the score of the embedding.
    """
    over_baseline = head.dimensions_of(encoder, state) - maps.baseline
    size = maps.maps.abs().sum(dim=-1) + 1
    if isinstance(head, DistilledHead):
        size = size + head.pre_activation(state.embedding).abs()
    assert bool(((maps.maps.sum(dim=-1) - over_baseline).abs() <= 1e-5 * size).all())
    if isinstance(head, ConceptHead):
        unweighed = maps.maps / head.gain[:, None]
        parts = (state.embedding - head.evidence.mean) / head.evidence.scale * head.evidence.weight
        size = unweighed.abs().sum(dim=(1, 2)) + parts.abs().sum(dim=1) + 1
        apart = unweighed.sum(dim=(1, 2)) - parts.sum(dim=1)
        assert bool((apart.abs() <= 1e-5 * size).all())


@settings(max_examples=40)
@given(seed=st.integers(0, 10_000), case=st.integers(0, CASES - 1), strength=st.floats(0.01, 100))
def test_maps_sum_to_what_they_explain(
    cases: list[tuple[str, Encoder, Penultimate]],
    head_for: MakeHead,
    seed: int,
    case: int,
    strength: float,
) -> None:
    method, encoder, state = cases[case]
    head = scaled(head_for(method, encoder, seed), strength)

    maps = attribute(method, encoder, head, state)

    rows, columns = encoder.grid
    assert maps.maps.shape == (6, 5, rows * columns)
    assert_complete(maps, encoder, head, state)


@settings(max_examples=40)
@given(seed=st.integers(0, 10_000), case=st.integers(0, CASES - 1), groups=st.integers(1, 8))
def test_contributions_of_any_partition_sum_to_the_logit_over_that_of_the_baseline(
    cases: list[tuple[str, Encoder, Penultimate]],
    head_for: MakeHead,
    seed: int,
    case: int,
    groups: int,
) -> None:
    method, encoder, state = cases[case]
    head = head_for(method, encoder, seed)

    maps = attribute(method, encoder, head, state)

    contributions = (maps.maps * head.logit_weight[:, None]).sum(dim=1)
    random = torch.Generator().manual_seed(seed)
    partition = torch.randint(groups, contributions.shape[1:], generator=random)
    by_group = torch.zeros(6, groups).index_add(1, partition, contributions)
    logit = head.logit_of(head.dimensions_of(encoder, state))
    expected = logit - head.logit_of(maps.baseline)
    torch.testing.assert_close(by_group.sum(dim=1), expected, atol=1e-4, rtol=1e-5)


@settings(max_examples=40)
@given(seed=st.integers(0, 10_000), case=st.integers(0, CASES - 1), image=st.integers(0, 5))
def test_an_images_maps_do_not_depend_on_its_batch(
    cases: list[tuple[str, Encoder, Penultimate]],
    head_for: MakeHead,
    seed: int,
    case: int,
    image: int,
) -> None:
    method, encoder, state = cases[case]
    head = head_for(method, encoder, seed)

    together = attribute(method, encoder, head, state).maps[image]
    alone = attribute(method, encoder, head, state.subset(slice(image, image + 1))).maps[0]

    torch.testing.assert_close(alone, together, atol=1e-5, rtol=1e-4)


def test_an_empty_batch_has_empty_maps(
    cases: list[tuple[str, Encoder, Penultimate]], head_for: MakeHead
) -> None:
    for method, encoder, state in cases:
        head = head_for(method, encoder, 0)
        maps = attribute(method, encoder, head, state.subset(slice(0, 0)))

        assert maps.maps.shape == (0, 5, encoder.grid[0] * encoder.grid[1])
        assert maps.baseline.shape == (5,)


def test_a_constant_image_has_finite_and_complete_maps(
    cases: list[tuple[str, Encoder, Penultimate]], head_for: MakeHead
) -> None:
    for method, encoder, _ in cases:
        head = head_for(method, encoder, 0)
        size = encoder.image_size
        state = encoded(method, encoder, torch.zeros(1, 3, size, size))

        maps = attribute(method, encoder, head, state)

        assert bool(maps.maps.isfinite().all())
        assert_complete(maps, encoder, head, state)


def test_with_one_patch_it_carries_everything(
    clip_encoder: MakeEncoder, timm_encoder: MakeEncoder, head_for: MakeHead
) -> None:
    for method, encoder in (
        ("last_block", clip_encoder(CLASS, image_size=8, patch_size=8)),
        ("patch_share", timm_encoder(ALL, image_size=8, patch_size=8)),
        ("smooth_share", timm_encoder(ALL, image_size=8, patch_size=8)),
        ("class_token_path", clip_encoder(CLASS, image_size=8, patch_size=8)),
    ):
        head = head_for(method, encoder, 0)
        state = encoded(method, encoder, random_pixels(encoder, 3))

        maps = attribute(method, encoder, head, state)

        expected = head.dimensions_of(encoder, state) - maps.baseline
        torch.testing.assert_close(maps.maps[..., 0], expected, atol=1e-5, rtol=1e-5)


def test_an_image_with_nan_has_nan_for_maps_and_spoils_no_other(
    cases: list[tuple[str, Encoder, Penultimate]], head_for: MakeHead
) -> None:
    for method, encoder, state in cases:
        head = head_for(method, encoder, 0)
        pixels = random_pixels(encoder, 6)
        pixels[2, 1, 3, 4] = float("nan")

        maps = attribute(method, encoder, head, encoded(method, encoder, pixels)).maps

        assert bool(maps[2].isnan().all())
        others = torch.tensor([0, 1, 3, 4, 5])
        expected = attribute(method, encoder, head, state).maps[others]
        torch.testing.assert_close(maps[others], expected, atol=1e-5, rtol=1e-4)


def test_where_no_patch_has_relevance_all_have_the_same(
    cases: list[tuple[str, Encoder, Penultimate]], head_for: MakeHead
) -> None:
    for method, encoder, state in cases:
        head = head_for(method, encoder, 0)
        maps = attribute(method, encoder, idle(head), state).maps

        assert torch.equal(maps, maps[..., :1].expand_as(maps))


def test_nothing_that_is_passed_in_is_changed(
    cases: list[tuple[str, Encoder, Penultimate]], head_for: MakeHead
) -> None:
    for method, encoder, state in cases:
        head = head_for(method, encoder, 0)
        passed = [state, head]
        if isinstance(head, ConceptHead):
            passed += [head.evidence, head.dictionary]
        before = deepcopy(passed)

        attribute(method, encoder, head, state)

        for old, new in zip(before, passed, strict=True):
            for name, tensor in vars(old).items():
                if isinstance(tensor, torch.Tensor):
                    assert torch.equal(tensor, getattr(new, name))
                    assert not getattr(new, name).requires_grad


def test_nothing_is_left_behind_in_the_encoder(
    clip_encoder: MakeEncoder, head_for: MakeHead
) -> None:
    encoder = clip_encoder(ALL)
    state = encoder.encode(random_pixels(encoder, 2), TOKENS | {"keys_values"})

    for method in METHODS:
        attribute(method, encoder, head_for(method, encoder, 0), state)

    for part in encoder.tower.modules():
        assert not part._forward_hooks
        assert not part._backward_hooks
        assert all(weight.grad is None for weight in part.parameters())
    torch.testing.assert_close(encoder.encode(random_pixels(encoder, 2)).embedding, state.embedding)


def test_the_callers_gradient_mode_does_not_matter(
    cases: list[tuple[str, Encoder, Penultimate]], head_for: MakeHead
) -> None:
    for method, encoder, state in cases:
        head = head_for(method, encoder, 0)
        expected = attribute(method, encoder, head, state).maps

        with torch.no_grad():
            without = attribute(method, encoder, head, state).maps
        with torch.inference_mode():
            inferred = attribute(method, encoder, head, Penultimate.joined([state]))

        assert torch.equal(without, expected)
        torch.testing.assert_close(inferred.maps, expected)
        assert not expected.requires_grad


def test_the_default_is_exact_where_it_can_be(
    clip_encoder: MakeEncoder, timm_encoder: MakeEncoder
) -> None:
    assert default_method(clip_encoder()) == "smooth_share"
    assert default_method(clip_encoder(CLASS)) == "last_block"
    assert default_method(timm_encoder(MEANS)) == "smooth_share"
    assert default_method(timm_encoder(BOTH)) == "smooth_share"
    assert default_method(timm_encoder(((2, "patch_spread"),))) == "smooth_share"


def test_settings_know_every_method_and_which_distiller_it_explains() -> None:
    known = get_args(Settings.model_fields["relevance"].annotation)
    heads = {"concepts": ConceptHead, "paper": DistilledHead}

    assert set(known) == {"auto", *METHODS}
    assert {each for names in METHODS_BY_DISTILLER.values() for each in names} == set(METHODS)
    for distiller, names in METHODS_BY_DISTILLER.items():
        assert {METHODS[name].head for name in names} == {heads[distiller]}


def test_a_head_of_another_kind_is_refused(clip_encoder: MakeEncoder, head_for: MakeHead) -> None:
    encoder = clip_encoder()
    state = encoder.encode(random_pixels(encoder, 1), TOKENS | {"keys_values"})
    for method, other in (
        ("smooth_share", "last_block"),
        ("patch_share", "last_block"),
        ("last_block", "patch_share"),
        ("class_token_path", "patch_share"),
    ):
        head = head_for(other, encoder, 0)
        with pytest.raises(TypeError, match=f"{method} cannot explain a {type(head).__name__}"):
            attribute(method, encoder, head, state)


def test_smoothing_is_all_that_the_exact_methods_differ_in() -> None:
    assert smoothing_of("smooth_share") > 0
    assert smoothing_of("patch_share") == 0


def test_each_method_says_what_it_needs_of_the_state(
    clip_encoder: MakeEncoder, timm_encoder: MakeEncoder
) -> None:
    assert needs("last_block", timm_encoder(BOTH)) == {"last_input"}
    assert needs("class_token_path", clip_encoder()) == {"keys_values"}
    assert needs("patch_share", timm_encoder(CONTENT)) == {"patch_tokens"}
    assert needs("patch_share", timm_encoder(TEXTURE)) == {"patch_tokens"}
    assert needs("smooth_share", timm_encoder(ALL)) == {"patch_tokens"}
    assert needs("last_block", timm_encoder(MEANS)) == frozenset()


def test_a_state_without_what_a_method_needs_is_refused_by_name(
    timm_encoder: MakeEncoder, head_for: MakeHead
) -> None:
    encoder = timm_encoder(ALL)
    bare = encoder.encode(random_pixels(encoder, 1), frozenset())

    for method, missing in (
        ("last_block", "needs last_input, which"),
        ("patch_share", "needs patch_tokens, which"),
        ("smooth_share", "needs patch_tokens, which"),
        ("class_token_path", "needs keys_values, which"),
    ):
        with pytest.raises(ValueError, match=missing):
            attribute(method, encoder, head_for(method, encoder, 0), bare)


def test_a_method_that_the_features_do_not_allow_says_so(
    clip_encoder: MakeEncoder, timm_encoder: MakeEncoder, head_for: MakeHead
) -> None:
    for method, encoder, lacking in (
        ("last_block", timm_encoder(MEANS), "no class feature"),
        ("class_token_path", timm_encoder(MEANS), "no class feature"),
        ("patch_share", clip_encoder(CLASS), "no patch feature"),
        ("smooth_share", clip_encoder(CLASS), "no patch feature"),
        ("smooth_share", clip_encoder(((0, "class"), (1, "content"))), "no patch feature"),
        ("smooth_share", timm_encoder(MEANS), "no content"),
    ):
        state = encoder.encode(random_pixels(encoder, 1))
        with pytest.raises(ValueError, match=lacking):
            attribute(method, encoder, head_for(method, encoder, 0), state)


def test_an_unknown_method_is_answered_with_the_known_ones(
    clip_encoder: MakeEncoder, head_for: MakeHead
) -> None:
    encoder = clip_encoder()
    state = encoder.encode(random_pixels(encoder, 1))

    with pytest.raises(ValueError, match="'attention'; choose from smooth_share, patch_share"):
        attribute("attention", encoder, head_for("smooth_share", encoder, 0), state)
