"""Where evidence lies, in words that a person would use, and in which regions."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from workbench.analysis.descriptions import LOCATIONS, in_regions, location_of, normalised

SIDE = 16


def blob(y: float, x: float, width: float = 0.12, height: float = 0.12) -> np.ndarray:
    """Evidence around a point, given in shares of the side."""
    centres = (np.arange(SIDE) + 0.5) / SIDE
    rows = np.exp(-(((centres - y) / height) ** 2) / 2)
    columns = np.exp(-(((centres - x) / width) ** 2) / 2)
    return np.outer(rows, columns)


@pytest.mark.parametrize(
    ("y", "x", "words"),
    [
        (0.2, 0.5, "upper middle"),
        (0.2, 0.2, "upper left"),
        (0.2, 0.8, "upper right"),
        (0.5, 0.5, "centre"),
        (0.5, 0.14, "middle left"),
        (0.5, 0.86, "middle right"),
        (0.8, 0.5, "lower middle"),
        (0.8, 0.2, "lower left"),
        (0.8, 0.8, "lower right"),
    ],
)
def test_evidence_around_a_point_lies_where_the_point_lies(y: float, x: float, words: str) -> None:
    assert location_of(blob(y, x)) == words


@pytest.mark.parametrize(
    ("part", "words"),
    [
        (np.s_[:3, :], "top edge"),
        (np.s_[13:, :], "bottom edge"),
        (np.s_[:, :3], "left edge"),
        (np.s_[:, 13:], "right edge"),
        (np.s_[:8, :], "upper half"),
        (np.s_[8:, :], "lower half"),
        (np.s_[:, :8], "left half"),
        (np.s_[:, 8:], "right half"),
    ],
)
def test_evidence_in_a_strip_lies_in_that_strip(part: tuple[slice, slice], words: str) -> None:
    evidence = np.zeros((SIDE, SIDE))
    evidence[part] = 1.0

    assert location_of(evidence) == words


def test_a_frame_lies_at_the_edges_and_even_evidence_all_over() -> None:
    frame = np.ones((SIDE, SIDE))
    frame[3:13, 3:13] = 0.0
    uneven = 1 + 0.3 * np.random.default_rng(0).random((SIDE, SIDE))

    sides = np.zeros((SIDE, SIDE))
    sides[:, :3] = sides[:, 13:] = 1.0

    assert location_of(frame) == "edges"
    assert location_of(sides) == "sides"
    assert location_of(np.ones((SIDE, SIDE))) == "all over"
    assert location_of(uneven) == "all over"


def test_no_evidence_lies_nowhere() -> None:
    assert location_of(np.zeros((SIDE, SIDE))) is None
    assert location_of(np.full((SIDE, SIDE), np.nan)) is None


@pytest.mark.parametrize("shape", [(1, 1), (1, 4), (2, 2), (7, 7)])
def test_coarse_grids_have_words_too(shape: tuple[int, int]) -> None:
    evidence = np.zeros(shape)
    evidence[0, 0] = 1.0

    assert location_of(evidence) in LOCATIONS


@given(arrays(np.float64, (8, 8), elements=st.integers(0, 1000).map(float)))
def test_the_strength_of_evidence_moves_it_nowhere(evidence: np.ndarray) -> None:
    found = location_of(evidence)

    assert found == location_of(evidence * 4.0)
    assert (found is None) == (evidence.sum() == 0)
    assert found in (None, *LOCATIONS)


@given(
    arrays(np.float32, (3, 2, 5), elements=st.floats(0, 100, width=32)),
    arrays(np.float64, (3, 5, 4), elements=st.floats(0, 1)),
)
def test_shares_of_regions_lie_between_0_and_1_and_sum_to_1(
    evidence: np.ndarray, regions: np.ndarray
) -> None:
    regions = normalised(regions + 1e-3)

    shares = normalised(in_regions(evidence, regions))

    assert ((shares >= 0) & (shares <= 1 + 1e-12)).all()
    there = evidence.sum(axis=(0, 2)) > 0
    assert shares.sum(axis=1) == pytest.approx(there.astype(float))


def test_evidence_counts_where_it_is_strong() -> None:
    evidence = np.array([[[3.0, 1.0, 0.0]]], np.float32)
    regions = np.array([[[1.0, 0.0], [0.5, 0.5], [0.0, 1.0]]])

    assert normalised(in_regions(evidence, regions))[0] == pytest.approx([3.5 / 4, 0.5 / 4])
