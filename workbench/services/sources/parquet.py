"""Parquet files: values as text, and images with their bytes inside.

Read with pyarrow a few rows at a time; it is loaded by whoever has such a file.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final, Self

SUFFIX: Final = ".parquet"

_ROWS: Final = 4096
_IMAGES: Final = 16
"""Images read at once; each may be as large as a file may be."""
MAX_GROUP_BYTES: Final = 4_000_000_000
"""Unpacked, of a row group: pages of it are read whole."""


class ParquetTable:
    """An open file. Raises OSError or ValueError for what is none."""

    def __init__(self, path: Path) -> None:
        from pyarrow.parquet import ParquetFile  # noqa: PLC0415 - half a second, and rarely needed

        self._file = ParquetFile(path)
        self._names = _class_names(self._file.schema_arrow.metadata or {})
        for number in range(self._file.metadata.num_row_groups):
            if self._file.metadata.row_group(number).total_byte_size > MAX_GROUP_BYTES:
                raise ValueError(f"row group {number} is too large")
        self.header = [
            field.name
            for field in self._file.schema_arrow
            if not str(field.type).startswith("struct")
        ]
        self.image_column = next(
            (field.name for field in self._file.schema_arrow if _holds_images(field)), None
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self._file.close()

    def __len__(self) -> int:
        return int(self._file.metadata.num_rows)

    def rows(self) -> Iterator[list[str]]:
        """All rows, as text in the order of `header`."""
        for batch in self._file.iter_batches(_ROWS, columns=self.header):
            yield from self._written(batch)

    def images(self) -> Iterator[tuple[list[str], bytes | None, str]]:
        """All rows with their image: its file and that file's name, as far as they are there."""
        columns = [*self.header, f"{self.image_column}.bytes", f"{self.image_column}.path"]
        for batch in self._file.iter_batches(_IMAGES, columns=columns):
            images = batch.column(self.image_column).to_pylist()
            for row, image in zip(self._written(batch), images, strict=True):
                found = image or {}
                yield row, found.get("bytes"), found.get("path") or ""

    def image(self, number: int) -> bytes | None:
        """The image of one row, counted from 0; of the file only that row's group is read."""
        for group in range(self._file.metadata.num_row_groups):
            rows = self._file.metadata.row_group(group).num_rows
            if number < rows:
                return self._image(group, number)
            number -= rows
        return None

    def _image(self, group: int, number: int) -> bytes | None:
        column = f"{self.image_column}.bytes"
        for batch in self._file.iter_batches(_IMAGES, row_groups=[group], columns=[column]):
            if number < batch.num_rows:
                found = batch.column(self.image_column)[number].as_py() or {}
                return found.get("bytes")
            number -= batch.num_rows
        return None

    def _written(self, batch: Any) -> Iterator[list[str]]:
        columns = [
            [_written(value, self._names.get(name, ())) for value in batch.column(name).to_pylist()]
            for name in self.header
        ]
        if not columns:
            return ([] for _ in range(batch.num_rows))
        return (list(row) for row in zip(*columns, strict=True))


def _holds_images(field: Any) -> bool:
    """Whether a column is a struct of bytes and path, as `datasets` writes images."""
    kind = field.type
    names = {kind.field(index).name for index in range(getattr(kind, "num_fields", 0))}
    return {"bytes", "path"} <= names


def _class_names(metadata: Mapping[bytes, bytes]) -> dict[str, list[str]]:
    """The names that a ClassLabel column's numbers stand for, by column."""
    try:
        told = json.loads(metadata.get(b"huggingface", b"{}"))
        features = told.get("info", {}).get("features", {})
        return {
            name: [str(each) for each in feature["names"]]
            for name, feature in features.items()
            if isinstance(feature, dict) and isinstance(feature.get("names"), list)
        }
    except (ValueError, AttributeError):
        return {}


def _written(value: object, names: list[str] | tuple[()]) -> str:
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < len(names):
        return names[value]
    return written(value)


def written(value: object) -> str:
    """A value as a CSV file would have it; empty for what is missing or no single value."""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return "" if value is None or isinstance(value, dict | list | bytes) else str(value)
