"""A page as its tests see it."""

from __future__ import annotations

from collections import Counter
from html.parser import HTMLParser

import pytest

from tests.web.addresses import PAGES
from tests.web.conftest import Reader

VOID = {"br", "hr", "img", "input", "link", "meta"}


DRAWN = {"circle", "line", "path", "rect", "image", "use"}


class Page(HTMLParser):
    """What the tests want to know of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: Counter[str] = Counter()
        self.ids: Counter[str] = Counter()
        self.attributes: list[tuple[str, dict[str, str | None]]] = []
        self.forms: list[dict[str, str | None]] = []
        self.tokens: list[int] = []
        self.labelled: set[str] = set()
        self.nested: list[str] = []
        self.title = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.seen[tag] += 1
        self.attributes.append((tag, given))
        if given.get("id"):
            self.ids[given["id"] or ""] += 1
        if tag in ("form", "div", "ul", "ol", "table", "p") and "p" in self.open:
            self.nested.append(tag)
        if tag == "form":
            self.forms.append(given)
            self.tokens.append(0)
        if tag == "input" and given.get("name") == "csrf_token" and "form" in self.open:
            self.tokens[-1] += 1
        if tag == "label" and given.get("for"):
            self.labelled.add(given["for"] or "")
        if tag in ("input", "select", "textarea") and "label" in self.open:
            given["in-label"] = "yes"
        if tag not in VOID and tag not in DRAWN:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in self.open:
            while self.open.pop() != tag:
                pass

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] == "title" and "svg" not in self.open:
            self.title += data


@pytest.fixture(params=list(PAGES))
def page(request: pytest.FixtureRequest, ada: Reader, visitor: Reader) -> Page:
    reader = visitor if request.param == "/login" else ada
    return Page(reader.get(request.param).text)
