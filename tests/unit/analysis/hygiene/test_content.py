"""Nearest images and outliers, against a slow reference; what shows the same is told from likes."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageOps

from tests.support.photographs import encoded, photograph
from workbench.analysis.hygiene import content
from workbench.analysis.hygiene.content import FAR, LEAST_AGREEMENT, NEIGHBOURS, nearest, outliers
from workbench.analysis.images.alignment import Detail, agreement, detail
from workbench.analysis.images.normalise import normalise


def some_vectors(count: int, seed: int = 0) -> np.ndarray:
    found = np.random.default_rng(seed).standard_normal((count, 8)).astype(np.float32)
    return found / np.linalg.norm(found, axis=1, keepdims=True)


def test_nearest_are_those_of_a_slow_search(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(content, "_BLOCK", 7)
    vectors, label = some_vectors(60), np.arange(60) % 3 // 2
    cosines = vectors.astype(np.float64) @ vectors.T

    found = nearest(vectors, label, least_cosine=0.75)

    expected = set()
    for row in range(60):
        others = [each for each in np.argsort(-cosines[row]) if each != row][:3]
        expected |= {
            (min(row, int(each)), max(row, int(each)))
            for each in others
            if cosines[row, each] >= 0.75
        }
        alike = sorted(
            1 - cosines[row, each]
            for each in range(60)
            if label[each] == label[row] and each != row
        )
        assert found.distance[row] == pytest.approx(np.mean(alike[:NEIGHBOURS]), abs=1e-5)
    assert expected
    assert {(int(a), int(b)) for a, b in found.pairs} == expected
    assert (np.diff(found.cosines) <= 1e-7).all()


def test_a_label_of_few_images_has_no_distances() -> None:
    label = np.array([0] * 30 + [1] * NEIGHBOURS)

    found = nearest(some_vectors(len(label)), label, least_cosine=2.0)

    assert np.isfinite(found.distance[:30]).all()
    assert np.isnan(found.distance[30:]).all()
    assert not len(found.pairs)


def test_outliers_are_far_from_their_own_label_the_farthest_first() -> None:
    random = np.random.default_rng(0)
    distance = np.exp(random.normal(-2, 0.1, 400))
    label = np.arange(400) % 2
    distance[label == 1] *= 5  # usual for that label
    distance[[10, 11]] = np.exp(-2 + 0.1 * np.array([FAR + 3, FAR + 6]))[:]
    distance[11] *= 5

    found, far = outliers(distance, label)

    assert found.tolist() == [11, 10]
    logs = np.log(distance[label == 1])
    middle = np.median(logs)
    expected = (np.log(distance[11]) - middle) / (1.4826 * np.median(np.abs(logs - middle)))
    assert far[0] == pytest.approx(expected)


def test_equal_distances_have_no_outliers() -> None:
    assert not len(outliers(np.full(20, 0.3), np.zeros(20, np.int64))[0])


def seen(picture: Image.Image) -> Detail:
    return detail(normalise(encoded(picture), max_pixels=10**6).content)


@pytest.mark.parametrize("seed", range(3))
def test_cut_scaled_mirrored_and_recoloured_copies_agree_and_others_do_not(seed: int) -> None:
    # Coarse colours alone would be taken away with the light: give it something to show.
    random = np.random.default_rng(seed)
    fields = random.integers(0, 255, (24, 24, 3), dtype=np.uint8)
    whole = Image.fromarray(fields).resize((240, 240), Image.Resampling.BICUBIC)
    copies = {
        "cut": whole.crop((24, 24, 216, 216)),
        "cut at a corner": whole.crop((40, 40, 240, 240)),
        "scaled": whole.resize((90, 90)),
        "mirrored": ImageOps.mirror(whole),
        "grey": whole.convert("L").convert("RGB"),
        "pale": Image.eval(whole, lambda level: 100 + level // 2),
    }

    for name, copy in copies.items():
        assert agreement(seen(whole), seen(copy)) >= LEAST_AGREEMENT, name
        assert agreement(seen(copy), seen(whole)) >= LEAST_AGREEMENT, name
    other = np.random.default_rng(100 + seed).integers(0, 255, (24, 24, 3), dtype=np.uint8)
    stranger = Image.fromarray(other).resize((240, 240), Image.Resampling.BICUBIC)
    assert agreement(seen(whole), seen(stranger)) < LEAST_AGREEMENT - 0.2


def test_flat_pictures_agree_with_nothing() -> None:
    flat = Image.new("RGB", (200, 200), (120, 120, 120))

    assert agreement(seen(flat), seen(flat)) == 0
    assert agreement(seen(flat), seen(photograph(1))) == 0
