"""Findings: why a tag is on something, and how much that disturbs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from flask_babel import gettext, lazy_gettext
from flask_babel.speaklater import LazyString
from sqlalchemy import select

from workbench.services import audit
from workbench.services.errors import ConflictError, InvalidError, NotFoundError
from workbench.store.database import transaction
from workbench.store.judgements import SEVERITIES, Tagging

LONGEST_REASON = 2000
SEVERITY_WORDS: Final[dict[str, LazyString]] = {
    "minor": lazy_gettext("minor"),
    "moderate": lazy_gettext("moderate"),
    "severe": lazy_gettext("severe"),
}


@dataclass(frozen=True)
class Finding:
    """A reason, which may be empty, and a severity, which may be missing."""

    reason: str = ""
    severity: str | None = None


UNSAID: Final = Finding()


def clean_finding(finding: Finding) -> Finding:
    """A finding as it is kept. Raises InvalidError for one that cannot be."""
    reason = finding.reason.strip()
    if len(reason) > LONGEST_REASON:
        raise InvalidError(
            gettext(
                "The reason is too long: %(length)s characters, at most %(longest)s are allowed.",
                length=len(reason),
                longest=LONGEST_REASON,
            )
        )
    if finding.severity is not None and finding.severity not in SEVERITIES:
        raise InvalidError(
            gettext(
                "Unknown severity “%(severity)s”. It is one of: %(all)s.",
                severity=finding.severity,
                all=", ".join(SEVERITIES),
            )
        )
    return Finding(reason, finding.severity)


def edit_finding(user_id: int, tagging_id: int, wanted: Finding, seen: int) -> int:
    """Change the reason and severity of a tag of one's own; `seen` is the revision on the page.

    Returns its revision then.

    Raises NotFoundError for a withdrawn tag, ConflictError for somebody else's, and where it was
    changed since.
    """
    wanted = clean_finding(wanted)
    with transaction() as write:
        tagging = write.scalar(
            select(Tagging)
            .where(Tagging.id == tagging_id, Tagging.withdrawn_at.is_(None))
            .with_for_update()
            .execution_options(populate_existing=True)
        )
        if tagging is None:
            raise NotFoundError(gettext("This tag was withdrawn."))
        if tagging.user_id != user_id:
            raise ConflictError(gettext("Only its author can change this finding."))
        now = Finding(tagging.reason, tagging.severity)
        if wanted == now:
            return tagging.revision
        if tagging.revision != seen:
            raise ConflictError(
                gettext(
                    "Edit conflict: this finding was changed on another page to “%(now)s”. "
                    "Yours is “%(wanted)s”. Reload the page to change it.",
                    now=_in_words(now),
                    wanted=_in_words(wanted),
                )
            )
        audit.acting(write, user_id)
        tagging.reason, tagging.severity = wanted.reason, wanted.severity
        tagging.revision += 1
        return tagging.revision


def _in_words(finding: Finding) -> str:
    severity = str(SEVERITY_WORDS.get(finding.severity or "", ""))
    return ": ".join(each for each in (severity, finding.reason) if each) or "–"
