"""The images of a label set as formats write them: streamed, with names below their folder."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from itertools import takewhile
from typing import Any, Final

from sqlalchemy import func, select

from workbench.services.label_sets.reading import streamed, tags_of
from workbench.services.sources.entries import display
from workbench.store.database import session
from workbench.store.image_files import original_location
from workbench.store.images import Image
from workbench.store.label_sets import LabelSet, LabelSetImage

_COLUMNS = (
    LabelSetImage.label,
    LabelSetImage.imported,
    LabelSetImage.decision,
    LabelSetImage.rule,
    LabelSetImage.decided_at,
    LabelSetImage.detail,
    Image.original_uri,
    Image.content_hash,
    Image.width,
    Image.height,
    Image.held_out,
    Image.generator,
    Image.class_name,
    Image.date,
    Image.original_uri,
    Image.pixel_hash,
    Image.format,
)


FACTS: Final = (
    *("image_id", "file_name", "content_hash", "width", "height", "split", "generator", "class"),
    *("date", "label", "imported", "decision", "rule", "decided_at"),
)
"""What every file says of an image, by its names in the files, in their order."""


_PLAIN: Final = re.compile(r"[\w./~-]+", re.ASCII)
"""A path that is written in a URI as it is."""


@dataclass(frozen=True)
class FrozenRow:
    """An image of a label set with what its files say. `detail` is JSON."""

    image_id: int
    label: str | None
    imported: str | None
    decision: str | None
    rule: str
    decided_at: datetime | None
    detail: str
    file_name: str
    content_hash: str
    width: int
    height: int
    held_out: bool
    generator: str
    class_name: str
    date: str | None
    original_uri: str
    pixel_hash: str
    format: str

    @cached_property
    def details(self) -> dict[str, Any]:
        """The detail, read."""
        found: dict[str, Any] = json.loads(self.detail)
        return found

    @property
    def tags(self) -> tuple[str, ...]:
        return tags_of(self.details)

    @property
    def split(self) -> str:
        return "test" if self.held_out else "train"

    @property
    def facts(self) -> dict[str, Any]:
        """What `FACTS` names."""
        found = (
            *(self.image_id, self.file_name, self.content_hash, self.width, self.height),
            *(self.split, self.generator, self.class_name, self.date, self.label, self.imported),
            *(self.decision, self.rule, self.decided_at),
        )
        return dict(zip(FACTS, found, strict=True))

    @property
    def said(self) -> str | None:
        """What was decided, else the label."""
        return self.decision or self.label


class FrozenSet:
    """A label set, whose rows can be gone through again and again."""

    def __init__(self, label_set_id: int) -> None:
        found = session().get_one(LabelSet, label_set_id)
        self.id = label_set_id
        self.number = found.number
        self.name = found.name
        self.description = found.description
        self.collection_id = found.collection_id
        self.created_at = found.created_at
        self.taxonomy: list[dict[str, Any]] = found.taxonomy
        self.images: int = found.counts["images"]
        self.tags: tuple[str, ...] = tuple(found.counts["tags"])
        """The names that something bears."""
        self._folder = _common_folder(label_set_id)

    def __iter__(self) -> Iterator[FrozenRow]:
        for image_id, label, imported, decision, rule, at, detail, uri, *image in streamed(
            self.id, *_COLUMNS
        ):
            name = self._relative(uri)
            yield FrozenRow(image_id, label, imported, decision, rule, at, detail, name, *image)

    def _relative(self, uri: str) -> str:
        """A file's name below the folder that all of them are in; no path of the machine."""
        below = uri.removeprefix(self._folder)
        if _PLAIN.fullmatch(below):
            return below
        path, row = original_location("file:///" + below, None)
        name = display(str(path).lstrip("/"))
        return name if row is None else f"{name}#{row}"


class ChangedSet(FrozenSet):
    """The images of a label set as something changes them; where it says None, one is not there."""

    def __init__(self, frozen: FrozenSet, change: Callable[[FrozenRow], FrozenRow | None]) -> None:
        vars(self).update(vars(frozen))
        self._frozen = frozen
        self._change = change

    def __iter__(self) -> Iterator[FrozenRow]:
        for row in self._frozen:
            if (changed := self._change(row)) is not None:
                yield changed


def _common_folder(label_set_id: int) -> str:
    uri = Image.original_uri
    # By bytes: between the first and the last of them all begin as these two do.
    key = uri if session().get_bind().dialect.name == "sqlite" else uri.collate("C")
    ends = session().execute(
        select(func.min(key), func.max(key))
        .join(LabelSetImage, LabelSetImage.image_id == Image.id)
        .where(LabelSetImage.label_set_id == label_set_id)
    )
    first, last = ends.one()
    parts = [(each or "").split("/")[:-1] for each in (first, last)]
    shared = takewhile(lambda pair: pair[0] == pair[1], zip(*parts, strict=False))
    return "".join(f"{part}/" for part, _same in shared)
