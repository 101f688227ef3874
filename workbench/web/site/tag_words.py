"""Words for tags and for changes of the taxonomy: template filters."""

from __future__ import annotations

import re

from flask import Flask
from flask_babel import gettext, lazy_gettext

from workbench.services.taxonomy.detail import ChangeView
from workbench.web.site.formatting import tag_hue

STATES = {
    "proposed": lazy_gettext("proposed"),
    "active": lazy_gettext("active"),
    "deprecated": lazy_gettext("deprecated"),
}
KINDS = {
    "edit": lazy_gettext("edited"),
    "accept": lazy_gettext("accepted"),
    "move": lazy_gettext("moved"),
    "merge": lazy_gettext("merged"),
    "split": lazy_gettext("split"),
    "deprecate": lazy_gettext("deprecated"),
    "restore": lazy_gettext("restored"),
    "reverse": lazy_gettext("reversed"),
}
WITH_ANOTHER = {
    "merge": lazy_gettext("merged “%(tag)s” into “%(other)s”"),
    "split": lazy_gettext("split “%(other)s” off “%(tag)s”"),
    "move": lazy_gettext("moved “%(tag)s” below “%(other)s”"),
    "deprecate": lazy_gettext("deprecated “%(tag)s” in favour of “%(other)s”"),
}
"""Those that concern a second tag."""
OPERATIONS = {
    "merge": lazy_gettext("Merge"),
    "split": lazy_gettext("Split"),
    "move": lazy_gettext("Move"),
    "deprecate": lazy_gettext("Deprecate"),
    "restore": lazy_gettext("Restore"),
    "accept": lazy_gettext("Accept"),
}
FIELDS = {
    "name": lazy_gettext("name"),
    "description": lazy_gettext("description"),
    "source": lazy_gettext("source"),
    "hue": lazy_gettext("colour"),
    "hotkey": lazy_gettext("hotkey"),
}
_ARXIV = re.compile(r"arXiv (\d{4}\.\d{4,5})")


def hue_class(name: str, hue: int | None) -> str:
    """The class of a tag's colour: its own, or that of its name."""
    return f"hue-{tag_hue(name) if hue is None else hue}"


def tag_state_words(state: str) -> str:
    """A tag's state."""
    return str(STATES[state])


def operation_words(kind: str) -> str:
    """What a button says that does this to a tag."""
    return str(OPERATIONS[kind])


def tag_change_words(change: ChangeView) -> str:
    """What somebody did to the taxonomy, in a few words."""
    names = {"tag": change.tag.name, "other": change.other.name if change.other else ""}
    if change.kind == "reverse":
        return gettext("reversed: %(what)s", what=KINDS[change.reverses or "edit"])
    if change.other and change.kind in WITH_ANOTHER:
        return str(WITH_ANOTHER[change.kind]) % names
    if change.kind == "move":
        return gettext("moved “%(tag)s” to the top", **names)
    return gettext("%(what)s “%(tag)s”", what=KINDS[change.kind], **names)


def differences(change: ChangeView) -> list[tuple[str, str, str]]:
    """The fields that were edited: what each is called, what it was, and what it became."""
    return [
        (str(FIELDS[name]), _shown(change.before[name]), _shown(after))
        for name, after in change.after.items()
        if name in FIELDS
    ]


def _shown(value: object) -> str:
    return "–" if value in (None, "") else str(value)


def arxiv(source: str) -> str | None:
    """The address of the paper that a source names; None where it names none on arXiv."""
    found = _ARXIV.search(source)
    return f"https://arxiv.org/abs/{found.group(1)}" if found else None


def register(app: Flask) -> None:
    """Make the functions template filters of their own names, and the colour's a global."""
    for function in (tag_state_words, operation_words, tag_change_words, differences, arxiv):
        app.add_template_filter(function)
    app.add_template_global(hue_class)
