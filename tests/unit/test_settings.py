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


PROVIDER = {"oidc_issuer": "https://id.example.org/realms/team", "oidc_client_id": "workbench"}


@pytest.mark.parametrize(
    "given",
    [
        PROVIDER,
        {**PROVIDER, "oidc_issuer": "http://localhost:8080/realms/team"},
        {**PROVIDER, "oidc_issuer": "http://[::1]:8080"},
        {**PROVIDER, "oidc_scopes": "openid email"},
        {**PROVIDER, "oidc_client_secret": "secret"},
        {**PROVIDER, "oidc_client_secret_file": "/run/secrets/oidc"},
    ],
)
def test_an_identity_provider_is_known_by_its_issuer_and_what_it_calls_the_workbench(
    given: dict[str, str],
) -> None:
    assert Settings(**given).oidc_issuer == given["oidc_issuer"]


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({**PROVIDER, "oidc_issuer": "http://id.example.org"}, "an https address"),
        ({**PROVIDER, "oidc_issuer": "id.example.org"}, "an https address"),
        ({**PROVIDER, "oidc_issuer": "https://"}, "an https address"),
        ({**PROVIDER, "oidc_issuer": "https://localhost@id.example.org"}, "no user name"),
        ({**PROVIDER, "oidc_issuer": "http://localhost@id.example.org"}, "an https address"),
        ({**PROVIDER, "oidc_issuer": "https://id.example.org?realm=team"}, "no query"),
        ({"oidc_issuer": PROVIDER["oidc_issuer"]}, "needed with WORKBENCH_OIDC_ISSUER"),
        ({**PROVIDER, "oidc_scopes": "profile"}, "openid"),
        (
            {**PROVIDER, "oidc_client_secret": "secret", "oidc_client_secret_file": "/secret"},
            "set one of the two",
        ),
    ],
)
def test_a_provider_that_could_not_be_trusted_is_refused_without_its_secret(
    monkeypatch: pytest.MonkeyPatch, given: dict[str, str], why: str
) -> None:
    for name, value in given.items():
        monkeypatch.setenv(f"WORKBENCH_{name.upper()}", value)

    with pytest.raises(ClickException) as refused:
        read_settings()

    assert why in refused.value.message
    assert "=secret" not in refused.value.message


def test_the_provider_s_secret_is_shown_nowhere() -> None:
    given = Settings(**PROVIDER, oidc_client_secret="what only two know")

    assert "what only two know" not in f"{given!r} {given} {given.model_dump()}"
    assert Settings.is_secret("oidc_client_secret")
