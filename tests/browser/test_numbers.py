"""Scripts print numbers as the server does."""

from __future__ import annotations

import base64

from playwright.sync_api import Page

from workbench.config import PROJECT_ROOT
from workbench.web.site import formatting

MODULE = PROJECT_ROOT / "static" / "js" / "modules" / "numbers.js"
VALUES = (
    *(number / 32 for number in range(-70, 71)),
    *(0.001, -0.001, 0.005, 0.015, 1.005, 2.675, -0.004, 1e-9, 12345.675, 999.9999, -0.0),
)
DIGITS = (0, 1, 2, 3, 4)


def test_a_script_rounds_as_the_server_does(browser_page: Page) -> None:
    address = "data:text/javascript;base64," + base64.b64encode(MODULE.read_bytes()).decode()
    printed = browser_page.evaluate(
        """async ([address, values, digits]) => {
            const { fixed, signed } = await import(address);
            const both = (value, each) => [fixed(value, each), signed(value, each)];
            return values.map((value) => digits.map((each) => both(value, each)));
        }""",
        [address, VALUES, DIGITS],
    )

    assert printed == [
        [[formatting.fixed(value, each), formatting.signed(value, each)] for each in DIGITS]
        for value in VALUES
    ]
