"""A label set as Parquet, as Hugging Face `datasets` reads it: an image a row."""

from __future__ import annotations

import json
from itertools import islice
from typing import IO, Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from workbench.services.interchange.frozen import FrozenRow, FrozenSet

ROWS: Final = 2_000
"""Of a row group, which is held in memory."""

_TAG: Final = pa.struct(
    [
        ("tag", pa.string()),
        ("tag_id", pa.int64()),
        ("by", pa.string()),
        ("at", pa.string()),
        ("put_on", pa.string()),
        ("reason", pa.string()),
        ("severity", pa.string()),
    ]
)
_REGION: Final = pa.struct(
    [
        ("on", pa.string()),
        ("size", pa.list_(pa.int32())),
        ("box", pa.list_(pa.int32())),
        ("rle", pa.string()),
        ("area", pa.int64()),
        ("drawn_with", pa.string()),
        ("tags", pa.list_(_TAG)),
    ]
)
_ANSWER: Final = [
    ("decision", pa.string()),
    ("by", pa.string()),
    ("at", pa.string()),
    ("reason", pa.string()),
    ("wrong_reason", pa.bool_()),
]
SCHEMA: Final = pa.schema(
    [
        ("image_id", pa.int64()),
        ("file_name", pa.string()),
        ("content_hash", pa.string()),
        ("width", pa.int32()),
        ("height", pa.int32()),
        ("split", pa.string()),
        ("generator", pa.string()),
        ("class", pa.string()),
        ("date", pa.string()),
        ("label", pa.string()),
        ("imported", pa.string()),
        ("decision", pa.string()),
        ("rule", pa.string()),
        ("decided_at", pa.timestamp("us", tz="UTC")),
        ("tags", pa.list_(pa.string())),
        ("verdicts", pa.list_(pa.struct(_ANSWER))),
        ("adjudication", pa.struct([*_ANSWER, ("by_majority", pa.bool_())])),
        ("regions", pa.list_(_REGION)),
        ("notes", pa.string()),
    ]
)
"""`notes` is JSON: what an edit holds depends on its kind."""


def write_parquet(frozen: FrozenSet, out: IO[bytes]) -> None:
    """Write the file, a row group at a time."""
    with pq.ParquetWriter(out, SCHEMA, compression="zstd") as writer:
        rows = iter(frozen)
        while some := list(islice(rows, ROWS)):
            writer.write_table(pa.Table.from_pylist([_values(row) for row in some], SCHEMA))


def _values(row: FrozenRow) -> dict[str, Any]:
    detail = row.details
    return {
        **row.facts,
        "tags": row.tags,
        "verdicts": detail["verdicts"],
        "adjudication": detail["adjudication"],
        "regions": detail["regions"],
        "notes": json.dumps(detail["notes"], ensure_ascii=False),
    }
