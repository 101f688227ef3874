"""A made-up collection in numbers, as large as one likes: what an analysis would have said of it.

A few hundred made-up *kinds* of image stand for all: a kind has activations, token maps and pixel
groups, and lies in one of the clusters of the layout; an image is of a kind, with a logit, a label
and coordinates of its own. So the result files stay small, whatever the number of images, and what
is found in one part of the layout differs from what is found in another.
"""

from __future__ import annotations

import io
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Picture
from scipy.ndimage import gaussian_filter

from workbench.analysis.images.normalise import NORMAL_SIZE
from workbench.analysis.layout.cells import stratified_order
from workbench.analysis.regions.pixel_groups import (
    KEPT_AT_MOST,
    PixelGroup,
    join_superpixels,
    superpixels,
)
from workbench.services.pipeline.contributions import SCALE_PERCENTILE

DIMENSIONS = 12
GRID = 16
PARTS = 44
"""Length of a group's direction: 16 parts of each side, and the dimensions."""
KINDS = 1024
CLUSTERS = 40
GROUPS_AN_IMAGE = 4
GROUPS_A_KIND = 12
"""Each image has some of its kind's."""
PATTERNS = 40
UNCLUSTERED = 0.35
MASKS = 50
PICTURES = 36
WRONG_SHARE = 0.1
HELD_OUT_SHARE = 0.25
MEASURED = 1000
"""Images with a measured sensitivity, as `Settings.sensitivity_images` has it."""
EVENNESS = 0.6
"""As `analysis.layout` draws UMAP's coordinates toward an even distribution."""
GENERATORS = (
    "StyleGAN",
    "StyleGAN2",
    "ProGAN",
    "BigGAN",
    "GLIDE",
    "ADM",
    "LDM",
    "SDXL",
    "FLUX",
    "Midjourney",
    "DALL-E 3",
    "Imagen",
)
LOGIT_WEIGHT = np.linspace(1.3, 0.7, DIMENSIONS, dtype=np.float32)
"""Dimensions are signed, + toward fake."""
ACTIVATION = 0.55
"""Standard deviation of a dimension over that of its score."""


@dataclass(frozen=True)
class Kinds:
    """What the images of one kind share.

    cluster: (kind,). activations: (kind, K). logits: (kind,). token_maps: (kind, K, patch), as
    half precision. directions: (kind, group, part), of length 1. profiles: (kind, group, K), the
    contributions of the groups that its images choose from, in logits. masks: (kind, group),
    which of the prepared masks. patterns: (kind, group), -1 for none.
    """

    cluster: NDArray[np.int64]
    activations: NDArray[np.float32]
    logits: NDArray[np.float64]
    token_maps: NDArray[np.float16]
    directions: NDArray[np.float16]
    profiles: NDArray[np.float64]
    masks: NDArray[np.int64]
    patterns: NDArray[np.int64]

    @property
    def contributions(self) -> NDArray[np.float64]:
        """C of each group (kind, group), in logits; + toward fake."""
        total: NDArray[np.float64] = self.profiles.sum(axis=2)
        return total

    @property
    def map_scale(self) -> float:
        """The |contribution| of a patch that a heatmap shows at full strength."""
        maps = (self.token_maps.astype(np.float32) * LOGIT_WEIGHT[:, None]).sum(axis=1)
        return float(np.percentile(np.abs(maps), SCALE_PERCENTILE))


@dataclass(frozen=True)
class Made:
    """The images as columns; outcomes are 0…3 in the order of `OUTCOMES`.

    generator: which of GENERATORS, -1 for real images. removed, control: changes of the logit, NaN
    where they were not measured. groups: (image, group), which of its kind's, largest |C| first.
    """

    kind: NDArray[np.int64]
    logit: NDArray[np.float64]
    fake: NDArray[np.bool_]
    outcome: NDArray[np.int64]
    held_out: NDArray[np.bool_]
    generator: NDArray[np.int64]
    coordinates: NDArray[np.float64]
    removed: NDArray[np.float64]
    control: NDArray[np.float64]
    groups: NDArray[np.int8]

    @property
    def p(self) -> NDArray[np.float64]:
        """The share of fake that the logit means, in [0, 1]."""
        found: NDArray[np.float64] = 1.0 / (1.0 + np.exp(-self.logit))
        return found

    @property
    def sensitivity(self) -> NDArray[np.float64]:
        """In logits, + toward fake; NaN where it was not measured."""
        return self.removed - self.control


def make_kinds(seed: int) -> Kinds:
    """The kinds; the same for every size of collection."""
    random = np.random.default_rng([seed, 1])
    cluster = random.integers(0, CLUSTERS, KINDS)
    centre = random.normal(0.0, 1.3, (CLUSTERS, DIMENSIONS))
    score = centre[cluster] + random.normal(0.0, 0.6, (KINDS, DIMENSIONS))
    activations = (ACTIVATION * score).astype(np.float32)
    share = random.dirichlet(np.full(GROUPS_A_KIND, 0.7), KINDS) * random.uniform(1, 3, (KINDS, 1))
    strength = random.uniform(0.2, 1.0, (KINDS, GROUPS_A_KIND, DIMENSIONS))
    # Each group is of what pushes to one side; otherwise all would be as mixed as their image is.
    toward_fake = random.random((KINDS, GROUPS_A_KIND)) < 0.5
    sided = np.where(toward_fake[..., None] == (activations > 0)[:, None], 1.0, 0.1)
    profiles = share[..., None] * strength * sided * (activations * LOGIT_WEIGHT)[:, None]
    directions = random.normal(size=(KINDS, KEPT_AT_MOST, PARTS))
    directions /= np.linalg.norm(directions, axis=2, keepdims=True)
    return Kinds(
        cluster=cluster,
        activations=activations,
        logits=(activations @ LOGIT_WEIGHT).astype(np.float64),
        token_maps=_token_maps(activations, random),
        directions=directions.astype(np.float16),
        profiles=profiles,
        masks=random.integers(0, MASKS, (KINDS, GROUPS_A_KIND)),
        patterns=_patterns(cluster, profiles, random),
    )


def _token_maps(
    activations: NDArray[np.float32], random: np.random.Generator
) -> NDArray[np.float16]:
    """Smooth fields that sum to the activation."""
    noise = random.normal(size=(KINDS * DIMENSIONS, GRID, GRID)).astype(np.float32)
    field = gaussian_filter(noise, sigma=(0.0, 1.5, 1.5)).reshape(KINDS, DIMENSIONS, -1)
    field -= field.mean(axis=2, keepdims=True)
    level = activations[..., None] / GRID**2
    return (level * (1.0 + 4.0 * field / field.std())).astype(np.float16)


def _patterns(
    cluster: NDArray[np.int64], profiles: NDArray[np.float64], random: np.random.Generator
) -> NDArray[np.int64]:
    """Each group's pattern: the first half of them push toward fake, the others toward real."""
    half = PATTERNS // 2
    leading = np.abs(profiles).argmax(axis=2)
    within_side = (cluster[:, None] * 7 + leading) % half
    number = np.where(profiles.sum(axis=2) > 0, within_side, half + within_side)
    return np.where(random.random(number.shape) < UNCLUSTERED, -1, number)


def make_images(kinds: Kinds, count: int, seed: int) -> Made:
    """So many images of these kinds."""
    random = np.random.default_rng([seed, 2, count])
    kind = random.integers(0, KINDS, count)
    logit = kinds.logits[kind] + random.normal(0.0, 0.4, count)
    doubt = np.exp(-np.abs(logit))
    wrong = random.random(count) < doubt * (WRONG_SHARE / doubt.mean())
    called_fake = logit > 0
    fake = called_fake ^ wrong
    coordinates = _coordinates(kinds.cluster[kind], kind, random)
    removed, control = _changes(logit, coordinates, random, seed)
    return Made(
        kind=kind,
        logit=logit,
        fake=fake,
        outcome=np.where(fake, np.where(called_fake, 2, 3), np.where(called_fake, 1, 0)),
        held_out=random.random(count) < HELD_OUT_SHARE,
        generator=np.where(fake, random.integers(0, len(GENERATORS), count), -1),
        coordinates=coordinates,
        removed=removed,
        control=control,
        groups=_groups(kinds, kind, random),
    )


def _coordinates(
    cluster: NDArray[np.int64], kind: NDArray[np.int64], random: np.random.Generator
) -> NDArray[np.float64]:
    """Elongated clusters, within them the kinds, drawn toward an even distribution by rank."""
    of_clusters = np.random.default_rng(int(random.integers(2**31)))
    centre = of_clusters.uniform(0.0, 1.0, (CLUSTERS, 2))
    angle = of_clusters.uniform(0.0, np.pi, CLUSTERS)
    axes = np.stack([np.cos(angle), np.sin(angle), -np.sin(angle), np.cos(angle)], axis=1)
    extent = of_clusters.uniform((0.02, 0.005), (0.09, 0.03), (CLUSTERS, 2))
    offset = of_clusters.normal(0.0, 0.8, (KINDS, 2))[kind] + random.normal(
        0.0, 0.4, (len(kind), 2)
    )
    turned = axes.reshape(CLUSTERS, 2, 2)[cluster]
    coordinates = centre[cluster] + np.einsum("ij,ijk->ik", offset * extent[cluster], turned)
    low, high = coordinates.min(axis=0), coordinates.max(axis=0)
    scaled = (coordinates - low) / (high - low)
    ranked = (np.argsort(np.argsort(coordinates, axis=0), axis=0) + 0.5) / len(coordinates)
    even = (1.0 - EVENNESS) * scaled + EVENNESS * ranked
    return np.clip(even, 0.0, np.nextafter(1.0, 0.0))


def _changes(
    logit: NDArray[np.float64],
    coordinates: NDArray[np.float64],
    random: np.random.Generator,
    seed: int,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """What removal and control did to the logit, for images spread over the layout."""
    removed, control = (np.full(len(logit), np.nan) for _ in range(2))
    measured = stratified_order(coordinates, seed=seed)[:MEASURED]
    removed[measured] = -logit[measured] * random.uniform(0.3, 1.2, len(measured))
    control[measured] = -logit[measured] * random.uniform(0.0, 0.4, len(measured))
    return removed, control


def _groups(kinds: Kinds, kind: NDArray[np.int64], random: np.random.Generator) -> NDArray[np.int8]:
    """For each image some of its kind's groups, largest |C| first."""
    found = np.empty((len(kind), GROUPS_AN_IMAGE), dtype=np.int8)
    size = np.abs(kinds.contributions)
    step = 50_000
    for start in range(0, len(kind), step):
        part = kind[start : start + step]
        drawn = random.random((len(part), GROUPS_A_KIND)).argpartition(GROUPS_AN_IMAGE, axis=1)
        chosen = drawn[:, :GROUPS_AN_IMAGE]
        order = np.argsort(-np.take_along_axis(size[part], chosen, axis=1), axis=1)
        found[start : start + step] = np.take_along_axis(chosen, order, axis=1)
    return found


def draw_pictures(seed: int) -> list[NDArray[np.uint8]]:
    """Some soft coloured pictures of the normalised size."""
    random = np.random.default_rng([seed, 3])
    drawn = []
    for _ in range(PICTURES):
        noise = random.normal(size=(NORMAL_SIZE, NORMAL_SIZE, 3))
        soft = sum(gaussian_filter(noise, sigma=(sigma, sigma, 0)) * sigma for sigma in (24, 6, 1))
        low, high = soft.min(), soft.max()
        drawn.append(((soft - low) / (high - low) * 255).astype(np.uint8))
    return drawn


def as_jpeg(pixels: NDArray[np.uint8]) -> bytes:
    """One picture as the import would write it."""
    content = io.BytesIO()
    Picture.fromarray(pixels).save(content, "JPEG", quality=95)
    return content.getvalue()


def prepared_masks(kinds: Kinds, pictures: list[NDArray[np.uint8]]) -> list[PixelGroup]:
    """Regions that grouping finds on these pictures, for pixel groups to take their masks from."""
    found: list[PixelGroup] = []
    weights = LOGIT_WEIGHT[:, None]
    for number in range(KINDS):
        maps = kinds.token_maps[number].astype(np.float32) * weights
        found += join_superpixels(superpixels(pictures[number % PICTURES]), maps, (GRID, GRID))
        if len(found) >= MASKS:
            break
    return found[:MASKS]
