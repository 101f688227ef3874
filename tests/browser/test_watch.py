"""The browser that the browser tests drive, and what its watch notices."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page

from tests.support.browser import Watch, accessibility_violations

STRICT_PAGE = b"""<!doctype html><html lang="en"><title>Strict</title>
<h1>Strict</h1><script>document.title = "ran"</script></html>"""


class StrictPage(http.server.BaseHTTPRequestHandler):
    """Answers each request with a page whose own script its policy forbids."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Security-Policy", "default-src 'self'")
        self.end_headers()
        self.wfile.write(STRICT_PAGE)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def strict_url() -> Iterator[str]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), StrictPage) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
        thread.join()


def test_chromium_opens_a_page(browser_page: Page) -> None:
    browser_page.goto("data:text/html,<title>Here</title><h1>Here</h1>")

    assert browser_page.title() == "Here"
    assert browser_page.locator("h1").inner_text() == "Here"


def test_an_error_on_the_console_is_noticed(watched: tuple[Page, Watch]) -> None:
    page, watch = watched
    page.goto("data:text/html,<h1>Here</h1>")
    page.evaluate("console.error('the glyph has no cell')")

    assert len(watch.unexpected()) == 1
    watch.expect("the glyph has no cell")
    assert watch.unexpected() == []


def test_an_uncaught_exception_is_noticed(watched: tuple[Page, Watch]) -> None:
    page, watch = watched
    page.goto("data:text/html,<h1>Here</h1>")
    with page.expect_event("pageerror"):
        page.evaluate("setTimeout(() => { throw new Error('lost') })")

    assert any("uncaught" in problem and "lost" in problem for problem in watch.problems)
    watch.expect("lost")


def test_a_violation_of_the_content_security_policy_is_noticed(
    watched: tuple[Page, Watch], strict_url: str
) -> None:
    page, watch = watched
    page.goto(strict_url)

    assert page.title() == "Strict"
    assert any("CSP: script-src" in problem for problem in watch.problems)
    watch.expect("CSP|Content Security Policy")


def test_a_request_to_another_host_is_noticed(watched: tuple[Page, Watch]) -> None:
    page, watch = watched
    page.route("**/*", lambda route: route.abort())
    page.set_content("<img src='http://elsewhere.invalid/pixel.png' alt=''>")

    assert any("another host: http://elsewhere.invalid" in problem for problem in watch.problems)
    watch.expect("elsewhere|net::ERR")


def test_axe_names_the_element_that_breaks_a_rule(browser_page: Page) -> None:
    browser_page.set_content("<html lang=en><title>t</title><main><h1>t</h1><img src=''></main>")

    violations = accessibility_violations(browser_page)

    assert any("image-alt" in line and "img" in line for line in violations)
