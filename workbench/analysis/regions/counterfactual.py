"""Counterfactual edits with their controls: regions removed, dimensions set to a reference."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import Literal, get_args

import cv2
import numpy as np
from jaxtyping import Float, Integer, UInt8
from numpy import ndarray
from scipy.fft import dstn, idstn
from scipy.special import stdtrit

Fill = Literal["clone", "inpaint", "blur", "mean"]
FILLS: tuple[Fill, ...] = get_args(Fill)
Movement = Literal["fall", "rise", "stay", "less"]
MEASURING_FILL: Fill = "clone"
"""The fill for measuring effects: the most faithful one on planted patterns."""
SIDE = 224
"""Side in pixels of the pictures that the lengths below are for; of larger ones they grow alike."""
_INPAINT_RADIUS = 5
_BASE_RADIUS = 2
"""Radius of the inpainting below a clone, of which little more than the rim's colours remain."""
_RIM = 3
"""Pixels along a clone's rim whose gradient is that of the inpainting."""
_BLUR_SIGMA = 9.0
_MARGIN = 2
"""Pixels by which a region is dilated before it is filled, so that its rim is removed too."""
_DRAWS = 12
FEWEST_CONTROLS = 3
_MOVED = 1e-6
_SOURCES = 24
"""Number of random windows that a clone's texture is chosen from."""


@dataclass(frozen=True)
class Effect:
    """Effect of removing regions on the logit, in logits, + toward fake.

    value: mean over the images of (change by removal - mean change of its controls).
    low, high: its 95% confidence interval (Student's t); None for a single image.
    control: the mean change of the controls.
    """

    value: float
    low: float | None
    high: float | None
    control: float
    images: int


def paired_effect(
    removed: Float[ndarray, " image"], controls: Float[ndarray, "image control"]
) -> Effect:
    """Compute the effect from each image's change by removal and those of its own controls.

    Paired, because images differ in how far any edit moves them. ValueError without images.
    """
    count = len(removed)
    if not count:
        raise ValueError("an effect needs at least one image")
    beyond = removed - controls.mean(axis=1)
    value = float(beyond.mean())
    reach = None
    if count > 1:
        reach = float(stdtrit(count - 1, 0.975) * beyond.std(ddof=1) / np.sqrt(count))
    return Effect(
        value=value,
        low=None if reach is None else value - reach,
        high=None if reach is None else value + reach,
        control=float(controls.mean()),
        images=count,
    )


def prediction_interval(controls: Float[ndarray, " control"]) -> tuple[float, float] | None:
    """Find the controls' 95% prediction interval, in logits.

    Mean ± t quantile of 0.975 times standard deviation times sqrt(1 + 1/n): one more control would
    lie outside of it in 5% of cases, so that a change outside of it is significant. It may reach
    beyond all of the controls. None for fewer than `FEWEST_CONTROLS`, of which the standard
    deviation says too little.
    """
    count = len(controls)
    if count < FEWEST_CONTROLS:
        return None
    mean = float(controls.mean())
    reach = float(stdtrit(count - 1, 0.975) * controls.std(ddof=1) * np.sqrt(1 + 1 / count))
    return mean - reach, mean + reach


def movement(change: float, interval: tuple[float, float]) -> Movement:
    """Say what an edit does to p(fake), by the 95% prediction interval of its controls.

    `stay` within the interval, its ends included: no more than any such edit does. `fall` below the
    interval, `rise` above it. `less` outside of it too, but on the side of no change or short of
    it: every such edit moves p(fake), and this one less far, which is no move of its own.
    """
    low, high = interval
    if low <= change <= high:
        return "stay"
    if change < low:
        return "fall" if change < 0 else "less"
    return "rise" if change > 0 else "less"


def dimension_changes(
    activation: Float[ndarray, " dimension"],
    logit_weight: Float[ndarray, " dimension"],
    reference: Float[ndarray, " dimension"],
) -> Float[ndarray, " dimension"]:
    """Compute the change of the logit, + toward fake, for each dimension set to its reference.

    w_k (reference_k - z_k), exact: the logit is linear in z. The reference is 0, or the mean
    activations of some images.
    """
    changes: Float[ndarray, " dimension"] = logit_weight * (reference - activation)
    return changes


def other_dimensions(
    dimension: int,
    activation: Float[ndarray, " dimension"],
    reference: Float[ndarray, " dimension"],
    count: int,
) -> Integer[ndarray, " control"]:
    """Draw up to `count` other dimensions as controls of a dimension's edit.

    A dimension's controls are the same edit of the image's other dimensions: set to 0, or to the
    same cell's mean. Only of those that the edit changes: many zeros would make any other change
    look like evidence. Deterministic for a dimension.
    """
    moved = np.flatnonzero(np.abs(reference - activation) > _MOVED)
    others = moved[moved != dimension]
    drawn = np.random.default_rng(dimension).permutation(others)[:count]
    return np.sort(drawn)


def remove_region(
    pixels: UInt8[ndarray, "height width 3"], mask: UInt8[ndarray, "row column"], fill: Fill
) -> UInt8[ndarray, "height width 3"]:
    """Fill the region under the mask (0 or 1), which may be of a smaller copy of the picture.

    `clone` covers the region with texture of another part of the image, fitted to its rim by
    Poisson's equation (Pérez, Gangnet, Blake, SIGGRAPH 2003, equation 10), `inpaint` continues
    the surroundings (Telea 2004, OpenCV), `blur` blurs the region, `mean` fills it with the image's
    mean colour, as all fills but `blur` do for a mask that covers everything. An empty mask changes
    nothing.
    """
    height, width = pixels.shape[:2]
    times = max(height / SIDE, 1.0)
    size = 2 * round(_MARGIN * times) + 1
    region = cv2.resize(mask, (width, height), interpolation=cv2.INTER_NEAREST)
    hole = np.asarray(cv2.dilate(region, np.ones((size, size), np.uint8)), dtype=np.uint8)
    if fill in ("clone", "inpaint") and not hole.all():
        radius = times * (_INPAINT_RADIUS if fill == "inpaint" else _BASE_RADIUS)
        inpainted = np.asarray(cv2.inpaint(pixels, hole, radius, cv2.INPAINT_TELEA), dtype=np.uint8)
        return inpainted if fill == "inpaint" else _cloned(inpainted, hole, round(_RIM * times))
    if fill == "blur":
        filling = cv2.GaussianBlur(pixels, (0, 0), _BLUR_SIGMA * times)
    else:
        filling = np.broadcast_to(pixels.mean(axis=(0, 1)), pixels.shape)
    return np.where(hole[..., None] > 0, filling, pixels).astype(np.uint8)


def _cloned(
    inpainted: UInt8[ndarray, "height width 3"], hole: UInt8[ndarray, "height width"], rim: int
) -> UInt8[ndarray, "height width 3"]:
    """Cover the hole of an inpainted image with texture of another part of it.

    Both the rim and the texture are of the inpainted image, so that nothing of what was removed
    comes back, be it at the image's border or where the window overlaps the hole.
    """
    height, width = hole.shape
    # The equation needs the rim inside the image; the outermost pixels stay inpainted.
    inner = hole.copy()
    inner[[0, -1]] = inner[:, [0, -1]] = 0
    if not inner.any():
        return inpainted
    top, left = _source(hole)
    source = _mirrored(inpainted)[top : top + height, left : left + width]
    inside = cv2.erode(inner, np.ones((3, 3), np.uint8), iterations=rim)
    fitted = inpainted + _poisson(source.astype(np.float32) - inpainted, inside)
    cloned = np.where(hole[..., None] > 0, np.rint(fitted), inpainted)
    return np.clip(cloned, 0, 255).astype(np.uint8)


def _poisson(
    difference: Float[ndarray, "height width channel"], inside: UInt8[ndarray, "height width"]
) -> Float[ndarray, "height width channel"]:
    """Find the picture with the gradient of `difference` inside of a mask, and 0 elsewhere.

    As near to it as a picture can be: Poisson's equation, 0 around the picture, solved by sine
    transforms. OpenCV's `seamlessClone` solves the same for a gradient of the two pictures, which
    is slower by far: its transforms have whatever length the mask's box has.
    """
    divergence = np.zeros_like(difference)
    for axis in (0, 1):
        steps = np.diff(difference, axis=axis, append=0) * inside[..., None]
        divergence += np.diff(steps, axis=axis, prepend=0)
    down, across = (2 * np.cos(np.pi * np.arange(1, n + 1) / (n + 1)) - 2 for n in inside.shape)
    eigenvalues = (down[:, None] + across)[..., None].astype(difference.dtype)
    found: Float[ndarray, "height width channel"] = idstn(
        dstn(divergence, type=1, axes=(0, 1)) / eigenvalues, type=1, axes=(0, 1)
    )
    return found


def _mirrored(picture: UInt8[ndarray, "height width *channel"]) -> UInt8[ndarray, ...]:
    """The picture with itself mirrored at each border, less the border: three times as large."""
    height, width = picture.shape[0] - 1, picture.shape[1] - 1
    extended = cv2.copyMakeBorder(picture, height, height, width, width, cv2.BORDER_REFLECT_101)
    return np.asarray(extended, dtype=np.uint8)


def _source(hole: UInt8[ndarray, "height width"]) -> tuple[int, int]:
    """Choose the window to take texture from: its row and column in the image, mirrored at borders.

    Of random windows, the same for the same hole, the first with the least overlap.
    """
    height, width = hole.shape
    mirrored = _mirrored(hole)
    generator = np.random.default_rng(zlib.crc32(hole.tobytes()))
    drawn = generator.integers(0, (2 * height - 1, 2 * width - 1), size=(_SOURCES, 2)).tolist()
    overlaps = [
        int((mirrored[top : top + height, left : left + width] & hole).sum()) for top, left in drawn
    ]
    top, left = drawn[int(np.argmin(overlaps))]
    return top, left


def with_controls(
    pixels: UInt8[ndarray, "height width 3"],
    mask: UInt8[ndarray, "row column"],
    fill: Fill,
    *,
    controls: int,
    seed: int,
) -> list[UInt8[ndarray, "height width 3"]]:
    """Remove the region, and in further copies each of `controls` regions like it elsewhere."""
    regions = [mask, *random_regions(mask, controls, seed=seed)]
    return [remove_region(pixels, region, fill) for region in regions]


def random_regions(
    mask: UInt8[ndarray, "height width"], count: int, *, seed: int
) -> list[UInt8[ndarray, "height width"]]:
    """Draw `count` regions of the same shape and area elsewhere in the image.

    The mask is shifted cyclically and mirrored; of twelve random shifts each time, one of the three
    with the least overlap with the original is taken.
    """
    generator = np.random.default_rng(seed)
    return [_elsewhere(mask, generator) for _ in range(count)]


def _elsewhere(
    mask: UInt8[ndarray, "height width"], generator: np.random.Generator
) -> UInt8[ndarray, "height width"]:
    height, width = mask.shape
    candidates = []
    for _ in range(_DRAWS):
        mirrored = mask[:, ::-1] if generator.random() < 0.5 else mask
        shift = (int(generator.integers(height)), int(generator.integers(width)))
        candidates.append(np.roll(mirrored, shift, axis=(0, 1)))
    # With the least overlap alone, every control would be in the same corner.
    candidates.sort(key=lambda moved: int((moved & mask).sum()))
    return candidates[int(generator.integers(3))]
