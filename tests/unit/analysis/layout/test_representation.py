"""A layout sees content and evidence in the proportion of its weights."""

from __future__ import annotations

import numpy as np
import pytest

from workbench.analysis.layout.mixtures import DEFAULT_LAYOUT, LAYOUTS, Mixture
from workbench.analysis.layout.representation import COMPONENTS, principal_components, represent

GENERATOR = np.random.default_rng(0)
CONTENT = GENERATOR.normal(size=(60, 7)) * 9
EVIDENCE = GENERATOR.normal(size=(60, 3)) * 0.01


def test_content_and_evidence_have_the_variance_of_their_weights_whatever_their_units() -> None:
    both = represent(CONTENT, EVIDENCE, Mixture(1.0, 0.5))

    assert both[:, :7].var(axis=0).sum() == pytest.approx(1.0)
    assert both[:, 7:].var(axis=0).sum() == pytest.approx(0.25)


def test_a_layout_by_content_does_not_depend_on_the_model_and_one_by_evidence_on_nothing_else() -> (
    None
):
    by_content, by_evidence = LAYOUTS["content"], LAYOUTS["evidence"]

    np.testing.assert_array_equal(
        represent(CONTENT, EVIDENCE, by_content), represent(CONTENT, 5 - EVIDENCE**2, by_content)
    )
    np.testing.assert_array_equal(
        represent(CONTENT, EVIDENCE, by_evidence), represent(CONTENT**2, EVIDENCE, by_evidence)
    )


def test_evidence_is_the_weaker_part_of_the_layout_that_pages_begin_with() -> None:
    assert 0 < LAYOUTS[DEFAULT_LAYOUT].evidence < LAYOUTS[DEFAULT_LAYOUT].content


def test_a_feature_in_larger_units_weighs_no_more() -> None:
    scaled = CONTENT * np.geomspace(1e-3, 1e3, 7)

    distances = [
        np.linalg.norm(components[:, None] - components[None], axis=-1)
        for each in (CONTENT, scaled)
        for components in [principal_components(each, seed=0)]
    ]

    np.testing.assert_allclose(*distances, atol=1e-6)


@pytest.mark.parametrize("shape", [(0, 5), (1, 5), (2, 5), (10, 1), (10, 200), (200, 300)])
def test_there_are_components_of_any_number_of_images_and_features(
    shape: tuple[int, int],
) -> None:
    components = principal_components(np.random.default_rng(0).random(shape), seed=0)

    assert len(components) == shape[0]
    assert 1 <= components.shape[1] <= COMPONENTS
    assert np.isfinite(represent(components, np.zeros((shape[0], 2)), Mixture(1.0, 0.5))).all()


def test_images_all_alike_have_components() -> None:
    assert np.ptp(principal_components(np.full((20, 6), 0.3), seed=0)) == pytest.approx(0)


def test_rounding_is_no_difference_between_images_that_are_the_same() -> None:
    one = np.random.default_rng(0).normal(scale=40, size=300).astype(np.float32)

    components = principal_components(np.tile(one, (37, 1)), seed=0)

    assert not components.any()
