"""The benchmark of interchange measures every figure that it names, and comes back the same."""

from __future__ import annotations

from benchmarks.interchange import measure


def test_what_leaves_comes_back_the_same() -> None:
    figures = measure(60)

    assert figures["round_trip_equal"] == 1
    assert 50 < figures["export_mb"] < 600
    assert figures["file_mb"] > 0
    assert all(figures[f"{name}_60_s"] > 0 for name in ("freeze", "export", "import"))
