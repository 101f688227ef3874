"""Figures as commands print them."""

from __future__ import annotations

from workbench.cli.output import aucs


def test_each_auc_is_printed_by_its_name_with_its_interval() -> None:
    assert aucs(0.8, None) == "test AUC 0.800"
    assert aucs(None, None) == "test AUC unknown"
    assert aucs(0.8, 0.9, (0.7, 0.9), (0.85, 0.95)) == (
        "test AUC 0.800 [0.700, 0.900], cross-validated AUC 0.900 [0.850, 0.950]"
    )
