"""Words are written so that they can be read, and nowhere else."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.analysis.spelling.written_words import (
    _FONTS,
    REAL_WORDS,
    SIZES,
    random_word,
    word_alone,
    write_word,
)


def striped(height: int = 224, width: int = 224) -> np.ndarray:
    stripes = (np.indices((height, width)).sum(axis=0) % 64 * 4).astype(np.uint8)
    return np.repeat(stripes[..., None], 3, axis=2)


def changed(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    return (first != second).any(axis=2)


@given(seed=st.integers(0, 2**32 - 1))
@settings(max_examples=40, deadline=None)
def test_a_random_word_is_three_to_five_letters_or_a_real_word(seed: int) -> None:
    word = random_word(np.random.default_rng(seed))

    assert word in REAL_WORDS or (3 <= len(word) <= 5 and word.isascii() and word.islower())


def test_both_kinds_of_words_come() -> None:
    generator = np.random.default_rng(0)
    real = [random_word(generator) in REAL_WORDS for _ in range(200)]

    assert 60 < sum(real) < 140


@given(seed=st.integers(0, 2**32 - 1))
@settings(max_examples=25, deadline=None)
def test_a_word_changes_its_own_place_only(seed: int) -> None:
    picture = striped()
    before = picture.copy()
    written = write_word(picture, "qjxh", np.random.default_rng(seed))

    rows, columns = (np.flatnonzero(changed(picture, written).any(axis=a)) for a in (1, 0))
    assert np.array_equal(picture, before)
    assert 0 < len(rows) <= 2 * SIZES[1]
    assert 0 < len(columns) <= 5 * SIZES[1]


def test_a_word_stands_out_from_black_from_white_and_from_stripes() -> None:
    for picture in (np.zeros((224, 224, 3), np.uint8), np.full((224, 224, 3), 255, np.uint8)):
        written = write_word(picture, "word", np.random.default_rng(0))
        assert abs(int(written.max()) - int(written.min())) > 200
    inked = changed(striped(), write_word(striped(), "word", np.random.default_rng(0)))
    assert inked.sum() > 100


def test_the_same_seed_writes_the_same_and_another_elsewhere() -> None:
    first, again, other = (
        write_word(striped(), "word", np.random.default_rng(seed)) for seed in (1, 1, 2)
    )

    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


@pytest.mark.parametrize("font", _FONTS)
@pytest.mark.parametrize("size", SIZES)
def test_no_font_cuts_a_letter_off(font: object, size: int) -> None:
    assert callable(font)
    canvas = font("qgjpbdfhWM", size)

    assert canvas.any()
    rim = (canvas[0], canvas[-1], canvas[:, 0], canvas[:, -1])
    assert not any(side.any() for side in rim)


def test_fonts_differ() -> None:
    shapes = {np.asarray(font("word", 40)).tobytes() for font in _FONTS}

    assert len(shapes) == len(_FONTS)


def test_a_long_word_is_written_smaller() -> None:
    written = write_word(striped(60, 60), "strawberries", np.random.default_rng(0))

    assert changed(striped(60, 60), written).any()


def test_no_room_at_all_is_refused() -> None:
    with pytest.raises(ValueError, match="no room"):
        write_word(striped(2, 2), "word", np.random.default_rng(0))


def test_a_word_alone_stands_on_one_colour() -> None:
    pixels = word_alone("word", 64, np.random.default_rng(0))
    colours, counts = np.unique(pixels.reshape(-1, 3), axis=0, return_counts=True)

    assert pixels.shape == (64, 64, 3)
    assert counts.max() > 0.5 * 64 * 64
    assert len(colours) > 1
