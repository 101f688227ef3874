"""Words are suggested for what sets a subject apart, not for what is near to everything."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from workbench.analysis.nearest_words import nearest_words

EYES, MOUTH, PHOTO = np.eye(3)


def test_the_word_that_sets_a_subject_apart_comes_first() -> None:
    subjects = np.stack([EYES + 3 * PHOTO, MOUTH + 3 * PHOTO])

    found = nearest_words(subjects, np.stack([PHOTO, MOUTH, EYES]), 2)

    assert [ranked[0] for ranked in found] == [2, 1]
    assert all(0 not in ranked for ranked in found)


def test_the_length_of_a_vector_says_nothing() -> None:
    subjects, words = np.stack([EYES + PHOTO, MOUTH + PHOTO]), np.stack([MOUTH, EYES])

    assert nearest_words(subjects, words, 1) == nearest_words(
        subjects * [[5.0], [0.1]], words * [[2.0], [9.0]], 1
    )


def test_a_subject_without_direction_has_no_words_and_does_not_count() -> None:
    subjects = np.stack([EYES, np.zeros(3)])

    assert nearest_words(subjects, np.stack([EYES, MOUTH]), 1) == [[0], []]


def test_no_words_are_nearest_to_nothing() -> None:
    assert nearest_words(np.stack([EYES, MOUTH]), np.zeros((0, 3)), 3) == [[], []]


@given(
    arrays(np.float64, (3, 4), elements=st.floats(-1, 1)),
    arrays(np.float64, (5, 4), elements=st.floats(-1, 1)),
    st.integers(0, 6),
)
def test_each_subject_has_at_most_so_many_words_each_once(
    subjects: np.ndarray, words: np.ndarray, count: int
) -> None:
    for ranked in nearest_words(subjects, words, count):
        assert len(ranked) == len(set(ranked)) <= count
