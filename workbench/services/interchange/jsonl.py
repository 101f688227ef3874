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
    return json.dumps(
        {
            "image_id": row.image_id,
            "file_name": row.file_name,
            "content_hash": row.content_hash,
            "width": row.width,
            "height": row.height,
            "split": row.split,
            "generator": row.generator,
            "class": row.class_name,
            "date": row.date,
            "label": row.label,
            "imported": row.imported,
            "decision": row.decision,
            "rule": row.rule,
            "decided_at": moment(row.decided_at) if row.decided_at else None,
        },
        ensure_ascii=False,
    )
