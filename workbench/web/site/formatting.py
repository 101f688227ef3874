"""Numbers, times and words as the screens print them: template filters.

Figures are rounded half to even, by their exact value; `static/js/modules/numbers.js` prints the
same. What rounds to zero has no sign.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Callable
from datetime import UTC, datetime

from babel.dates import format_date
from flask import Flask
from flask_babel import get_locale, get_translations, gettext, lazy_gettext, ngettext

from workbench.services.explore.layout import level_number

MINUS = "\N{MINUS SIGN}"

OUTCOME_WORDS = {
    "misclassified": lazy_gettext("misclassified"),
    "real_right": lazy_gettext("true negative (real)"),
    "real_called_fake": lazy_gettext("false positive (real called fake)"),
    "fake_right": lazy_gettext("true positive (fake)"),
    "fake_called_real": lazy_gettext("false negative (fake called real)"),
    "unlabelled_called_real": lazy_gettext("unlabelled (called real)"),
    "unlabelled_called_fake": lazy_gettext("unlabelled (called fake)"),
}

LAYOUT_WORDS = {
    "content": lazy_gettext("content"),
    "balanced": lazy_gettext("balanced"),
    "evidence": lazy_gettext("evidence"),
    "activations": lazy_gettext("activations"),
}

LAYOUT_TITLES = {
    "content": lazy_gettext("Images that show like things lie together"),
    "balanced": lazy_gettext("Like content lies together, and within it like evidence"),
    "evidence": lazy_gettext("Images that the model judges alike, by the same dimensions"),
    "activations": lazy_gettext("By activations: the layout of older versions"),
}

LABEL_WORDS = {
    "real": lazy_gettext("real"),
    "fake": lazy_gettext("fake"),
    "unlabelled": lazy_gettext("unlabelled"),
}

PROPERTY_WORDS = {
    "side": lazy_gettext("shorter side, px"),
    "aspect": lazy_gettext("width by height"),
    "brightness": lazy_gettext("brightness"),
    "sharpness": lazy_gettext("sharpness"),
    "quality": lazy_gettext("JPEG quality"),
    "year": lazy_gettext("year"),
}

EXPECTATION_WORDS = {
    "fall": lazy_gettext("fall"),
    "rise": lazy_gettext("rise"),
    "stay": lazy_gettext("stay"),
}

EXPECTED_WORDS = {
    "fall": lazy_gettext("expected to fall:"),
    "rise": lazy_gettext("expected to rise:"),
    "stay": lazy_gettext("expected to stay:"),
}

ROLE_WORDS = {
    "annotator": lazy_gettext("annotator"),
    "reviewer": lazy_gettext("reviewer"),
    "developer": lazy_gettext("developer"),
    "admin": lazy_gettext("admin"),
}


def count(value: int) -> str:
    """A count with thousands apart: 12,345."""
    return f"{value:,}"


def image_count(number: int) -> str:
    """How many images: 12,345 images."""
    return image_counts()(number)


def image_counts() -> Callable[[int], str]:
    """How many images, for hundreds of numbers: the reader's language is looked up once."""
    ngettext = get_translations().ungettext

    def counted(number: int) -> str:
        words: str = ngettext("%(count)s image", "%(count)s images", number)
        return words % {"count": count(number)}

    return counted


def group_count(number: int) -> str:
    """How many pixel groups: 1 pixel group."""
    return ngettext("%(count)s pixel group", "%(count)s pixel groups", number, count=count(number))


def pattern_count(number: int) -> str:
    """How many patterns: 7 patterns."""
    return ngettext("%(count)s pattern", "%(count)s patterns", number, count=count(number))


def tag_count(number: int) -> str:
    """How many tags: 1 tag."""
    return ngettext("%(count)s tag", "%(count)s tags", number, count=count(number))


def cell_count(number: int) -> str:
    """How many cells: 96 cells."""
    return ngettext("%(count)s cell", "%(count)s cells", number, count=count(number))


def percent(value: float | None, digits: int = 0) -> str:
    """A share as a percentage: 47%."""
    if value is None or math.isnan(value):
        return "–"
    return f"{100 * value:.{digits}f}%"


def fixed(value: float | None, digits: int = 2) -> str:
    """A number with so many digits after the point and a real minus: 1.30, −0.42."""
    if value is None or math.isnan(value):
        return "–"
    text = f"{abs(value):.{digits}f}"
    return f"{MINUS}{text}" if value < 0 and float(text) else text


def signed(value: float | None, digits: int = 2) -> str:
    """The same with its sign always printed: +0.42, −1.30, and 0.00."""
    text = fixed(value, digits)
    return f"+{text}" if value is not None and value > 0 and float(text) else text


def factor(value: float | None, digits: int = 1) -> str:
    """A ratio: ×1.9."""
    if value is None or math.isnan(value):
        return "–"
    return f"×{value:.{digits}f}" if value < 100 else f"×{value:.0f}"


def duration(seconds: float | None) -> str:
    """How long, in the largest unit that still tells something: 14 s, 3 min, 2 h."""
    if seconds is None:
        return ""
    whole = max(0, round(seconds))
    if whole < 60:
        return gettext("%(seconds)s s", seconds=whole)
    if whole < 3600:
        return gettext("%(minutes)s min", minutes=round(whole / 60))
    return gettext("%(hours)s h", hours=f"{whole / 3600:.1f}")


def moment(value: datetime | None) -> str:
    """A moment, in UTC, to the minute."""
    if value is None:
        return "–"
    return gettext("%(moment)s UTC", moment=f"{value.astimezone(UTC):%Y-%m-%d %H:%M}")


def day(value: datetime | None) -> str:
    """A day: 3 March 2026."""
    if value is None:
        return "–"
    return format_date(value.astimezone(UTC), "d MMMM y", locale=get_locale() or "en")


def file_size(value: int) -> str:
    """Bytes as people read them: 312 kB."""
    if value < 1000:
        return gettext("%(size)s B", size=value)
    if value < 1_000_000:
        return gettext("%(size)s kB", size=f"{value / 1000:.0f}")
    return gettext("%(size)s MB", size=f"{value / 1_000_000:.1f}")


def zoom_level(level: int) -> int:
    """The number of a layout's level: the coarsest is 1."""
    return level_number(level)


def layout_words(value: str) -> str:
    """What a layout goes by."""
    return str(LAYOUT_WORDS[value])


def layout_title(value: str) -> str:
    """What a layout shows."""
    return str(LAYOUT_TITLES[value])


def outcome_words(value: str) -> str:
    """An outcome as words: "false positive (real called fake)"."""
    return str(OUTCOME_WORDS[value])


def property_words(value: str) -> str:
    """What a property of images is called."""
    return str(PROPERTY_WORDS[value])


def label_words(value: str | None) -> str:
    """What the dataset says that an image is, or the side that something pushes to."""
    return str(LABEL_WORDS[value or "unlabelled"])


def expectation_words(value: str) -> str:
    """What somebody expects p(fake) to do: "fall"."""
    return str(EXPECTATION_WORDS[value])


def expected_words(value: str, bound: float | None = None) -> str:
    """What somebody expected p(fake) to do, before what it did: "expected to fall below 0.5:"."""
    if bound is None:
        return str(EXPECTED_WORDS[value])
    limit = f"{bound:g}"
    if value == "fall":
        return gettext("expected to fall below %(bound)s:", bound=limit)
    return gettext("expected to rise above %(bound)s:", bound=limit)


def role_words(value: str) -> str:
    """An account's role."""
    return str(ROLE_WORDS[value])


def tag_hue(name: str) -> int:
    """Which of the six tag colours a name has; the same name has the same one everywhere."""
    return zlib.crc32(name.casefold().encode()) % 6


def register(app: Flask) -> None:
    """Make every function of this module a template filter of its own name."""
    for function in (
        cell_count,
        tag_count,
        count,
        day,
        duration,
        expectation_words,
        expected_words,
        factor,
        file_size,
        fixed,
        group_count,
        image_count,
        label_words,
        property_words,
        moment,
        outcome_words,
        layout_words,
        layout_title,
        zoom_level,
        pattern_count,
        percent,
        role_words,
        signed,
        tag_hue,
    ):
        app.add_template_filter(function)
