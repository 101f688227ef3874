"""bfloat16 is taken where it was seen to be faster, and the sight is kept."""

from __future__ import annotations

from pathlib import Path

import pytest

from workbench.config import Settings
from workbench.services.encoding import precision
from workbench.services.encoding.precision import bfloat16_speedup, precision_of, processor_name


@pytest.fixture
def measured(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Lets bfloat16 be twice as fast; holds the devices that were measured."""
    devices: list[str] = []

    def speedup(device: str) -> float:
        devices.append(device)
        return 2.0

    monkeypatch.setattr(precision, "bfloat16_speedup", speedup)
    return devices


def auto(tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path, precision="auto")


def test_a_precision_that_is_set_is_taken_unmeasured(tmp_path: Path, measured: list[str]) -> None:
    for wanted in ("float32", "bfloat16"):
        assert precision_of(Settings(data_dir=tmp_path, precision=wanted)) == wanted
    assert measured == []


def test_it_is_measured_once(tmp_path: Path, measured: list[str]) -> None:
    assert [precision_of(auto(tmp_path)) for _ in range(3)] == ["bfloat16"] * 3
    assert measured == ["cpu"]


def test_where_it_is_not_much_faster_float32_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for speedup in (0.1, 1.0, 1.29):
        monkeypatch.setattr(precision, "bfloat16_speedup", lambda _device, found=speedup: found)
        assert precision_of(auto(tmp_path / str(speedup))) == "float32"


def test_another_processor_is_measured_anew_and_the_first_not_forgotten(
    tmp_path: Path, measured: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("one", "other", "one"):
        monkeypatch.setattr(precision, "processor_name", lambda _device, found=name: found)
        precision_of(auto(tmp_path))

    assert len(measured) == 2


@pytest.mark.parametrize("content", ["", "{", "[]", '{"a": "fast"}', "\x00"])
def test_a_torn_file_is_made_anew(tmp_path: Path, measured: list[str], content: str) -> None:
    kept = auto(tmp_path).cache_dir / "precision.json"
    kept.parent.mkdir(parents=True)
    kept.write_text(content)

    assert precision_of(auto(tmp_path)) == "bfloat16"
    assert precision_of(auto(tmp_path)) == "bfloat16"
    assert measured == ["cpu"]
    assert list(kept.parent.iterdir()) == [kept]


def test_this_processor_has_a_name_and_a_speed() -> None:
    assert processor_name("cpu")
    assert 0 < bfloat16_speedup("cpu") < 1000
