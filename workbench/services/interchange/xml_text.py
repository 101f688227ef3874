"""Text as XML 1.0 takes it: escaped, without the signs that no XML may hold."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final
from xml.sax.saxutils import escape

_NO_XML: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_SPACES: Final = {"\n": "&#10;", "\r": "&#13;", "\t": "&#9;"}


def text(value: object) -> str:
    """Between tags. A sign that XML cannot hold becomes U+FFFD."""
    return escape(_NO_XML.sub("\ufffd", str(value)), {"\r": "&#13;"})


def element(name: str, value: object) -> str:
    """An element that holds text."""
    return f"<{name}>{text(value)}</{name}>"


def attributes(values: Mapping[str, object]) -> str:
    """Of a tag, each after a space. Line breaks stay what they are."""
    escaped = {
        name: escape(_NO_XML.sub("\ufffd", str(value)), {'"': "&quot;", **_SPACES})
        for name, value in values.items()
    }
    return "".join(f' {name}="{value}"' for name, value in escaped.items())
