"""A check of a collection: everything that can be found in it, kept until the next one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask_babel import gettext
from sqlalchemy import select

from workbench.config import Settings
from workbench.services.collections import find_collection
from workbench.services.errors import NotFoundError
from workbench.services.hygiene.coverage import Coverage, coverage_of
from workbench.services.hygiene.dates import find_in_dates
from workbench.services.hygiene.duplicates import find_duplicates
from workbench.services.hygiene.embedded import embedded
from workbench.services.hygiene.findings import Finding
from workbench.services.hygiene.gaps import find_gaps
from workbench.services.hygiene.images import images_to_check
from workbench.services.hygiene.odd_images import find_odd_images
from workbench.services.hygiene.outliers import find_outliers, nearest_of
from workbench.services.hygiene.scores import find_in_scores
from workbench.services.hygiene.shortcuts import find_shortcuts
from workbench.services.hygiene.warnings import warnings_to_keep
from workbench.services.hygiene.words import finding_words
from workbench.services.models.versions import finished_versions
from workbench.services.review.decisions import decisions_on, label_by
from workbench.store.database import now, session, transaction
from workbench.store.hygiene import DataCheck
from workbench.store.images import Collection, Image
from workbench.store.versions import ActiveVersion, ModelVersion


@dataclass(frozen=True)
class Check:
    """What a check found: warnings first, then notes."""

    collection: str
    images: int
    """How many it looked at."""
    findings: tuple[Finding, ...]
    checked_at: datetime
    coverage: Coverage | None = None
    """None of a check from before it was counted."""
    version: int | None = None
    """Number of the version whose scores it used; None before the first analysis."""

    @property
    def warnings(self) -> tuple[Finding, ...]:
        """What makes figures of the collection doubtful."""
        return tuple(each for each in self.findings if each.severity == "warning")

    def finding(self, key: str) -> Finding | None:
        """One of its findings; None where it has no such one."""
        return next((each for each in self.findings if each.key == key), None)

    def as_json(self) -> dict[str, Any]:
        """As one object for JSON."""
        return {
            "collection": self.collection,
            "images": self.images,
            "version": self.version,
            "checked_at": self.checked_at.isoformat(),
            "coverage": self.coverage.as_json() if self.coverage else None,
            "findings": [
                each.as_json()
                | {"key": each.key, "actions": each.actions, "words": finding_words(each)}
                for each in self.findings
            ],
        }


def check(name: str, settings: Settings, version_number: int | None = None) -> Check:
    """Check a collection, and keep what was found.

    version_number: whose scores tell label errors and slices; those of the active version unless
        given.

    Raises NotFoundError for an unknown collection, or a version that it does not have.
    """
    collection_id = find_collection(name).id
    version = _version_of(name, collection_id, version_number)
    images = images_to_check(collection_id, settings)
    compared = embedded(collection_id, images, settings) if len(images) else None
    alike = nearest_of(images, compared) if compared else None
    findings = find_duplicates(images, settings, compared, alike) if len(images) else []
    findings += find_shortcuts(collection_id, images, settings)
    findings += find_gaps(images)
    findings += find_in_dates(images)
    findings += find_odd_images(images)
    if compared and alike:
        findings += find_outliers(images, compared, alike)
    if version:
        findings += find_in_scores(version)
    scored_by = version.number if version else None
    findings.sort(key=lambda each: each.severity != "warning")
    warned = warnings_to_keep(collection_id, findings)
    session().rollback()
    with transaction() as write:
        write.get_one(Collection, collection_id).warnings = warned
        kept = write.get(DataCheck, collection_id)
        if kept is None:
            kept = DataCheck(collection_id=collection_id)
            write.add(kept)
        kept.version = scored_by
        kept.images = len(images)
        kept.coverage = coverage_of(images).as_json()
        kept.findings = [each.as_json() for each in findings]
        kept.checked_at = now()
    found = newest_check(name)
    assert found is not None  # noqa: S101 - it was committed just now
    return found


def check_again(name: str, settings: Settings) -> Check:
    """Check by the scores of the same version as the last time, after something was done."""
    before = newest_check(name)
    numbers = {each.number for each in finished_versions(find_collection(name).id)}
    return check(name, settings, before.version if before and before.version in numbers else None)


def _version_of(name: str, collection_id: int, number: int | None) -> ModelVersion | None:
    """The version by its number; the active one where none is asked for."""
    if number is None:
        active = session().get(ActiveVersion, collection_id)
        return active.version if active else None
    for each in finished_versions(collection_id):
        if each.number == number:
            return each
    raise NotFoundError(gettext("%(name)s has no version %(version)s.", name=name, version=number))


def newest_check(name: str) -> Check | None:
    """The newest check of a collection; None before the first. Raises NotFoundError."""
    collection_id = find_collection(name).id
    kept = session().scalar(select(DataCheck).where(DataCheck.collection_id == collection_id))
    if kept is None:
        return None
    findings = tuple(Finding.read(each) for each in kept.findings)
    coverage = Coverage.read(kept.coverage) if kept.coverage else None
    return Check(name, kept.images, findings, kept.checked_at, coverage, kept.version)


@dataclass(frozen=True)
class ShownImage:
    """What stands below an image of a finding."""

    name: str
    label: str | None
    """The one that stands; None where there is none."""
    held_out: bool


def shown_images(image_ids: Iterable[int]) -> dict[int, ShownImage]:
    """The images of findings, by id; without those that were removed since."""
    ids = list(image_ids)
    decisions = decisions_on(ids)
    found = session().scalars(select(Image).where(Image.id.in_(ids)))
    return {
        each.id: ShownImage(each.name, label_by(each.label, decisions.get(each.id)), each.held_out)
        for each in found
    }
