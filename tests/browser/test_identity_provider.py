"""Joining, signing in, linking and signing out by a real identity provider, in a browser."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.support.browser import accessibility_violations, watched_page
from tests.support.identity_provider import CLIENT, SECRET, IdentityProvider, running_provider
from tests.support.prepared import PASSWORD
from tests.support.server import MANAGE, ROOT, Server, environment, live_server

PHONE = {"width": 390, "height": 844}
STILL = {"viewport": PHONE, "reduced_motion": "reduce"}


@pytest.fixture(scope="module")
def provider() -> Iterator[IdentityProvider]:
    """A running identity provider."""
    with running_provider() as running:
        yield running


@pytest.fixture(scope="module")
def workbench(
    provider: IdentityProvider, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    """An empty workbench with an admin, which people sign in to by the provider."""
    folder: Path = tmp_path_factory.mktemp("identity")
    subprocess.run(
        [*MANAGE, "user", "add", "cleo", "--role", "admin", "--password-stdin"],
        input=f"{PASSWORD}\n",
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
        env=environment(folder / "data"),
    )
    secret = folder / "secret"
    secret.write_text(f"{SECRET}\n")
    settings = {
        "oidc_issuer": provider.issuer,
        "oidc_client_id": CLIENT,
        "oidc_client_secret_file": str(secret),
        "oidc_name": "Example ID",
    }
    with live_server(folder / "data", folder / "server.log", **settings) as running:
        yield running
        assert SECRET not in running.output


def looked_at(page: Page) -> list[object]:
    """What breaks a rule on this page in either theme, or does not fit a phone."""
    found: list[object] = []
    for theme in ("light", "dark"):
        page.emulate_media(color_scheme=theme)
        found += [(page.url, theme, each) for each in accessibility_violations(page)]
    wide = page.evaluate("document.documentElement.scrollWidth") - PHONE["width"]
    return [*found, (page.url, "too wide", wide)] if wide > 0 else found


def sign_in_there(page: Page, subject: str) -> None:
    expect(page.get_by_role("heading", name="Provider")).to_be_visible()
    page.get_by_label("Subject").fill(subject)
    page.get_by_role("button", name="Continue").click()


def sign_in_by_password(page: Page, url: str) -> None:
    page.goto(f"{url}/login")
    page.get_by_label("User name").fill("cleo")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.locator("summary", has_text="cleo")).to_be_visible()


def invitation(browser: Browser, url: str) -> str:
    """The link of an invitation that an admin makes on the page of people."""
    with watched_page(browser) as (page, watch):
        sign_in_by_password(page, url)
        page.goto(f"{url}/people")
        page.get_by_role("button", name="Make a link").click()
        link = page.get_by_label("Link").input_value()
        assert watch.unexpected() == []
    return link


def test_somebody_joins_signs_out_and_signs_in_again(chromium: Browser, workbench: Server) -> None:
    link = invitation(chromium, workbench.url)
    with watched_page(chromium, **STILL) as (page, watch):
        page.goto(link)
        found = looked_at(page)
        page.get_by_role("link", name="Join with Example ID").click()
        sign_in_there(page, "dora")

        expect(page.get_by_label("User name")).to_have_value("dora")
        found += looked_at(page)
        page.get_by_label("User name").fill("Dora of the lab")
        page.get_by_role("button", name="Make the account").click()
        expect(page.locator("#notices")).to_contain_text("Welcome, Dora of the lab.")

        page.goto(f"{workbench.url}/account")
        found += looked_at(page)
        page.locator("summary", has_text="Dora of the lab").click()
        page.get_by_role("button", name="Sign out", exact=True).click()
        expect(page.get_by_role("heading", name="You are signed out")).to_be_visible()
        found += looked_at(page)
        page.get_by_role("link", name="Sign out of Example ID, too").click()
        expect(page.get_by_text(CLIENT)).to_be_visible()

        page.goto(f"{workbench.url}/login?next=/taxonomy")
        found += looked_at(page)
        page.get_by_role("link", name="Sign in with Example ID").click()
        sign_in_there(page, "dora")
        expect(page).to_have_url(f"{workbench.url}/taxonomy")
        expect(page.locator("summary", has_text="Dora of the lab")).to_be_visible()
        assert watch.unexpected() == []
    assert found == []


def test_somebody_links_an_account_and_signs_in_by_it(chromium: Browser, workbench: Server) -> None:
    with watched_page(chromium, **STILL) as (page, watch):
        sign_in_by_password(page, workbench.url)
        page.goto(f"{workbench.url}/account")
        page.get_by_role("link", name="Link to Example ID").click()
        found = looked_at(page)
        page.get_by_label("Current password").fill(PASSWORD)
        page.get_by_role("button", name="Go on to Example ID").click()
        sign_in_there(page, "cleo-1")
        expect(page.locator("#notices")).to_contain_text("Your account is linked.")
        found += looked_at(page)
        page.goto(f"{workbench.url}/people")
        expect(page.get_by_text(re.compile("signs in with Example ID")).first).to_be_visible()
        found += looked_at(page)
        assert watch.unexpected() == []
    with watched_page(chromium, **STILL) as (page, watch):
        page.goto(f"{workbench.url}/login")
        page.get_by_role("link", name="Sign in with Example ID").click()
        sign_in_there(page, "cleo-1")
        expect(page.locator("summary", has_text="cleo")).to_be_visible()
        assert watch.unexpected() == []
    assert found == []


def test_a_stranger_is_told_on_the_sign_in_page_whom_to_ask(
    chromium: Browser, workbench: Server
) -> None:
    with watched_page(chromium, **STILL) as (page, watch):
        watch.expect("403")
        page.goto(f"{workbench.url}/login")
        page.get_by_role("link", name="Sign in with Example ID").click()
        sign_in_there(page, "stranger")
        expect(page.get_by_role("alert")).to_contain_text("Ask an admin for an invitation")
        assert looked_at(page) == []
        assert watch.unexpected() == []
