"""Numbers that are none: NaN and infinities, wherever the database or an array may hold them."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
from sqlalchemy import select

from workbench.config import Settings
from workbench.store.artifacts import Artifact, load_arrays
from workbench.store.database import db, session


def not_finite(settings: Settings) -> set[str]:
    """Columns, fields of JSON and arrays in which some number is NaN or infinite."""
    found = set()
    for table in db.metadata.tables.values():
        for row in session().execute(select(table)).mappings():
            for column, value in row.items():
                found |= {f"{table.name}.{where}" for where in _within(value, column)}
    for artifact in session().scalars(select(Artifact)):
        for name, array in load_arrays(settings.artifact_dir, artifact.facts).items():
            if array.dtype.kind == "f" and not np.isfinite(array).all():
                found.add(f"{artifact.kind}: {name}")
    return found


def _within(value: Any, where: str) -> Iterator[str]:
    if isinstance(value, float) and not math.isfinite(value):
        yield where
    elif isinstance(value, dict):
        for key, each in value.items():
            yield from _within(each, f"{where}.{key}")
    elif isinstance(value, list):
        for each in value:
            yield from _within(each, where)
