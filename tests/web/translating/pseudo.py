"""A made-up language that shows what was not translated: every text of it stands in ⟦brackets⟧."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from workbench.config import PROJECT_ROOT

LANGUAGE = "pl"
"""Any with more plural forms than English: one for 1, another for 2 to 4, a third for 5."""
TEMPLATE = PROJECT_ROOT / "translations" / "messages.pot"
FORMS = ("", "²", "³")

READ = (
    "title",
    "aria-label",
    "alt",
    "placeholder",
    "label",
    "data-lost",
    "data-error",
    "data-logits",
    "data-words",
    "data-nothing",
)
"""Attributes whose values people read or hear."""
NOT_WORDS = ("script", "style", "code", "kbd", "pre")
"""Elements that hold no words: commands to type and keys to press."""
VOID = ("br", "hr", "img", "input", "link", "meta")


def messages() -> Catalog:
    """The committed list of strings to translate."""
    with TEMPLATE.open("rb") as file:
        return read_po(file)


def write_translation(folder: Path) -> None:
    """Translate every string into brackets, and the plural ones into their language's forms."""
    made = Catalog(locale=LANGUAGE)
    for each in messages():
        if not each.id:
            continue
        if isinstance(each.id, str):
            made.add(each.id, f"⟦{each.id}⟧", context=each.context)
        else:
            one, many = each.id
            words = (one, many, many)
            forms = [f"⟦{form}{text}⟧" for form, text in zip(FORMS, words, strict=True)]
            made.add(each.id, forms, context=each.context)
    place = folder / LANGUAGE / "LC_MESSAGES"
    place.mkdir(parents=True)
    with (place / "messages.mo").open("wb") as file:
        write_mo(file, made)


class Bare(HTMLParser):
    """Collects the words of a page that stand outside of brackets, and its tags."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[tuple[str, bool]] = []
        """Elements, and whether what they hold is not to be translated."""
        self.depth = 0
        self.outside: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag not in VOID:
            self.open.append((tag, tag in NOT_WORDS or given.get("translate") == "no"))
        for name in READ:
            if given.get(name):
                self.outside.append(outside_of_brackets(given[name] or "")[0])
        self.tags.append((tag, {name: given[name] for name in given if name not in READ}))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        if tag in (each for each, _untranslated in self.open):
            while self.open.pop()[0] != tag:
                pass

    def handle_data(self, data: str) -> None:
        if not any(untranslated for _tag, untranslated in self.open):
            words, self.depth = outside_of_brackets(data, self.depth)
            self.outside.append(words)

    def words(self, data: re.Pattern[str]) -> list[str]:
        """What has letters outside of brackets and is not just `data`."""
        texts = (data.sub("", each) for each in self.outside)
        return [each.strip() for each in texts if re.search(r"[^\W\d_]", each)]


def outside_of_brackets(text: str, depth: int = 0) -> tuple[str, int]:
    """The text without what stands in brackets, `depth` of which are open before and after it."""
    kept = []
    for sign in text:
        if sign == "⟦":
            depth += 1
        elif sign == "⟧":
            depth -= 1
        elif depth == 0:
            kept.append(sign)
    return "".join(kept), depth
