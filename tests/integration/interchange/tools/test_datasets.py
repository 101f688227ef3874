"""Hugging Face `datasets` reads what is made for it."""

from __future__ import annotations

from pathlib import Path

from tests.integration.interchange.conftest import Frozen
from tests.integration.interchange.tools.running import export, run
from workbench.services.interchange.frozen import FrozenSet


def test_parquet_has_the_rows_and_the_recipe_picks_those_to_train_on(
    frozen: Frozen, tmp_path: Path
) -> None:
    export(frozen, "parquet", tmp_path / "labels.parquet")

    found = run("read_parquet.py", tmp_path, "parquet_to_datasets.py")

    rows = list(FrozenSet(frozen.id))
    assert found["training"] == [row.file_name for row in rows if row.label]
    assert [each["label"] for each in found["rows"]] == [row.label for row in rows]
    assert [each["tags"] for each in found["rows"]] == [list(row.tags) for row in rows]
    regions = [each["regions"] for each in found["rows"]]
    assert [[one["rle"] for one in each] for each in regions] == [
        [one["rle"] for one in row.details["regions"]] for row in rows
    ]
    assert regions[0][0]["tags"][0]["severity"] == "minor"
