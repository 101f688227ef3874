"""Settings that belong together are held together."""

from __future__ import annotations

import pytest
from click import ClickException
from pydantic import ValidationError

from workbench.cli.context import read_settings
from workbench.config import Settings


@pytest.mark.parametrize(
    ("given", "method", "projected"),
    [
        ({}, "smooth_share", False),
        ({"distiller": "concepts", "relevance": "patch_share"}, "patch_share", False),
        ({"distiller": "concepts", "projection": "on"}, "smooth_share", True),
        ({"distiller": "paper"}, "last_block", True),
        ({"distiller": "paper", "relevance": "class_token_path"}, "class_token_path", True),
        ({"distiller": "paper", "projection": "off"}, "last_block", False),
    ],
)
def test_a_distiller_has_its_own_method_and_projection_unless_told_otherwise(
    given: dict[str, str], method: str, projected: bool
) -> None:
    settings = Settings(**given)

    assert (settings.method, settings.projected) == (method, projected)


@pytest.mark.parametrize(
    ("distiller", "relevance", "others"),
    [
        ("concepts", "last_block", "smooth_share or patch_share"),
        ("concepts", "class_token_path", "smooth_share or patch_share"),
        ("paper", "smooth_share", "last_block or class_token_path"),
    ],
)
def test_a_method_that_does_not_explain_the_distiller_is_refused_in_a_sentence_naming_both(
    monkeypatch: pytest.MonkeyPatch, distiller: str, relevance: str, others: str
) -> None:
    monkeypatch.setenv("WORKBENCH_DISTILLER", distiller)
    monkeypatch.setenv("WORKBENCH_RELEVANCE", relevance)

    with pytest.raises(ClickException) as refused:
        read_settings()

    assert refused.value.message == (
        f"Invalid setting: WORKBENCH_RELEVANCE={relevance}: that method does not explain "
        f"WORKBENCH_DISTILLER={distiller}; choose {others}, or auto."
    )


def test_a_distiller_that_there_is_not_is_refused() -> None:
    with pytest.raises(ValidationError, match="'concepts' or 'paper'"):
        Settings(distiller="families")  # type: ignore[arg-type]
