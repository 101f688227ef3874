"""The representation overview: cells of one window as glyphs, their marks, and where to go next."""

from __future__ import annotations

import math
from dataclasses import dataclass

from flask_babel import gettext

from workbench.services.explore.cells import CellView
from workbench.services.explore.grid import Overview
from workbench.services.explore.lasso import Lasso
from workbench.store.outcomes import OUTCOMES
from workbench.web.presenters import glyph
from workbench.web.request import windows
from workbench.web.request.windows import LevelWindow
from workbench.web.site.formatting import OUTCOME_WORDS, count, image_counts, signed
from workbench.web.site.predictions import probability


@dataclass(frozen=True)
class DrawnCell:
    """One glyph, ready to be drawn around (x, y)."""

    cell: CellView
    x: float
    y: float
    arcs: tuple[glyph.Arc, ...]
    thumb: float
    bar: glyph.Bar | None
    """None where no image's sensitivity was measured."""
    lit: glyph.Bar | None
    """How much of it a pattern or a lasso selects; None where nothing selects, or nothing of it."""
    label: str
    single: bool
    """It holds one image: that is drawn, in place of a ring."""
    empty: bool
    """None of its images passes the filters."""
    unlit: bool
    """A pattern or a lasso selects, and nothing of it."""

    @property
    def lit_quarter(self) -> int:
        """The share that is lit, in quarters: 0 (some) to 3 (nearly all)."""
        return min(3, 4 * self.cell.lit // max(self.cell.images, 1))


@dataclass(frozen=True)
class Mark:
    """A frame around the selected cell or a pinned one; `name` is empty, A or B."""

    name: str
    x: float
    y: float
    size: float


@dataclass(frozen=True)
class Steps:
    """Windows one step away; None where there is nothing further."""

    finer: LevelWindow | None
    coarser: LevelWindow | None
    left: LevelWindow | None
    right: LevelWindow | None
    up: LevelWindow | None
    down: LevelWindow | None


@dataclass(frozen=True)
class Drawing:
    """Everything that the overview's panel draws."""

    width: float
    height: float
    window: LevelWindow
    cells: tuple[DrawnCell, ...]
    marks: tuple[Mark, ...]
    levels: tuple[LevelWindow, ...]
    steps: Steps
    empty: int
    """Cells of which no image passes the filters."""
    lighting: bool
    """Whether a pattern or a lasso lights cells up, and the others step back."""
    lasso: str
    """The lasso as SVG points; empty where there is none at this level."""


def drawing(
    overview: Overview,
    marked: dict[str, CellView],
    lasso: Lasso | None = None,
) -> Drawing:
    """Lay an overview out; `marked` names cells to frame: "" the selected one, "A" and "B"."""
    part = overview.window
    window = LevelWindow(overview.level, part.column, part.row, part.columns, part.rows)
    largest = max((cell.whole for cell in overview.cells), default=1)
    drawn_here = lasso is not None and lasso.layout in (None, overview.layout)
    sentences = Sentences()
    cells = tuple(
        _drawn(cell, window, largest, sentences, lighting=overview.lighting)
        for cell in overview.cells
    )
    return Drawing(
        width=window.columns * glyph.CELL,
        height=window.rows * glyph.CELL,
        window=window,
        cells=cells,
        marks=tuple(_mark(name, cell, window) for name, cell in marked.items()),
        levels=tuple(
            _at_level(overview, window, level, window.middle)
            for level in range(overview.coarsest, overview.finest + 1)
        ),
        steps=_steps(overview, window, marked.get("")),
        empty=sum(cell.empty for cell in cells),
        lighting=overview.lighting,
        lasso=_lasso_points(lasso, window) if lasso and drawn_here else "",
    )


def _lasso_points(lasso: Lasso, window: LevelWindow) -> str:
    """A lasso in units of the drawing, whatever level it was drawn on."""
    factor = 2.0 ** (window.level - lasso.level)
    return " ".join(
        f"{(x * factor - window.column) * glyph.CELL:.1f},"
        f"{(y * factor - window.row) * glyph.CELL:.1f}"
        for x, y in lasso.corners
    )


class Sentences:
    """Cells' numbers in words, for titles and screen readers.

    A drawing has hundreds of cells: what all their sentences share is looked up once.
    """

    def __init__(self) -> None:
        self._outcomes = {name: str(OUTCOME_WORDS[name]) for name in OUTCOMES}
        self._image_count = image_counts()
        self._counts = gettext("%(images)s; %(parts)s.")
        self._fakeness = gettext("Mean p(fake) %(p)s, severity %(severity)s of 5.")
        self._unmeasured = gettext("Sensitivity not measured.")
        self._on_each = gettext("Sensitivity %(sensitivity)s logits, measured on all.")
        self._on_some = gettext("Sensitivity %(sensitivity)s logits, measured on %(measured)s.")
        self._empty = gettext("None of its %(images)s match the filters.")

    def of(self, cell: CellView) -> str:
        """The sentences of one cell."""
        if not cell.images:
            return self._empty % {"images": self._image_count(cell.whole)}
        parts = [
            f"{words}: {count(getattr(cell, name))}"
            for name, words in self._outcomes.items()
            if getattr(cell, name)
        ]
        sentences = (
            self._counts % {"images": self._image_count(cell.images), "parts": "; ".join(parts)},
            self._fakeness % {"p": probability(cell.mean_p), "severity": cell.severity},
            self._sensitivity(cell),
        )
        return " ".join(sentences)

    def _sensitivity(self, cell: CellView) -> str:
        if cell.sensitivity is None:
            return self._unmeasured
        known = {"sensitivity": signed(cell.sensitivity), "measured": count(cell.measured)}
        return (self._on_each if cell.measured == cell.images else self._on_some) % known


def _drawn(
    cell: CellView, window: LevelWindow, largest: int, sentences: Sentences, *, lighting: bool
) -> DrawnCell:
    x, y = glyph.centre(cell.column - window.column, cell.row - window.row)
    radius = glyph.ring_radius(cell.images, largest)
    return DrawnCell(
        cell=cell,
        x=x,
        y=y,
        arcs=glyph.edges(cell) if cell.whole == 1 else glyph.arcs(cell, radius),
        thumb=glyph.thumb_radius(radius),
        bar=(
            None
            if cell.sensitivity_share is None
            else glyph.sensitivity_bar(cell.sensitivity_share)
        ),
        lit=glyph.lit_bar(cell.lit / cell.images) if cell.lit else None,
        label=sentences.of(cell),
        single=cell.whole == 1,
        empty=not cell.images,
        unlit=lighting and not cell.lit,
    )


def _mark(name: str, cell: CellView, window: LevelWindow) -> Mark:
    column, row, side = windows.square(cell.level, cell.column, cell.row, window)
    inset = (glyph.CELL - glyph.GROUND) / 2
    return Mark(
        name,
        column * glyph.CELL + inset,
        row * glyph.CELL + inset,
        max(2.0, side * glyph.CELL - 2 * inset),
    )


def _at_level(
    overview: Overview, window: LevelWindow, level: int, middle: tuple[float, float]
) -> LevelWindow:
    """The window of a level around a place, or around the cell nearest to it where that is empty.

    Classes that a model tells apart well leave the middle of the layout empty.
    """
    grid = (overview.columns, overview.rows)
    there = windows.around(window.level, middle, level, *grid)
    cells = [(cell.column, cell.row) for cell in overview.cells]
    if level <= window.level or not cells:
        return there
    if any(there.holds(*windows.square(window.level, *each, there)) for each in cells):
        return there
    nearest = min(
        ((column + 0.5, row + 0.5) for column, row in cells), key=lambda at: math.dist(at, middle)
    )
    return windows.around(window.level, nearest, level, *grid)


def _steps(overview: Overview, window: LevelWindow, selected: CellView | None) -> Steps:
    def zoomed(level: int) -> LevelWindow | None:
        if not overview.coarsest <= level <= overview.finest:
            return None
        if selected is not None and selected.level == window.level:
            middle = (selected.column + 0.5, selected.row + 0.5)
        else:
            middle = window.middle
        return _at_level(overview, window, level, middle)

    def moved(columns: int, rows: int) -> LevelWindow | None:
        return windows.moved(window, columns, rows, overview.columns, overview.rows)

    across, down = max(1, window.columns // 2), max(1, window.rows // 2)
    return Steps(
        finer=zoomed(window.level + 1),
        coarser=zoomed(window.level - 1),
        left=moved(-across, 0),
        right=moved(across, 0),
        up=moved(0, -down),
        down=moved(0, down),
    )
