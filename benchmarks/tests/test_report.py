"""The report keeps what was not measured again, in one order."""

from __future__ import annotations

from benchmarks.__main__ import read_sections, report, section


def test_a_report_reads_back_into_its_sections() -> None:
    made = {
        "pipeline": section("pipeline", {"throughput_ratio": 0.8, "images": 160}, quick=False),
        "explain": section("explain", {"rounds": [0.5, 0.25]}, quick=True),
    }

    text = report(made)

    assert read_sections(text) == made
    assert text.index("## explain") < text.index("## pipeline")
    assert "| `throughput_ratio` | 0.800 |" in text
    assert "| `rounds` | [0.500, 0.250] |" in text
    assert ", quick;" in made["explain"]
    assert ", quick;" not in made["pipeline"]


def test_no_report_has_no_sections() -> None:
    assert read_sections("") == {}
