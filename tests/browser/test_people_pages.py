"""Pages that only people with an account see: axe in both themes, and the width of a phone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, expect
from sqlalchemy import create_engine, update
from sqlalchemy.orm import Session

from tests.support.browser import accessibility_violations, watched_page
from tests.support.prepared import COLLECTION, DATABASE
from tests.support.server import Server
from tests.support.visiting import sign_in
from workbench.store.people import User

PHONE = {"width": 390, "height": 844}
PAGES = ("/people", "/people/roles", f"/c/{COLLECTION}/members", "/account")


@contextmanager
def as_an_admin(data_dir: Path) -> Iterator[None]:
    """The account of the prepared data is an admin's for as long as the block runs."""
    _set_role(data_dir, "admin")
    try:
        yield
    finally:
        _set_role(data_dir, "developer")


def _set_role(data_dir: Path, role: str) -> None:
    with Session(create_engine(f"sqlite:///{data_dir / DATABASE}")) as write:
        write.execute(update(User).values(role=role))
        write.commit()


def test_an_admin_s_pages_break_no_rule_and_fit_a_phone(
    chromium: Browser, server: Server, data_dir: Path
) -> None:
    found: list[tuple[str, str, object]] = []
    still = {"viewport": PHONE, "reduced_motion": "reduce"}
    with as_an_admin(data_dir), watched_page(chromium, **still) as (page, watch):
        sign_in(page, server.url)
        for address in PAGES:
            for theme in ("light", "dark"):
                page.emulate_media(color_scheme=theme)
                page.goto(f"{server.url}{address}")
                expect(page.locator("h1")).to_have_count(1)
                found += [(address, theme, each) for each in accessibility_violations(page, ())]
            wide = page.evaluate("document.documentElement.scrollWidth") - PHONE["width"]
            if wide > 0:
                found.append((address, "too wide", wide))
        assert watch.unexpected() == []
    assert found == []
