"""Deleting a row never scans the tables that may refer to it."""

from __future__ import annotations

from sqlalchemy import PrimaryKeyConstraint, Table, UniqueConstraint

from workbench.store import (  # noqa: F401 - registers the tables
    descriptions,
    hygiene,
    import_jobs,
    judgements,
    results,
    versions,
)
from workbench.store.database import Base

KEPT = {"user_account", "collection", "image", "tag", "tagging", "import_run"}
"""Tables of which no row is ever deleted, so that nobody looks for what refers to one."""


def leading_columns(table: Table) -> set[str]:
    """The columns by which a table's rows are found without reading all of them.

    Not by an index over a part of the rows: a delete looks at all.
    """
    keys = [
        each
        for each in table.constraints
        if isinstance(each, PrimaryKeyConstraint | UniqueConstraint)
    ]
    whole = [each for each in table.indexes if each.dialect_kwargs.get("sqlite_where") is None]
    return {next(iter(each.columns)).name for each in (*keys, *whole)}


def test_what_refers_to_a_row_that_may_be_deleted_is_found_by_an_index() -> None:
    without = [
        f"{table.name}.{key.parent.name}"
        for table in Base.metadata.tables.values()
        for key in table.foreign_keys
        if key.column.table.name not in KEPT and key.parent.name not in leading_columns(table)
    ]

    assert without == []
