"""A taxonomy as a file: the starter that comes with the workbench, export and import.

Loading joins: a name that is there already keeps all that people gave it, and loading twice adds
nothing.
"""

from __future__ import annotations

import csv
import io
import json
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final, Literal

from flask_babel import gettext
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from workbench.services import audit
from workbench.services.errors import ConflictError, InvalidError
from workbench.services.review import cells
from workbench.services.taxonomy.edits import Edited
from workbench.services.taxonomy.tree import DEEPEST
from workbench.store.database import session, transaction
from workbench.store.folding import folded
from workbench.store.judgements import TAG_STATES, Tag

STARTER: Final = Path(__file__).with_name("starter.toml")
LARGEST_FILE: Final = 4_000_000
"""Bytes; a tag takes 3 kB at most."""
MOST_TAGS: Final = 10_000
FORMAT: Final = "pattern-workbench taxonomy 1"
Format = Literal["json", "csv"]
FORMATS: Final[tuple[Format, ...]] = ("json", "csv")
COLUMNS: Final = (
    "name",
    "parent",
    "description",
    "source",
    "colour",
    "hotkey",
    "state",
    "use_instead",
)


@dataclass(frozen=True)
class Entry:
    """A tag in a file. `parent` and `use_instead` are names; `colour` is one of the six."""

    name: str
    parent: str = ""
    description: str = ""
    source: str = ""
    colour: int | None = None
    hotkey: str | None = None
    state: str = "active"
    use_instead: str = ""


@dataclass(frozen=True)
class Loaded:
    """What loading did: how many tags it added, and how many were there already."""

    added: int
    known: int


def starter() -> tuple[Entry, ...]:
    """The taxonomy to begin with."""
    return tuple(Entry(**each) for each in tomllib.loads(STARTER.read_text("utf-8"))["tag"])


def entries() -> tuple[Entry, ...]:
    """The tags of the taxonomy, by name."""
    tags = session().scalars(
        select(Tag)
        .options(joinedload(Tag.parent), joinedload(Tag.replaced_by))
        .where(Tag.withdrawn_at.is_(None))
        .order_by(Tag.folded_name)
    )
    return tuple(
        Entry(
            name=tag.name,
            parent=_standing_name(tag.parent),
            description=tag.description,
            source=tag.source,
            colour=tag.hue,
            hotkey=tag.hotkey,
            state=tag.state,
            use_instead=_standing_name(tag.replaced_by),
        )
        for tag in tags
    )


def _standing_name(tag: Tag | None) -> str:
    return tag.name if tag is not None and tag.withdrawn_at is None else ""


def as_text(form: Format) -> str:
    """The taxonomy in a format."""
    return as_json(entries()) if form == "json" else as_csv(entries())


def as_json(found: Sequence[Entry]) -> str:
    """A taxonomy as JSON, which `read` reads."""
    document = {"format": FORMAT, "tags": [asdict(each) for each in found]}
    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"


def as_csv(found: Iterable[Entry]) -> str:
    """A taxonomy as a table, without formulas."""
    written = io.StringIO()
    table = csv.writer(written)
    table.writerow(COLUMNS)
    for each in found:
        values = asdict(each)
        table.writerow(
            [cells.plain("" if values[each] is None else str(values[each])) for each in COLUMNS]
        )
    return written.getvalue()


def read(content: bytes) -> tuple[Entry, ...]:
    """The tags of a JSON file. Raises InvalidError with what is wrong, and of which tag."""
    if len(content) > LARGEST_FILE:
        raise InvalidError(gettext("The file is too large."))
    try:
        document = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise InvalidError(gettext("The file is no JSON.")) from error
    if not isinstance(document, Mapping) or document.get("format") != FORMAT:
        raise InvalidError(
            gettext("The file is no taxonomy: “format” must be “%(it)s”.", it=FORMAT)
        )
    tags = document.get("tags")
    if not isinstance(tags, list) or len(tags) > MOST_TAGS:
        raise InvalidError(
            gettext("“tags” must be a list of at most %(most)s tags.", most=MOST_TAGS)
        )
    found = tuple(_entry(number, each) for number, each in enumerate(tags, 1))
    _refuse_doubled(found)
    return found


def _entry(number: int, given: Any) -> Entry:
    try:
        return _clean(given)
    except (InvalidError, ConflictError) as error:
        raise InvalidError(
            gettext("Tag %(number)s of the file: %(why)s", number=number, why=str(error))
        ) from error


def _clean(given: Any) -> Entry:
    if not isinstance(given, Mapping) or not set(given) <= set(COLUMNS):
        raise InvalidError(
            gettext("It must have no other fields than these: %(all)s.", all=", ".join(COLUMNS))
        )
    texts = {name: given.get(name) or "" for name in COLUMNS if name != "colour"}
    colour = given.get("colour")
    are_texts = all(isinstance(each, str) for each in texts.values())
    if not are_texts or type(colour) not in (int, type(None)):
        raise InvalidError(gettext("Its fields must be texts, its colour a number."))
    state = texts["state"] or "active"
    if state not in TAG_STATES:
        raise InvalidError(gettext("Its state must be one of: %(all)s.", all=", ".join(TAG_STATES)))
    clean = Edited(
        texts["name"], texts["description"], texts["source"], colour, texts["hotkey"]
    ).cleaned()
    return Entry(
        name=clean.name,
        parent=texts["parent"],
        description=clean.description,
        source=clean.source,
        colour=clean.hue,
        hotkey=clean.hotkey,
        state=state,
        use_instead=texts["use_instead"],
    )


def _refuse_doubled(found: Sequence[Entry]) -> None:
    """Raise InvalidError for two tags of one name or hotkey."""
    seen: set[str] = set()
    for each in found:
        for key in (f"name {folded(each.name)}", f"key {each.hotkey}" if each.hotkey else ""):
            if key in seen:
                raise InvalidError(
                    gettext("“%(tag)s” has the name or hotkey of another tag.", tag=each.name)
                )
            seen.update({key} - {""})


def load(user_id: int, wanted: Sequence[Entry]) -> Loaded:
    """Add those tags that the taxonomy lacks, in one transaction.

    Raises InvalidError for a parent that is nowhere or would make a loop or too deep a tree. A
    hotkey that another tag has is left out.
    """
    with transaction() as write:
        audit.acting(write, user_id)
        standing = write.scalars(select(Tag).where(Tag.withdrawn_at.is_(None))).all()
        known = {tag.folded_name: tag for tag in standing}
        keys = {tag.hotkey for tag in standing}
        added: dict[str, Entry] = {}
        for each in wanted:
            name = folded(each.name)
            if name not in known:
                known[name] = Tag(
                    name=each.name,
                    description=each.description,
                    source=each.source,
                    hue=each.colour,
                    hotkey=None if each.hotkey in keys else each.hotkey,
                    state=each.state,
                    created_by_id=user_id,
                )
                added[name] = each
        write.add_all(known[name] for name in added)
        write.flush()
        for name, each in added.items():
            known[name].parent = _other(known, each.parent)
            known[name].replaced_by = _other(known, each.use_instead)
        _refuse_bad_tree(known[name] for name in added)
    return Loaded(len(added), len(wanted) - len(added))


def _other(known: Mapping[str, Tag], name: str) -> Tag | None:
    if not name:
        return None
    found = known.get(folded(name))
    if found is None:
        raise InvalidError(gettext("Tag “%(name)s” not found.", name=name))
    return found


def _refuse_bad_tree(added: Iterable[Tag]) -> None:
    for tag in added:
        above, levels = tag.parent, 1
        while above is not None:
            levels += 1
            if levels > DEEPEST:
                raise InvalidError(
                    gettext(
                        "“%(tag)s” lies below itself, or deeper than %(deepest)s levels.",
                        tag=tag.name,
                        deepest=DEEPEST,
                    )
                )
            above = above.parent
