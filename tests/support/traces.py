"""Where anything of an image is: in the database's rows, and in the files of a data directory."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from sqlalchemy import select

from workbench.store.database import Base, session


def in_rows(words: Iterable[str]) -> set[tuple[str, str]]:
    """The tables in which one of these words stands, each with the word."""
    found = set()
    for table in Base.metadata.sorted_tables:
        for row in session().execute(select(table)):
            text = " ".join(map(str, row))
            found |= {(table.name, each) for each in words if each in text}
    session().rollback()
    return found


def in_files(data_dir: Path, words: Iterable[str], *, apart: Iterable[str] = ()) -> set[str]:
    """The files that have one of these words in their name or among their bytes."""
    wanted = [each.encode() for each in words]
    found = set()
    for path in data_dir.rglob("*"):
        name = path.relative_to(data_dir).as_posix()
        if name.split("/")[0] in apart or not path.is_file():
            continue
        content = name.encode() + path.read_bytes()
        if any(each in content for each in wanted):
            found.add(name)
    return found
