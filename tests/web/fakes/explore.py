"""Choosing images, and what the panels of Explore show of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from tests.web.fakes.data import CARDS, CELLS, HAVING, MEMBERS
from tests.web.fakes.state import State
from workbench.services.errors import (
    InvalidError,
    NotFoundError,
)
from workbench.services.explore.cards import ImageCard
from workbench.services.explore.cell_card import CellDetail, PatternName
from workbench.services.explore.cells import CellView, Window
from workbench.services.explore.filters import FilterChoices, Filters, Selection
from workbench.services.explore.grid import Lassoed, Overview
from workbench.services.explore.lasso import Lasso
from workbench.services.explore.listing import ImagePage, PositionInOrder
from workbench.services.taxonomy.listing import TAGS_A_PAGE, TaxonomyPage
from workbench.store.outcomes import OUTCOMES


@dataclass(frozen=True)
class FakeChosen:
    """The images of a selection, by id."""

    version_id: int
    selection: Selection
    filtered: tuple[int, ...]
    area: tuple[int, ...]
    selected: tuple[int, ...]

    @property
    def groups(self) -> tuple[int, ...]:
        return self.selected if self.selection.pattern_id is not None else ()

    @property
    def lighting(self) -> bool:
        return self.selection.pattern_id is not None or self.selection.lasso is not None


@dataclass
class Selecting:
    book: State

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
        return FilterChoices(
            ("stylegan",), 3, tuple(each.name for each in self.book.tags), ("tiny", "one_colour")
        )


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
    def overview(
        self, chosen: FakeChosen, level: int, window: Window | None, layout: str | None = None
    ) -> Overview:
        if not 0 <= level <= 1:
            raise InvalidError("Levels of this layout are 0 to 1.")
        columns, rows = 16 << level, 12 << level
        shown = window or Window(0, 0, 16, 12)
        if shown.column + shown.columns > columns or shown.columns * shown.rows > 600:
            raise InvalidError("The window lies outside the layout.")
        cells = tuple(cell_view(each, chosen) for each in CELLS.values() if each.level == level)
        return Overview(
            layout or "balanced",
            ("content", "balanced", "evidence"),
            level,
            0,
            1,
            columns,
            rows,
            shown,
            cells,
            sum(each.images for each in cells),
            sum(each.whole for each in cells),
            chosen.lighting,
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
            unlabelled=0,
        )


def cell_view(cell: CellView, chosen: FakeChosen) -> CellView:
    """A cell with the counts of what passes the filters."""
    counted = [CARDS[each] for each in MEMBERS[cell.id] if each in chosen.filtered]
    return replace(
        cell,
        **{name: sum(card.outcome == name for card in counted) for name in OUTCOMES},
        lit=sum(card.id in chosen.selected for card in counted) if chosen.lighting else 0,
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
    book: State

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
class Taxonomy:
    book: State

    def taxonomy(
        self,
        version_ids: Sequence[int],
        text: str = "",
        after: str = "",
        state: str | None = None,
        limit: int = TAGS_A_PAGE,
    ) -> TaxonomyPage:
        """Two a page."""
        self.book.counted = list(version_ids)
        found = [
            each
            for each in self.book.tags
            if text.casefold() in each.name.casefold() and state in (None, each.state)
        ]
        left = sorted((each for each in found if each.name > after), key=lambda each: each.name)
        return TaxonomyPage(tuple(left[:2]), len(found), left[1].name if left[2:] else None)
