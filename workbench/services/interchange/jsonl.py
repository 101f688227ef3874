"""A label set as JSON lines: everything that it holds, an image a line."""

from __future__ import annotations

import json
from collections.abc import Iterator

from workbench.services.interchange.frozen import FrozenRow, FrozenSet
from workbench.services.label_sets.documents import moment


def jsonl(frozen: FrozenSet) -> Iterator[bytes]:
    """The lines. The detail is text already, and copied."""
    for row in frozen:
        yield f"{_head(row)[:-1]}, {row.detail[1:]}\n".encode()


def _head(row: FrozenRow) -> str:
    return json.dumps(row.facts, ensure_ascii=False, default=moment)
