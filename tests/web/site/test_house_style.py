"""What templates, style sheets and scripts may not contain, and what they must agree on."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from workbench.config import PROJECT_ROOT
from workbench.web.site import assets

TEMPLATES = sorted((PROJECT_ROOT / "templates").rglob("*.html"))
DRAWINGS = sorted((PROJECT_ROOT / "templates").rglob("*.svg"))
SHEETS = sorted((PROJECT_ROOT / "static" / "css").glob("*.css"))
SCRIPTS = sorted((PROJECT_ROOT / "static" / "js").rglob("*.js"))


def named(path: Path) -> str:
    return str(path.relative_to(PROJECT_ROOT))


@pytest.mark.parametrize("path", TEMPLATES, ids=named)
def test_a_template_has_nothing_inline_nothing_unescaped_and_nothing_foreign(path: Path) -> None:
    text = path.read_text()

    assert not re.search(r"\sstyle=", text)
    assert not re.search(r"\son\w+=", text)
    assert "hx-on" not in text
    assert "js:" not in text
    assert "|safe" not in text.replace(" ", "")
    assert "autoescape" not in text
    assert not re.search(r"https?://", text)


@pytest.mark.parametrize("path", DRAWINGS, ids=named)
def test_a_picture_to_take_away_has_the_same_bounds(path: Path) -> None:
    """Its one style is that of the sheet, its one address the name of its language."""
    text = path.read_text()

    assert text.startswith("{#-")
    assert not re.search(r"\sstyle=|\son\w+=|<script|<foreignObject|xlink", text)
    assert "|safe" not in text.replace(" ", "")
    assert "autoescape" not in text
    assert re.findall(r"https?://[^\"]*", text) in ([], ["http://www.w3.org/2000/svg"])
    assert text.count("<style>") == (path.stem == "sheet")


@pytest.mark.parametrize("path", TEMPLATES, ids=named)
def test_a_template_says_what_it_is(path: Path) -> None:
    """By its first lines, by the page it names, or by the words it shows."""
    text = path.read_text()

    assert text.startswith("{#-") or "{% block title %}" in text or "data-message" in text


@pytest.mark.parametrize("path", TEMPLATES, ids=named)
def test_a_template_uses_only_modules_that_are_bound(path: Path) -> None:
    main = (PROJECT_ROOT / "static" / "js" / "main.js").read_text()
    known = re.search(r"const modules = \{([^}]+)\}", main)
    assert known

    for name in re.findall(r'data-module="(\w+)"', path.read_text()):
        assert name in re.split(r"[\s,]+", known[1])


def test_every_style_sheet_is_sent_once() -> None:
    assert sorted(assets.SHEETS) == [path.stem for path in SHEETS]


@pytest.mark.parametrize("path", SHEETS, ids=named)
def test_a_style_sheet_takes_nothing_from_elsewhere(path: Path) -> None:
    text = path.read_text()

    assert "@import" not in text
    for address in re.findall(r"url\(([^)]*)\)", text):
        assert address.strip("\"'").startswith("../vendor/")


@pytest.mark.parametrize("path", SHEETS, ids=named)
def test_a_style_sheet_uses_only_colours_that_are_named(path: Path) -> None:
    """Both themes stay in one place; colours over photographs are the exception."""
    tokens = (PROJECT_ROOT / "static" / "css" / "tokens.css").read_text()
    for name in re.findall(r"var\((--[\w-]+)", path.read_text()):
        assert f"{name}:" in tokens, name


@pytest.mark.parametrize("path", SCRIPTS, ids=named)
def test_a_script_evaluates_no_text_and_imports_only_its_neighbours(path: Path) -> None:
    text = path.read_text()

    assert not re.search(r"\beval\(|new Function|document\.write|insertAdjacentHTML", text)
    for source in re.findall(r'from "([^"]+)"', text):
        assert (path.parent / source).resolve().is_file()
    assert text.startswith("//"), "a module says what it does"


def test_every_module_is_loaded_before_it_is_found() -> None:
    scripts = (PROJECT_ROOT / "static/js").rglob("*.js")
    imported = {
        name
        for path in scripts
        for name in re.findall(r'from "\./(?:modules/)?(\w+)\.js"', path.read_text())
    }
    shell = (PROJECT_ROOT / "templates/layouts/base.html").read_text()
    preloaded = re.search(r"for module in \(([^)]*)\)", shell)

    assert preloaded
    assert imported == set(re.findall(r'"(\w+)"', preloaded[1]))
