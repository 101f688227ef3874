"""What holds for every page: title, landmarks, labels, forms, and nothing inline."""

from __future__ import annotations

from collections import Counter
from html.parser import HTMLParser

import pytest
from flask import Flask

from tests.web.conftest import Reader
from tests.web.fakes.runs import run
from tests.web.fakes.workbench import FakeWorkbench

PAGES = {
    "/": "Collections",
    "/login": "Sign in",
    "/taxonomy": "Taxonomy",
    "/c/faces/": "Explore faces",
    "/c/faces/?cell=11&a=11&b=12&outcome=misclassified&dimension=1&pattern=31": "Explore",
    "/c/faces/?level=1&window=0,0,16,12": "Explore faces",
    "/c/faces/?version=1": "Explore faces",
    "/c/raw/": "raw is not analysed yet",
    "/c/faces/images/2": "face 2",
    "/c/faces/images/2?edit=group-200&fill=blur&queue=1": "face 2",
    "/c/faces/images/2?edit=dimension-1": "face 2",
    "/c/faces/patterns": "Patterns of faces",
    "/c/faces/patterns?cell=11&sort=lift": "Patterns of faces",
    "/c/faces/patterns/31": "pattern 1",
    "/c/faces/patterns/31/tags/90": "Check the tag “fake smile”",
    "/c/faces/similar": "Similarity search",
    "/c/faces/similar?image=2": "Images similar to face 2",
    "/c/faces/similar?group=200": "Pixel groups similar to one of face 2",
    "/c/faces/similar?words=a+smile": "Images matching “a smile”",
    "/c/faces/models": "Models of faces",
    "/c/raw/models": "Models of raw",
    "/c/faces/images/99": "Not found",
}
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


@pytest.mark.parametrize(("url", "title"), PAGES.items())
def test_every_page_is_named_in_its_title(
    url: str, title: str, ada: Reader, visitor: Reader
) -> None:
    page = Page((visitor if url == "/login" else ada).get(url).text)

    assert page.title.startswith(title)
    assert page.title.endswith("· Pattern Workbench")


def test_every_page_has_one_main_part_and_one_first_heading(page: Page) -> None:
    assert page.seen["main"] == 1
    assert page.seen["h1"] == 1


def test_no_page_has_inline_styles_scripts_or_handlers(page: Page) -> None:
    for tag, given in page.attributes:
        assert "style" not in given, (tag, given)
        assert not [name for name in given if name.startswith(("on", "hx-on"))], (tag, given)
        if tag == "script":
            assert given.get("src"), "a script without an address"
    assert page.seen["style"] == 0


def test_nothing_on_a_page_comes_from_another_site(page: Page) -> None:
    for _tag, given in page.attributes:
        for name in ("src", "href", "action", "hx-get", "hx-post"):
            value = given.get(name) or ""
            assert value.startswith(("/", "#", "?")) or not value, (name, value)


def test_every_form_that_writes_carries_a_token(page: Page) -> None:
    for form, tokens in zip(page.forms, page.tokens, strict=True):
        if form.get("method") == "post":
            assert tokens == 1, form


def test_a_form_posts_to_the_same_place_with_and_without_scripts(page: Page) -> None:
    for form in page.forms:
        if form.get("hx-post"):
            assert form["hx-post"] == form["action"]
            assert form["method"] == "post"
            assert form.get("hx-target", "").startswith("#")
            assert page.ids[(form["hx-target"] or "")[1:]] == 1


def test_every_field_has_a_label(page: Page) -> None:
    for tag, given in page.attributes:
        if tag not in ("input", "select", "textarea") or given.get("type") == "hidden":
            continue
        named = "in-label" in given or given.get("id") in page.labelled
        assert named or given.get("aria-label"), (tag, given)


def test_every_picture_has_a_text_or_says_that_it_needs_none(page: Page) -> None:
    for tag, given in page.attributes:
        if tag == "img":
            assert given.get("alt") is not None, given


def test_ids_are_unique(page: Page) -> None:
    assert not [each for each, number in page.ids.items() if number > 1]


def test_no_block_lies_in_a_paragraph(page: Page) -> None:
    """A browser would close the paragraph there, and a form would lose its place."""
    assert not page.nested


def test_names_are_escaped(ada: Reader) -> None:
    text = ada.get("/c/faces/images/2").text

    assert "face 2 &lt;b&gt;.jpg" in text
    assert "face 2 <b>" not in text


def test_an_empty_workbench_says_how_to_import(book: FakeWorkbench, visitor: Reader) -> None:
    book.collections = []

    text = visitor.get("/").text

    assert "manage.py import PATH --collection NAME" in text
    assert "manage.py analyze --collection NAME" in text


def test_a_collection_without_a_version_says_how_to_analyse_it(visitor: Reader) -> None:
    assert "manage.py analyze --collection raw" in visitor.get("/c/raw/").text


def test_a_collection_without_a_version_offers_nothing_that_needs_one(visitor: Reader) -> None:
    page = visitor.get("/c/raw/").text

    assert "/c/raw/models" in page
    assert "/c/raw/adjudicate" not in page
    assert "/c/raw/patterns" not in page


def test_the_first_analysis_is_shown_while_it_runs(book: FakeWorkbench, visitor: Reader) -> None:
    book.runs = [run("running", collection_id=2)]

    text = visitor.get("/c/raw/").text

    assert "Initial analysis in progress" in text
    assert "14 s left" in text


def test_an_older_version_is_said_to_be_one(visitor: Reader) -> None:
    text = visitor.get("/c/faces/?version=1").text

    assert "This is model <b>v1</b>" in text
    assert "Open v2" in text


def test_the_theme_follows_the_cookie_and_nothing_else(app: Flask, visitor: Reader) -> None:
    assert "data-theme" not in visitor.get("/").text
    visitor.client.set_cookie("theme", "dark")
    assert 'data-theme="dark"' in visitor.get("/").text
    visitor.client.set_cookie("theme", "x onload=alert(1)")
    assert "data-theme" not in visitor.get("/").text
