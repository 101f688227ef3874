"""All tags that are suggested under a version: for its patterns, and for its pixel groups."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from workbench.services.explore.filters import Selection, choose
from workbench.services.explore.patterns import PatternRow, patterns
from workbench.services.tagged.suggestions import GroupSuggestions, suggested_groups

GROUPS_SHOWN: Final = 48


@dataclass(frozen=True)
class TagSuggestions:
    """The patterns that some tag is suggested for, and the likeliest pixel groups."""

    patterns: tuple[PatternRow, ...]
    groups: GroupSuggestions


def tag_suggestions(version_id: int) -> TagSuggestions:
    """What tags of other versions, selections and single regions lie on in part."""
    chosen = choose(version_id, Selection())
    return TagSuggestions(
        tuple(each for each in patterns(chosen) if each.suggested),
        suggested_groups(chosen.store, GROUPS_SHOWN),
    )
