"""Plain values for rules and tokens of CSS."""

from __future__ import annotations

import pytest

from workbench.web.exports.plain_styles import (
    drawn_rules,
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
