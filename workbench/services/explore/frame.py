"""A selection as a table: what a version says of each image, and what people decided."""

from __future__ import annotations

from collections.abc import Iterator
from typing import IO, Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray
from sqlalchemy import select

from workbench.services.columns.store import ColumnStore
from workbench.services.explore.decisions import decisions_of
from workbench.services.explore.filters import Chosen
from workbench.store.database import session
from workbench.store.images import Image, label_of
from workbench.store.outcomes import OUTCOMES

ROWS: Final = 20_000
"""Of a row group, which is held in memory."""
_AT_ONCE: Final = 500
"""Ids in one query, as SQLite takes them."""
_SAID: Final = [
    ("image_id", pa.int64()),
    ("name", pa.string()),
    ("generator", pa.string()),
    ("held_out", pa.bool_()),
    ("imported_label", pa.string()),
    ("label", pa.string()),
    ("p", pa.float32()),
    ("logit", pa.float32()),
    ("outcome", pa.string()),
    ("sensitivity", pa.float32()),
    ("decision", pa.string()),
]


def write_frame(chosen: Chosen, to: IO[bytes]) -> None:
    """Write the selected images as Parquet, by ascending id; `z0`, `z1`, … are the activations.

    `label` is the one that the version knew, `decision` the final one, null where there is none;
    `sensitivity` is null where it was not measured. Logits are + toward fake.
    """
    store = chosen.store
    schema = pa.schema(
        [*_SAID, *((f"z{index}", pa.float32()) for index in range(len(store.activations)))]
    )
    decisions = decisions_of(store)
    with pq.ParquetWriter(to, schema) as writer:
        for rows in _chunks(np.flatnonzero(chosen.selected)):
            writer.write_table(pa.table(_columns(store, rows, decisions), schema))


def _chunks(rows: NDArray[np.intp]) -> Iterator[NDArray[np.intp]]:
    for start in range(0, len(rows), ROWS):
        yield rows[start : start + ROWS]


def _columns(
    store: ColumnStore, rows: NDArray[np.intp], decisions: NDArray[np.object_]
) -> dict[str, Any]:
    ids = store.image_ids[rows]
    measured = store.sensitivity[rows]
    labels = np.array([label_of(code) for code in range(3)], object)
    return {
        "image_id": ids,
        "name": _names(ids),
        "generator": np.array(store.generator_names, object)[store.generators[rows]],
        "held_out": store.held_out[rows],
        "imported_label": labels[store.imported_labels[rows]],
        "label": labels[store.labels[rows]],
        "p": store.p[rows],
        "logit": store.logits[rows],
        "outcome": np.array(OUTCOMES, object)[store.outcomes[rows]],
        "sensitivity": pa.array(measured, mask=np.isnan(measured)),
        "decision": decisions[rows],
        **{f"z{index}": activation[rows] for index, activation in enumerate(store.activations)},
    }


def _names(ids: NDArray[np.int64]) -> list[str]:
    """As they were imported; the columns have them folded."""
    found: dict[int, str] = {}
    for start in range(0, len(ids), _AT_ONCE):
        part = [int(each) for each in ids[start : start + _AT_ONCE]]
        query = select(Image.id, Image.name).where(Image.id.in_(part))
        found.update(session().execute(query).tuples().all())
    return [found.get(int(each), "") for each in ids]
