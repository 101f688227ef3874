"""Numbers in the sentences of findings."""

from __future__ import annotations

from flask_babel import ngettext


def images_words(count: int) -> str:
    """Such as "1 image"."""
    return ngettext("%(num)s image", "%(num)s images", count)


def groups_words(count: int) -> str:
    """Such as "2 groups", of duplicates."""
    return ngettext("%(num)s group", "%(num)s groups", count)


def signed_words(value: float) -> str:
    """A number to three digits or, where that is more, to the whole; with a minus sign."""
    return (f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}").replace("-", "−")
