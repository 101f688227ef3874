"""What every visit to the workbench has in common, for tests in a browser."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.support.prepared import COLLECTION, NAME, PASSWORD


def sign_in(page: Page, url: str) -> None:
    """Sign in by the form, as the developer that the prepared data directory has."""
    page.goto(f"{url}/login")
    page.get_by_label("Name").fill(NAME)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(f"{url}/")


def image_id_of(page: Page) -> int:
    """The image that the page's address names."""
    return int(page.url.split("/images/")[1].split("?")[0])


def image_url(url: str, image_id: int) -> str:
    return f"{url}/c/{COLLECTION}/images/{image_id}"


def judge(page: Page, key: str) -> None:
    """Press a verdict's key once the picture has been seen; before, the page does not take it."""
    expect(page.locator("form[data-module=judging]:not([data-waits])")).to_be_visible()
    page.keyboard.press(key)


def expect_notice(page: Page, words: str) -> None:
    """Wait until the page says that something was saved."""
    expect(page.locator("#notices")).to_contain_text(words)


def painted(page: Page) -> list[tuple[int, int, int, int]]:
    """The heatmap's pixels on the large image, row by row: red, green, blue, opacity."""
    bytes_of = """canvas => Array.from(canvas.getContext("2d")
        .getImageData(0, 0, canvas.width, canvas.height).data)"""
    values: list[int] = page.locator("#viewer canvas.heat").evaluate(bytes_of)
    return list(zip(values[::4], values[1::4], values[2::4], values[3::4], strict=True))
