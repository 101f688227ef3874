"""Very small, dark, bright and blurred pictures are told from ordinary ones."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageEnhance, ImageFilter

from tests.support.photographs import encoded, photograph
from workbench.analysis.hygiene import odd_images
from workbench.analysis.images.exposure import Exposure, exposure, exposure_of
from workbench.analysis.images.normalise import normalise

ORDINARY = [photograph(seed) for seed in range(8)]


def measured(pictures: list[Image.Image]) -> list[Exposure]:
    return [exposure(each) for each in pictures]


def column(found: list[Exposure], name: str) -> np.ndarray:
    return np.array([getattr(each, name) for each in found])


def test_ordinary_pictures_are_neither_dark_nor_bright_nor_blurred() -> None:
    found = measured(ORDINARY)

    assert not len(odd_images.dark(column(found, "brightest")))
    assert not len(odd_images.bright(column(found, "darkest")))
    assert not len(odd_images.blurred(column(found, "sharpness")))
    assert not len(odd_images.small(np.array([64, 224, 4000])))


def test_each_is_found_where_it_lies_the_worst_first() -> None:
    found = measured(
        [
            *ORDINARY,
            ImageEnhance.Brightness(ORDINARY[0]).enhance(0.25),
            ImageEnhance.Brightness(ORDINARY[0]).enhance(0.1),
            Image.eval(ORDINARY[1], lambda level: 210 + level // 6),
            ORDINARY[2].filter(ImageFilter.GaussianBlur(2)),
            ORDINARY[2].filter(ImageFilter.GaussianBlur(5)),
        ]
    )

    assert odd_images.dark(column(found, "brightest")).tolist() == [9, 8]
    assert odd_images.bright(column(found, "darkest")).tolist() == [10]
    assert set(odd_images.blurred(column(found, "sharpness")).tolist()) == {11, 12}
    assert odd_images.small(np.array([300, 63, 64, 20])).tolist() == [3, 1]


def test_sharpness_is_that_of_the_definition_and_knows_no_contrast() -> None:
    picture = ORDINARY[3]
    grey = np.asarray(picture.convert("L"), np.float64)
    laplacian = np.array(
        [
            grey[row - 1, column]
            + grey[row + 1, column]
            + grey[row, column - 1]
            + grey[row, column + 1]
            - 4 * grey[row, column]
            for row in range(1, len(grey) - 1)
            for column in range(1, grey.shape[1] - 1)
        ]
    )

    found = exposure(picture)

    assert found.sharpness == pytest.approx(np.log10(laplacian.var() / grey.var()), abs=0.01)
    assert found.brightness == pytest.approx(grey.mean() / 255, abs=1e-4)
    paler = exposure(Image.eval(picture, lambda level: 64 + level // 2))
    assert paler.sharpness == pytest.approx(found.sharpness, abs=0.1)


def test_what_was_not_measured_is_not_found() -> None:
    unknown = np.array([np.nan])

    assert not len(odd_images.dark(unknown))
    assert not len(odd_images.bright(unknown))
    assert not len(odd_images.blurred(unknown))


def test_an_import_and_a_check_measure_the_same() -> None:
    found = normalise(encoded(ORDINARY[4]), max_pixels=10**6)

    later = exposure_of(found.content)

    for name, value in vars(found.exposure).items():
        assert getattr(later, name) == pytest.approx(value, abs=0.06), name


def test_a_single_colour_is_not_blurred() -> None:
    found = exposure(Image.new("RGB", (224, 224), (90, 90, 90)))

    assert not len(odd_images.blurred(np.array([found.sharpness])))
