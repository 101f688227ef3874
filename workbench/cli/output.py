"""What commands print on standard output."""

from __future__ import annotations

import json
from typing import Any

import click

from workbench.store.images import ByLabel


def show(report: dict[str, Any], *, as_json: bool, lines: list[str]) -> None:
    """Print one JSON object, or the lines for people."""
    if as_json:
        click.echo(json.dumps(report, default=str))
    else:
        for line in lines:
            click.echo(line)


def by_label(images: ByLabel) -> str:
    """Write how many images there are of each label; those without one where there are some."""
    without = f", {images.unlabelled} unlabelled" if images.unlabelled else ""
    return f"{images.real} real, {images.fake} fake{without}"


def doubt(name: str, warning: str) -> list[str]:
    """Write a collection's data warning, with where more stands; nothing for an empty one."""
    more = f"`python manage.py check --collection {name}`, or its Data page, says more."
    return [f"{warning} {more}"] if warning else []


def figure(value: float | None, digits: int = 3) -> str:
    """Write a number with so many decimals; `unknown` for None."""
    return "unknown" if value is None else f"{value:.{digits}f}"


def interval(limits: tuple[float, float] | None, digits: int = 3) -> str:
    """Write the 95% confidence interval that follows a number; nothing for None."""
    return "" if limits is None else f" [{figure(limits[0], digits)}, {figure(limits[1], digits)}]"


def aucs(
    tested: float | None,
    cross_validated: float | None,
    of_tested: tuple[float, float] | None = None,
    of_cross_validated: tuple[float, float] | None = None,
) -> str:
    """Write the AUC on the test set and the cross-validated one, each by its name."""
    said = f"test AUC {figure(tested)}{interval(of_tested)}"
    if cross_validated is None:
        return said
    return f"{said}, cross-validated AUC {figure(cross_validated)}{interval(of_cross_validated)}"
