"""The forget-to-spell projection, held to its formulas as slow loops."""

from __future__ import annotations

from dataclasses import replace
from itertools import accumulate

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from tests.support.slow_forgetting import slow_loss, slow_projected
from workbench.analysis.encoders.protocol import Feature
from workbench.analysis.spelling.loss import (
    FORGET,
    Batch,
    Strengths,
    forgetting_loss,
    symmetric_cross_entropy,
)
from workbench.analysis.spelling.projection import (
    Projection,
    projected_features,
    same_projection,
)
from workbench.analysis.spelling.train import train_projection
from workbench.analysis.spelling.written_set import Texts, WrittenSet

FEATURES, PROJECTED, ROWS = 7, 4, 5
JOINT = slice(3, 7)
"""The second of the two blocks of W: 3 features to 2 dimensions, and 4 to 2."""


def normal(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def small_projection(seed: int = 0) -> Projection:
    return Projection(
        mean=normal(FEATURES, seed=seed),
        scale=normal(FEATURES, seed=seed + 1).abs() + 0.5,
        weights=(normal(2, 3, seed=seed + 2), normal(2, 4, seed=seed + 3)),
    )


def whole(projection: Projection) -> Tensor:
    """W with all its zeros."""
    return torch.block_diag(*projection.weights)


def features(*widths: int) -> tuple[Feature, ...]:
    """One feature a block of an encoder, so many columns each."""
    ends = list(accumulate(widths))
    return tuple(
        Feature(block, "patch_mean", end - width, end)
        for block, (width, end) in enumerate(zip(widths, ends, strict=True))
    )


def batch_with_texts() -> Batch:
    return Batch(
        image=normal(ROWS, FEATURES, seed=1),
        word=normal(ROWS, FEATURES, seed=2),
        both=normal(ROWS, FEATURES, seed=3),
        content_text=normal(ROWS, 4, seed=4),
        word_text=normal(ROWS, 4, seed=5),
        joint_slice=JOINT,
    )


@pytest.mark.parametrize("texts", [True, False], ids=["six terms", "image-only terms"])
@pytest.mark.parametrize(
    "strengths",
    [FORGET, Strengths(0.3, 0.7, -0.2, 1.5, -0.9, 0.4, 0.1)],
    ids=["forget", "any lambda"],
)
def test_the_loss_is_the_papers(texts: bool, strengths: Strengths) -> None:
    batch = batch_with_texts()
    if not texts:
        batch = Batch(batch.image, batch.word, batch.both)
    projection = small_projection()

    assert float(forgetting_loss(projection.weights, batch, strengths)) == pytest.approx(
        slow_loss(whole(projection), batch, strengths), rel=1e-5
    )


def test_the_papers_own_w_is_one_block() -> None:
    weight, batch = normal(PROJECTED, FEATURES), batch_with_texts()
    batch = replace(
        batch,
        content_text=normal(ROWS, FEATURES, seed=4),
        word_text=normal(ROWS, FEATURES, seed=5),
        joint_slice=slice(0, FEATURES),
    )

    assert float(forgetting_loss([weight], batch)) == pytest.approx(
        slow_loss(weight, batch, FORGET), rel=1e-5
    )


def test_texts_that_live_in_no_block_are_refused() -> None:
    with pytest.raises(ValueError, match="columns 2 to 5"):
        forgetting_loss(
            small_projection().weights, replace(batch_with_texts(), joint_slice=slice(2, 5))
        )


def test_to_forget_pulls_content_together_and_pushes_spelling_apart() -> None:
    pulled = {FORGET.image_content, FORGET.both_content, FORGET.both_image}
    pushed = {FORGET.word_word, FORGET.both_word, FORGET.both_drawn}

    assert min(pulled) > 0 > max(pushed)


def test_an_orthonormal_w_costs_nothing() -> None:
    batch = batch_with_texts()
    weight = torch.linalg.qr(normal(FEATURES, PROJECTED)).Q.T
    free = replace(FORGET, orthogonality=0.0)

    batch = Batch(batch.image, batch.word, batch.both)
    assert float(forgetting_loss([weight], batch)) == pytest.approx(
        float(forgetting_loss([weight], batch, free)), abs=1e-5
    )


def test_partners_found_at_once_cost_less_than_strangers() -> None:
    rows = torch.eye(4)

    assert symmetric_cross_entropy(rows, rows) < symmetric_cross_entropy(rows, rows.roll(1, 0))


def test_a_projected_embedding_has_length_one() -> None:
    v = small_projection().project(normal(ROWS, FEATURES, seed=9))

    torch.testing.assert_close(v.norm(dim=-1), torch.ones(ROWS))


def test_it_is_w_times_the_standardised_embedding_divided_by_its_length() -> None:
    projection, x = small_projection(), normal(ROWS, FEATURES, seed=9)
    standardised = torch.stack([(row - projection.mean) / projection.scale for row in x])
    expected = slow_projected(whole(projection), standardised, slice(0, FEATURES))

    torch.testing.assert_close(projection.project(x), torch.tensor(expected))


def test_the_mean_image_is_projected_to_zero_and_has_no_derivative() -> None:
    projection = small_projection()
    x = projection.mean[None]
    slope = normal(1, 3, PROJECTED)

    assert not projection.project(x).any()
    assert not projection.pull_back(x, slope).any()
    assert not projection.share_back(x, slope).any()


def test_derivatives_are_those_of_autograd() -> None:
    projection, x = small_projection(), normal(3, FEATURES, seed=9)
    slope = normal(3, 2, PROJECTED, seed=10)
    found = projection.pull_back(x, slope)

    for image in range(3):
        jacobian = torch.autograd.functional.jacobian(projection.project, x[image])
        torch.testing.assert_close(found[image], slope[image] @ jacobian)


@given(seed=st.integers(0, 2**32 - 1))
@settings(max_examples=30, deadline=None)
def test_shares_sum_to_the_whole_however_far_the_image(seed: int) -> None:
    projection, x = small_projection(), 10 * normal(ROWS, FEATURES, seed=seed)
    slope = normal(ROWS, 2, PROJECTED, seed=seed + 1)
    shares = projection.share_back(x, slope) * (x - projection.mean)[:, None]

    whole = torch.einsum("ikp,ip->ik", slope, projection.project(x))
    torch.testing.assert_close(shares.sum(dim=-1), whole, rtol=1e-4, atol=1e-4)


def test_a_scale_of_zero_is_refused() -> None:
    with pytest.raises(ValueError, match="positive"):
        replace(small_projection(), scale=torch.zeros(FEATURES))


def test_blocks_that_miss_a_feature_are_refused() -> None:
    with pytest.raises(ValueError, match="takes 3 features"):
        replace(small_projection(), weights=small_projection().weights[:1])


def test_each_feature_becomes_half_as_many_columns() -> None:
    made = projected_features(features(4, 1, 7))

    assert [(each.start, each.stop) for each in made] == [(0, 2), (2, 3), (3, 6)]
    assert [each.block for each in made] == [0, 1, 2]


# Training.


def spelled(images: int = 40, variants: int = 3, *, seed: int = 0) -> WrittenSet:
    """Images whose content lies in features 0 to 7, and whose spelling in 8 to 15, louder."""
    content = normal(images, 16, seed=seed)
    content[:, 8:] *= 0.3
    spelling = 4 * normal(images, variants, 16, seed=seed + 1)
    spelling[..., :8] = 0
    alone = spelling + 0.3 * normal(images, variants, 16, seed=seed + 2)
    return WrittenSet(content, alone, content[:, None] + spelling)


def recall(project: object, data: WrittenSet) -> float:
    """How often the nearest of all images, clean or a word alone, is the image's own content."""
    assert callable(project)
    candidates = project(torch.cat([data.image, data.word[:, 0]]))
    nearest = (project(data.both[:, 0]) @ candidates.T).argmax(dim=1)
    return float((nearest == torch.arange(len(data.image))).float().mean())


def test_it_learns_to_overlook_what_words_add() -> None:
    projection = train_projection(spelled(), features(16), seed=0, steps=500, rate=1e-2)
    unseen = spelled(seed=50)
    mean, scale = unseen.image.mean(dim=0), unseen.image.std(dim=0)

    before = recall(lambda x: torch.nn.functional.normalize((x - mean) / scale, dim=-1), unseen)
    after = recall(projection.project, unseen)
    assert before < 0.5
    assert after > 0.9


def test_the_same_seed_gives_the_same_projection() -> None:
    first, second, other = (
        train_projection(spelled(), features(16), seed=seed, steps=5).weights[0]
        for seed in (3, 3, 4)
    )

    assert torch.equal(first, second)
    assert not torch.equal(first, other)


def test_it_stays_close_to_orthogonal() -> None:
    projection = train_projection(spelled(), features(10, 6), seed=0, steps=150)

    assert [tuple(block.shape) for block in projection.weights] == [(5, 10), (3, 6)]
    for block in projection.weights:
        assert float((block @ block.T - torch.eye(len(block))).norm()) < 0.5


def test_texts_take_part_where_there_are_some() -> None:
    data = spelled()
    texts = Texts(slice(8, 16), normal(40, 8, seed=7), normal(40, 3, 8, seed=8))

    without, with_texts = (
        train_projection(each, features(8, 8), seed=0, steps=5).weights[1]
        for each in (data, replace(data, texts=texts))
    )
    assert not torch.equal(without, with_texts)


def test_training_tells_how_far_it_is_and_can_be_ended() -> None:
    told: list[tuple[int, int]] = []

    def advance(done: int, total: int) -> None:
        told.append((done, total))
        if done == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train_projection(spelled(), features(16), seed=0, steps=9, advance=advance)
    assert told == [(0, 9), (1, 9), (2, 9), (3, 9)]


def test_training_leaves_its_data_alone() -> None:
    data, same = spelled(), spelled()
    train_projection(data, features(16), seed=0, steps=3)

    assert torch.equal(data.image, same.image)
    assert torch.equal(data.word, same.word)
    assert torch.equal(data.both, same.both)


def test_one_image_is_refused() -> None:
    with pytest.raises(ValueError, match="two images"):
        train_projection(spelled(images=1), features(16), seed=0)


def test_projections_are_the_same_by_what_they_hold() -> None:
    assert same_projection(small_projection(), small_projection())
    assert not same_projection(small_projection(), small_projection(1))
    assert not same_projection(small_projection(), None)
    assert same_projection(None, None)
