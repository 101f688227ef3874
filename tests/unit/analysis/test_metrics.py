"""AUC and accuracy, held to scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from workbench.analysis.metrics import accuracy, auc, auc_with_interval


@given(
    st.lists(st.tuples(st.booleans(), st.integers(-3, 3)), min_size=2, max_size=60).filter(
        lambda rows: len({fake for fake, _score in rows}) == 2
    )
)
def test_auc_agrees_with_scikit_learn_ties_included(rows: list[tuple[bool, int]]) -> None:
    fake = np.array([row[0] for row in rows])
    score = np.array([row[1] for row in rows], dtype=float)

    assert auc(fake, score) == pytest.approx(roc_auc_score(fake, score))


def test_auc_of_one_label_alone_is_unknown() -> None:
    assert auc(np.array([True, True]), np.array([0.1, 0.2])) is None
    assert auc_with_interval(np.array([], dtype=bool), np.array([]), seed=0) is None


def test_the_interval_holds_the_value_and_narrows_with_more_images() -> None:
    generator = np.random.default_rng(0)

    def width(count: int) -> float:
        fake = np.arange(count) % 2 == 0
        found = auc_with_interval(fake, fake + generator.normal(size=count), seed=0)
        assert found is not None
        assert found.low <= found.value <= found.high
        return found.high - found.low

    assert width(40) > 2 * width(1000)


def test_accuracy_calls_logits_above_zero_fake() -> None:
    assert accuracy(np.array([True, False, True]), np.array([0.5, -1.0, 0.0])) == 2 / 3
    assert accuracy(np.array([], dtype=bool), np.array([])) is None
