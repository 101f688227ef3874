"""The benchmark of imports makes what it says, and counts what came in."""

from __future__ import annotations

from pathlib import Path

from PIL import Image

from benchmarks.imports import SIDE, draw, measure


def test_the_files_are_of_the_size_that_is_claimed_and_all_different(tmp_path: Path) -> None:
    manifest = draw(tmp_path / "set", 6)

    files = sorted(tmp_path.rglob("*.jpg"))
    assert len({path.read_bytes() for path in files}) == 6
    for path in files:
        with Image.open(path) as image:
            assert image.size == (SIDE, SIDE)
    assert len(manifest.read_text().splitlines()) == 7


def test_every_pass_is_measured() -> None:
    figures = measure((12,))

    for name in ("import", "known", "known_rows", "dry_run_rows"):
        assert figures[f"{name}_per_second_12"] > 0
        assert figures[f"{name}_per_cpu_second_12"] > 0
        assert 50 < figures[f"{name}_megabytes_12"] < 1000
