"""The fakes of use cases keep to the functions that they stand for."""

from __future__ import annotations

import inspect
from pathlib import Path
from types import ModuleType

import pytest

from tests.web.fakes.workbench import FakeWorkbench, use_cases

FAKED = [
    pytest.param(module, fake, name, id=f"{module.__name__.removeprefix('workbench.')}.{name}")
    for module, fake in FakeWorkbench(Path()).fakes()
    for name in use_cases(fake)
]


def shape(function: object) -> list[tuple[str, object, object]]:
    """Name, kind and default of each parameter."""
    found = inspect.signature(function).parameters.values()  # type: ignore[arg-type]
    return [(each.name, each.kind, each.default) for each in found]


@pytest.mark.parametrize(("module", "fake", "name"), FAKED)
def test_a_fake_takes_what_the_real_one_takes(module: ModuleType, fake: object, name: str) -> None:
    assert shape(getattr(fake, name)) == shape(getattr(module, name))
