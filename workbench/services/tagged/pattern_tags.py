"""The tags of a version's patterns: those put on them, and those that their regions have already.

A tag on a pattern of another version is on its regions. A pattern that lies on them for the most
part bears it, too; one that lies on them in part may be meant, which a person has to say.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from flask_babel import gettext

from workbench.services.columns.store import ColumnStore, column_store
from workbench.services.errors import UnavailableError
from workbench.services.models.patterns import find_pattern
from workbench.services.review.dismissals import dismissed_for_patterns
from workbench.services.review.tags import TaggingView, taggings_of_patterns
from workbench.services.tagged.groups import OnMany, on_many
from workbench.store.judgements import DismissedSuggestion

BORNE: Final = 0.5
"""From this share of its pixel groups on, a pattern bears a tag that lies on them."""
SUGGESTED: Final = 0.1
"""From this share on, the tag is suggested for it."""


@dataclass(frozen=True)
class PatternTags:
    """What a pattern is called, the tags that were put on it first, and what it may be."""

    tags: tuple[TaggingView, ...] = ()
    suggested: tuple[TaggingView, ...] = ()
    """The largest share first."""


UNNAMED: Final = PatternTags()


def tags_of_patterns(
    store: ColumnStore, standing: Sequence[OnMany] | None = None
) -> dict[int, PatternTags]:
    """The tags of those of a version's patterns that have any, or are suggested one.

    `standing` are the tags on many regions, where they were asked for already.
    """
    if standing is None:
        standing = on_many(store)
    borne: defaultdict[int, list[TaggingView]] = defaultdict(list)
    own: set[tuple[int, int]] = set()
    for each in standing:
        if each.own and each.pattern_id is not None:
            borne[each.pattern_id].append(each.view)
            own.add((each.pattern_id, each.view.tag_id))
    carried = _carried(store, (each for each in standing if not each.own))
    suggested: defaultdict[int, list[TaggingView]] = defaultdict(list)
    for share, pattern_id, first in sorted(carried, key=lambda found: -found[0]):
        if (pattern_id, first.view.tag_id) in own:
            continue
        view = replace(first.view, version=first.version, share=share)
        if share >= BORNE:
            borne[pattern_id].append(view)
        elif view.state != "deprecated":
            suggested[pattern_id].append(view)
    if suggested:
        asked = DismissedSuggestion.pattern_id.in_(suggested)
        for pattern_id, off in dismissed_for_patterns(asked).items():
            suggested[pattern_id] = [
                each for each in suggested[pattern_id] if each.tag_id not in off
            ]
    return {
        each: PatternTags(tuple(borne[each]), tuple(suggested[each]))
        for each in borne.keys() | suggested.keys()
    }


def _carried(store: ColumnStore, standing: Iterable[OnMany]) -> list[tuple[float, int, OnMany]]:
    """Shares of patterns that tags of other patterns and selections lie on; the oldest of each."""
    by_tag: defaultdict[int, list[OnMany]] = defaultdict(list)
    for each in standing:
        by_tag[each.view.tag_id].append(each)
    sizes = store.pattern_sizes
    found = []
    for some in by_tag.values():
        groups = np.unique(np.concatenate([each.groups for each in some]))
        patterns = store.pixel_group_patterns[groups]
        counts = np.bincount(patterns[patterns >= 0], minlength=len(sizes))
        for index in np.flatnonzero(counts):
            share = float(counts[index] / sizes[index])
            if share >= SUGGESTED:
                found.append((share, int(store.pattern_ids[index]), some[0]))
    return found


def pattern_labels(version_id: int, pattern_ids: Sequence[int]) -> dict[int, str]:
    """The first tag of each of a version's patterns that has one, by pattern id."""
    if not pattern_ids:
        return {}
    try:
        found = tags_of_patterns(column_store(version_id))
    except UnavailableError:  # its results are lost; what was put on its own patterns is known
        own = taggings_of_patterns(pattern_ids)
        return {pattern_id: some[0].tag for pattern_id, some in own.items()}
    return {each: found[each].tags[0].tag for each in pattern_ids if found.get(each, UNNAMED).tags}


def default_label(number: int) -> str:
    """What an untagged pattern is called."""
    return str(gettext("pattern %(number)s", number=number))


def pattern_name(version_id: int, pattern_id: int) -> str:
    """What a pattern is called. Raises NotFoundError for a pattern of another version."""
    found = find_pattern(version_id, pattern_id)
    return pattern_labels(version_id, [found.id]).get(found.id, default_label(found.number))
