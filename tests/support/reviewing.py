"""Review queues as people have them in a browser."""

from __future__ import annotations

import subprocess
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.support.prepared import COLLECTION, PASSWORD
from tests.support.server import MANAGE, ROOT, environment

FORM = "form.judge-form:not([data-waits])"


def add_person(data_dir: Path, name: str, role: str) -> None:
    """Add an account, by the command line."""
    subprocess.run(
        [*MANAGE, "user", "add", name, "--role", role, "--password-stdin"],
        input=f"{PASSWORD}\n",
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
        env=environment(data_dir),
    )


def sign_in_as(page: Page, url: str, name: str) -> None:
    """Sign in by the form."""
    page.goto(f"{url}/login")
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(f"{url}/")


def make_queue(page: Page, url: str, name: str, *, needed: int, most: int, **more: str) -> str:
    """Make a queue of all images, at most so many; its address."""
    page.goto(f"{url}/c/{COLLECTION}/queues/new?source=slice")
    page.get_by_label("At most so many images").fill(str(most))
    page.get_by_role("button", name="Count images").click()
    expect(page.get_by_text("would be in the queue.")).to_be_visible()
    page.get_by_label("Name", exact=True).fill(name)
    page.get_by_label("Independent verdicts an image").fill(str(needed))
    for label, value in more.items():
        page.locator(f"[name={label}]").fill(value)
    page.get_by_role("button", name="Make the queue").click()
    expect(page.get_by_role("heading", name=name)).to_be_visible()
    return page.url.split("?")[0]


def shown_image(page: Page) -> int:
    """The id of the image that the page shows."""
    found = page.locator("main.judge-page").get_attribute("data-image")
    assert found is not None
    return int(found)


def press(page: Page, key: str) -> None:
    """Judge by a key once the picture has been seen, and wait for what is shown next."""
    image_id = shown_image(page)
    expect(page.locator(FORM)).to_be_visible()
    page.keyboard.press(key)
    expect(page.locator(f"main.judge-page[data-image='{image_id}']")).to_have_count(0)
