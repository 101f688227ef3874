"""What every page needs: theme, the reader, addresses of pictures."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable
from typing import Any

from flask import Flask, request, url_for
from flask_login import current_user

from workbench.config import Settings, shown_encoder
from workbench.services.explore.filters import Filters
from workbench.store.database import LARGEST_ID
from workbench.web.presenters import agreement, bars, dashboard, glyph, heat, violin
from workbench.web.request.parsing import number_text
from workbench.web.request.view_state import UNBOUNDED
from workbench.web.site.security import is_own, may

THEMES = ("light", "dark")
ANY_ID = LARGEST_ID
"""Stands in an address for an id; no other part of it looks like that."""
EXAMPLE = glyph.Counts(real_right=9, real_called_fake=4, fake_right=7, fake_called_real=4)
"""Of the glyph in the legend."""


def tag_url(tag_id: int) -> str:
    """Address of a tag's page, under the version that this page shows."""
    name = (request.view_args or {}).get("name") or request.args.get("collection")
    version = request.args.get("version") if name else None
    return url_for("tag_pages.show", tag_id=tag_id, collection=name, version=version)


def register(app: Flask) -> None:
    """Offer the functions that templates call."""
    key = installation_key(app.config["WORKBENCH"], app.config["SECRET_KEY"])

    def picture_url(endpoint: str, **values: Any) -> str:
        return url_for(f"media.{endpoint}", k=key, **values)

    def thumbnail_address(size: int) -> Callable[[int], str]:
        """Addresses of many images' thumbnails, of which the form is looked up once."""
        before, after = picture_url("thumbnail", image_id=ANY_ID, size=size).split(str(ANY_ID))
        return lambda image_id: f"{before}{image_id}{after}"

    app.add_template_global(picture_url)
    app.add_template_global(tag_url)
    app.add_template_global(thumbnail_address)
    app.add_template_global(chosen_theme)
    app.add_template_global(may)
    app.add_template_global(is_own)
    app.jinja_env.globals.update(
        agreement_shape=agreement,
        bars=bars,
        dashboard_shape=dashboard,
        glyph_shape=glyph,
        heat=heat,
        violin_shape=violin,
        no_filters=Filters(),
        unbounded=UNBOUNDED,
        example_arcs=glyph.arcs(EXAMPLE, glyph.LARGEST_RADIUS - 2),
        example_bar=glyph.sensitivity_bar(-0.7),
    )
    app.add_template_filter(number_text, "plain_number")
    app.add_template_filter(shown_encoder)
    app.context_processor(lambda: {"reader": current_user})
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True


def installation_key(settings: Settings, secret: str) -> str:
    """A short mark of this data directory, put into addresses of pictures.

    Pictures are cached for good by their address, and another data directory served at the same
    address has other pictures under the same ids.
    """
    origin = f"{settings.data_dir}|{settings.url}"
    return hmac.new(secret.encode(), origin.encode(), hashlib.sha256).hexdigest()[:8]


def chosen_theme() -> str | None:
    """The theme that the reader picked; None follows the system's."""
    theme = request.cookies.get("theme")
    return theme if theme in THEMES else None
