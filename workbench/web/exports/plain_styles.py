"""The site's style sheets in plain values, for documents that leave the site.

What draws a picture elsewhere (resvg, a slide, a word processor) knows neither variables nor
`light-dark()`. Colours keep their one place, `static/css/tokens.css`; pictures are always light.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import tinycss2
from flask import current_app
from markupsafe import Markup
from tinycss2.ast import (
    CurlyBracketsBlock,
    Declaration,
    FunctionBlock,
    HashToken,
    Node,
    ParenthesesBlock,
    QualifiedRule,
)

DRAWN = frozenset(
    {
        "fill",
        "fill-opacity",
        "font",
        "font-family",
        "font-size",
        "font-weight",
        "opacity",
        "paint-order",
        "stroke",
        "stroke-dasharray",
        "stroke-linecap",
        "stroke-linejoin",
        "stroke-width",
        "text-anchor",
    }
)
"""Properties of shapes and text; the others lay out HTML."""

SHAPES = ("overview", "dimensions", "patterns", "image")
"""Sheets with rules for what the presenters draw."""

_PRODUCT = re.compile(r"([\d.]+)([a-z]*)\s*\*\s*([\d.]+)")
_FADED = re.compile(r"in srgb, #([0-9a-f]{6}) (\d+)%, transparent")


@dataclass(frozen=True)
class PlainStyle:
    """A style element's text, and the source expression by which a policy allows exactly it."""

    text: Markup
    source: str


def plain_style(own: str) -> PlainStyle:
    """The shapes' rules, then the document's own sheet `templates/exports/<own>.css`."""
    tokens = read_tokens()
    sheets = Path(str(current_app.static_folder)) / "css"
    shapes = "".join(
        drawn_rules((sheets / f"{name}.css").read_text("utf-8"), tokens) for name in SHAPES
    )
    return _sealed(shapes + resolved(_template(f"exports/{own}.css"), tokens))


def read_tokens() -> dict[str, str]:
    """Every token of the site in its light value."""
    text = (Path(str(current_app.static_folder)) / "css" / "tokens.css").read_text("utf-8")
    return tokens_of(text)


def tokens_of(text: str) -> dict[str, str]:
    """The custom properties that a sheet sets, `light-dark()` answered with its first value."""
    found = {
        declared.name: tinycss2.serialize(declared.value).strip()
        for rule in _rules(text)
        for declared in _declarations(rule)
        if declared.name.startswith("--")
    }
    return {name: resolved(value, found) for name, value in found.items()}


def drawn_rules(text: str, tokens: dict[str, str]) -> str:
    """What a sheet says of shapes: no layout, no states of a pointer, no media."""
    rules = []
    for rule in _rules(text):
        selectors = [
            tinycss2.serialize(each).strip()
            for each in _parts(rule.prelude)
            if not any(node == ":" for node in each)
        ]
        kept = [
            f"{declared.name}:{tinycss2.serialize(_plain(declared.value, tokens)).strip()}"
            for declared in _declarations(rule)
            if declared.name in DRAWN
        ]
        if selectors and kept:
            rules.append(f"{','.join(selectors)}{{{';'.join(kept)}}}\n")
    return "".join(rules)


def resolved(text: str, tokens: dict[str, str]) -> str:
    """A text of CSS with every variable, light-dark() and fading replaced by its value.

    Raises KeyError for a variable that there is no token for.
    """
    plain: str = tinycss2.serialize(_plain(tinycss2.parse_component_value_list(text), tokens))
    return plain


def _sealed(text: str) -> PlainStyle:
    if "<" in text or "&" in text:
        raise ValueError("a style sheet that goes into a document has no < and no &")
    digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
    return PlainStyle(Markup(text), f"'sha256-{digest}'")  # noqa: S704 - the project's own files


def _template(name: str) -> str:
    return current_app.jinja_env.loader.get_source(current_app.jinja_env, name)[0]  # type: ignore[union-attr]


def _rules(text: str) -> Iterator[QualifiedRule]:
    """The rules at the top of a sheet; those for some media only are left out."""
    for rule in tinycss2.parse_stylesheet(text, skip_comments=True, skip_whitespace=True):
        _check(rule)
        if isinstance(rule, QualifiedRule):
            yield rule


def _declarations(rule: QualifiedRule) -> Iterator[Declaration]:
    for each in tinycss2.parse_blocks_contents(rule.content, skip_whitespace=True):
        _check(each)
        if isinstance(each, Declaration):
            yield each


def _plain(nodes: Iterable[Node], tokens: dict[str, str]) -> list[Node]:
    """Component values without comments, variables and what only browsers know."""
    plain: list[Node] = []
    for node in nodes:
        _check(node)
        if node.type == "comment":
            continue
        if isinstance(node, CurlyBracketsBlock | ParenthesesBlock):
            node.content = _plain(node.content, tokens)
        if isinstance(node, FunctionBlock):
            plain += _answered(node, tokens)
        else:
            plain.append(node)
    return plain


def _answered(function: FunctionBlock, tokens: dict[str, str]) -> list[Node]:
    """A function's value where it has one outside of a browser, else the function itself."""
    if function.lower_name == "var":
        name, *fallback = (tinycss2.serialize(each).strip() for each in _parts(function.arguments))
        value = tokens[name] if name in tokens or not fallback else fallback[0]
        return _plain(tinycss2.parse_component_value_list(value), tokens)
    function.arguments = _plain(function.arguments, tokens)
    if function.lower_name == "calc":
        return _product(function)
    if function.lower_name == "light-dark":
        return _trimmed(_parts(function.arguments)[0])
    if function.lower_name == "color-mix":
        return [_faded(function)]
    return [function]


def _product(calc: FunctionBlock) -> list[Node]:
    """`calc(7.6px * 1)` as `7.6px`; another calculation as it is."""
    found = _PRODUCT.fullmatch(tinycss2.serialize(calc.arguments).strip())
    if found is None:
        return [calc]
    value = f"{float(found[1]) * float(found[3]):g}{found[2]}"
    return list(tinycss2.parse_component_value_list(value))


def _faded(mix: FunctionBlock) -> Node:
    """`color-mix(in srgb, #e3dfd6 70%, transparent)` as `#e3dfd6b2`; another mix as it is."""
    written = [tinycss2.serialize(_trimmed(each)) for each in _parts(mix.arguments)]
    found = _FADED.fullmatch(", ".join(written))
    if found is None:
        return mix
    alpha = round(int(found[2]) * 2.55)
    value = f"{found[1]}{alpha:02x}"
    return HashToken(mix.source_line, mix.source_column, value, is_identifier=False)


def _parts(nodes: Sequence[Node]) -> list[list[Node]]:
    """What stands between the commas."""
    parts: list[list[Node]] = [[]]
    for node in nodes:
        if node == ",":
            parts.append([])
        else:
            parts[-1].append(node)
    return parts


def _trimmed(nodes: Sequence[Node]) -> list[Node]:
    kept = [number for number, node in enumerate(nodes) if node.type != "whitespace"]
    return list(nodes[kept[0] : kept[-1] + 1]) if kept else []


def _check(node: Node) -> None:
    if node.type == "error":
        raise ValueError(f"line {node.source_line} of a style sheet: {node.message}")
