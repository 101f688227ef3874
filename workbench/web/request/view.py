"""A view's state written into links: the query parameters that say it, and addresses of pages."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import url_for

from workbench.services.explore.filters import Filters
from workbench.services.explore.lasso import Lasso
from workbench.web.request.parsing import number_text, range_text
from workbench.web.request.view_state import ViewState

Arguments = dict[str, str | int]
"""Query parameters by name."""


class View(ViewState):
    """A view's state, and the links that carry it from page to page."""

    def arguments(self) -> Arguments:
        """The query parameters that say the same; what is at its default is left out."""
        window = self.window
        return _given(
            {
                "version": self.version,
                "layout": self.layout,
                "level": self.level or None,
                "window": (
                    f"{window.column},{window.row},{window.columns},{window.rows}"
                    if window
                    else None
                ),
                **_filter_texts(self.filters),
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
        )

    @property
    def filter_arguments(self) -> Arguments:
        """The query parameters of the filters alone."""
        return _given(_filter_texts(self.filters))

    def url(self, **changes: Any) -> str:
        """Address of the Explore page with these fields changed; `after` turns the page."""
        after = changes.pop("after", None)
        arguments = self.changed(queue=False, **changes).arguments()
        return _address("explore.show", {"name": self.name, "after": after} | arguments)

    def cell_address(self) -> Callable[[int], str]:
        """Addresses of this view with each of many cells selected in place of the lasso."""
        others = self.url(cell=None, lasso=None)
        joint = "&" if "?" in others else "?"
        return lambda cell_id: f"{others}{joint}cell={cell_id}"

    def patterns_url(self, **changes: Any) -> str:
        """Address of the page of all patterns of this view's selection."""
        arguments = self.changed(window=None, level=0, queue=False, **changes).arguments()
        return _address("patterns.index", {"name": self.name} | arguments)

    def image_url(self, image_id: int, **changes: Any) -> str:
        """Address of one image within this view.

        `edit`, `fill` and `to` choose a counterfactual, which `expectation` with `bound` has tried;
        `expected` names the row that these were written in before.
        """
        named = ("edit", "fill", "to", "expectation", "bound", "expected")
        edit = {name: changes.pop(name, None) for name in named}
        arguments = self.changed(**changes).arguments() | edit
        return _address("images.show", {"name": self.name, "image_id": image_id} | arguments)

    def picture_url(self, picture: str, kind: str, **more: str | int) -> str:
        """Address of this view as a picture to take away: `overview` as `svg`, and so on."""
        arguments = self.changed(queue=False).arguments() | more
        path = {"name": self.name, "picture": picture, "kind": kind}
        return _address("exports.picture", path | arguments)

    def hidden(self, *without: str) -> list[tuple[str, str | int]]:
        """Hidden fields that carry this view through a form, without those it sets itself."""
        return [(name, value) for name, value in self.arguments().items() if name not in without]


def _filter_texts(filters: Filters) -> dict[str, str | int | None]:
    return {
        "outcome": filters.outcome,
        "label": filters.label,
        "generator": filters.generator,
        "split": filters.split,
        "noted": filters.noted,
        "format": filters.file_format,
        "property": (
            f"{filters.image_property[0]},{range_text(filters.image_property[1:])}"
            if filters.image_property
            else None
        ),
        "p": range_text(filters.p),
        "severity": ",".join(map(str, filters.severity)) or None,
        "sensitivity": range_text(filters.sensitivity),
        "activation": range_text(filters.activation),
        "tag": filters.tag,
        "verdict": filters.verdict,
        "text": filters.text,
    }


def _address(endpoint: str, values: dict[str, Any]) -> str:
    return url_for(endpoint, **values)


def _given(values: dict[str, str | int | None]) -> Arguments:
    return {name: value for name, value in values.items() if value is not None}


def lasso_text(lasso: Lasso) -> str:
    """`LEVEL:x,y;x,y;…`, as `read_lasso` reads it; a layout's name stands in front."""
    corners = ";".join(f"{number_text(x)},{number_text(y)}" for x, y in lasso.corners)
    return f"{f'{lasso.layout}:' if lasso.layout else ''}{lasso.level}:{corners}"
