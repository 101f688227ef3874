"""What a page shows, as its URL says: parsed once, and written back into every link."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from flask import url_for
from flask_babel import gettext
from werkzeug.datastructures import MultiDict

from workbench.services.errors import InvalidError
from workbench.services.explore.cells import Window
from workbench.services.explore.filters import (
    MISCLASSIFIED,
    SEVERITIES,
    SPLITS,
    VERDICTS,
    Filters,
    Selection,
)
from workbench.services.explore.lasso import MOST_CORNERS, Lasso
from workbench.services.explore.listing import MOST_SHUFFLES
from workbench.services.explore.text_search import LONGEST_TEXT
from workbench.web.presenters.glyph import OUTCOMES
from workbench.web.presenters.windows import Place
from workbench.web.request.parsing import (
    between,
    choice,
    choices,
    decimal,
    key,
    line,
    number_text,
    numbers,
    range_text,
    whole,
)

OUTCOME_FILTERS = (MISCLASSIFIED, *OUTCOMES)
LABELS = ("real", "fake")
ORDERS = ("uncertain", "wrong", "fake", "real", "diverse", "random")
PATTERN_ORDERS = ("contribution", "lift", "prevalence", "stability")
DIMENSION_ORDERS = ("index", "difference")
MOST_DIMENSIONS = 64
MOST_LEVELS = 12
LONGEST_TAG = 60
LONGEST_GENERATOR = 120
JOINED = ("p", "severity", "sensitivity", "activation")
UNBOUNDED = 1e6
"""No logit, activation or sensitivity comes near it."""


@dataclass(frozen=True)
class View:
    """One collection under one model version, as somebody has set it up."""

    name: str
    version: int | None = None
    level: int = 0
    window: Window | None = None
    filters: Filters = field(default_factory=Filters)
    cell: int | None = None
    lasso: Lasso | None = None
    pattern: int | None = None
    a: int | None = None
    b: int | None = None
    order: str = "uncertain"
    shuffle: int = 0
    """Which of the random orders."""
    dimension: int | None = None
    sort: str = "contribution"
    """Order of the patterns."""
    by: str = "index"
    """Order of the dimensions."""
    queue: bool = False
    """Images come from the adjudication queue, one after the other."""

    @property
    def selection(self) -> Selection:
        """The images that this view is about."""
        return Selection(
            filters=self.filters, cell_id=self.cell, lasso=self.lasso, pattern_id=self.pattern
        )

    @property
    def narrowed(self) -> bool:
        """Whether the images are fewer than the collection's."""
        return self.selection != Selection()

    def arguments(self) -> dict[str, Any]:
        """The query parameters that say the same; what is at its default is left out."""
        window = self.window
        values: dict[str, Any] = {
            "version": self.version,
            "level": self.level or None,
            "window": (
                f"{window.column},{window.row},{window.columns},{window.rows}" if window else None
            ),
            **filter_arguments(self.filters),
            "cell": self.cell,
            "lasso": lasso_text(self.lasso) if self.lasso else None,
            "pattern": self.pattern,
            "a": self.a,
            "b": self.b,
            "order": None if self.order == "uncertain" else self.order,
            "shuffle": self.shuffle or None,
            "dimension": self.dimension,
            "sort": None if self.sort == "contribution" else self.sort,
            "by": None if self.by == "index" else self.by,
            "queue": 1 if self.queue else None,
        }
        return {name: value for name, value in values.items() if value is not None}

    @property
    def filter_arguments(self) -> dict[str, Any]:
        """The query parameters of the filters alone."""
        found = filter_arguments(self.filters)
        return {name: value for name, value in found.items() if value is not None}

    def changed(self, **changes: Any) -> View:
        """This view with some of its fields changed."""
        return replace(self, **changes)

    def filtered(self, **changes: Any) -> View:
        """This view with some of its filters changed."""
        return replace(self, filters=replace(self.filters, **changes))

    def at(self, place: Place) -> View:
        """This view of another part of the layout."""
        window = Window(place.column, place.row, place.columns, place.rows)
        return replace(self, level=place.level, window=window if place.level else None)

    def url(self, **changes: Any) -> str:
        """Address of the Explore page with these fields changed; `after` turns the page."""
        after = changes.pop("after", None)
        arguments = replace(self, queue=False, **changes).arguments()
        return url_for("explore.show", name=self.name, after=after, **arguments)

    def cell_address(self) -> Callable[[int], str]:
        """Addresses of this view with each of many cells selected in place of the lasso."""
        others = self.url(cell=None, lasso=None)
        joint = "&" if "?" in others else "?"
        return lambda cell_id: f"{others}{joint}cell={cell_id}"

    def patterns_url(self, **changes: Any) -> str:
        """Address of the page of all patterns of this view's selection."""
        arguments = replace(self, window=None, level=0, queue=False, **changes).arguments()
        return url_for("patterns.index", name=self.name, **arguments)

    def image_url(self, image_id: int, **changes: Any) -> str:
        """Address of one image within this view."""
        edit = changes.pop("edit", None)
        fill = changes.pop("fill", None)
        to = changes.pop("to", None)
        arguments = replace(self, **changes).arguments() | {"edit": edit, "fill": fill, "to": to}
        return url_for("images.show", name=self.name, image_id=image_id, **arguments)

    def picture_url(self, picture: str, kind: str, **more: Any) -> str:
        """Address of this view as a picture to take away: `overview` as `svg`, and so on."""
        arguments = replace(self, queue=False).arguments() | more
        return url_for("exports.picture", name=self.name, picture=picture, kind=kind, **arguments)

    def hidden(self, *without: str) -> list[tuple[str, Any]]:
        """Hidden fields that carry this view through a form, without those it sets itself."""
        return [(name, value) for name, value in self.arguments().items() if name not in without]


def read_view(name: str, values: Mapping[str, str]) -> View:
    """The view that a request's query parameters describe. Raises InvalidError."""
    window = numbers(values, "window", 4)
    return View(
        name=name,
        version=whole(values, "version", low=1),
        level=whole(values, "level", high=MOST_LEVELS) or 0,
        window=Window(*window) if window else None,
        filters=read_filters(values),
        cell=whole(values, "cell"),
        lasso=read_lasso(values),
        pattern=whole(values, "pattern"),
        a=whole(values, "a"),
        b=whole(values, "b"),
        order=choice(values, "order", ORDERS) or "uncertain",
        shuffle=whole(values, "shuffle", high=MOST_SHUFFLES) or 0,
        dimension=whole(values, "dimension", high=MOST_DIMENSIONS - 1),
        sort=choice(values, "sort", PATTERN_ORDERS) or "contribution",
        by=choice(values, "by", DIMENSION_ORDERS) or "index",
        queue=whole(values, "queue", high=1) == 1,
    )


def read_filters(values: Mapping[str, str]) -> Filters:
    """The filters that query parameters describe. Raises InvalidError."""
    return Filters(
        outcome=choice(values, "outcome", OUTCOME_FILTERS),
        label=choice(values, "label", LABELS),
        generator=line(values, "generator", LONGEST_GENERATOR),
        split=choice(values, "split", SPLITS),
        p=between(values, "p", 0.0, 1.0),
        severity=choices(values, "severity", SEVERITIES),
        sensitivity=between(values, "sensitivity", 0.0, UNBOUNDED),
        activation=_read_activation(values),
        tag=line(values, "tag", LONGEST_TAG),
        verdict=choice(values, "verdict", VERDICTS),
        text=line(values, "text", LONGEST_TEXT),
    )


def filter_arguments(filters: Filters) -> dict[str, Any]:
    """The query parameters that say the same."""
    activation = filters.activation
    return {
        "outcome": filters.outcome,
        "label": filters.label,
        "generator": filters.generator,
        "split": filters.split,
        "p": range_text(filters.p),
        "severity": ",".join(map(str, filters.severity)) or None,
        "sensitivity": range_text(filters.sensitivity),
        "activation": range_text(activation),
        "tag": filters.tag,
        "verdict": filters.verdict,
        "text": filters.text,
    }


def _read_activation(values: Mapping[str, str]) -> tuple[int, float, float] | None:
    """`activation=DIMENSION,LOW,HIGH`; without a dimension there is no condition."""
    dimension, _, limits = values.get("activation", "").partition(",")
    index = whole({"activation": dimension}, "activation", high=MOST_DIMENSIONS - 1)
    if index is None:
        return None
    found = between({"activation": limits}, "activation", 0.0, UNBOUNDED)
    return None if found is None else (index, *found)


def joined(values: MultiDict[str, str]) -> dict[str, str]:
    """Query parameters, of which a form's fields of one name make one with commas between."""
    return {
        name: ",".join(values.getlist(name)) if name in JOINED else values[name] for name in values
    }


def read_lasso(values: Mapping[str, str]) -> Lasso | None:
    """`lasso=LEVEL:x,y;x,y;…`, corners in cells of the level. Raises InvalidError."""
    text = values.get("lasso", "").strip()
    if not text:
        return None
    level, _, corners = text.partition(":")
    found = whole({"lasso": level}, "lasso", high=MOST_LEVELS)
    points = corners.split(";") if corners else []
    if found is None or not 3 <= len(points) <= MOST_CORNERS:
        raise InvalidError(
            gettext("A lasso needs a level and 3 to %(most)s corners.", most=MOST_CORNERS)
        )
    return Lasso(found, tuple(_corner(point) for point in points))


def _corner(text: str) -> tuple[float, float]:
    numbers = [decimal(part, "lasso") for part in text.split(",")]
    if len(numbers) != 2:
        raise InvalidError(gettext("A lasso corner must be two numbers separated by a comma."))
    return numbers[0], numbers[1]


def lasso_text(lasso: Lasso) -> str:
    """The query parameter that says the same."""
    corners = ";".join(f"{number_text(x)},{number_text(y)}" for x, y in lasso.corners)
    return f"{lasso.level}:{corners}"


def read_after(values: Mapping[str, str]) -> str | None:
    """The key of the next page of a list."""
    return key(values, "after")
