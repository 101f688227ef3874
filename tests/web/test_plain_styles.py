"""Style sheets in plain values: what a picture outside of the site is drawn with."""

from __future__ import annotations

import base64
import hashlib
import re

import pytest
from flask import Flask

from workbench.config import PROJECT_ROOT
from workbench.web.exports.plain_styles import (
    drawn_rules,
    plain_style,
    read_tokens,
    resolved,
    tokens_of,
)

TOKENS = {"--ink": "#111111", "--line": "#e3dfd6"}


def test_a_token_is_its_light_value_even_with_brackets_and_variables_in_it() -> None:
    sheet = """:root { /* --old: red; */
      --a: light-dark(#fff, #000);
      --b: light-dark(rgb(1 2 3 / 4%), rgb(5 6 7 / 50%));
      --c: 1px solid var(--a); }"""

    assert tokens_of(sheet) == {"--a": "#fff", "--b": "rgb(1 2 3 / 4%)", "--c": "1px solid #fff"}


def test_every_token_of_the_site_comes_out_plain(app: Flask) -> None:
    with app.app_context():
        tokens = read_tokens()

    text = (PROJECT_ROOT / "static" / "css" / "tokens.css").read_text()
    assert tokens.keys() == set(re.findall(r"(--[\w-]+):", text))
    assert not [each for each in tokens.values() if "light-dark" in each or "var(" in each]


def test_only_rules_of_shapes_are_kept() -> None:
    sheet = """
      .a, .a:hover { fill: var(--ink); display: grid; }
      .b { color: var(--ink); }
      .c:focus { stroke: red; }
      @media print { .d { fill: red; } }
      .e .f { stroke: color-mix(in srgb, var(--line) 70%, transparent); stroke-width: 1; }
    """

    assert drawn_rules(sheet, TOKENS) == (
        ".a{fill:#111111}\n.e .f{stroke:#e3dfd6b2;stroke-width:1}\n"
    )


def test_an_unknown_variable_is_a_mistake_that_shows() -> None:
    with pytest.raises(KeyError, match="--nothing"):
        resolved(".a { fill: var(--nothing); }", TOKENS)


@pytest.mark.parametrize("own", ["picture", "report"])
def test_a_document_s_style_is_plain_and_its_policy_names_exactly_it(app: Flask, own: str) -> None:
    with app.app_context():
        style = plain_style(own)

    digest = base64.b64encode(hashlib.sha256(str(style.text).encode()).digest()).decode()
    assert style.source == f"'sha256-{digest}'"
    for word in ("var(", "light-dark(", "color-mix(", "url(", "@import"):
        assert word not in style.text
