"""What holds for every page: title, landmarks, labels, forms, and nothing inline."""

from __future__ import annotations

import pytest
from flask import Flask

from tests.web.addresses import PAGES
from tests.web.conftest import Reader
from tests.web.fakes.runs import run
from tests.web.fakes.workbench import FakeWorkbench
from tests.web.html import Page


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
