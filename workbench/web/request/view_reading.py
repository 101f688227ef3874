"""A view's state read from the query parameters of its address."""

from __future__ import annotations

from collections.abc import Mapping

from flask_babel import gettext
from werkzeug.datastructures import MultiDict

from workbench.analysis.layout.cells import COARSEST_LEVEL, FINEST_LEVEL
from workbench.services.columns.properties import PROPERTIES
from workbench.services.errors import InvalidError
from workbench.services.explore.cells import Window
from workbench.services.explore.filters import (
    LABEL_FILTERS,
    MISCLASSIFIED,
    NOTES,
    SEVERITIES,
    SPLITS,
    VERDICTS,
    Filters,
)
from workbench.services.explore.grid import SHOWN
from workbench.services.explore.lasso import MOST_CORNERS, Lasso
from workbench.services.explore.listing import MOST_SHUFFLES
from workbench.services.explore.listing import ORDERS as IMAGE_ORDERS
from workbench.services.explore.patterns import ORDERS as PATTERN_ORDERS
from workbench.services.explore.text_search import LONGEST_TEXT
from workbench.services.review.tags import LONGEST_NAME as LONGEST_TAG
from workbench.store.outcomes import OUTCOMES
from workbench.web.request.parsing import (
    between,
    choice,
    choices,
    decimal,
    key,
    line,
    numbers,
    whole,
)
from workbench.web.request.view import View
from workbench.web.request.view_state import DIMENSION_ORDERS, MOST_DIMENSIONS, UNBOUNDED

OUTCOME_FILTERS = (MISCLASSIFIED, *OUTCOMES)
LONGEST_GENERATOR = 120
LONGEST_FORMAT = 12
JOINED = ("p", "severity", "sensitivity", "activation", "property")
"""Parameters of which a form has a field for each part."""


def read_view(name: str, values: Mapping[str, str]) -> View:
    """The view that a request's query parameters describe. Raises InvalidError."""
    window = numbers(values, "window", 4)
    return View(
        name=name,
        version=whole(values, "version", low=1),
        layout=choice(values, "layout", SHOWN),
        level=whole(values, "level", low=COARSEST_LEVEL, high=FINEST_LEVEL) or 0,
        window=Window(*window) if window else None,
        filters=read_filters(values),
        cell=whole(values, "cell"),
        lasso=read_lasso(values),
        pattern=whole(values, "pattern"),
        a=whole(values, "a"),
        b=whole(values, "b"),
        order=choice(values, "order", IMAGE_ORDERS) or "uncertain",
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
        label=choice(values, "label", LABEL_FILTERS),
        generator=line(values, "generator", LONGEST_GENERATOR),
        split=choice(values, "split", SPLITS),
        noted=choice(values, "noted", NOTES),
        file_format=line(values, "format", LONGEST_FORMAT),
        image_property=_read_property(values),
        p=between(values, "p", 0.0, 1.0),
        severity=choices(values, "severity", SEVERITIES),
        sensitivity=between(values, "sensitivity", -UNBOUNDED, UNBOUNDED),
        activation=_read_activation(values),
        tag=line(values, "tag", LONGEST_TAG),
        verdict=choice(values, "verdict", VERDICTS),
        text=line(values, "text", LONGEST_TEXT),
    )


def _read_activation(values: Mapping[str, str]) -> tuple[int, float, float] | None:
    """`activation=DIMENSION,LOW,HIGH`, signed; without a dimension there is no condition."""
    dimension, _, limits = values.get("activation", "").partition(",")
    index = whole({"activation": dimension}, "activation", high=MOST_DIMENSIONS - 1)
    if index is None:
        return None
    found = between({"activation": limits}, "activation", -UNBOUNDED, UNBOUNDED)
    return None if found is None else (index, *found)


def _read_property(values: Mapping[str, str]) -> tuple[str, float, float] | None:
    """`property=NAME,LOW,HIGH`; without a name there is no condition."""
    name, _, limits = values.get("property", "").partition(",")
    chosen = choice({"property": name}, "property", PROPERTIES)
    if chosen is None:
        return None
    found = between({"property": limits}, "property", -UNBOUNDED, UNBOUNDED)
    return None if found is None else (chosen, *found)


def read_lasso(values: Mapping[str, str]) -> Lasso | None:
    """`lasso=LEVEL:x,y;x,y;…`, corners in cells of the level. Raises InvalidError.

    A layout other than the one that pages begin with stands in front: `lasso=LAYOUT:LEVEL:…`.
    """
    text = values.get("lasso", "").strip()
    if not text:
        return None
    *before, level, corners = text.split(":") if text.count(":") in (1, 2) else (text, "")
    layout = choice({"lasso": before[0]}, "lasso", SHOWN) if before else None
    found = whole({"lasso": level}, "lasso", low=COARSEST_LEVEL, high=FINEST_LEVEL)
    points = corners.split(";") if corners else []
    if found is None or not 3 <= len(points) <= MOST_CORNERS:
        raise InvalidError(
            gettext("A lasso needs a level and 3 to %(most)s corners.", most=MOST_CORNERS)
        )
    return Lasso(found, tuple(_corner(point) for point in points), layout)


def _corner(text: str) -> tuple[float, float]:
    numbers = [decimal(part, "lasso") for part in text.split(",")]
    if len(numbers) != 2:
        raise InvalidError(gettext("A lasso corner must be two numbers separated by a comma."))
    return numbers[0], numbers[1]


def read_after(values: Mapping[str, str]) -> str | None:
    """The key of the next page of a list."""
    return key(values, "after")


def joined(values: MultiDict[str, str]) -> dict[str, str]:
    """Query parameters, of which a form's fields of one name make one with commas between."""
    return {
        name: ",".join(values.getlist(name)) if name in JOINED else values[name] for name in values
    }
