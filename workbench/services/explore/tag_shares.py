"""How much of the evidence of a dimension, or of a pattern, is tagged, and with what.

Counted live: a pattern's evidence is known (`PatternDescription`), so that only the groups are read
that are tagged without most of their pattern, or left out of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import select

from workbench.services.columns.store import ColumnStore, column_store
from workbench.services.tagged.groups import tagged_groups
from workbench.store.database import session
from workbench.store.descriptions import PatternDescription
from workbench.store.results import PixelGroup

Evidence = NDArray[np.float64]
"""(…, K + 1): |c_k| by dimension, then |C|, in logits."""
Groups = NDArray[np.int64]
"""Pixel groups, as indexes of a version's columns."""
_LOOKED_UP: Final = 5_000


@dataclass(frozen=True)
class TagShare:
    """Evidence in the pixel groups with one tag, as shares in [0, 1]."""

    tag: str
    whole: float
    """Of the evidence in all pixel groups."""
    tagged: float
    """Of that in the groups with some tag."""


@dataclass(frozen=True)
class TagShares:
    """The tags that evidence bears, the largest share first; shares overlap where groups have two.

    tagged: share of the evidence in pixel groups that have some tag.
    """

    shares: tuple[TagShare, ...] = ()
    tagged: float = 0.0


UNTAGGED = TagShares()


def tags_of_dimensions(version_id: int, wholes: Mapping[int, float]) -> dict[int, TagShares]:
    """By dimension. `wholes` is the evidence of each in pixel groups. Seven queries at most."""
    found = _tagged(version_id, None) if wholes else None
    if found is None:
        return {}
    return {dimension: found.shares(dimension, whole) for dimension, whole in wholes.items()}


def tags_of_pattern(version_id: int, pattern_id: int) -> TagShares:
    """Of one pattern's evidence. Eight queries at most."""
    whole = session().scalar(
        select(PatternDescription.evidence).where(PatternDescription.pattern_id == pattern_id)
    )
    found = _tagged(version_id, pattern_id) if whole else None
    return UNTAGGED if found is None else found.shares(-1, whole or 0.0)


@dataclass(frozen=True)
class _Tagged:
    by_tag: Mapping[str, Evidence]
    any_tag: Evidence

    def shares(self, column: int, whole: float) -> TagShares:
        tagged = float(self.any_tag[column])
        if whole <= 0 or tagged <= 0:
            return UNTAGGED
        found = [
            TagShare(
                tag, _share(float(amount[column]), whole), _share(float(amount[column]), tagged)
            )
            for tag, amount in self.by_tag.items()
        ]
        found.sort(key=lambda each: (-each.whole, each.tag))
        return TagShares(tuple(each for each in found if each.whole > 0), _share(tagged, whole))


def _share(part: float, whole: float) -> float:
    # What is stored is rounded to six digits.
    return min(max(part / whole, 0.0), 1.0)


def _tagged(version_id: int, pattern_id: int | None) -> _Tagged | None:
    """Evidence by tag; None where nothing is tagged."""
    store = column_store(version_id)
    bearing = {each.tag: each.groups for each in tagged_groups(store).values()}
    if pattern_id is not None:
        inside = store.groups_of(store.pattern_index(pattern_id))
        bearing = {
            tag: np.intersect1d(groups, inside, assume_unique=True)
            for tag, groups in bearing.items()
        }
    bearing = {tag: groups for tag, groups in bearing.items() if len(groups)}
    if not bearing:
        return None
    every = np.unique(np.concatenate([*bearing.values()]))
    *of_tags, of_every = _evidence(store, [*bearing.values(), every])
    return _Tagged(dict(zip(bearing, of_tags, strict=True)), of_every)


def _evidence(store: ColumnStore, sets: Sequence[Groups]) -> list[Evidence]:
    """The evidence in each of these sets of pixel groups. Two queries, more for many groups.

    That of a whole pattern is known: of a pattern whose groups are in a set for the most part,
    only those are read that are not.
    """
    parts = [_Parts.of(store, groups) for groups in sets]
    read = np.unique(np.concatenate([each for part in parts for each in (part.more, part.less)]))
    table = _read(store.pixel_group_ids[read])
    wholes = _wholes(store)
    return [
        wholes[part.patterns].sum(axis=0)
        + table[np.searchsorted(read, part.more)].sum(axis=0)
        - table[np.searchsorted(read, part.less)].sum(axis=0)
        for part in parts
    ]


@dataclass(frozen=True)
class _Parts:
    """A set of pixel groups as whole patterns, with groups beyond them, without some of theirs."""

    patterns: Groups
    more: Groups
    less: Groups

    @staticmethod
    def of(store: ColumnStore, groups: Groups) -> _Parts:
        of_pattern = store.pixel_group_patterns[groups]
        counts = np.bincount(of_pattern[of_pattern >= 0], minlength=len(store.pattern_ids))
        patterns = np.flatnonzero(2 * counts > store.pattern_sizes)
        members = [store.groups_of(int(each)) for each in patterns]
        return _Parts(
            patterns,
            groups[~np.isin(of_pattern, patterns)],
            np.setdiff1d(np.concatenate([np.empty(0, np.int64), *members]), groups),
        )


def _wholes(store: ColumnStore) -> Evidence:
    """By pattern, in the order of the version's columns."""
    rows = session().execute(
        select(
            PatternDescription.pattern_id,
            PatternDescription.by_dimension,
            PatternDescription.evidence,
        ).where(PatternDescription.pattern_id.in_(store.pattern_ids.tolist()))
    )
    found = {pattern_id: [*by_dimension, total] for pattern_id, by_dimension, total in rows}
    return np.array([found[int(each)] for each in store.pattern_ids])


def _read(group_ids: Groups) -> Evidence:
    """By pixel group, in their order."""
    found: dict[int, list[float]] = {}
    for start in range(0, len(group_ids), _LOOKED_UP):
        rows = session().execute(
            select(PixelGroup.id, PixelGroup.by_dimension, PixelGroup.contribution).where(
                PixelGroup.id.in_(group_ids[start : start + _LOOKED_UP].tolist())
            )
        )
        for group_id, by_dimension, contribution in rows:
            found[group_id] = [*by_dimension, contribution]
    if not found:
        return np.zeros((0, 1))
    table: Evidence = np.abs(np.array([found[int(each)] for each in group_ids], np.float64))
    return table
