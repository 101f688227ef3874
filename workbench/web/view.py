"""What a page shows, as its URL says: parsed once, and written back into every link."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from flask import url_for

from workbench.services.browsing import Selection
from workbench.services.overview import Window
from workbench.web.parsing import choice, key, numbers, whole
from workbench.web.presenters.glyph import OUTCOMES
from workbench.web.presenters.windows import Place

OUTCOME_FILTERS = ("misclassified", *OUTCOMES)
LABELS = ("real", "fake")
ORDERS = ("uncertain", "wrong", "fake", "real", "random")
PATTERN_ORDERS = ("contribution", "lift", "prevalence")
MOST_DIMENSIONS = 64
MOST_LEVELS = 12


@dataclass(frozen=True)
class View:
    """One collection under one model version, as somebody has set it up."""

    name: str
    version: int | None = None
    level: int = 0
    window: Window | None = None
    outcome: str | None = None
    label: str | None = None
    cell: int | None = None
    pattern: int | None = None
    a: int | None = None
    b: int | None = None
    order: str = "uncertain"
    dimension: int | None = None
    sort: str = "contribution"
    """Order of the patterns."""
    queue: bool = False
    """Images come from the adjudication queue, one after the other."""

    @property
    def selection(self) -> Selection:
        """The images that this view is about."""
        return Selection(
            cell_id=self.cell,
            pattern_id=self.pattern,
            outcome=self.outcome,
            label=self.label,
            order=self.order,
        )

    @property
    def filtered(self) -> bool:
        """Whether the images are fewer than the collection's."""
        return any((self.cell, self.pattern, self.outcome, self.label))

    def arguments(self) -> dict[str, Any]:
        """The query parameters that say the same; what is at its default is left out."""
        window = self.window
        values: dict[str, Any] = {
            "version": self.version,
            "level": self.level or None,
            "window": (
                f"{window.column},{window.row},{window.columns},{window.rows}" if window else None
            ),
            "outcome": self.outcome,
            "label": self.label,
            "cell": self.cell,
            "pattern": self.pattern,
            "a": self.a,
            "b": self.b,
            "order": None if self.order == "uncertain" else self.order,
            "dimension": self.dimension,
            "sort": None if self.sort == "contribution" else self.sort,
            "queue": 1 if self.queue else None,
        }
        return {name: value for name, value in values.items() if value is not None}

    def changed(self, **changes: Any) -> View:
        """This view with some of its fields changed."""
        return replace(self, **changes)

    def at(self, place: Place) -> View:
        """This view of another part of the layout."""
        window = Window(place.column, place.row, place.columns, place.rows)
        return replace(self, level=place.level, window=window if place.level else None)

    def url(self, **changes: Any) -> str:
        """Address of the Explore page with these fields changed; `after` turns the page."""
        after = changes.pop("after", None)
        arguments = replace(self, queue=False, **changes).arguments()
        return url_for("explore.show", name=self.name, after=after, **arguments)

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
        outcome=choice(values, "outcome", OUTCOME_FILTERS),
        label=choice(values, "label", LABELS),
        cell=whole(values, "cell"),
        pattern=whole(values, "pattern"),
        a=whole(values, "a"),
        b=whole(values, "b"),
        order=choice(values, "order", ORDERS) or "uncertain",
        dimension=whole(values, "dimension", high=MOST_DIMENSIONS - 1),
        sort=choice(values, "sort", PATTERN_ORDERS) or "contribution",
        queue=whole(values, "queue", high=1) == 1,
    )


def read_after(values: Mapping[str, str]) -> str | None:
    """The key of the next page of a list."""
    return key(values, "after")
