"""The language of a page: what the reader's browser asks for, among the translations there are."""

from __future__ import annotations

from babel import negotiate_locale
from flask import Flask, Response, request
from flask_babel import Babel, get_locale

from workbench.config import PROJECT_ROOT

ENGLISH = "en"
"""What every string is written in, and what is spoken where nothing else fits."""


def register(app: Flask) -> None:
    """Let every string be looked up in `translations/`, and say which language a page speaks."""
    app.config.setdefault("BABEL_TRANSLATION_DIRECTORIES", str(PROJECT_ROOT / "translations"))
    offered = [ENGLISH]
    babel = Babel()
    babel.init_app(app, default_locale=ENGLISH, locale_selector=lambda: _preferred(offered))
    with app.app_context():
        offered += sorted({str(each) for each in babel.list_translations()} - {ENGLISH})
    app.add_template_global(language)
    app.after_request(_vary)


def language() -> str:
    """The language of the present page, as HTML names it."""
    return str(get_locale() or ENGLISH).replace("_", "-")


def _preferred(offered: list[str]) -> str:
    """The first language that the reader asks for and that is there: `en-GB` takes `en`."""
    if not request:
        return ENGLISH
    asked = [tag.replace("-", "_") for tag, quality in request.accept_languages if quality > 0]
    return negotiate_locale(asked, offered) or ENGLISH


def _vary(response: Response) -> Response:
    if response.mimetype == "text/html":
        response.vary.add("Accept-Language")
    return response
