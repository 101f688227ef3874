"""Each patch is shared out whole over the concepts, most to those that it is like."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from workbench.analysis.concepts.dictionary import ConceptDictionary, directions


def two_concepts(temperature: float = 0.1) -> ConceptDictionary:
    return ConceptDictionary(torch.tensor([1.0, 1.0, 1.0]), torch.eye(3)[:2], temperature)


@given(
    seed=st.integers(0, 10_000),
    concepts=st.integers(1, 6),
    temperature=st.floats(0.01, 10),
    size=st.floats(1e-3, 1e3),
)
def test_shares_are_not_negative_and_sum_to_one(
    seed: int, concepts: int, temperature: float, size: float
) -> None:
    random = torch.Generator().manual_seed(seed)
    centres = torch.nn.functional.normalize(torch.randn(concepts, 4, generator=random), dim=1)
    dictionary = ConceptDictionary(torch.randn(4, generator=random), centres, temperature)

    shares = dictionary.assign(size * torch.randn(2, 5, 4, generator=random))

    assert shares.shape == (2, concepts, 5)
    assert bool((shares >= 0).all())
    torch.testing.assert_close(shares.sum(dim=1), torch.ones(2, 5))


def test_the_share_of_a_concept_is_the_softmax_of_cosines_over_the_temperature() -> None:
    tokens = torch.tensor([[[4.0, 5.0, 1.0]]])  # (3, 4, 0) from the mean: cosines 0.6 and 0.8

    shares = two_concepts(0.2).assign(tokens)[0, :, 0]

    expected = torch.tensor([3.0, 4.0]).softmax(dim=0)
    torch.testing.assert_close(shares, expected)


def test_a_patch_that_is_the_mean_is_shared_evenly() -> None:
    shares = two_concepts().assign(torch.ones(1, 2, 3))

    torch.testing.assert_close(shares, torch.full((1, 2, 2), 0.5))


def test_concepts_without_a_direction_share_evenly() -> None:
    blank = ConceptDictionary(torch.zeros(3), torch.zeros(4, 3), 1e-4)

    torch.testing.assert_close(blank.assign(torch.randn(1, 6, 3)), torch.full((1, 4, 6), 0.25))


def test_how_far_a_patch_lies_from_the_mean_does_not_matter() -> None:
    mean, apart = torch.ones(3), torch.tensor([[[1.0, 0.2, -0.5]]])

    near, far = (two_concepts().assign(mean + size * apart) for size in (0.1, 100.0))

    torch.testing.assert_close(near, far)


def test_the_higher_the_temperature_the_softer_the_shares() -> None:
    token = torch.tensor([[[2.0, 1.2, 1.0]]])

    shares = [float(two_concepts(each).assign(token)[0, 0, 0]) for each in (0.01, 0.1, 1.0, 100.0)]

    assert shares == sorted(shares, reverse=True)
    assert shares[0] == pytest.approx(1)
    assert shares[-1] == pytest.approx(0.5, abs=0.01)


def test_a_patch_with_nan_spoils_no_other() -> None:
    tokens = torch.randn(2, 3, 3, generator=torch.Generator().manual_seed(0))
    expected = two_concepts().assign(tokens)
    tokens[0, 1, 2] = float("nan")

    shares = two_concepts().assign(tokens)

    assert bool(shares[0, :, 1].isnan().all())
    assert torch.equal(shares[1], expected[1])
    assert torch.equal(shares[0, :, ::2], expected[0, :, ::2])


def test_it_has_as_many_entries_as_concepts() -> None:
    assert len(two_concepts()) == 2


def test_directions_have_norm_one_or_zero() -> None:
    found = directions(torch.tensor([[1.0, 2.0], [4.0, 6.0]]), torch.tensor([1.0, 2.0]))

    torch.testing.assert_close(found, torch.tensor([[0.0, 0.0], [0.6, 0.8]]))
