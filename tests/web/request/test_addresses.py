"""Addresses: each holds the whole state of a view, and a bad one is refused with words."""

from __future__ import annotations

import unicodedata
from urllib.parse import parse_qs, urlsplit

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as some

from tests.web.conftest import Reader
from workbench.services.columns.properties import PROPERTIES
from workbench.services.explore.cells import Window
from workbench.services.explore.filters import NOTES, SPLITS, VERDICTS, Filters
from workbench.services.explore.grid import SHOWN
from workbench.services.explore.lasso import Lasso
from workbench.services.explore.listing import ORDERS
from workbench.services.explore.patterns import ORDERS as PATTERN_ORDERS
from workbench.store.database import LARGEST_ID
from workbench.store.images import LABELS
from workbench.web.request.view import View
from workbench.web.request.view_reading import OUTCOME_FILTERS, read_view
from workbench.web.request.view_state import DIMENSION_ORDERS, UNBOUNDED

ids = some.none() | some.integers(0, LARGEST_ID)


sizes = some.integers(0, 999_999)


hundredths = some.integers(0, 10**6).map(lambda number: number / 100)


def ranges(most: float, *, signed: bool = False) -> some.SearchStrategy[tuple[float, float]]:
    numbers = hundredths | hundredths.map(lambda number: 0.0 - number) if signed else hundredths
    return some.tuples(numbers, numbers).map(lambda pair: (min(*pair, most), min(max(pair), most)))


lines = (
    some.text(some.characters(categories=("L", "N", "P", "S")), min_size=1, max_size=40)
    .map(lambda text: unicodedata.normalize("NFC", text))
    .filter(str.isprintable)
)


filters = some.builds(
    Filters,
    outcome=some.none() | some.sampled_from(OUTCOME_FILTERS),
    label=some.none() | some.sampled_from(LABELS),
    generator=some.none() | lines,
    split=some.none() | some.sampled_from(SPLITS),
    noted=some.none() | some.sampled_from(NOTES),
    file_format=some.none() | some.sampled_from(("JPEG", "PNG", "JPEG2000")),
    image_property=some.none()
    | some.tuples(some.sampled_from(PROPERTIES), ranges(UNBOUNDED, signed=True)).map(
        lambda pair: (pair[0], *pair[1])
    ),
    p=some.none() | ranges(1.0),
    severity=some.sets(some.integers(1, 5)).map(lambda found: tuple(sorted(found))),
    sensitivity=some.none() | ranges(UNBOUNDED, signed=True),
    activation=some.none()
    | some.tuples(some.integers(0, 63), ranges(UNBOUNDED, signed=True)).map(
        lambda pair: (pair[0], *pair[1])
    ),
    tag=some.none() | lines,
    verdict=some.none() | some.sampled_from(VERDICTS),
    text=some.none() | lines,
)


lassos = some.builds(
    Lasso,
    level=some.integers(-2, 7),
    layout=some.none() | some.sampled_from(SHOWN),
    corners=some.lists(some.tuples(hundredths, hundredths), min_size=3, max_size=200).map(tuple),
)


views = some.builds(
    View,
    name=some.just("faces"),
    version=some.none() | some.integers(1, LARGEST_ID),
    layout=some.none() | some.sampled_from(SHOWN),
    level=some.integers(-2, 7),
    window=some.none() | some.builds(Window, sizes, sizes, sizes, sizes),
    filters=filters,
    cell=ids,
    lasso=some.none() | lassos,
    pattern=ids,
    a=ids,
    b=ids,
    order=some.sampled_from(ORDERS),
    shuffle=some.integers(0, 1_000_000),
    dimension=some.none() | some.integers(0, 63),
    sort=some.sampled_from(PATTERN_ORDERS),
    by=some.sampled_from(DIMENSION_ORDERS),
)


@given(view=views)
def test_a_view_s_address_reads_back_to_the_same_view(open_app: Flask, view: View) -> None:
    with open_app.test_request_context("/"):
        parts = urlsplit(view.url())

    assert parts.path == "/c/faces/"
    assert (
        read_view("faces", {name: found[0] for name, found in parse_qs(parts.query).items()})
        == view
    )


def test_what_is_usual_is_left_out_of_an_address(open_app: Flask) -> None:
    with open_app.test_request_context("/"):
        assert View("faces").url() == "/c/faces/"


@pytest.mark.parametrize(
    "query",
    [
        "cell=abc",
        "cell=-1",
        "cell=1.5",
        "cell=99999999999999999999",
        "cell=%00",
        "cell=٣",
        "version=0",
        "version=latest",
        "level=8",
        "level=-3",
        "level=--1",
        "layout=colour",
        "lasso=colour:0:0,0;1,0;1,1",
        "lasso=content:0:0:0,0;1,0;1,1",
        "window=1,2,3",
        "window=a,b,c,d",
        "window=1,2,3,99999999",
        "outcome=unclear",
        "label=both",
        "order=name",
        "sort=colour",
        "dimension=64",
        "queue=2",
        "after=%00",
        "p=0.9,0.1",
        "p=0.5",
        "p=nan,1",
        "p=0,2",
        "p=-1,1",
        "severity=0",
        "severity=6",
        "severity=1;2",
        "sensitivity=a,b",
        "activation=0,1",
        "property=beauty,0,1",
        "property=side,1",
        "activation=99,0,1",
        "split=half",
        "verdict=maybe",
        "text=" + "x" * 101,
        "tag=%00",
        "by=weight",
        "lasso=0",
        "lasso=0:1,1;2,2",
        "lasso=0:1,1;2,2;nan,3",
        "lasso=0:1;2;3",
        "lasso=x:0,0;1,0;1,1",
        "lasso=0:" + ";".join(["1,1"] * 10_000),
        "lasso=" + "9" * 5000,
        "level=1&window=30,0,16,12",
    ],
)
def test_a_parameter_that_makes_no_sense_is_refused_with_a_page(
    visitor: Reader, query: str
) -> None:
    answer = visitor.get(f"/c/faces/?{query}")

    assert answer.status_code == 422
    assert "Invalid value" in answer.text


@pytest.mark.parametrize(
    "url",
    [
        "/c/nowhere/",
        "/c/faces/?cell=999",
        "/c/faces/?a=999",
        "/c/faces/?version=9",
        "/c/faces/?pattern=999",
        "/c/faces/images/999",
        "/c/faces/images/99999999999999999999",
        "/c/faces/images/-1",
        "/c/faces/patterns/999",
        "/c/faces/patterns/999/report.html",
        "/c/raw/patterns/report.html",
        "/c/nowhere/patterns/31/report.html",
        "/c/faces/export/image.svg?image=999",
        "/c/faces/export/overview.svg?cell=999",
        "/c/faces/export/overview.svg?version=9",
        "/c/faces/export/poster.svg",
        "/c/faces/export/overview.gif",
        "/c/faces/export/sheet.svg",
        "/c/raw/export/overview.svg",
        "/c/faces/runs/999",
        "/c/raw/adjudicate",
        "/c/raw/patterns",
        "/c/%00/",
        "/images/999.jpg",
        "/images/2/thumb/50",
        "/nothing",
    ],
)
def test_what_does_not_exist_has_a_page_that_says_so(visitor: Reader, url: str) -> None:
    answer = visitor.get(url)

    assert answer.status_code == 404
    assert "Not found" in answer.text
    assert "All collections" in answer.text
