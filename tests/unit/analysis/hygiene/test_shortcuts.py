"""How files were saved predicts their label where it differs by label, and only there."""

from __future__ import annotations

import io
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image

from tests.support.photographs import encoded, photograph, resaved
from workbench.analysis.hygiene.shortcuts import is_shortcut, predictability
from workbench.analysis.hygiene.traces import MEASURES, OF_FILES, traces

COUNT = 60
FAKE = np.arange(COUNT) % 2 == 1
ALONE = np.arange(COUNT)

Saved = Callable[[Image.Image], bytes]


def png(picture: Image.Image) -> bytes:
    return encoded(picture, compress_level=1)


def once_a_jpeg(quality: int) -> Saved:
    return lambda picture: png(resaved(picture, quality))


def as_jpeg(quality: int) -> Saved:
    return lambda picture: encoded(picture, "JPEG", quality=quality)


def cut_out(saved: Saved) -> Saved:
    """A part of the picture, off the grid of blocks that it was saved on."""

    def cut(picture: Image.Image) -> bytes:
        with Image.open(io.BytesIO(saved(picture))) as whole:
            return png(whole.convert("RGB").crop((3, 5, 147, 141)))

    return cut


def twice(first: int, second: int) -> Saved:
    return lambda picture: encoded(resaved(picture, first), "JPEG", quality=second)


def framed(picture: Image.Image) -> bytes:
    made = Image.new("RGB", picture.size)
    made.paste(picture.crop((10, 10, 150, 150)), (10, 10))
    return png(made)


def warned(real: Saved, fake: Saved) -> set[str]:
    """The families that a shortcut is found in."""
    found = [traces((fake if FAKE[seed] else real)(photograph(seed))) for seed in range(COUNT)]
    return {
        family
        for family, names in OF_FILES.items()
        if is_shortcut(
            predictability(
                np.array([[each[name] for name in names] for each in found]), FAKE, ALONE
            )
        )
    }


def test_pixels_that_were_a_jpeg_on_one_side_are_told_apart() -> None:
    assert warned(png, once_a_jpeg(75)) == {"compression_history"}


def test_a_fine_earlier_jpeg_is_told_apart_from_a_coarse_one() -> None:
    assert warned(once_a_jpeg(92), once_a_jpeg(60)) == {"compression_history"}


def test_a_part_of_a_jpeg_off_its_grid_is_told_apart() -> None:
    assert warned(cut_out(png), cut_out(as_jpeg(60))) == {"compression_history"}


@pytest.mark.parametrize(("first", "second"), [(75, 95), (60, 85)])
def test_a_jpeg_that_was_saved_more_coarsely_before_is_told_apart(first: int, second: int) -> None:
    assert warned(as_jpeg(second), twice(first, second)) == {"compression_history"}


@pytest.mark.parametrize(
    "saved", [png, once_a_jpeg(75), as_jpeg(75), twice(75, 95), cut_out(as_jpeg(60))]
)
def test_the_same_history_on_both_sides_tells_nothing(saved: Saved) -> None:
    assert warned(saved, saved) == set()


def test_jpeg_qualities_that_differ_by_label_are_told_apart() -> None:
    assert warned(as_jpeg(90), as_jpeg(75)) == {"jpeg"}


def test_borders_on_one_side_are_told_apart() -> None:
    assert "borders" in warned(png, framed)


def test_every_picture_has_every_measure_however_small() -> None:
    for size in ((1, 1), (3, 7), (200, 9)):
        found = traces(png(Image.new("RGB", size, (9, 9, 9))))
        assert set(found) == set(MEASURES)
        assert all(np.isfinite(each) for each in found.values())


def test_facts_of_one_source_do_not_count_as_many_images() -> None:
    random = np.random.default_rng(0)
    group = np.arange(COUNT) // 20 * 2 + FAKE
    facts = random.normal(size=(6, 1))[group]

    found = predictability(facts, FAKE, group)

    assert not is_shortcut(found), "six sources can't tell"


def test_too_few_images_tell_nothing() -> None:
    assert predictability(np.zeros((12, 1)), np.arange(12) < 3, np.arange(12)) is None
