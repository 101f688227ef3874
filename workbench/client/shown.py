"""How records show themselves in a notebook: HTML that needs nothing from elsewhere."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any, Final

SIDE: Final = 224
"""Of the analysed square, which outlines are in, in pixels."""
WIDTH: Final = 336
FAKE: Final = "#e0974f"
REAL: Final = "#5b8db8"


def image(facts: Mapping[str, Any], picture: bytes, heatmap: bytes) -> str:
    """An image, and beside it its heatmap with its pixel groups and drawn regions."""
    outlines = "".join(
        _outline(each["outline"], FAKE if each["contribution"] > 0 else REAL, _words_of(each))
        for each in facts["groups"]
    ) + "".join(_outline(each["outline"], "#6d5a8c", _tags(each)) for each in facts["regions"])
    over = _layer(picture, "jpeg") + _layer(heatmap, "png", opacity=0.6) + outlines
    called = "fake" if facts["p"] > 0.5 else "real"
    said = f"p(fake) {facts['p']:.3f}, called {called}, label {facts['current_label'] or 'none'}"
    if facts["decision"]:
        said += f", decided: {facts['decision']}"
    return (
        f'<figure style="margin:0">{_svg(_layer(picture, "jpeg"))} {_svg(over)}'
        f"<figcaption>{escape(facts['name'])}: {escape(said)}</figcaption></figure>"
    )


def pictures(title: str, found: Iterable[tuple[bytes, str]]) -> str:
    """A row of pictures, each with a line beneath it."""
    cells = "".join(
        f'<figure style="display:inline-block;margin:0 .5em 0 0"><img alt="" width="112" '
        f'src="data:image/jpeg;base64,{_text(content)}"><figcaption>{escape(words)}</figcaption></figure>'
        for content, words in found
    )
    return f"<div><strong>{escape(title)}</strong></div><div>{cells}</div>"


def table(heads: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """A table; floats to three decimals."""
    head = "".join(f"<th>{escape(each)}</th>" for each in heads)
    body = "".join(
        f"<tr>{''.join(f'<td>{escape(_cell(each))}</td>' for each in row)}</tr>" for row in rows
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return f"{value:.3f}" if isinstance(value, float) else str(value)


def _svg(layers: str) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{WIDTH}" '
        f'viewBox="0 0 {SIDE} {SIDE}">{layers}</svg>'
    )


def _layer(content: bytes, kind: str, opacity: float = 1.0) -> str:
    return (
        f'<image href="data:image/{kind};base64,{_text(content)}" width="{SIDE}" height="{SIDE}" '
        f'opacity="{opacity}"/>'
    )


def _outline(path: str, colour: str, words: str) -> str:
    return (
        f'<path d="{escape(path)}" fill="none" stroke="{colour}" stroke-width="1.5">'
        f"<title>{escape(words)}</title></path>"
    )


def _words_of(group: Mapping[str, Any]) -> str:
    tags = _tags(group)
    return f"{group['number']}: {group['contribution']:+.3f}" + (f", {tags}" if tags else "")


def _tags(bearer: Mapping[str, Any]) -> str:
    return ", ".join(each["tag"] for each in bearer["tags"])


def _text(content: bytes) -> str:
    return base64.b64encode(content).decode("ascii")
