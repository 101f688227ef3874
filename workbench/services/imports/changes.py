"""What a source says otherwise than when its images were imported: changes to accept."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final, cast

from flask_babel import gettext
from sqlalchemy import CursorResult, select, update
from sqlalchemy.orm import Session

from workbench.services import audit
from workbench.services.audit import Concerned
from workbench.services.imports.groups import GROUP, Groups, side
from workbench.services.imports.known import Known
from workbench.services.sources.dates import read_date
from workbench.services.sources.entries import Candidate
from workbench.services.sources.labels import UNLABELLED
from workbench.store.images import Collection, Image

CONTENT: Final = "content"
_COUNTED: Final = {
    "real": Collection.real,
    "fake": Collection.fake,
    UNLABELLED: Collection.unlabelled,
}


@dataclass(frozen=True)
class Change:
    """What differs from what was imported earlier."""

    name: str
    """Where the file lies within the source, as it can be shown."""
    what: str
    """`label`, `generator`, `class`, `date`, `group` or `content`."""
    old: str
    new: str
    decision: str | None = None
    """What people decided on the image; it stays, whatever label it is imported with."""
    hindrance: str = ""
    """Why it could not be accepted, if so."""

    @property
    def words(self) -> str:
        """The change in one line."""
        told = f"{self.name}: {_words(self.what)} {_words(self.old)} → {_words(self.new)}"
        if self.decision:
            told += gettext(
                "; decided to be %(decision)s, which stays", decision=_words(self.decision)
            )
        if self.hindrance:
            told += gettext("; not accepted: %(reason)s", reason=self.hindrance)
        return told

    def as_json(self) -> dict[str, Any]:
        """As one object for JSON."""
        return asdict(self)


def _words(name: str) -> str:
    """A kind of change, a label or a decision in words; a name of the source's own as it is."""
    known = {
        "": gettext("none"),
        "none": gettext("none"),
        "label": gettext("label"),
        "generator": gettext("generator"),
        "class": gettext("class"),
        "date": gettext("date"),
        GROUP: gettext("group"),
        CONTENT: gettext("content"),
        "real": gettext("real"),
        "fake": gettext("fake"),
        "unsure": gettext("unsure"),
        "exclude": gettext("exclude"),
    }
    return known.get(name, name)


@dataclass(frozen=True)
class Acceptance:
    """Whether changes are accepted, and by whom; None is who sits at the command line."""

    accepted: bool = False
    user_id: int | None = None


NOTHING_ACCEPTED: Final = Acceptance()


def split_contradiction(known: Known, source: Candidate) -> str:
    """Why a file cannot be told to be of the other part of the split; empty where it is not."""
    if source.held_out in (None, known.held_out):
        return ""
    found = f"imported earlier as {side(known.held_out)}, now {side(not known.held_out)}"
    if known.held_out:
        why = "test figures of earlier versions count it, and later ones would be trained on it"
    else:
        why = "versions may have been trained on it, and their test figures would count it"
    return f"{found}: {why}"


def meanings(changes: Iterable[Change]) -> list[str]:
    """What kinds of change mean that do not say it themselves."""
    if all(each.what != GROUP for each in changes):
        return []
    return [
        gettext(
            "Images of one group stay together on one side of the split and in one fold; an image "
            "of which the group changes keeps its side."
        )
    ]


def changes_of(known: Known, source: Candidate, groups: Groups) -> dict[str, tuple[str, str]]:
    """What a source now says otherwise of an image: the old and the new by what it is.

    A source that names no generator, class, date or group says nothing of them.
    """
    found: dict[str, tuple[str, str]] = {}
    if source.label != known.written_label:
        found["label"] = known.written_label, source.label
    if source.generator != known.generator and (source.generator or "label" in found):
        found["generator"] = known.generator, source.generator
    if source.class_name and source.class_name != known.class_name:
        found["class"] = known.class_name, source.class_name
    # A table that has the year alone says nothing else than a file that has the day.
    if (date := read_date(source.date)) and not (known.date or "").startswith(date):
        found["date"] = known.date or "", date
    if group := groups.change(known, source):
        found[GROUP] = group
    return found


def listed(
    name: str,
    found: Mapping[str, tuple[str, str]],
    decision: str | None = None,
    hindrance: str = "",
) -> list[Change]:
    """The changes of one file, as they are reported; a hindrance is that of its group."""
    return [
        Change(
            name,
            what,
            old,
            new,
            decision if what == "label" else None,
            hindrance if what == GROUP else "",
        )
        for what, (old, new) in found.items()
    ]


def content_change(
    name: str, known: Known, new: str, decision: str | None, hindrance: str = ""
) -> Change:
    """A file that was overwritten."""
    return Change(name, CONTENT, known.content, new, decision, hindrance)


def accept(
    write: Session, known: Known, found: Mapping[str, tuple[str, str]], by: Acceptance
) -> None:
    """Write what a source now says of an image, and that it was accepted.

    The image keeps its side of the split: what was trained on must not become test.
    """
    new = {what: value for what, (_old, value) in found.items()}
    values: dict[str, Any] = {}
    if "label" in new:
        values["label"] = None if new["label"] == UNLABELLED else new["label"]
    if "generator" in new:
        values["generator"] = new["generator"]
    if "class" in new:
        values["class_name"] = new["class"]
    if "date" in new:
        values["date"] = new["date"]
    if GROUP in new:
        values["group_key"] = new[GROUP]
    as_known = Image.label.is_not_distinct_from(known.label)
    changed = write.execute(update(Image).where(Image.id == known.id, as_known).values(values))
    if not cast("CursorResult[Any]", changed).rowcount:
        return  # another import was quicker
    if "label" in new:
        _count(write, known, {known.written_label: -1, new["label"]: 1})
    told: dict[str, Any] = {
        what: {"old": old, "new": value} for what, (old, value) in found.items()
    }
    its = write.scalar(select(Image.collection_id).where(Image.id == known.id))
    audit.record(
        write,
        by.user_id,
        "image.change",
        f"image:{known.id}",
        concerned=Concerned(collection_id=its),
        **told,
    )


def count_less(write: Session, known: Known) -> None:
    """Count an image that leaves its collection."""
    _count(write, known, {known.written_label: -1})


def _count(write: Session, known: Known, steps: dict[str, int]) -> None:
    its = select(Image.collection_id).where(Image.id == known.id).scalar_subquery()
    counted = {_COUNTED[label].key: _COUNTED[label] + step for label, step in steps.items()}
    write.execute(update(Collection).where(Collection.id == its).values(counted))
