"""The site's style sheets in plain values, for documents that leave the site.

What draws a picture elsewhere (resvg, a slide, a word processor) knows neither variables nor
`light-dark()`. Colours keep their one place, `static/css/tokens.css`; pictures are always light.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from flask import current_app
from markupsafe import Markup

DRAWN = frozenset(
    {
        "fill",
        "fill-opacity",
        "font",
        "font-family",
        "font-size",
        "font-weight",
        "opacity",
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

_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_TOKEN = re.compile(r"(--[\w-]+)\s*:\s*([^;]+);")
_VARIABLE = re.compile(r"var\((--[\w-]+)\)")
_FADED = re.compile(r"color-mix\(in srgb, (#[0-9a-f]{6}) (\d+)%, transparent\)")


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
    found = {name: _light(value.strip()) for name, value in _TOKEN.findall(_without_comments(text))}
    return {name: _filled(value, found) for name, value in found.items()}


def drawn_rules(text: str, tokens: dict[str, str]) -> str:
    """What a sheet says of shapes: no layout, no states of a pointer, no media."""
    rules = []
    for selector, body in _rules(_without_comments(text)):
        selectors = [each.strip() for each in selector.split(",") if ":" not in each]
        kept = [
            f"{name}:{resolved(value, tokens)}"
            for name, value in _declarations(body)
            if name in DRAWN
        ]
        if selectors and kept and not selector.startswith("@"):
            rules.append(f"{','.join(selectors)}{{{';'.join(kept)}}}\n")
    return "".join(rules)


def resolved(text: str, tokens: dict[str, str]) -> str:
    """A text of CSS with every variable, light-dark() and fading replaced by its value."""
    return _FADED.sub(_with_alpha, _light(_filled(_without_comments(text), tokens)))


def _sealed(text: str) -> PlainStyle:
    if "<" in text or "&" in text:
        raise ValueError("a style sheet that goes into a document has no < and no &")
    digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
    return PlainStyle(Markup(text), f"'sha256-{digest}'")  # noqa: S704 - the project's own files


def _template(name: str) -> str:
    return current_app.jinja_env.loader.get_source(current_app.jinja_env, name)[0]  # type: ignore[union-attr]


def _without_comments(text: str) -> str:
    return _COMMENT.sub("", text)


def _filled(value: str, tokens: dict[str, str]) -> str:
    while _VARIABLE.search(value):
        value = _VARIABLE.sub(lambda found: tokens[found[1]], value)
    return value


def _light(text: str) -> str:
    """`light-dark(a, b)` as `a`, which may itself have brackets."""
    while (start := text.find("light-dark(")) >= 0:
        first = start + len("light-dark(")
        depth, comma = 1, None
        end = first
        while depth:
            depth += {"(": 1, ")": -1}.get(text[end], 0)
            if text[end] == "," and depth == 1 and comma is None:
                comma = end
            end += 1
        text = text[:start] + text[first:comma].strip() + text[end:]
    return text


def _with_alpha(found: re.Match[str]) -> str:
    return f"{found[1]}{round(int(found[2]) * 2.55):02x}"


def _rules(text: str) -> Iterator[tuple[str, str]]:
    """Selector and body of every rule at the top; blocks within blocks stay in their body."""
    start = 0
    while (opening := text.find("{", start)) >= 0:
        depth, end = 1, opening + 1
        while depth:
            depth += {"{": 1, "}": -1}.get(text[end], 0)
            end += 1
        yield text[start:opening].strip(), text[opening + 1 : end - 1]
        start = end


def _declarations(body: str) -> Iterator[tuple[str, str]]:
    for line in body.split(";"):
        name, colon, value = line.partition(":")
        if colon:
            yield name.strip(), value.strip()
