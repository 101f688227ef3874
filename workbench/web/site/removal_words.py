"""What a removal takes away, in words: template filters."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Flask
from flask_babel import gettext, lazy_gettext

from workbench.services.removal.counts import Counts
from workbench.web.site.formatting import count, file_size

_WORDS = {
    "images": lazy_gettext("Images"),
    "versions": lazy_gettext("Versions"),
    "scores": lazy_gettext("Scores"),
    "pixel_groups": lazy_gettext("Pixel groups"),
    "patterns": lazy_gettext("Patterns"),
    "embeddings": lazy_gettext("Embeddings"),
}
_WORK = {
    "verdicts": lazy_gettext("Verdicts"),
    "notes": lazy_gettext("Notes"),
    "tags": lazy_gettext("Tags"),
    "drawn": lazy_gettext("Regions drawn by hand"),
    "answers": lazy_gettext("Answers whether a tag fits"),
}

Figure = tuple[str, str]


def going_words(counts: Counts, kind: str) -> list[Figure]:
    """What was computed and stored, each with its number.

    Without what goes in part only: the versions of an image.
    """
    without = {"image": "versions", "version": "versions"}.get(kind)
    found = _counted({each: said for each, said in _WORDS.items() if each != without}, counts)
    if counts.files:
        size = gettext(
            "%(number)s (%(size)s)", number=count(counts.files), size=file_size(counts.size)
        )
        found.append((gettext("Files"), size))
    return found


def work_words(counts: Counts) -> list[Figure]:
    """What people did, each with its number."""
    return _counted(_WORK, counts)


def _counted(words: Mapping[str, object], counts: Counts) -> list[Figure]:
    found = ((str(said), getattr(counts, each)) for each, said in words.items())
    return [(said, count(number)) for said, number in found if number]


def register(app: Flask) -> None:
    """Offer them to templates."""
    app.add_template_filter(going_words)
    app.add_template_filter(work_words)
