"""What a view's template is given stands in its head comment, and nothing else is used."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from flask import Flask
from jinja2 import meta, nodes

from workbench.config import PROJECT_ROOT

TEMPLATES = PROJECT_ROOT / "templates"
VIEWS = sorted((TEMPLATES / "views").glob("*.html"))
EVERYWHERE = {"reader", "request", "session", "g", "config", "_trans"}
"""From the context processor, from Flask, and what `trans` makes for itself."""


def declared(text: str) -> set[str]:
    comment = re.match(r"\{#-?(.*?)-?#\}", text, re.DOTALL)
    return set(re.findall(r"`(\w+)`", comment[1])) if comment else set()


def strangers(app: Flask, source: str) -> set[str]:
    """The variables that a template neither declares, sets nor imports."""
    environment = app.jinja_env
    tree = environment.parse(source)
    own = {each.name for each in tree.find_all(nodes.Name) if each.ctx == "store"}
    own |= {each.name for each in tree.find_all(nodes.Macro)}
    for imported in tree.find_all(nodes.FromImport):
        own |= {each if isinstance(each, str) else each[1] for each in imported.names}
    found = meta.find_undeclared_variables(tree) - environment.globals.keys()
    return found - own - declared(source) - EVERYWHERE


@pytest.mark.parametrize("path", VIEWS, ids=lambda path: path.stem)
def test_a_view_uses_what_its_head_declares(open_app: Flask, path: Path) -> None:
    assert strangers(open_app, path.read_text()) == set()


def test_a_variable_that_is_not_declared_would_be_seen(open_app: Flask) -> None:
    source = "{#- Context: `page`. -#}{{ page.title }}{{ stranger }}"

    assert strangers(open_app, source) == {"stranger"}
