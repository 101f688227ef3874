"""Agreement in a collection: of verdicts and of each tag, and one of these looked at closely."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from flask_babel import gettext

from workbench.analysis.agreement.figures import Agreement, agreement
from workbench.services.agreement.breakdown import (
    Pair,
    Splits,
    Week,
    pairs,
    splits,
    weeks,
)
from workbench.services.agreement.overlaps import Overlaps, overlaps
from workbench.services.agreement.tag_answers import ComparedTag, tags
from workbench.services.agreement.verdicts import Scale, verdicts
from workbench.services.columns.store import column_store
from workbench.services.errors import NotFoundError
from workbench.services.queues.disagreements import gathering_images, waiting_images
from workbench.store.database import session
from workbench.store.freshness import rows_added
from workbench.store.people import AuditEvent


@dataclass(frozen=True)
class Line:
    """How far people agree on verdicts, or on one tag. tag_id: None for verdicts."""

    tag_id: int | None
    name: str
    hue: int | None
    state: str
    agreement: Agreement


@dataclass(frozen=True)
class Closer:
    """One line, closely. overlaps: of a tag's regions."""

    line: Line
    pairs: tuple[Pair, ...]
    weeks: tuple[Week, ...]
    splits: Splits
    overlaps: Overlaps | None


@dataclass(frozen=True)
class AgreementReport:
    """All lines, verdicts first, then the tags that are on most images; one of them closely."""

    lines: tuple[Line, ...]
    closer: Closer


def report(
    collection_id: int, version_id: int | None, scale: Scale, tag_id: int | None
) -> AgreementReport:
    """Compare what people said in a collection, and look closer at one tag or at verdicts.

    Computed anew once anything was decided, anywhere: until then, one query. Raises NotFoundError
    for a tag that nobody put on a region there.
    """
    database = str(session().get_bind().engine.url)
    return _computed(
        (database, *rows_added(AuditEvent.id)), collection_id, version_id, scale, tag_id
    )


@lru_cache(maxsize=16)
def _computed(
    _as_of: tuple[str, int, int],
    collection_id: int,
    version_id: int | None,
    scale: Scale,
    tag_id: int | None,
) -> AgreementReport:
    store = column_store(version_id) if version_id else None
    of_verdicts = verdicts(collection_id, scale)
    of_tags = tags(collection_id, store)
    first = Line(None, "", None, "active", agreement(of_verdicts.answers))
    lines = (first, *(_line(each) for each in of_tags))
    if tag_id is None:
        found, line = of_verdicts, first
    else:
        at = next((at for at, each in enumerate(of_tags) if each.id == tag_id), None)
        if at is None:
            raise NotFoundError(gettext("Nobody put this tag on a region of this collection."))
        found, line = of_tags[at].compared, lines[at + 1]
    waiting = waiting_images(collection_id) if tag_id is None else set()
    hidden = gathering_images(collection_id) if tag_id is None else set()
    return AgreementReport(
        lines,
        Closer(
            line,
            pairs(found),
            weeks(found),
            splits(found, waiting, hidden),
            None if tag_id is None else overlaps(collection_id, tag_id),
        ),
    )


def _line(tag: ComparedTag) -> Line:
    return Line(tag.id, tag.name, tag.hue, tag.state, agreement(tag.compared.answers))
