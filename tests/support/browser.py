"""The system's Chromium, watched: what goes wrong on a page unseen by a person is seen here."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Browser, ConsoleMessage, Page, Playwright, Request

ROOT = Path(__file__).resolve().parents[2]
AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"

ARGUMENTS = [
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-gpu",
    "--disable-quic",
    "--disable-sync",
    "--no-first-run",
]
"""No drawing by a graphics card, which test machines lack, and no calls home."""

OWN_HOSTS = {"127.0.0.1", "localhost"}

REPORT_VIOLATIONS = """
document.addEventListener("securitypolicyviolation", (event) => {
    console.error(`CSP: ${event.effectiveDirective} blocked ${event.blockedURI} `
        + `${event.sourceFile}:${event.lineNumber} ${event.sample}`);
});
"""


def chromium_path() -> str:
    """Find the system's Chromium; `make test` has seen to it that there is one."""
    found = shutil.which("chromium") or shutil.which("/usr/bin/chromium")
    if not found:
        raise FileNotFoundError("no Chromium on the PATH; `make test` installs it or says how")
    return found


def launch(playwright: Playwright) -> Browser:
    """Start Chromium without a window."""
    return playwright.chromium.launch(
        executable_path=chromium_path(),
        args=ARGUMENTS,
        # It refuses to run as root and in many containers; the tests open their own pages only.
        chromium_sandbox=False,
    )


@dataclass
class Watch:
    """What went wrong on a page: errors on the console, uncaught exceptions, foreign requests."""

    problems: list[str] = field(default_factory=list)
    expected: list[re.Pattern[str]] = field(default_factory=list)

    def expect(self, pattern: str) -> None:
        """Take problems that match for intended; for tests that provoke one."""
        self.expected.append(re.compile(pattern))

    def unexpected(self) -> list[str]:
        """List the problems that no test asked for."""
        return [
            problem
            for problem in self.problems
            if not any(pattern.search(problem) for pattern in self.expected)
        ]

    def hear(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            location = message.location
            where = f"{location.get('url', '')}:{location.get('lineNumber', '')}"
            self.problems.append(f"console: {message.text} ({where})")

    def see(self, request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme in {"http", "https", "ws", "wss"} and parts.hostname not in OWN_HOSTS:
            self.problems.append(f"request to another host: {request.url}")


@contextmanager
def watched_page(browser: Browser, **context: Any) -> Iterator[tuple[Page, Watch]]:
    """Open a page in a context of its own (no cookies of other tests), and watch it."""
    opened = browser.new_context(locale="en-GB", **context)
    try:
        opened.add_init_script(REPORT_VIOLATIONS)
        opened.set_default_timeout(120_000)
        watch = Watch()
        opened.on("console", watch.hear)
        opened.on("weberror", lambda error: watch.problems.append(f"uncaught: {error.error}"))
        opened.on("request", watch.see)
        yield opened.new_page(), watch
    finally:
        opened.close()


def accessibility_violations(page: Page, rules: Sequence[str] = ()) -> list[str]:
    """Run axe on the page; one line for each rule broken, with the elements that break it.

    rules: the only ones to look at; all of axe's where none is given.
    """
    page.evaluate(AXE.read_text())
    wanted = {"runOnly": {"type": "rule", "values": list(rules)}} if rules else {}
    result = page.evaluate("wanted => axe.run(document, wanted)", wanted)
    return [
        f"{rule['id']} ({rule['impact']}): {rule['help']}: "
        + ", ".join(" ".join(map(str, node["target"])) for node in rule["nodes"])
        for rule in result["violations"]
    ]
