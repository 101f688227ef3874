"""Label Studio's run lengths: written and read back, and refused where they are broken."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from workbench.services.interchange import brush


@given(arrays.arrays(np.uint8, st.tuples(*[st.integers(1, 40)] * 2), elements=st.integers(0, 1)))
def test_a_mask_reads_back_as_it_was(mask: np.ndarray) -> None:
    height, width = mask.shape

    assert np.array_equal(brush.decode(brush.encode(mask), width, height), mask)


def test_long_runs_are_split() -> None:
    mask = np.zeros((400, 300), np.uint8)
    mask[100:] = 1

    assert np.array_equal(brush.decode(brush.encode(mask), 300, 400), mask)


def test_the_head_is_that_of_label_studio() -> None:
    rle = brush.encode(np.ones((1, 2), np.uint8))

    # 8 bytes, words of 8 bits, runs of 3, 4, 8 and 16 bits; one run of 8 times 255.
    assert rle[:4] == [0, 0, 0, 8]
    bits = "".join(f"{each:08b}" for each in rle[4:])
    assert bits[:21] == "00111" + "0010" + "0011" + "0111" + "1111"
    assert bits[21:35] == "1" + "00" + "111" + "11111111"


@pytest.mark.parametrize("broken", [[], [0, 0], [300], [0, 0, 0, 8, 57]])
def test_broken_ones_are_refused(broken: list[int]) -> None:
    with pytest.raises(brush.BrokenRunsError):
        brush.decode(broken, 2, 1)


def test_those_of_another_size_are_refused() -> None:
    with pytest.raises(brush.BrokenRunsError, match="of 4 pixels, and the image has 6"):
        brush.decode(brush.encode(np.ones((2, 2), np.uint8)), 3, 2)
