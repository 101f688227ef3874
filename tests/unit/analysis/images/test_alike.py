"""What images are made alike, and that it is what the file says."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from tests.support.photographs import encoded, photograph
from workbench.analysis.images.alike import Alike, alike_for, made_alike
from workbench.analysis.images.jpeg_quality import estimate_quality


def test_the_size_is_that_of_the_smaller_label_whatever_a_few_odd_images_have() -> None:
    large, small = [400] * 100, [256] * 39 + [20]

    assert alike_for([large, small], [95] * 50).side == 256
    assert alike_for([large, [30] * 40], []).side == 64


@pytest.mark.parametrize(("had", "quality"), [([95] * 40, 75), ([60] * 40, 60), ([10] * 40, 50)])
def test_the_quality_is_no_finer_than_what_images_had(had: list[int], quality: int) -> None:
    assert alike_for([[100]], had).quality == quality
    assert alike_for([[100]], []).quality == 75


def test_what_is_written_is_read() -> None:
    assert Alike.read(Alike(96, 61).written) == Alike(96, 61)


@pytest.mark.parametrize("size", [(200, 120), (120, 200), (80, 80)])
def test_every_image_is_the_same_kind_of_file(size: tuple[int, int]) -> None:
    picture = photograph(1, side=200).crop((0, 0, *size))

    made = made_alike(encoded(picture), Alike(96, 60), max_pixels=10**6)

    with Image.open(io.BytesIO(made)) as found:
        assert found.format == "JPEG"
        assert found.size == (min(96, *size),) * 2
        assert estimate_quality(found.quantization) == 60  # type: ignore[attr-defined]
        assert found.layer[0][1:3] == (2, 2)  # type: ignore[attr-defined]  # 4:2:0
