"""Sums over groups of images: what the variance of a share needs where groups are alike."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Integer
from numpy import ndarray


@dataclass(frozen=True)
class GroupSums:
    """Images in groups, of some kinds, and which of them have each of some traits.

    counts (kind): images. hits (trait, kind): images with the trait.
    groups (group, kind): images of each group.
    products (kind, kind'): sum over groups of images x images of the other kind.
    hit_products (trait, kind, kind'): the same of images with the trait.
    mixed_products (trait, kind, kind'): of images with the trait x all images of the other kind.
    """

    counts: Float[ndarray, " kind"]
    hits: Float[ndarray, "trait kind"]
    groups: Float[ndarray, "group kind"] | None
    """None where every image is a group of its own."""
    products: Float[ndarray, "kind kind"]
    hit_products: Float[ndarray, "trait kind kind"]
    mixed_products: Float[ndarray, "trait kind kind"]

    def group_count(self, kinds: Sequence[int]) -> int:
        """How many groups have an image of one of these kinds."""
        if self.groups is None:
            return int(self.counts[list(kinds)].sum())
        return int(self.groups[:, list(kinds)].any(axis=1).sum())

    def squares(
        self, of_hits: Float[ndarray, "trait kind"], of_all: Float[ndarray, "trait kind"]
    ) -> Float[ndarray, " trait"]:
        """Sum, over groups, the square of what their images add up to.

        Each image adds its kind's `of_all`, and with the trait also `of_hits`.
        """
        found = (
            np.einsum("tk,tkl,tl->t", of_hits, self.hit_products, of_hits)
            + 2 * np.einsum("tk,tkl,tl->t", of_hits, self.mixed_products, of_all)
            + np.einsum("tk,kl,tl->t", of_all, self.products, of_all)
        )
        return np.asarray(np.maximum(found, 0.0))

    def apart(self) -> GroupSums:
        """The same images as if each were a group of its own."""
        return single_images(self.counts, self.hits)


def single_images(
    counts: Float[ndarray, " kind"] | Integer[ndarray, " kind"],
    hits: Float[ndarray, "trait kind"] | Integer[ndarray, "trait kind"],
) -> GroupSums:
    """Images by kind, and those with each trait, where every image is a group of its own."""
    counts, hits = np.asarray(counts, np.float64), np.asarray(hits, np.float64)
    alone = hits[:, :, None] * np.eye(len(counts))
    return GroupSums(counts, hits, None, np.diag(counts), alone, alone)


def group_sums(
    group: Integer[ndarray, " image"],
    kind: Integer[ndarray, " image"],
    having: Sequence[tuple[Integer[ndarray, " _"], Integer[ndarray, " _"]]],
    kinds: int,
) -> GroupSums:
    """Sum images up by group; `having` are the groups and kinds of the images with each trait.

    Groups and kinds are codes from 0 on. The work grows with the images and with those that have a
    trait, and where every image is a group of its own there is next to none.
    """
    hits = np.array([np.bincount(own, minlength=kinds) for _group, own in having], np.float64)
    hits = hits.reshape(-1, kinds)  # also where there is no trait
    sizes = np.bincount(group)
    if not len(sizes) or sizes.max() == 1:
        return single_images(np.bincount(kind, minlength=kinds), hits)
    index = np.cumsum(sizes > 0) - 1
    groups = int(index[-1]) + 1
    table = np.bincount(index[group] * kinds + kind, minlength=groups * kinds)
    table = table.reshape(groups, kinds).astype(np.float64)
    hit_products, mixed_products = np.zeros((2, len(hits), kinds, kinds))
    for trait, (of_group, of_kind) in enumerate(having):
        row, own = _tabled(index[of_group], of_kind, kinds)
        hit_products[trait] = own.T @ own
        mixed_products[trait] = own.T @ table[row]
    products = table.T @ table
    return GroupSums(table.sum(axis=0), hits, table, products, hit_products, mixed_products)


def _tabled(
    row: Integer[ndarray, " image"], kind: Integer[ndarray, " image"], kinds: int
) -> tuple[Integer[ndarray, " group"], Float[ndarray, "group kind"]]:
    """The groups of some images, and how many of each kind each has."""
    key, count = np.unique(row.astype(np.int64) * kinds + kind, return_counts=True)
    of_key = key // kinds
    first = np.diff(of_key, prepend=-1) > 0
    table = np.zeros((int(first.sum()), kinds))
    table[np.cumsum(first) - 1, key % kinds] = count
    return of_key[first], table
