"""Every string in the sources can be translated."""

from __future__ import annotations

import ast
import builtins
import re
from pathlib import Path

import pytest
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from flask import Flask
from flask_babel import gettext

from tests.web.translating import pseudo
from tests.web.translating.pseudo import LANGUAGE, Bare
from workbench.config import PROJECT_ROOT
from workbench.services.image import edits
from workbench.services.runs.stages import OF_IMPORTS, SHARES
from workbench.services.tagged import pattern_tags
from workbench.web.site.run_words import STAGE_WORDS

TEMPLATES = sorted(
    each for each in (PROJECT_ROOT / "templates").rglob("*") if each.suffix in (".html", ".svg")
)


VIEWS = sorted((PROJECT_ROOT / "workbench" / "web").rglob("*.py"))


WITHOUT_BRACKETS = {
    "Pattern Workbench",
    "A",
    "B",
    "v",
    "SVG",
    "PNG",
}
"""What may stand in a template as it is: names."""


def test_words_of_services_follow_the_reader_and_are_english_elsewhere(pseudo_app: Flask) -> None:
    assert pattern_tags.default_label(7) == "pattern 7"
    with pseudo_app.app_context():
        assert pattern_tags.default_label(7) == "pattern 7"
    with pseudo_app.test_request_context(headers={"Accept-Language": LANGUAGE}):
        assert pattern_tags.default_label(7) == "⟦pattern 7⟧"
        assert str(edits._FILLED["blur"]).startswith("⟦")
        assert gettext("Image not found.") == "⟦Image not found.⟧"


def test_every_stage_of_a_run_can_be_translated() -> None:
    catalogue = (PROJECT_ROOT / "translations" / "messages.pot").read_text()

    assert set(STAGE_WORDS) == {"Starting", *SHARES, *OF_IMPORTS}
    assert [stage for stage in STAGE_WORDS if f'msgid "{stage}"' not in catalogue] == []


def read(word: re.Match[str]) -> str:
    """What stands for a piece of a template's code: nothing, or brackets around a sentence."""
    return "⟦" if "trans" in word[1] and "end" not in word[1] else "⟧"


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_a_template_has_no_word_outside_of_what_is_translated(path: Path) -> None:
    """Also in the branches that no page of these tests reaches."""
    text = re.sub(r"\{#.*?#\}", "", path.read_text(), flags=re.DOTALL)
    text = re.sub(r"\{%-?\s*((?:end)?trans)\b.*?%\}", read, text)
    text = re.sub(r"\{%.*?%\}|\{\{.*?\}\}", "", text, flags=re.DOTALL)

    left = Bare(text).words(re.compile("|".join(rf"\b{each}\b" for each in WITHOUT_BRACKETS)))

    assert not left


@pytest.mark.parametrize("path", VIEWS, ids=lambda path: path.stem)
def test_a_view_says_nothing_that_cannot_be_translated(path: Path) -> None:
    """Refusals and notices get their words from gettext, and no other string.

    Python's own exceptions are for programmers: what answers them is the page of a crash, which
    does not repeat their words.
    """
    for call in ast.walk(ast.parse(path.read_text())):
        if not isinstance(call, ast.Call) or not call.args:
            continue
        name = ast.unparse(call.func)
        if name.endswith(("Error", "notices.saved")) and not hasattr(builtins, name):
            assert not isinstance(call.args[0], ast.Constant | ast.JoinedStr), ast.unparse(call)


def test_the_list_of_strings_is_what_extraction_finds() -> None:
    """`make messages` writes it anew."""
    with (PROJECT_ROOT / "babel.cfg").open() as file:
        methods, options = parse_mapping_cfg(file)
    found = extract_from_dir(
        PROJECT_ROOT,
        methods,
        options,
        keywords={**DEFAULT_KEYWORDS, "lazy_gettext": None},
        directory_filter=lambda folder: (
            Path(folder).name in ("templates", "workbench") or Path(folder).parent != PROJECT_ROOT
        ),
    )

    assert {message for _file, _line, message, _comments, _context in found} == {
        each.id for each in pseudo.messages() if each.id
    }
