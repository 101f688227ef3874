"""Use cases that keep everything in memory: one collection of six images under two versions."""

from __future__ import annotations

import io
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from PIL import Image as Picture

from workbench.services import accounts, workspaces
from workbench.services.accounts import Account
from workbench.services.errors import (
    ConflictError,
    InvalidError,
    NotFoundError,
    UnavailableError,
)
from workbench.services.explore import (
    cell_card,
    dimensions,
    filters,
    grid,
    listing,
    patterns,
    reports,
    taxonomy,
)
from workbench.services.explore.cards import ImageCard
from workbench.services.explore.cell_card import CellDetail, PatternName
from workbench.services.explore.cells import CellView, Window
from workbench.services.explore.dimensions import Carrier, Distribution, Violin
from workbench.services.explore.filters import FilterChoices, Filters, Selection
from workbench.services.explore.grid import Lassoed, Overview
from workbench.services.explore.lasso import Lasso
from workbench.services.explore.listing import ImagePage, PositionInOrder
from workbench.services.explore.patterns import (
    GroupExemplar,
    PatternDetail,
    PatternRow,
    PatternsSummary,
)
from workbench.services.explore.reports import Remark
from workbench.services.explore.taxonomy import TagRow
from workbench.services.image import batch, counterfactuals, detail, media
from workbench.services.image.counterfactuals import Outcome
from workbench.services.image.detail import DimensionShare, GroupView, ImageDetail, VersionScore
from workbench.services.image.edits import DimensionEdit, RegionEdit
from workbench.services.image.media import MapKey
from workbench.services.models import versions
from workbench.services.models.versions import VersionRow, VersionSummary
from workbench.services.review import notes, pattern_names, tag_checks, tags, verdicts
from workbench.services.review.decisions import final_decision
from workbench.services.review.notes import NoteView, check_words
from workbench.services.review.tag_checks import Answer, Check, Sampled, Tally
from workbench.services.review.tags import TaggingView
from workbench.services.review.verdicts import VerdictView
from workbench.services.runs import lease, queue
from workbench.services.runs.queue import RunView
from workbench.services.similar import search
from workbench.services.similar.search import GroupCard, Neighbour
from workbench.services.workspaces import CollectionSummary, Workspace
from workbench.store.outcomes import OUTCOMES, WRONG

NOON = datetime(2026, 3, 3, 12, 0, tzinfo=UTC)
PASSWORD = "a long enough password"

ADA = Account(1, "ada", "developer")
BEN = Account(2, "ben", "annotator")

OLD = VersionSummary(1, 1, 0.80, 0.76, 0.84, 0.74, "packaged", "patch_share", NOON, active=False)
NEW = VersionSummary(2, 2, 0.84, 0.81, 0.87, 0.79, "packaged", "patch_share", NOON, active=True)

FACES = CollectionSummary(1, "faces", "Faces", "Six faces.", 6, 3, 3, NEW, {"auc": 0.53})
RAW = CollectionSummary(2, "raw", "Raw", "", 4, 2, 2, None, {})


def _card(image_id: int, label: str, p: float, outcome: str) -> ImageCard:
    return ImageCard(
        id=image_id,
        name=f"face {image_id} <b>.jpg",
        label=label,
        generator="stylegan" if label == "fake" else "",
        p=p,
        outcome=outcome,
        wrong=outcome in WRONG,
        held_out=image_id == 6,
        decision=None,
    )


CARDS = {
    1: _card(1, "real", 0.10, "real_right"),
    2: _card(2, "real", 0.90, "real_called_fake"),
    3: _card(3, "real", 0.70, "real_called_fake"),
    4: _card(4, "fake", 0.80, "fake_right"),
    5: _card(5, "fake", 0.20, "fake_called_real"),
    6: _card(6, "fake", 0.95, "fake_right"),
}

CELLS = {
    11: CellView(11, 0, 0, 0, 1, 1, 0, 0, 0.5, 3, 0.4, 0.5, 1, 1, 2),
    12: CellView(12, 0, 0, 1, 0, 1, 1, 0, 0.75, 4, 0.8, 1.0, 2, 4, 2),
    13: CellView(13, 0, 2, 3, 0, 0, 1, 1, 0.57, 3, None, None, 0, 6, 2),
    21: CellView(21, 1, 0, 0, 1, 0, 0, 0, 0.1, 1, 0.4, 0.5, 1, 1, 1),
}
HAVING = {31: (2, 3), 32: (5,)}
"""The images with each pattern."""
MEMBERS = {11: (1, 2), 12: (3, 4), 13: (5, 6), 21: (1,)}


def use_cases(fake: object) -> tuple[str, ...]:
    """The names of the functions that an object stands for."""
    return tuple(
        name
        for name in vars(type(fake))
        if not name.startswith("_") and callable(getattr(fake, name))
    )


@dataclass
class FakeWorkbench:
    """State that the fake use cases share; tests read it to see what was written."""

    folder: Path
    verdicts: dict[int, list[VerdictView]] = field(default_factory=dict)
    notes: dict[int, tuple[int, NoteView]] = field(default_factory=dict)
    taggings: dict[int, tuple[str, int, TaggingView]] = field(default_factory=dict)
    checks: dict[int, tuple[int, int, bool]] = field(default_factory=dict)
    """Tagging, pixel group, whether it fits."""
    tags: list[TagRow] = field(default_factory=list)
    runs: list[RunView] = field(default_factory=list)
    collections: list[CollectionSummary] = field(default_factory=lambda: [FACES, RAW])
    worker_alive: bool = True
    encoder_missing: bool = False
    reads_text: bool = False
    index_missing: bool = False
    pictures_missing: bool = False
    activated: list[tuple[int, int]] = field(default_factory=list)
    broken: bool = False
    """Every use case fails, as when the database is away."""
    ids: Any = field(default_factory=lambda: count(500))

    def fakes(self) -> tuple[tuple[ModuleType, object], ...]:
        """Each service module that views call, with what stands for it."""
        return (
            (accounts, Accounts(self)),
            (batch, PictureBatch(self)),
            (cell_card, CellCards()),
            (workspaces, Collections(self)),
            (counterfactuals, Counterfactuals(self)),
            (detail, Details(self)),
            (dimensions, Dimensions()),
            (filters, Selecting(self)),
            (grid, Cells()),
            (listing, Listing(self)),
            (media, Media(self)),
            (notes, Notes(self)),
            (pattern_names, PatternNames(self)),
            (patterns, Patterns(self)),
            (queue, Runs(self)),
            (lease, Leases(self)),
            (reports, PatternReports(self)),
            (search, Neighbours(self)),
            (tag_checks, TagChecks(self)),
            (tags, Tags(self)),
            (taxonomy, Taxonomy(self)),
            (verdicts, Judging(self)),
            (versions, Versions(self)),
        )

    def install(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Let views call these use cases; a fake of a function that is not there fails."""
        for module, fake in self.fakes():
            for name in use_cases(fake):
                monkeypatch.setattr(module, name, getattr(fake, name))

    @property
    def untouched(self) -> bool:
        """Nothing was written."""
        written = (self.verdicts, self.notes, self.taggings, self.tags, self.checks)
        asked = [each for each in self.runs if each.state == "queued" or each.cancel_requested]
        return not any(written) and not asked

    def standing(self, image_id: int) -> VerdictView | None:
        """The newest verdict on an image that was not taken back."""
        given = [each for each in self.verdicts.get(image_id, []) if not each.withdrawn]
        return given[-1] if given else None

    def card(self, image_id: int) -> ImageCard:
        """An image's card with its final decision."""
        given = [each for each in self.verdicts.get(image_id, []) if not each.withdrawn]
        newest = {each.by: each.decision for each in given}
        return replace(CARDS[image_id], decision=final_decision(newest.values(), None))

    def waiting(self) -> list[int]:
        """Misclassified images without a verdict, the most wrong first."""
        wrong = [each for each in CARDS.values() if each.wrong and not self.standing(each.id)]
        return [each.id for each in sorted(wrong, key=lambda each: -abs(each.p - 0.5))]


def run(state: str, **changes: Any) -> RunView:
    """A run of the collection of faces."""
    usual = RunView(
        id=7,
        collection_id=1,
        state=state,
        stage="relevance",
        done=62,
        total=100,
        fraction=0.62,
        seconds_left=14.0,
        error="",
        version_number=None,
        trigger="request",
        requested_by="ada",
        created_at=NOON,
        started_at=NOON,
        finished_at=None,
        cancel_requested=False,
    )
    return replace(usual, **changes)


@dataclass
class Accounts:
    book: FakeWorkbench

    def authenticate(self, name: str, password: str) -> Account | None:
        return next((a for a in (ADA, BEN) if a.name == name and password == PASSWORD), None)

    def account(self, user_id: int) -> Account | None:
        if self.book.broken:
            raise RuntimeError("the database is away")
        return {1: ADA, 2: BEN}.get(user_id)


@dataclass
class FakeQueue:
    book: FakeWorkbench

    @property
    def count(self) -> int:
        return len(self.book.waiting())

    def first(self) -> int | None:
        return next(iter(self.book.waiting()), None)

    def after(self, image_id: int) -> int | None:
        behind = abs(CARDS[image_id].p - 0.5)
        return next(
            (each for each in self.book.waiting() if abs(CARDS[each].p - 0.5) < behind), None
        )


@dataclass
class Collections:
    book: FakeWorkbench

    def collections(self) -> tuple[CollectionSummary, ...]:
        if self.book.broken:
            raise RuntimeError("the database is away")
        return tuple(self.book.collections)

    def workspace(self, name: str, version_number: int | None = None) -> Workspace:
        running = next((r for r in self.book.runs if r.state in ("queued", "running")), None)
        if name == "raw":
            return Workspace(RAW, None, (), running, None)
        if name != "faces":
            raise NotFoundError(f"Collection “{name}” not found.")
        version = NEW if version_number in (None, 2) else OLD if version_number == 1 else None
        if version is None:
            raise NotFoundError(f"faces has no version {version_number}.")
        return Workspace(FACES, version, (NEW, OLD), running, FakeQueue(self.book))


@dataclass(frozen=True)
class FakeChosen:
    """The images of a selection, by id."""

    version_id: int
    selection: Selection
    filtered: tuple[int, ...]
    area: tuple[int, ...]
    selected: tuple[int, ...]


@dataclass
class Selecting:
    book: FakeWorkbench

    def choose(self, version_id: int, selection: Selection) -> FakeChosen:
        if selection.cell_id is not None and selection.cell_id not in MEMBERS:
            raise NotFoundError("Cell not found in the layout of this version.")
        if selection.pattern_id is not None and selection.pattern_id not in HAVING:
            raise NotFoundError("Pattern not found in this version.")
        filtered = tuple(each for each in CARDS if self._passes(each, selection.filters))
        area = filtered
        if selection.cell_id is not None:
            area = tuple(each for each in area if each in MEMBERS[selection.cell_id])
        if selection.lasso is not None:
            area = tuple(each for each in area if each in taken_by(selection.lasso))
        selected = area
        if selection.pattern_id is not None:
            selected = tuple(each for each in area if each in HAVING[selection.pattern_id])
        return FakeChosen(version_id, selection, filtered, area, selected)

    def _passes(self, image_id: int, filters: Filters) -> bool:
        card = self.book.card(image_id)
        low, high = filters.p or (0.0, 1.0)
        return (
            (filters.outcome is None or filters.outcome in (card.outcome, _error(card)))
            and filters.label in (None, card.label)
            and filters.generator in (None, card.generator)
            and filters.split in (None, "held_out" if card.held_out else "training")
            and low <= card.p <= high
            and (filters.text is None or filters.text in card.name)
        )

    def filter_choices(self, version_id: int) -> FilterChoices:
        return FilterChoices(("stylegan",), 3, tuple(each.name for each in self.book.tags))


def _error(card: ImageCard) -> str:
    return "misclassified" if card.wrong else ""


def taken_by(lasso: Lasso) -> list[int]:
    """The images of the cells whose middle lies in the box around a lasso."""
    across, down = (sorted(each[axis] for each in lasso.corners) for axis in (0, 1))
    return [
        image_id
        for cell in CELLS.values()
        if cell.level == lasso.level
        and across[0] < cell.column + 0.5 < across[-1]
        and down[0] < cell.row + 0.5 < down[-1]
        for image_id in MEMBERS[cell.id]
    ]


class Cells:
    def overview(self, chosen: FakeChosen, level: int, window: Window | None) -> Overview:
        if level > 1:
            raise InvalidError("Levels of this layout are 0 to 1.")
        columns, rows = 16 << level, 12 << level
        shown = window or Window(0, 0, 16, 12)
        if shown.column + shown.columns > columns or shown.columns * shown.rows > 600:
            raise InvalidError("The window lies outside the layout.")
        cells = tuple(cell_view(each, chosen) for each in CELLS.values() if each.level == level)
        return Overview(
            level,
            2,
            columns,
            rows,
            shown,
            cells,
            sum(each.images for each in cells),
            sum(each.whole for each in cells),
        )

    def lassoed(self, version_id: int, filters: Filters, lasso: Lasso) -> Lassoed:
        if lasso.level > 1:
            raise InvalidError("Levels of this layout are 0 to 1.")
        cards = [CARDS[each] for each in taken_by(lasso)]
        return Lassoed(
            cells=len(cards) // 2,
            images=len(cards),
            errors=sum(card.wrong for card in cards),
            real=sum(card.label == "real" for card in cards),
            fake=sum(card.label == "fake" for card in cards),
        )


def cell_view(cell: CellView, chosen: FakeChosen) -> CellView:
    """A cell with the counts of what passes the filters."""
    counted = [CARDS[each] for each in MEMBERS[cell.id] if each in chosen.filtered]
    lighting = chosen.selection.pattern_id or chosen.selection.lasso
    return replace(
        cell,
        **{name: sum(card.outcome == name for card in counted) for name in OUTCOMES},
        lit=sum(card.id in chosen.selected for card in counted) if lighting else 0,
    )


class CellCards:
    def detail_of(self, chosen: FakeChosen, cell_id: int) -> CellDetail:
        if cell_id not in CELLS:
            raise NotFoundError("Cell not found in the layout of this version.")
        names = (PatternName(31, "pattern 1", 2),)
        return CellDetail(cell_view(CELLS[cell_id], chosen), (("forehead glare", 2),), names)

    def cell(self, version_id: int, cell_id: int, filters: Filters) -> CellDetail:
        everything = FakeChosen(version_id, Selection(filters), tuple(CARDS), (), ())
        return self.detail_of(everything, cell_id)


@dataclass
class Listing:
    book: FakeWorkbench

    def images(
        self,
        chosen: FakeChosen,
        order: str,
        after: str | None = None,
        limit: int = 24,
        shuffle: int = 0,
    ) -> ImagePage:
        cards = [self.book.card(each) for each in chosen.selected]
        start = int(after) if after else 0
        following = str(start + 2) if start + 2 < len(cards) else None
        return ImagePage(tuple(cards[start : start + 2]), len(cards), following)

    def position_in_order(
        self, chosen: FakeChosen, order: str, image_id: int, shuffle: int = 0
    ) -> PositionInOrder:
        ids = [each for each in CARDS if each in chosen.selected or each == image_id]
        place = ids.index(image_id)
        return PositionInOrder(
            previous_id=ids[place - 1] if place else None,
            next_id=ids[place + 1] if place + 1 < len(ids) else None,
            number=place + 1 if image_id in chosen.selected else None,
            total=len(chosen.selected),
        )


@dataclass
class Details:
    book: FakeWorkbench

    def image_detail(self, version_id: int, image_id: int) -> ImageDetail:
        if image_id not in CARDS:
            raise NotFoundError("This version has no prediction for this image.")
        return ImageDetail(
            card=self.book.card(image_id),
            size=256,
            logit=1.1,
            base_logit=-0.4,
            sensitivity=0.9 if image_id == 2 else None,
            removed_change=-0.6 if image_id == 2 else None,
            control_change=0.3 if image_id == 2 else None,
            dimensions=(
                DimensionShare(0, "texture of blocks 2 and 3", 2.0, 1.0, 2.0),
                DimensionShare(1, "", 1.0, -0.5, -0.5),
                DimensionShare(2, "", 0.0, 0.7, 0.0),
            ),
            groups=tuple(self._group(image_id, number) for number in (0, 1)),
            verdicts=tuple(reversed(self.book.verdicts.get(image_id, []))),
            notes=tuple(note for owner, note in self.book.notes.values() if owner == image_id),
            scores=(VersionScore(1, 0.66),),
            original_width=1024,
            original_height=768,
            format="JPEG",
            file_size=312_000,
            group_key="g",
        )

    def _group(self, image_id: int, number: int) -> GroupView:
        group_id = 100 * image_id + number
        tags = [
            t
            for kind, owner, t in self.book.taggings.values()
            if (kind, owner) == ("group", group_id)
        ]
        return GroupView(
            id=group_id,
            number=number,
            outline="M10 10 L60 10 L60 60 Z",
            label_point=(40, 30),
            left=10,
            top=10,
            width=50,
            height=50,
            area_share=0.04,
            contribution=(0.9, -0.3)[number],
            pattern_id=31,
            pattern_label="pattern 1",
            tags=tuple(tags),
        )


@dataclass
class Neighbours:
    """Images are as alike as their numbers are near."""

    book: FakeWorkbench

    def of_image(self, version_id: int, image_id: int, limit: int = 8) -> tuple[Neighbour, ...]:
        self.image_card(version_id, image_id)
        return self._near(image_id)[:limit]

    def of_group(self, version_id: int, group_id: int, limit: int = 8) -> tuple[Neighbour, ...]:
        _group, card = self.group_card(version_id, group_id)
        if group_id % 100 == 1:
            return ()
        return tuple(
            replace(each, group=GroupCard(100 * each.card.id, 0, 0.9))
            for each in self._near(card.id)[:limit]
        )

    def of_text(self, version_id: int, text: str, limit: int = 8) -> tuple[Neighbour, ...]:
        return self._near(len(text))[:limit]

    def why_no_text(self, version_id: int) -> str | None:
        return None if self.book.reads_text else "The encoder of this version reads no text."

    def image_card(self, version_id: int, image_id: int) -> ImageCard:
        if image_id not in CARDS:
            raise NotFoundError("This version has no prediction for this image.")
        return self.book.card(image_id)

    def group_card(self, version_id: int, group_id: int) -> tuple[GroupCard, ImageCard]:
        if group_id // 100 not in CARDS:
            raise NotFoundError("Pixel group not found in this version.")
        return GroupCard(group_id, group_id % 100, 0.9), self.book.card(group_id // 100)

    def _near(self, number: int) -> tuple[Neighbour, ...]:
        if self.book.index_missing:
            raise UnavailableError("The similarity index is being built.")
        others = sorted((each for each in CARDS if each != number), key=lambda e: abs(e - number))
        return tuple(Neighbour(self.book.card(each), 0.9 - each / 10) for each in others)


@dataclass
class Patterns:
    book: FakeWorkbench

    def patterns(self, chosen: FakeChosen, order: str = "contribution") -> tuple[PatternRow, ...]:
        return tuple(
            self._row(each) for each, images in HAVING.items() if set(images) & set(chosen.area)
        )

    def summary(self, version_id: int) -> PatternsSummary:
        return PatternsSummary(stability=0.61, effect_rank_correlation=0.72)

    def pattern(self, version_id: int, pattern_id: int, after: str | None = None) -> PatternDetail:
        if pattern_id not in (31, 32):
            raise NotFoundError("Pattern not found in this version.")
        member = GroupExemplar(200, 2, "real", 0.9, 0.5)
        return PatternDetail(
            row=self._row(pattern_id),
            members=(member,),
            members_after=None if after else "0.5~200",
            misled=(self.book.card(2),),
        )

    def _row(self, pattern_id: int) -> PatternRow:
        tags = tuple(
            t
            for kind, owner, t in self.book.taggings.values()
            if (kind, owner) == ("pattern", pattern_id)
        )
        number = pattern_id - 30
        return PatternRow(
            id=pattern_id,
            number=number,
            label=tags[0].tag if tags else f"pattern {number}",
            side="fake",
            groups=40,
            images=30,
            mean_contribution=0.5,
            spread_contribution=0.2,
            prevalence_real=0.12,
            prevalence_fake=0.47,
            lift=1.9,
            lift_low=1.3,
            lift_high=2.6,
            tags=tags,
            exemplars=(GroupExemplar(200, 2, "real", 0.9, 0.5),),
            profile=(0.4, -0.1, 0.0),
            effect=None if number == 1 else -0.7,
            effect_low=None if number == 1 else -1.1,
            effect_high=None if number == 1 else -0.3,
            effect_control=None if number == 1 else 0.1,
            effect_images=None if number == 1 else 12,
            stability=None if number == 1 else 0.83,
        )


@dataclass
class PatternNames:
    book: FakeWorkbench

    def pattern_name(self, version_id: int, pattern_id: int) -> str:
        return Patterns(self.book).pattern(version_id, pattern_id).row.label


@dataclass
class PatternReports:
    book: FakeWorkbench

    def remarks(self, version_id: int, pattern_id: int) -> tuple[Remark, ...]:
        reasons = [
            Remark(image_id, CARDS[image_id].name, verdict, None)
            for image_id, given in self.book.verdicts.items()
            for verdict in given
            if verdict.reason and not verdict.withdrawn
        ]
        notes = [
            Remark(image_id, CARDS[image_id].name, None, note)
            for image_id, note in self.book.notes.values()
        ]
        return (*reasons, *notes)


class Dimensions:
    def violins(
        self, chosen: FakeChosen, left: int | None, right: int | None
    ) -> tuple[Violin, ...]:
        density = tuple((24 - each) / 24 for each in range(24))
        sides = [
            Distribution(density, mean, (0.1, mean, 0.8), 2)
            for mean in (
                0.3 if left or chosen.selection.cell_id else 0.5,
                0.4 if right else 0.5,
            )
        ]
        return tuple(
            Violin(
                index=index,
                weight=(1.0, -0.5, 0.7)[index],
                reads="texture of blocks 2 and 3" if index == 0 else "",
                left=sides[0],
                right=sides[1],
                high=2.0,
            )
            for index in range(3)
        )

    def carriers(
        self, chosen: FakeChosen, dimension: int, left: int | None, right: int | None
    ) -> tuple[tuple[Carrier, ...], tuple[Carrier, ...]]:
        if dimension > 2:
            raise InvalidError("Dimensions of this version are 0 to 2.")
        return (
            (Carrier(2, 200, 1.5, 0.9, 0.9, "real"), Carrier(4, None, 0.2, 0.0, 0.8, "fake")),
            (Carrier(5, 500, 0.1, 0.02, 0.2, "fake"),),
        )


@dataclass
class Judging:
    book: FakeWorkbench

    def give_verdict(
        self, user_id: int, image_id: int, version_id: int, decision: str, reason: str = ""
    ) -> VerdictView:
        if image_id not in CARDS:
            raise NotFoundError("Image not found.")
        by = {1: "ada", 2: "ben"}[user_id]
        given = VerdictView(next(self.book.ids), decision, reason, by, NOON, withdrawn=False)
        self.book.verdicts.setdefault(image_id, []).append(given)
        return given

    def withdraw_verdict(self, user_id: int, verdict_id: int) -> VerdictView:
        for given in self.book.verdicts.values():
            for place, each in enumerate(given):
                if each.id == verdict_id:
                    if each.by != {1: "ada", 2: "ben"}[user_id]:
                        raise ConflictError("This verdict is somebody else's.")
                    given[place] = replace(each, withdrawn=True)
                    return given[place]
        raise NotFoundError("This verdict is already withdrawn.")


@dataclass
class Counterfactuals:
    book: FakeWorkbench

    def try_edit(self, version_id: int, image_id: int, edit: RegionEdit | DimensionEdit) -> Outcome:
        if isinstance(edit, DimensionEdit):
            label = f"dimension {edit.dimension} set to {edit.to}"
            if edit.dimension == 2:
                return Outcome(label, 0.75, 0.75, 0.0, 0.2, None, (0.2,), None)
            return Outcome(label, 0.75, 0.5, -1.1, 0.1, 0.2, (-0.1, 0.1, 0.3), True)
        if self.book.encoder_missing:
            raise UnavailableError("The encoder of version 2 cannot be had.")
        if edit.group_id // 100 != image_id:
            raise NotFoundError("Pixel group not found in this image under this version.")
        controls = (-0.1, 0.05, -0.02, 0.1, 0.0, -0.06, 0.03, -0.04, 0.08, -0.01)
        return Outcome("group 1 blurred", 0.75, 0.42, -1.4, 0.0, 0.06, controls, True)

    def preview(self, version_id: int, image_id: int, edit: RegionEdit | DimensionEdit) -> bytes:
        return _picture("JPEG", (64, 64), "grey")

    def save_note(
        self,
        user_id: int,
        version_id: int,
        image_id: int,
        edit: RegionEdit | DimensionEdit,
        expectation: str,
        text: str,
    ) -> NoteView:
        check_words(expectation, text)
        outcome = self.try_edit(version_id, image_id, edit)
        note = NoteView(
            id=next(self.book.ids),
            edit_label=outcome.edit_label,
            p_before=outcome.p_before,
            p_after=outcome.p_after,
            delta_logit=outcome.delta_logit,
            control_mean=outcome.control_mean,
            control_spread=outcome.control_spread,
            expectation=expectation,
            met=expectation == "fall",
            text=text,
            by="ada",
            at=NOON,
        )
        self.book.notes[note.id] = (image_id, note)
        return note


@dataclass
class Notes:
    book: FakeWorkbench

    def withdraw_note(self, user_id: int, note_id: int) -> None:
        if self.book.notes.pop(note_id, None) is None:
            raise NotFoundError("This note is already withdrawn.")


@dataclass
class TagChecks:
    """Tagging 90 is always on pattern 31; its sample are two groups."""

    book: FakeWorkbench

    def check(self, version_id: int, pattern_id: int, tagging_id: int) -> Check:
        known = {each: tagging for each, (_kind, _owner, tagging) in self.book.taggings.items()}
        known[90] = TaggingView(90, "fake smile", "ada", NOON, "pattern")
        if pattern_id != 31 or tagging_id not in known:
            raise NotFoundError("This pattern does not have this tag, or it was withdrawn.")
        sample = tuple(
            Sampled(group, group // 100, 0.5, self._answer(tagging_id, group))
            for group in (200, 300)
        )
        return Check(known[tagging_id], 40, sample, self._tally(tagging_id))

    def tallies(self, tagging_ids: list[int]) -> dict[int, Tally]:
        return {each: self._tally(each) for each in tagging_ids}

    def answer(self, user_id: int, tagging_id: int, group_id: int, *, fits: bool) -> int:
        if group_id not in (200, 300):
            raise InvalidError("This pixel group is not in the sample.")
        made = next(self.book.ids)
        self.book.checks[made] = (tagging_id, group_id, fits)
        return int(made)

    def withdraw(self, user_id: int, check_id: int) -> None:
        if self.book.checks.pop(check_id, None) is None:
            raise NotFoundError("This answer is already withdrawn.")

    def _answer(self, tagging_id: int, group_id: int) -> Answer | None:
        for made, (tagging, group, fits) in self.book.checks.items():
            if (tagging, group) == (tagging_id, group_id):
                return Answer(made, fits, "ada", NOON)
        return None

    def _tally(self, tagging_id: int) -> Tally:
        said = [
            fits for tagging, _group, fits in self.book.checks.values() if tagging == tagging_id
        ]
        wrong = said.count(False)
        return Tally(len(said), wrong, wrong / len(said), 0.1, 0.9) if said else Tally(0, 0)


@dataclass
class Taxonomy:
    book: FakeWorkbench

    def taxonomy(self) -> tuple[TagRow, ...]:
        return tuple(self.book.tags)


@dataclass
class Tags:
    book: FakeWorkbench

    def tag_names(self) -> tuple[str, ...]:
        return tuple(each.name for each in self.book.tags)

    def tag_pattern(self, user_id: int, pattern_id: int, name: str) -> TaggingView:
        return self._tag("pattern", pattern_id, name, "pattern")

    def tag_group(self, user_id: int, group_id: int, name: str) -> TaggingView:
        return self._tag("group", group_id, name, "hand")

    def _tag(self, kind: str, owner: int, name: str, source: str) -> TaggingView:
        if not name:
            raise InvalidError("A tag name must have 1 to 60 printable characters.")
        if name not in self.tag_names():
            self.book.tags.append(TagRow(next(self.book.ids), name, "", 0, 1, 1, "ada", NOON))
        made = TaggingView(next(self.book.ids), name, "ada", NOON, source)
        self.book.taggings[made.id] = (kind, owner, made)
        return made

    def withdraw(self, user_id: int, tagging_id: int) -> None:
        if self.book.taggings.pop(tagging_id, None) is None:
            raise NotFoundError("This tag is already withdrawn.")

    def describe_tag(self, user_id: int, tag_id: int, name: str, description: str) -> str:
        place = next((i for i, each in enumerate(self.book.tags) if each.id == tag_id), None)
        if place is None:
            raise NotFoundError("Tag not found.")
        if any(each.name == name and each.id != tag_id for each in self.book.tags):
            raise ConflictError(f"Tag “{name}” already exists.")
        self.book.tags[place] = replace(self.book.tags[place], name=name, description=description)
        return name


@dataclass
class Runs:
    book: FakeWorkbench

    def request_retrain(
        self, user_id: int | None, collection_id: int, *, trigger: str = "request"
    ) -> RunView:
        if any(each.state in ("queued", "running") for each in self.book.runs):
            raise ConflictError("A run for this collection is already queued or running.")
        self.book.runs.insert(0, run("queued", fraction=None, seconds_left=None))
        return self.book.runs[0]

    def cancel(self, user_id: int, run_id: int) -> RunView:
        self.book.runs = [
            replace(each, cancel_requested=True) if each.id == run_id else each
            for each in self.book.runs
        ]
        return self.run(run_id)

    def run(self, run_id: int) -> RunView:
        for each in self.book.runs:
            if each.id == run_id:
                return each
        raise NotFoundError("Run not found.")

    def runs(self, collection_id: int, limit: int = 20) -> tuple[RunView, ...]:
        return tuple(each for each in self.book.runs if each.collection_id == collection_id)


@dataclass
class Leases:
    """Whether a worker is there."""

    book: FakeWorkbench

    def worker_alive(self) -> bool:
        return self.book.worker_alive


@dataclass
class Versions:
    book: FakeWorkbench

    def activate(self, user_id: int, version_id: int) -> None:
        self.book.activated.append((user_id, version_id))

    def versions(self, collection_id: int) -> tuple[VersionRow, ...]:
        if collection_id != FACES.id:
            return ()
        counts = {"images": 6, "real": 3, "fake": 3, "overturned": 1, "excluded": 0, "held_out": 1}
        return (
            VersionRow(NEW, 1, counts, {"held_out_auc": 0.84, "parent_auc": 0.80}, 2),
            VersionRow(OLD, None, counts, {"held_out_auc": 0.80}, 3),
        )


@dataclass
class Media:
    book: FakeWorkbench

    def normalised(self, image_id: int) -> Path:
        if image_id not in CARDS:
            raise NotFoundError("Image not found.")
        return self._kept(f"{image_id}.jpg")

    def thumbnail(self, image_id: int, size: int) -> Path:
        return self.normalised(image_id)

    def group_crop(self, group_id: int, size: int) -> Path:
        return self.normalised(group_id // 100)

    def heatmap(self, version_id: int, image_id: int, dimension: int | None) -> bytes:
        return _picture("PNG", (16, 16), "orange")

    def heatmap_levels(self, version_id: int, image_id: int, dimension: int | None) -> bytes:
        return _picture("PNG", (16, 16), "grey")

    def map_key(self, version_id: int) -> MapKey:
        ramp = tuple((level, 0, 255 - level, abs(level - 128)) for level in range(256))
        return MapKey(0.08, 128, 127, ramp)

    def _kept(self, name: str) -> Path:
        path = self.book.folder / name
        if not path.exists():
            path.write_bytes(_picture("JPEG", (64, 64), "beige"))
        return path


@dataclass
class PictureBatch:
    book: FakeWorkbench

    def pictures(self, wanted: Iterable[batch.Picture]) -> dict[batch.Picture, bytes]:
        return {} if self.book.pictures_missing else {each: self._of(each) for each in set(wanted)}

    def _of(self, wanted: batch.Picture) -> bytes:
        files = Media(self.book)
        match wanted:
            case batch.Heatmap(version_id, image_id, dimension):
                return files.heatmap(version_id, image_id, dimension)
            case batch.Crop(group_id, size):
                return files.group_crop(group_id, size).read_bytes()
            case _:
                return files.normalised(wanted.image_id).read_bytes()


def _picture(kind: str, size: tuple[int, int], colour: str) -> bytes:
    content = io.BytesIO()
    Picture.new("RGB", size, colour).save(content, kind)
    return content.getvalue()
