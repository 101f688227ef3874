"""The pages whose speed and size are measured, and what stands in their addresses."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import cos, pi, sin
from string import Formatter
from typing import TypeVar
from urllib.parse import parse_qsl, quote, urlsplit

from sqlalchemy import func, select

from benchmarks.web.databases import Filled
from benchmarks.web.filling.collection import COLLECTION
from benchmarks.web.filling.made_up import DIMENSIONS, GENERATORS
from workbench.analysis.layout.cells import COLUMNS, ROWS
from workbench.analysis.layout.mixtures import DEFAULT_LAYOUT
from workbench.app import create_app
from workbench.services.explore.listing import ORDERS
from workbench.services.explore.patterns import ORDERS as PATTERN_ORDERS
from workbench.services.workspaces import workspace
from workbench.store.database import db, session
from workbench.store.judgements import DECISIONS, Tag
from workbench.store.outcomes import OUTCOMES
from workbench.store.results import Cell, Pattern, PixelGroup, Placement

One = TypeVar("One")


@dataclass(frozen=True)
class Page:
    """One kind of page. Each {word} of the address is drawn afresh for each visit.

    follow: visit this address unmeasured, and measure its link with this parameter instead.
    tag: measure the form that puts a tag on the pixel group of this address.
    """

    address: str
    follow: str = ""
    tag: bool = False


EXPLORE = f"/c/{COLLECTION}/?"
# What says the same of the same images in another way, so that no two addresses are one.
OTHERWISE = "sort={sort}&dimension={dimension}"
FINER = "level={level}&window={window}"

PAGES = {
    "overview": Page(f"{EXPLORE}order={{order}}&{OTHERWISE}"),
    "overview, finer": Page(f"{EXPLORE}{FINER}"),
    "overview, a cell selected": Page(f"{EXPLORE}{FINER}&cell={{cell}}"),
    "overview, two cells pinned": Page(f"{EXPLORE}{FINER}&a={{cell}}&b={{other_cell}}"),
    "filtered, outcome": Page(f"{EXPLORE}{FINER}&outcome={{outcome}}"),
    "filtered, label": Page(f"{EXPLORE}{FINER}&label={{label}}"),
    "filtered, generator": Page(f"{EXPLORE}{OTHERWISE}&generator={{generator}}"),
    "filtered, split": Page(f"{EXPLORE}{OTHERWISE}&split={{split}}"),
    "filtered, p": Page(f"{EXPLORE}p={{p}}"),
    "filtered, severity": Page(f"{EXPLORE}{OTHERWISE}&severity={{severity}}"),
    "filtered, sensitivity": Page(f"{EXPLORE}sensitivity={{sensitivity}}"),
    "filtered, activation": Page(f"{EXPLORE}activation={{activation}}"),
    "filtered, tag": Page(f"{EXPLORE}{OTHERWISE}&tag={{tag}}"),
    "filtered, verdict": Page(f"{EXPLORE}{OTHERWISE}&verdict={{verdict}}"),
    "filtered, text": Page(f"{EXPLORE}text={{text}}"),
    "filtered, pattern": Page(f"{EXPLORE}{OTHERWISE}&pattern={{pattern}}"),
    "filtered, outcome and p and generator": Page(
        f"{EXPLORE}outcome={{outcome}}&p={{p}}&generator={{generator}}"
    ),
    "filtered, label and activation and text, finer": Page(
        f"{EXPLORE}{FINER}&label={{label}}&activation={{activation}}&text={{text}}"
    ),
    "filtered, pattern and outcome, finer": Page(
        f"{EXPLORE}{FINER}&pattern={{pattern}}&outcome={{outcome}}"
    ),
    "lasso": Page(f"{EXPLORE}lasso={{lasso}}"),
    "lasso, outcome": Page(f"{EXPLORE}lasso={{lasso}}&outcome={{outcome}}"),
    **{f"images, order {order}": Page(f"{EXPLORE}{FINER}&order={order}") for order in ORDERS},
    "images, order uncertain, of a cell": Page(f"{EXPLORE}order=uncertain&cell={{cell}}"),
    "images, second page": Page(f"{EXPLORE}{FINER}&order={{order}}", follow="after"),
    "image": Page(f"/c/{COLLECTION}/images/{{image}}?order={{order}}"),
    "image, of a selection": Page(
        f"/c/{COLLECTION}/images/{{image}}?order={{order}}&outcome={{outcome}}&label={{label}}"
    ),
    "patterns": Page(f"/c/{COLLECTION}/patterns?sort={{sort}}&dimension={{dimension}}&{FINER}"),
    "patterns, of a cell": Page(f"/c/{COLLECTION}/patterns?sort={{sort}}&cell={{cell}}"),
    "pattern": Page(f"/c/{COLLECTION}/patterns/{{pattern}}?{OTHERWISE}"),
    "taxonomy": Page(f"/taxonomy?collection={COLLECTION}&text={{text}}"),
    "taxonomy, second page": Page(
        f"/taxonomy?collection={COLLECTION}&text={{digits}}", follow="after"
    ),
    "tag a pixel group": Page("/groups/{group}/tags", tag=True),
}

DRAWN: dict[str, Callable[[Draw], str]] = {
    "order": lambda draw: draw.one_of(ORDERS),
    "sort": lambda draw: draw.one_of(PATTERN_ORDERS),
    "dimension": lambda draw: str(draw.random.randrange(DIMENSIONS)),
    "level": lambda draw: str(draw.finer_level()),
    "window": lambda draw: draw.window(),
    "cell": lambda draw: draw.cell(),
    "other_cell": lambda draw: draw.cell(),
    "outcome": lambda draw: draw.one_of(("misclassified", *OUTCOMES)),
    "label": lambda draw: draw.one_of(("real", "fake")),
    "generator": lambda draw: draw.one_of(GENERATORS),
    "split": lambda draw: draw.one_of(("training", "held_out")),
    "p": lambda draw: draw.range(0.0, 1.0),
    "severity": lambda draw: ",".join(map(str, sorted(draw.random.sample(range(1, 6), 2)))),
    "sensitivity": lambda draw: draw.range(-3.0, 3.0),
    "activation": lambda draw: f"{draw.random.randrange(DIMENSIONS)},{draw.range(-1.5, 1.5)}",
    "tag": lambda draw: draw.one_of(draw.collection.tags),
    "verdict": lambda draw: draw.one_of(DECISIONS),
    "text": lambda draw: f"{draw.random.randrange(1000):03}",
    "digits": lambda draw: f"{draw.random.randrange(100):02}",
    "lasso": lambda draw: draw.lasso(),
    "pattern": lambda draw: str(draw.one_of(draw.collection.patterns)),
    "image": lambda draw: str(draw.random.randint(1, draw.collection.images)),
    "group": lambda draw: str(draw.random.randint(1, draw.collection.groups)),
}
"""How each word of an address is drawn."""

LASSO_CORNERS = 7
WINDOW = (30, 20)
"""Columns and rows of a window: as many cells as a view may ask for."""


@dataclass(frozen=True)
class Known:
    """What addresses of a filled collection may name. Ids of images and groups count from 1.

    coordinates: (x, y) of some images in the layout. cells: for each level from 0 on, lowest and
        highest id.
    """

    images: int
    groups: int
    coordinates: tuple[tuple[float, float], ...]
    cells: tuple[tuple[int, int], ...]
    patterns: tuple[int, ...]
    tags: tuple[str, ...]


def known_of(filled: Filled) -> Known:
    """Read it from the database."""
    with create_app(filled.settings).app_context():
        found = workspace(COLLECTION).version
        if found is None:
            raise RuntimeError("the made-up collection has no active version")
        some = random.Random(0).sample(range(1, filled.images + 1), min(filled.images, 500))
        of_version = (Cell.version_id == found.id) & (Cell.layout == DEFAULT_LAYOUT)
        cells = session().execute(
            select(func.min(Cell.id), func.max(Cell.id))
            .where(of_version, Cell.level >= 0)
            .group_by(Cell.level)
            .order_by(Cell.level)
        )
        coordinates = session().execute(
            select(Placement.x, Placement.y).where(
                Placement.version_id == found.id,
                Placement.layout == DEFAULT_LAYOUT,
                Placement.image_id.in_(some),
            )
        )
        known = Known(
            images=filled.images,
            groups=session().scalar(select(func.max(PixelGroup.id))) or 0,
            coordinates=tuple(coordinates.tuples()),
            cells=tuple(cells.tuples()),
            patterns=tuple(
                session().scalars(select(Pattern.id).where(Pattern.version_id == found.id))
            ),
            tags=tuple(session().scalars(select(Tag.name))),
        )
        db.session.remove()
        db.engine.dispose()
        return known


class Draw:
    """Addresses of one collection, each another one; the same seed draws the same."""

    def __init__(self, collection: Known, seed: int) -> None:
        self.collection = collection
        self.random = random.Random(seed)
        self._given: set[str] = set()
        self._level = 0

    def address(self, page: Page) -> str:
        """An address of the page that was not given before."""
        for _ in range(1000):
            words = {word: DRAWN[word](self) for word in words_of(page.address)}
            address = page.address.format(**{k: quote(v, safe=",:;") for k, v in words.items()})
            if address not in self._given:
                self._given.add(address)
                return address
        raise RuntimeError(f"there are too few different addresses like {page.address}")

    def one_of(self, choices: Sequence[One]) -> One:
        """Any of these."""
        return self.random.choice(choices)

    def range(self, low: float, high: float) -> str:
        """A part of the range, at least a tenth of it."""
        start = self.random.uniform(low, high - 0.1 * (high - low))
        stop = self.random.uniform(start + 0.1 * (high - low), high)
        return f"{start:.3f},{stop:.3f}"

    def finer_level(self) -> int:
        """Any but the first; the window that is drawn next is of this level."""
        self._level = self.random.randint(1, max(len(self.collection.cells) - 1, 1))
        return self._level

    def window(self) -> str:
        """A window of the drawn level around some image."""
        columns, rows = COLUMNS << self._level, ROWS << self._level
        wide, high = min(WINDOW[0], columns), min(WINDOW[1], rows)
        x, y = self.random.choice(self.collection.coordinates)
        column = min(max(int(x * columns) - wide // 2, 0), columns - wide)
        row = min(max(int(y * rows) - high // 2, 0), rows - high)
        return f"{column},{row},{wide},{high}"

    def cell(self) -> str:
        """A cell of any level."""
        low, high = self.random.choice(self.collection.cells)
        return str(self.random.randint(low, high))

    def lasso(self) -> str:
        """A star-shaped ring around some image, in cells of level 0."""
        x, y = self.random.choice(self.collection.coordinates)
        corners = []
        for corner in range(LASSO_CORNERS):
            turn = 2 * pi * corner / LASSO_CORNERS
            reach = self.random.uniform(0.8, 4.0)
            across = min(max(x * COLUMNS + reach * cos(turn), 0.0), float(COLUMNS))
            down = min(max(y * ROWS + reach * sin(turn), 0.0), float(ROWS))
            corners.append(f"{across:.2f},{down:.2f}")
        return "0:" + ";".join(corners)


def words_of(address: str) -> list[str]:
    """The words in braces."""
    return [word for _text, word, *_rest in Formatter().parse(address) if word]


def parameters_of(page: Page) -> set[str]:
    """The names of its query parameters."""
    return {name for name, _value in parse_qsl(urlsplit(page.address).query)}
