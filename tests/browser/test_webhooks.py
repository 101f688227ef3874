"""A webhook from its form to its first delivery, by a real worker; axe, and a phone’s width."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.support.browser import accessibility_violations, watched_page
from tests.support.prepared import NAME, PASSWORD
from tests.support.receiver import Receiver, running_receiver, status
from tests.support.server import MANAGE, ROOT, Server, environment, live_server, live_worker, manage
from tests.support.visiting import sign_in

WIDTHS = (1440, 820, 390)
HOSTS = "127.0.0.1"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with running_receiver() as found:
        yield found


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Server]:
    """A workbench without a collection, with an admin, and a worker beside it."""
    data_dir = tmp_path / "data"
    assert manage("db", "upgrade", data_dir=data_dir).returncode == 0
    subprocess.run(
        [*MANAGE, "user", "add", NAME, "--role", "admin", "--password-stdin"],
        input=f"{PASSWORD}\n",
        text=True,
        check=True,
        cwd=ROOT,
        env=environment(data_dir),
    )
    with ExitStack() as running:
        running.enter_context(live_worker(data_dir, tmp_path / "worker.log", webhook_hosts=HOSTS))
        yield running.enter_context(
            live_server(data_dir, tmp_path / "server.log", webhook_hosts=HOSTS)
        )


def faults(page: Page, called: str) -> list[tuple[str, object, object]]:
    """What breaks a rule in either theme, or is wider than the page."""
    found: list[tuple[str, object, object]] = []
    for theme in ("light", "dark"):
        page.emulate_media(color_scheme=theme)
        found += [(called, theme, each) for each in accessibility_violations(page, ())]
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        wide = page.evaluate("document.documentElement.scrollWidth") - width
        if wide > 0:
            found.append((called, width, wide))
    page.set_viewport_size({"width": WIDTHS[0], "height": 900})
    return found


def test_a_webhook_is_made_and_its_test_event_seen_to_arrive(
    chromium: Browser, served: Server, receiver: Receiver
) -> None:
    with watched_page(chromium, reduced_motion="reduce") as (page, watch):
        sign_in(page, served.url)
        page.goto(f"{served.url}/webhooks")
        found = faults(page, "none yet")
        page.get_by_label("Name").fill("a bot with a rather long name, to see where it breaks")
        page.get_by_label("Address").fill(receiver.url + "&more=" + "x" * 200)
        page.get_by_label("verdict.give").check()
        page.get_by_role("button", name="Make webhook").click()
        assert page.get_by_label("Secret").input_value().startswith("whsec_")
        found += faults(page, "secret")

        page.get_by_role("link", name="To the webhook").click()
        receiver.answers.append(status(500))
        page.get_by_role("button", name="Send a test event").click()
        expect(page.locator("#deliveries")).to_contain_text("It answered 500.")
        found += faults(page, "failed")
        page.get_by_role("button", name="Deliver again").click()
        expect(page.locator("#deliveries .account-role")).to_contain_text("delivered")
        page.get_by_role("link", name="Test event").click()
        expect(page.locator(".webhook-body")).to_contain_text('"type":"test"')
        found += faults(page, "delivery")

        page.goto(f"{served.url}/webhooks")
        page.get_by_role("link", name="a bot with").click()
        page.get_by_role("button", name="Pause").click()
        expect(page.get_by_text("Paused by an admin.")).to_be_visible()
        found += faults(page, "paused")
        assert watch.unexpected() == []
    assert found == []
    assert len({each.message_id for each in receiver.received}) == 1
    assert len(receiver.received) == 2
