"""Suggested tags, and what was dismissed."""

from __future__ import annotations

from dataclasses import dataclass

from tests.web.fakes.data import HAVING
from tests.web.fakes.patterns import Patterns
from tests.web.fakes.state import State
from workbench.services.errors import NotFoundError
from workbench.services.explore.tag_suggestions import TagSuggestions
from workbench.services.tagged.suggestions import GroupSuggestions


@dataclass
class TagSuggesting:
    book: State

    def tag_suggestions(self, version_id: int) -> TagSuggestions:
        found = Patterns(self.book)
        rows = [found.pattern(version_id, each).row for each in HAVING]
        groups = [
            each
            for each in self.book.suggested_groups
            if ("group", each.group_id, each.tag_id) not in self.book.dismissed.values()
        ]
        return TagSuggestions(
            tuple(row for row in rows if row.suggested),
            GroupSuggestions(tuple(groups), len(groups)),
        )


@dataclass
class Dismissals:
    book: State

    def dismiss_for_pattern(self, user_id: int, pattern_id: int, tag_id: int) -> int:
        return self._dismiss("pattern", pattern_id, tag_id)

    def dismiss_for_group(self, user_id: int, group_id: int, tag_id: int) -> int:
        return self._dismiss("group", group_id, tag_id)

    def restore(self, user_id: int, dismissal_id: int) -> None:
        if self.book.dismissed.pop(dismissal_id, None) is None:
            raise NotFoundError("This tag is already suggested again.")

    def _dismiss(self, kind: str, subject: int, tag_id: int) -> int:
        made = int(next(self.book.ids))
        self.book.dismissed[made] = (kind, subject, tag_id)
        return made
