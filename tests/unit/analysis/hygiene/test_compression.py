"""Double compression, held to its definition written out value by value."""

from __future__ import annotations

import io
import math
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image
from scipy.fft import dctn

from workbench.analysis.hygiene.compression import LOW, coarser_step, table_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

QUALITIES = (50, 70, 85, 93, 98)


def _scene(seed: int) -> Image.Image:
    random = np.random.default_rng(seed)
    coarse = random.integers(0, 256, (24, 24, 3), dtype=np.uint8)
    smooth = np.asarray(Image.fromarray(coarse).resize((192, 192), Image.Resampling.BICUBIC))
    grain = random.normal(0, 6, smooth.shape)
    return Image.fromarray(np.clip(smooth + grain, 0, 255).astype(np.uint8))


def _saved(image: Image.Image, quality: int) -> Image.Image:
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=quality)
    saved = Image.open(buffer)
    saved.load()
    return saved


def _reference(luminance: NDArray[np.float32], steps: NDArray[np.int64]) -> float:
    """The share of values missing, bin by bin, by the words of `coarser_step`."""
    of_each: list[float] = []
    for row, column in LOW:
        own = int(steps[row, column])
        counts: dict[int, int] = {}
        for top in range(0, luminance.shape[0] - 7, 8):
            for left in range(0, luminance.shape[1] - 7, 8):
                block = luminance[top : top + 8, left : left + 8] - 128.0
                value = abs(round(float(dctn(block, norm="ortho")[row, column]) / own))
                counts[value] = counts.get(value, 0) + 1
        most = max(counts)
        shares = []
        for coarser in range(own + 1, 40):
            reached = {round(at * coarser / own) for at in range(most * own // coarser + 2)}
            inside = sorted(each for each in reached if each <= most)
            expected = seen = 0.0
            for at in range(inside[-1]):
                if at in reached:
                    continue
                below = max(each for each in inside if each < at)
                above = min(each for each in inside if each > at)
                part = (at - below) / (above - below)
                first, second = (math.log(counts.get(each, 0) + 0.5) for each in (below, above))
                expected += max(math.exp(first + part * (second - first)) - 0.5, 0.0)
                seen += counts.get(at, 0)
            if expected >= 60:
                shares.append(1 - min(seen / expected, 1))
        if most >= 2 and shares:
            of_each.append(max(shares))
    typical = float(np.median(of_each)) if of_each else 0.0
    return typical if typical >= 0.7 else 0.0


@pytest.mark.parametrize("quality", QUALITIES)
@pytest.mark.parametrize("before", [None, *QUALITIES])
def test_it_is_the_share_of_values_that_a_coarser_step_leaves_out(
    quality: int, before: int | None
) -> None:
    scene = _scene(quality)
    saved = _saved(scene if before is None else _saved(scene, before), quality)
    steps = table_of(saved.quantization[0])  # type: ignore[attr-defined]
    luminance = np.asarray(saved.convert("L"), np.float32)
    found = coarser_step(luminance, steps)
    assert found == pytest.approx(_reference(luminance, steps), abs=1e-6)
    if before is None:
        assert found == 0
    elif before <= 70 and quality >= 93:
        assert found >= 0.7
