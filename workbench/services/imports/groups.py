"""Another group than an image was imported with: what it would change, and what speaks against."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final, Self

from flask_babel import gettext
from sqlalchemy import select

from workbench.services.imports.known import Known
from workbench.services.sources.entries import Candidate
from workbench.store.database import session
from workbench.store.hygiene import DataAction

GROUP: Final = "group"
_DRAWN: Final = re.compile(r"[0-9a-f]{64}")
"""The group of images that came without one: the hash of one's pixels."""


@dataclass(frozen=True)
class Groups:
    """What an import knows of its collection's groups as it goes on."""

    joined: Mapping[int, str] = field(default_factory=dict)
    """Images that people put into the group of their duplicates, with the group from before."""
    claimed: dict[str, bool] = field(default_factory=dict)
    """The side of groups that are new, by the first image that is told to be of each."""

    @classmethod
    def of(cls, collection_id: int) -> Self:
        """Those of a collection."""
        details = session().scalars(
            select(DataAction.detail)
            .where(
                DataAction.collection_id == collection_id,
                DataAction.kind == "one_group",
                DataAction.withdrawn_at.is_(None),
            )
            .order_by(DataAction.id.desc())
        )
        return cls({row["id"]: row["group_key"] for each in details for row in each["images"]})

    def change(self, known: Known, source: Candidate) -> tuple[str, str] | None:
        """The group from before and the new one; None where the source says no other."""
        if not (source.group and known.id):
            return None
        if source.group in (known.group_key, self.joined.get(known.id)):
            return None
        return "" if _DRAWN.fullmatch(known.group_key) else known.group_key, source.group

    def hindrance(
        self,
        known: Known,
        found: Mapping[str, tuple[str, str]],
        side_of: Callable[[str], bool | None],
    ) -> str:
        """Why an image cannot be put into another group, if it is to be put there and cannot.

        found: what its source says otherwise. side_of: the side of a group's images; None for one
        that the collection does not have.
        """
        if GROUP not in found:
            return ""
        group = found[GROUP][1]
        held_out = side_of(group)
        if known.id in self.joined:
            return gettext("it was joined with its duplicates on the Data page; undo that first")
        its_side = self.claim(group, known.held_out) if held_out is None else held_out
        if its_side == known.held_out:
            return ""
        return gettext(
            "the group %(group)s is in the %(side)s, this image in the %(other)s",
            group=group,
            side=side(its_side),
            other=side(known.held_out),
        )

    def claim(self, group: str, held_out: bool) -> bool:
        """The side of a group that the collection does not have: that of its first image."""
        return self.claimed.setdefault(group, held_out)


def side(held_out: bool) -> str:
    """A part of the split in words."""
    return "test split" if held_out else "training split"
