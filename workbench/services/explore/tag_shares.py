"""How much of the evidence of a dimension, or of a pattern, is tagged, and with what.

Counted live: a pattern's evidence is known (`PatternDescription`), so that only the groups which
were tagged by hand, or which a tag was rejected on, are read.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import reduce

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import select

from workbench.services.review import tag_checks
from workbench.store.database import session
from workbench.store.descriptions import DimensionDescription, PatternDescription
from workbench.store.judgements import Tag, Tagging
from workbench.store.results import Pattern, PixelGroup

Evidence = NDArray[np.float64]
"""(K + 1): |c_k| by dimension, then |C|, in logits."""


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


def tags_of_dimensions(version_id: int) -> dict[int, TagShares]:
    """By dimension, of a version that is described. Four queries at most."""
    wholes = dict(
        session()
        .execute(
            select(DimensionDescription.dimension, DimensionDescription.in_groups).where(
                DimensionDescription.version_id == version_id
            )
        )
        .tuples()
        .all()
    )
    found = _tagged(version_id, None) if wholes else None
    if found is None:
        return {}
    return {dimension: found.shares(dimension, whole) for dimension, whole in wholes.items()}


def tags_of_pattern(version_id: int, pattern_id: int) -> TagShares:
    """Of one pattern's evidence. Four queries at most."""
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


@dataclass(frozen=True)
class _Group:
    """A pixel group's pattern and evidence."""

    pattern_id: int | None
    evidence: Evidence


def _tagged(version_id: int, pattern_id: int | None) -> _Tagged | None:
    """Evidence by tag; None where nothing is tagged."""
    of_patterns, whole = _on_patterns(version_id, pattern_id)
    by_hand = _by_hand(version_id, pattern_id)
    if not of_patterns and not by_hand:
        return None
    rejected = tag_checks.rejected(of_patterns)
    groups = _groups({each for some in rejected.values() for each in some} | set(by_hand))
    by_tag: defaultdict[str, Evidence] = defaultdict(lambda: np.zeros(1))
    tagged_by_pattern: dict[tuple[str, int], frozenset[int]] = {}
    for tagging_id, (tag, tagged_pattern) in of_patterns.items():
        without = frozenset(rejected.get(tagging_id, {}))
        tagged_by_pattern[tag, tagged_pattern] = without
        by_tag[tag] = by_tag[tag] + whole[tagged_pattern] - _sum(groups[each] for each in without)
    for group_id, tags in by_hand.items():
        group = groups[group_id]
        for tag in tags:
            off = tagged_by_pattern.get((tag, group.pattern_id or 0))
            if off is None or group_id in off:
                by_tag[tag] = by_tag[tag] + group.evidence
    return _Tagged(by_tag, _any_tag(tagged_by_pattern, by_hand, groups, whole))


def _any_tag(
    tagged_by_pattern: Mapping[tuple[str, int], frozenset[int]],
    by_hand: Mapping[int, set[str]],
    groups: Mapping[int, _Group],
    whole: Mapping[int, Evidence],
) -> Evidence:
    """Evidence of the groups with some tag, each counted once."""
    withouts: defaultdict[int, list[frozenset[int]]] = defaultdict(list)
    for (_tag, tagged_pattern), without in tagged_by_pattern.items():
        withouts[tagged_pattern].append(without)
    bare = {each: reduce(frozenset.__and__, some) for each, some in withouts.items()}
    total = sum((whole[each] for each in bare), start=np.zeros(1))
    total = total - _sum(groups[each] for some in bare.values() for each in some)
    return total + _sum(
        groups[each]
        for each in by_hand
        if each in bare.get(groups[each].pattern_id or 0, frozenset({each}))
    )


def _sum(groups: Iterable[_Group]) -> Evidence:
    return sum((each.evidence for each in groups), start=np.zeros(1))


def _on_patterns(
    version_id: int, pattern_id: int | None
) -> tuple[dict[int, tuple[str, int]], dict[int, Evidence]]:
    """Tag and pattern by tagging, and each pattern's evidence."""
    rows = session().execute(
        select(
            Tagging.id,
            Tag.name,
            Tagging.pattern_id,
            PatternDescription.by_dimension,
            PatternDescription.evidence,
        )
        .join(Tag, Tag.id == Tagging.tag_id)
        .join(Pattern, Pattern.id == Tagging.pattern_id)
        .join(PatternDescription, PatternDescription.pattern_id == Pattern.id)
        .where(
            Tagging.withdrawn_at.is_(None),
            Pattern.version_id == version_id,
            *([] if pattern_id is None else [Pattern.id == pattern_id]),
        )
    )
    taggings, evidence = {}, {}
    for tagging_id, tag, tagged_pattern, by_dimension, total in rows:
        taggings[tagging_id] = tag, tagged_pattern
        evidence[tagged_pattern] = np.array([*by_dimension, total])
    return taggings, evidence


def _by_hand(version_id: int, pattern_id: int | None) -> dict[int, set[str]]:
    """The tags of each group that was tagged by hand."""
    rows = session().execute(
        select(Tagging.pixel_group_id, Tag.name)
        .join(Tag, Tag.id == Tagging.tag_id)
        .join(PixelGroup, PixelGroup.id == Tagging.pixel_group_id)
        .where(
            Tagging.withdrawn_at.is_(None),
            PixelGroup.version_id == version_id,
            *([] if pattern_id is None else [PixelGroup.pattern_id == pattern_id]),
        )
    )
    found: defaultdict[int, set[str]] = defaultdict(set)
    for group_id, tag in rows:
        if group_id is not None:
            found[group_id].add(tag)
    return dict(found)


def _groups(ids: set[int]) -> dict[int, _Group]:
    if not ids:
        return {}
    rows = session().execute(
        select(
            PixelGroup.id, PixelGroup.pattern_id, PixelGroup.by_dimension, PixelGroup.contribution
        ).where(PixelGroup.id.in_(ids))
    )
    return {
        group_id: _Group(pattern_id, np.abs(np.array([*by_dimension, contribution])))
        for group_id, pattern_id, by_dimension, contribution in rows
    }
