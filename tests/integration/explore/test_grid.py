"""The overview shows every image once, in cells that mean exactly what they count."""

from __future__ import annotations

from collections import Counter
from itertools import product
from typing import Any

import numpy as np
import pytest
from sqlalchemy import select

from tests.support.choosing import chosen
from workbench.analysis.layout.cells import COLUMNS, ROWS, grid_size
from workbench.analysis.layout.mixtures import DEFAULT_LAYOUT, FORMER_LAYOUT, LAYOUTS
from workbench.services.accounts import Account
from workbench.services.errors import InvalidError, NotFoundError
from workbench.services.explore.cell_card import cell
from workbench.services.explore.cells import CellView, Window
from workbench.services.explore.filters import Filters
from workbench.services.explore.grid import MOST_GLYPHS, lassoed, overview
from workbench.services.explore.lasso import Lasso
from workbench.services.explore.listing import images
from workbench.services.explore.patterns import patterns
from workbench.services.review import tags
from workbench.services.workspaces import Workspace, workspace
from workbench.store.database import session
from workbench.store.results import Cell, PixelGroup, Prediction

pytestmark = pytest.mark.analysed


def levels_of(version_id: int) -> range:
    shown = overview(chosen(version_id), 0, None)
    return range(shown.coarsest, shown.finest + 1)


def tiles(level: int) -> list[Window]:
    """Windows of the largest size allowed that together cover a level."""
    columns, rows = grid_size(level)
    wide, high = min(columns, 2 * COLUMNS), min(rows, ROWS)
    return [
        Window(column, row, wide, high)
        for row in range(0, rows, high)
        for column in range(0, columns, wide)
    ]


def cells_of(
    version_id: int, level: int, layout: str | None = None, **conditions: Any
) -> list[CellView]:
    rows = chosen(version_id, **conditions)
    return [each for tile in tiles(level) for each in overview(rows, level, tile, layout).cells]


def selected(version_id: int, cell_id: int, **conditions: Any) -> list[int]:
    page = images(chosen(version_id, cell_id=cell_id, **conditions), "uncertain", limit=100)
    assert page.after is None
    assert page.total == len(page.cards)
    return [card.id for card in page.cards]


def test_the_first_level_shows_every_image_in_one_window(
    analysed: Workspace, version_id: int
) -> None:
    shown = overview(chosen(version_id), 0, None)

    # So few images take a part in the middle, and each of them a cell.
    assert shown.window == Window(3, 2, 9, 7)
    assert all(each.images == 1 for each in shown.cells)
    assert (shown.columns, shown.rows) == (COLUMNS, ROWS)
    assert shown.images == analysed.collection.images
    assert 0 < len(shown.cells) <= MOST_GLYPHS


def test_at_every_level_the_windows_together_show_every_image_once(
    analysed: Workspace, version_id: int
) -> None:
    assert len(levels_of(version_id)) > 1
    for layout, level in product(LAYOUTS, levels_of(version_id)):
        found = cells_of(version_id, level, layout)
        assert {each.layout for each in found} == {layout}
        assert sum(each.images for each in found) == analysed.collection.images
        assert len({each.id for each in found}) == len(found)


def test_the_coarser_levels_gather_the_images_that_lie_side_by_side(version_id: int) -> None:
    coarsest = overview(chosen(version_id), -2, None)

    assert (coarsest.columns, coarsest.rows) == (4, 3)
    assert max(each.images for each in coarsest.cells) > 3


def test_the_layouts_of_a_version_are_other_arrangements_of_the_same_images(
    version_id: int,
) -> None:
    shown = {name: overview(chosen(version_id), -2, None, name) for name in LAYOUTS}

    assert {each.layouts for each in shown.values()} == {tuple(LAYOUTS)}
    assert overview(chosen(version_id), 0, None).layout == DEFAULT_LAYOUT
    arrangements = {
        tuple(sorted(tuple(selected(version_id, cell.id)) for cell in each.cells))
        for each in shown.values()
    }
    assert len(arrangements) == len(LAYOUTS)


def test_a_layout_that_a_version_lacks_gives_way_to_the_one_that_pages_begin_with(
    version_id: int,
) -> None:
    assert overview(chosen(version_id), 0, None, FORMER_LAYOUT) == overview(
        chosen(version_id), 0, None
    )
    lasso = Lasso(0, ((0.0, 0.0), (8.0, 0.0), (8.0, 12.0)), FORMER_LAYOUT)
    with pytest.raises(InvalidError, match="this version lacks"):
        lassoed(version_id, Filters(), lasso)


def test_a_cell_and_a_lasso_light_their_images_up_in_the_other_layouts(version_id: int) -> None:
    largest = max(cells_of(version_id, -2, "evidence"), key=lambda each: each.images)
    lasso = Lasso(-1, ((0.0, 0.0), (4.0, 0.0), (4.0, 6.0), (0.0, 6.0)), "evidence")

    for conditions in ({"cell_id": largest.id}, {"lasso": lasso}):
        rows = chosen(version_id, **conditions)
        wanted = set(rows.store.image_ids[rows.selected].tolist())
        other = overview(rows, -1, None, "content")
        assert other.lighting
        for each in other.cells:
            own = set(selected(version_id, each.id))
            assert each.lit == len(own & wanted)
    assert not overview(chosen(version_id, cell_id=largest.id), -1, None, "evidence").lighting


def test_a_lasso_takes_the_cells_of_its_own_layout(version_id: int) -> None:
    for layout in LAYOUTS:
        lasso = Lasso(-1, ((0.0, 0.0), (4.0, 0.0), (4.0, 6.0), (0.0, 6.0)), layout)
        cells = [each for each in cells_of(version_id, -1, layout) if each.column < 4]
        taken = lassoed(version_id, Filters(), lasso)
        assert (taken.cells, taken.images) == (len(cells), sum(each.images for each in cells))


def test_a_cells_selection_lists_exactly_the_images_that_it_counts(version_id: int) -> None:
    for level in levels_of(version_id):
        listed: Counter[int] = Counter()
        for each in cells_of(version_id, level):
            own = selected(version_id, each.id)
            assert len(own) == each.images
            assert each.exemplar_id in own
            assert len(selected(version_id, each.id, outcome="misclassified")) == each.errors
            assert len(selected(version_id, each.id, outcome="fake_right")) == each.fake_right
            listed.update(own)
        assert set(listed.values()) == {1}


def test_a_cell_is_made_of_the_four_cells_below_it(version_id: int) -> None:
    for level in levels_of(version_id)[:-1]:
        below: Counter[tuple[int, int]] = Counter()
        for each in cells_of(version_id, level + 1):
            below[each.row // 2, each.column // 2] += each.images
        assert below == {
            (each.row, each.column): each.images for each in cells_of(version_id, level)
        }


def test_a_cells_figures_are_those_of_its_images(version_id: int) -> None:
    for each in overview(chosen(version_id), 0, None).cells:
        own = [
            session().get_one(Prediction, (version_id, image_id))
            for image_id in selected(version_id, each.id)
        ]
        outcomes = Counter(prediction.outcome for prediction in own)
        assert (each.real_right, each.real_called_fake, each.fake_right, each.fake_called_real) == (
            outcomes["real_right"],
            outcomes["real_called_fake"],
            outcomes["fake_right"],
            outcomes["fake_called_real"],
        )
        assert each.mean_p == pytest.approx(sum(one.p for one in own) / len(own))
        measured = [one.sensitivity for one in own if one.sensitivity is not None]
        assert each.measured == len(measured)
        assert each.sensitivity == pytest.approx(sum(measured) / len(measured))
        assert each.severity == min(int(each.mean_p * 5) + 1, 5)


def test_sensitivity_is_shown_against_the_most_sensitive_cell_of_the_level(
    version_id: int,
) -> None:
    for level in levels_of(version_id):
        shares = [each.sensitivity_share for each in cells_of(version_id, level)]
        assert max(map(abs, shares)) == 1.0
        for each in cells_of(version_id, level):
            assert np.sign(each.sensitivity_share) == np.sign(each.sensitivity)


REFUSED_WINDOWS = [
    Window(-1, 0, 4, 4),
    Window(0, -1, 4, 4),
    Window(0, 0, 0, 4),
    Window(0, 0, 4, 0),
    Window(0, 0, -4, -4),
    Window(2 * COLUMNS, 0, 1, 1),
    Window(0, 2 * ROWS, 1, 1),
    Window(2 * COLUMNS - 1, 0, 2, 1),
    Window(0, 0, 10**9, 1),
    Window(0, 0, 2 * COLUMNS, 2 * ROWS),
]


def test_a_window_outside_of_the_layout_or_too_large_is_refused(
    version_id: int,
) -> None:
    for window in REFUSED_WINDOWS:
        with pytest.raises(InvalidError, match="window"):
            overview(chosen(version_id), 1, window)


def test_a_level_that_the_layout_does_not_have_is_refused(version_id: int) -> None:
    for level in (-3, 2, 99):
        with pytest.raises(InvalidError, match="are -2 to 1"):
            overview(chosen(version_id), level, None)


def test_a_window_shows_its_own_cells_and_no_others(version_id: int) -> None:
    window = Window(4, 3, 8, 6)
    wanted = {
        each.id
        for each in overview(chosen(version_id), 0, None).cells
        if 4 <= each.column < 12 and 3 <= each.row < 9
    }

    assert {each.id for each in overview(chosen(version_id), 0, window).cells} == wanted


def test_a_filter_counts_in_every_glyph_only_what_passes(version_id: int) -> None:
    for filters in (
        {"outcome": "misclassified"},
        {"label": "fake"},
        {"p": (0.3, 0.8)},
        {"label": "real", "split": "held_out"},
        {"sensitivity": (-0.5, 0.1)},
    ):
        for level in levels_of(version_id):
            everything = cells_of(version_id, level)
            filtered = cells_of(version_id, level, **filters)
            assert [each.id for each in filtered] == [each.id for each in everything]
            for each, whole in zip(filtered, everything, strict=True):
                own = selected(version_id, each.id, **filters)
                assert each.images == len(own)
                assert each.whole == whole.images
                if own:
                    assert each.exemplar_id in own
                    rows = [session().get_one(Prediction, (version_id, one)) for one in own]
                    assert each.mean_p == pytest.approx(
                        sum(row.p for row in rows) / len(rows), abs=1e-6
                    )
                    assert each.errors == sum("called" in row.outcome for row in rows)


def test_a_filter_that_everything_passes_changes_nothing(version_id: int) -> None:
    for level in levels_of(version_id):
        everything = cells_of(version_id, level)
        passing = cells_of(version_id, level, p=(0.0, 1.0))
        for one, other in zip(everything, passing, strict=True):
            assert (one.id, one.images, one.errors, one.exemplar_id, one.measured) == (
                other.id,
                other.images,
                other.errors,
                other.exemplar_id,
                other.measured,
            )
            assert other.mean_p == pytest.approx(one.mean_p, abs=1e-6)
            assert other.sensitivity == pytest.approx(one.sensitivity, abs=1e-5)


def test_a_pattern_lights_the_cells_of_its_images(version_id: int) -> None:
    for pattern in patterns(chosen(version_id)):
        lit = overview(chosen(version_id, pattern_id=pattern.id), 0, None).cells
        having = set(
            session().scalars(
                select(PixelGroup.image_id).where(PixelGroup.pattern_id == pattern.id)
            )
        )
        for each in lit:
            assert each.lit == len(having & set(selected(version_id, each.id)))
        assert sum(each.lit for each in lit) == len(having)


def test_a_lasso_takes_the_cells_whose_middle_it_encloses(version_id: int) -> None:
    for level in levels_of(version_id):
        for corners in (
            ((0.0, 0.0), (8.0, 0.0), (8.0, 12.0), (0.0, 12.0)),
            ((2.2, 1.7), (11.3, 3.1), (7.4, 9.9)),
            ((0.0, 0.0), (16.0, 12.0), (16.0, 0.0), (0.0, 12.0)),
        ):
            lasso = Lasso(level, tuple((x * 2**level, y * 2**level) for x, y in corners))
            cells = {
                each.id: each
                for each in cells_of(version_id, level)
                if encloses(lasso, each.column + 0.5, each.row + 0.5)
            }
            taken = lassoed(version_id, Filters(), lasso)
            page = images(chosen(version_id, lasso=lasso), "uncertain", limit=100)
            assert taken.cells == len(cells)
            assert taken.images == page.total == sum(each.images for each in cells.values())
            assert taken.errors == sum(each.errors for each in cells.values())
            assert taken.real + taken.fake == taken.images


def encloses(lasso: Lasso, x: float, y: float) -> bool:
    """Whether a ray from the point to the right meets the polygon an odd number of times."""
    inside = False
    for (ax, ay), (bx, by) in zip(
        lasso.corners, (*lasso.corners[1:], lasso.corners[0]), strict=True
    ):
        if (ay > y) != (by > y) and x < ax + (y - ay) * (bx - ax) / (by - ay):
            inside = not inside
    return inside


REFUSED_LASSOS = [
    Lasso(0, ()),
    Lasso(0, ((0.0, 0.0), (1.0, 1.0))),
    Lasso(0, tuple((float(each % 16), float(each % 12)) for each in range(10_000))),
    Lasso(7, ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0))),
    Lasso(0, ((0.0, 0.0), (99.0, 0.0), (1.0, 1.0))),
    Lasso(0, ((0.0, 0.0), (float("nan"), 0.0), (1.0, 1.0))),
]


def test_a_lasso_of_nothing_of_too_much_or_of_elsewhere_is_refused(version_id: int) -> None:
    for lasso in REFUSED_LASSOS:
        with pytest.raises(InvalidError):
            lassoed(version_id, Filters(), lasso)


def test_a_lasso_counts_what_passes_the_filters(version_id: int) -> None:
    whole = Lasso(0, ((0.0, 0.0), (16.0, 0.0), (16.0, 12.0), (0.0, 12.0)))

    taken = lassoed(version_id, Filters(outcome="misclassified"), whole)

    assert taken.images == taken.errors == chosen(version_id, outcome="misclassified").total > 0


def test_a_version_that_is_not_there_is_not_found(analysed: Workspace) -> None:
    with pytest.raises(NotFoundError):
        chosen(10**6)


def test_a_cell_of_another_version_is_not_found(version_id: int) -> None:
    others = workspace("others").version
    assert others is not None
    foreign = session().scalars(select(Cell.id).where(Cell.version_id == others.id)).first()
    assert foreign is not None

    for cell_id in (foreign, 10**6):
        with pytest.raises(NotFoundError):
            cell(version_id, cell_id, Filters())
        with pytest.raises(NotFoundError):
            chosen(version_id, cell_id=cell_id)


def test_a_cell_names_the_patterns_and_tags_of_its_images(version_id: int, ada: Account) -> None:
    strongest = patterns(chosen(version_id))[0]
    tags.tag_pattern(ada.id, strongest.id, "rough")
    having = set(
        session().scalars(select(PixelGroup.image_id).where(PixelGroup.pattern_id == strongest.id))
    )
    met = 0
    for each in overview(chosen(version_id), 0, None).cells:
        own = having & set(selected(version_id, each.id))
        detail = cell(version_id, each.id, Filters())
        assert detail.cell == each
        assert dict(detail.top_tags) == ({"rough": len(own)} if own else {})
        named = {(name.id, name.label): name.images for name in detail.top_patterns}
        assert len(named) <= 3
        assert all(1 <= count <= each.images for count in named.values())
        if (strongest.id, "rough") in named:
            assert named[strongest.id, "rough"] == len(own)
            met += 1
    assert met > 0
