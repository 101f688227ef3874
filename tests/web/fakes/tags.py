"""A tag's page, its edits, and the operations on it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from tests.web.fakes.data import NOON
from tests.web.fakes.state import State
from workbench.analysis.intervals import Estimate
from workbench.services.errors import (
    ConflictError,
    Differing,
    EditConflictError,
    InvalidError,
    NotFoundError,
)
from workbench.services.taxonomy.basis import PreviewChangedError
from workbench.services.taxonomy.bearing import (
    Bearing,
    Contribution,
    OfGenerator,
    Source,
    TaggedPattern,
)
from workbench.services.taxonomy.detail import ChangeView, TagDetail, TagName
from workbench.services.taxonomy.edits import Edited
from workbench.services.taxonomy.examples import Example
from workbench.services.taxonomy.exchange import Entry, Format, Loaded
from workbench.services.taxonomy.gallery import GalleryEntry
from workbench.services.taxonomy.hotkeys import Hotkey
from workbench.services.taxonomy.listing import TagRow
from workbench.services.taxonomy.operations import Part
from workbench.services.taxonomy.previews import Bearing as PreviewBearing
from workbench.services.taxonomy.previews import Preview, ShownVersion

SEEN = "1.1.12.78~2.1.3.6"


@dataclass
class Hotkeys:
    book: State

    def hotkeys(self) -> tuple[Hotkey, ...]:
        return tuple(Hotkey(each.hotkey, each.name) for each in self.book.tags if each.hotkey)


@dataclass
class TagDetails:
    """Any tag of the book, and tag 1, which is in no list."""

    book: State

    def tag_detail(self, tag_id: int) -> TagDetail:
        row = next((each for each in self.book.tags if each.id == tag_id), None)
        if row is None and tag_id != 1:
            raise NotFoundError("Tag not found.")
        name = row.name if row else "fake smile"
        here, other = TagName(tag_id, name, None, "active"), TagName(2, "hair", 2, "deprecated")
        change = ChangeView(
            7, "edit", here, None, "ben", NOON, {"name": "smile"}, {"name": name}, 0, None, False
        )
        merge = replace(change, id=8, kind="merge", tag=other, other=here, moved=3, reversed=True)
        return TagDetail(
            id=tag_id,
            name=name,
            description=row.description if row else "All teeth alike.",
            source="X-AIGD, arXiv 2601.19430",
            hue=row.hue if row else 3,
            hotkey="1",
            state=row.state if row else "active",
            standing=True,
            revision=self.book.revision,
            created_by="ada",
            created_at=NOON,
            path=(TagName(3, "semantics", None, "active"),),
            children=(other,),
            instead=None,
            changes=(merge, change),
        )


@dataclass
class TagEdits:
    book: State

    def edit(self, user_id: int, tag_id: int, wanted: Edited, revision: int) -> str:
        place = next((i for i, each in enumerate(self.book.tags) if each.id == tag_id), None)
        if place is None:
            raise NotFoundError("Tag not found.")
        known = self.book.tags[place]
        if revision != self.book.revision:
            raise EditConflictError(
                f"Edit conflict: “{known.name}” was changed since you opened it.",
                by="ben",
                at=NOON,
                revision=self.book.revision,
                fields=(Differing("name", "Name", known.name, wanted.name),),
            )
        if any(each.name == wanted.name and each.id != tag_id for each in self.book.tags):
            raise ConflictError(f"Tag “{wanted.name}” already exists.")
        self.book.revision += 1
        self.book.tags[place] = replace(
            known, name=wanted.name, description=wanted.description, hue=wanted.hue
        )
        return wanted.name


@dataclass
class TagExamples:
    """Pixel group 200 shows what every tag means."""

    book: State

    def examples_of(self, tag_id: int) -> tuple[Example, ...]:
        return (Example(5, 200, 2, positive=True, by="ada"),)

    def add(self, user_id: int, tag_id: int, group_id: int, *, positive: bool) -> int:
        self.book.tag_changes.append(("example", tag_id, (group_id, positive)))
        return 5

    def withdraw(self, user_id: int, example_id: int) -> None:
        self.book.tag_changes.append(("withdraw example", example_id, None))


@dataclass
class TagBearing:
    """Pixel groups 200, by hand, and 300 bear every tag; pattern 31 does, too."""

    book: State

    def bearing(
        self, version_id: int, tag_id: int, source: Source = "all", after: int | None = None
    ) -> Bearing:
        self.book.counted = [version_id]
        entries = (
            GalleryEntry(200, 2, "fake", 0.9, 0.5, tagging_id=77),
            GalleryEntry(300, 3, "real", 0.2, -0.25),
        )
        return Bearing(
            counts={"all": 120, "hand": 7, "pattern": 118, "suggested": 9},
            images=90,
            contribution=Contribution(0.42, 0.31, 0.53, 0.2, 100),
            prevalence={"real": Estimate(0.1, 0.05, 0.2), "fake": None},
            generators=(OfGenerator("StyleGAN", 30, 40),),
            map=[[0.0, 0.5], [0.25, 0.0]],
            patterns=(TaggedPattern(31, "pattern 1", 40, 1.0),),
            suggested_for=(TaggedPattern(32, "pattern 2", 40, 0.2),),
            gallery=entries[1:] if after else entries[: 1 if source == "hand" else 2],
            after=None if after else 900,
        )

    def images_bearing(self, version_id: int, tag_id: int) -> int:
        return 90


@dataclass
class TagExchange:
    book: State

    def load(self, user_id: int, wanted: Sequence[Entry]) -> Loaded:
        known = {each.name for each in self.book.tags}
        added = [each for each in wanted if each.name not in known]
        self.book.tags += [
            TagRow(next(self.book.ids), each.name, each.description, 0, 0, 0, "ada", NOON)
            for each in added
        ]
        return Loaded(len(added), len(wanted) - len(added))

    def as_text(self, form: Format) -> str:
        return f"{form}: {len(self.book.tags)}"


@dataclass
class TagPreviews:
    book: State

    def preview(
        self, kind: str, tag_id: int, other: str, part: Part, versions: Sequence[ShownVersion]
    ) -> Preview:
        if kind in ("merge", "split") and not other:
            raise InvalidError("Name the other tag.")
        return Preview(
            kind=kind,
            tag_id=tag_id,
            tag="fake smile",
            other=other,
            new=kind == "split",
            seen=SEEN.replace(".12.", ".13.") if self.book.tags_moved else SEEN,
            taggings=12,
            by_hand=7,
            by_pattern=4,
            by_selection=1,
            people=2,
            doubled=3,
            checks=24,
            examples=2,
            children=("even teeth",),
            parent="semantics",
            bearing=tuple(
                PreviewBearing(each, (120, 90), (30, 20), (140, 101)) for each in versions
            ),
        )

    def other_id(self, kind: str, name: str) -> int | None:
        return 2 if name else None

    def people_of(self, tag_id: int) -> tuple[tuple[int, str], ...]:
        return ((1, "ada"), (2, "ben"))


@dataclass
class TagOperations:
    book: State

    def merge(self, user_id: int, tag_id: int, into_id: int, seen: str) -> int:
        return self._done("merge", tag_id, into_id, seen)

    def split(self, user_id: int, tag_id: int, name: str, part: Part, seen: str) -> int:
        return self._done("split", tag_id, (name, part), seen)

    def move(self, user_id: int, tag_id: int, parent_id: int | None, seen: str) -> int:
        return self._done("move", tag_id, parent_id, seen)

    def deprecate(self, user_id: int, tag_id: int, instead_id: int | None, seen: str) -> int:
        return self._done("deprecate", tag_id, instead_id, seen)

    def restore(self, user_id: int, tag_id: int, seen: str) -> int:
        return self._done("restore", tag_id, None, seen)

    def accept(self, user_id: int, tag_id: int, seen: str) -> int:
        return self._done("accept", tag_id, None, seen)

    def _done(self, kind: str, tag_id: int, other: object, seen: str) -> int:
        if seen != SEEN or self.book.tags_moved:
            raise PreviewChangedError("Edit conflict: the tags were changed since you looked.")
        self.book.tag_changes.append((kind, tag_id, other))
        return 9


@dataclass
class TagReversals:
    book: State

    def reverse(self, user_id: int, change_id: int) -> int:
        self.book.tag_changes.append(("reverse", change_id, None))
        return 10
