"""The styles of documents that leave the site."""

from __future__ import annotations

import base64
import hashlib
import re

import pytest
from flask import Flask

from workbench.config import PROJECT_ROOT
from workbench.web.exports.plain_styles import (
    plain_style,
    read_tokens,
)


def test_every_token_of_the_site_comes_out_plain(app: Flask) -> None:
    with app.app_context():
        tokens = read_tokens()

    text = (PROJECT_ROOT / "static" / "css" / "tokens.css").read_text()
    assert tokens.keys() == set(re.findall(r"(--[\w-]+):", text))
    assert not [each for each in tokens.values() if "light-dark" in each or "var(" in each]


@pytest.mark.parametrize("own", ["picture", "report"])
def test_a_document_s_style_is_plain_and_its_policy_names_exactly_it(app: Flask, own: str) -> None:
    with app.app_context():
        style = plain_style(own)

    digest = base64.b64encode(hashlib.sha256(str(style.text).encode()).digest()).decode()
    assert style.source == f"'sha256-{digest}'"
    for word in ("var(", "light-dark(", "color-mix(", "url(", "@import"):
        assert word not in style.text
