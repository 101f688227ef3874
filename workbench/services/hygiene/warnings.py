"""What makes figures of a collection doubtful: the one list that stands beside all of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self

from flask_babel import gettext
from sqlalchemy import func, select

from workbench.services.collections import find_collection
from workbench.services.hygiene.findings import Finding
from workbench.services.imports.shortcut_words import shortcut_names
from workbench.store.database import session
from workbench.store.hygiene import DataAction
from workbench.store.images import Collection
from workbench.store.versions import ActiveVersion, ModelVersion


@dataclass(frozen=True)
class DataWarning:
    """A warning of a collection, without its images."""

    kind: str
    subject: str
    figures: dict[str, Any]
    through: int | None = None
    """It was acted on: versions up to this number were made before; None where it stands."""

    @classmethod
    def of(cls, finding: Finding, through: int | None = None) -> Self:
        """That of a finding."""
        figures = {name: each for name, each in finding.figures.items() if name in _FIGURES}
        return cls(finding.kind, finding.subject, figures, through)

    def as_json(self) -> dict[str, Any]:
        """As it is stored."""
        return asdict(self)


_FIGURES = ("images", "groups", "auc")


def standing_warnings(collection: Collection) -> tuple[DataWarning, ...]:
    """The warnings of a collection's newest import and check, and those of versions made before.

    Shortcuts are those that were measured last, by an import or a check; duplicates those that a
    check found.
    """
    now = shortcuts_in(collection.file_facts)
    kept = [DataWarning(**each) for each in collection.warnings]
    now += [each for each in kept if each.through is None]
    standing = {(each.kind, each.subject) for each in now}
    mended = [each for each in kept if each.through and (each.kind, each.subject) not in standing]
    return (*now, *mended)


def shortcuts_in(facts: Mapping[str, Any]) -> list[DataWarning]:
    """The warnings of what was measured of files (`measure_shortcuts`)."""
    found = [
        DataWarning("shortcut", name, {"auc": facts["families"][name]["auc"]})
        for name in facts.get("shortcut", ())
    ]
    if facts.get("warned") and not found:
        found.append(DataWarning("shortcut", "together", {"auc": facts["auc"]}))
    return found


def warnings_to_keep(collection_id: int, findings: Iterable[Finding]) -> list[dict[str, Any]]:
    """What a check keeps with the collection: its warnings, and those that were acted on.

    Without shortcuts that stand: `Collection.file_facts` has them.
    """
    found = [DataWarning.of(each) for each in findings if each.severity == "warning"]
    standing = {(each.kind, each.subject) for each in found}
    acted = session().scalars(
        select(DataAction)
        .where(DataAction.collection_id == collection_id, DataAction.withdrawn_at.is_(None))
        .order_by(DataAction.id)
    )
    mended: dict[tuple[str, str], DataWarning] = {}
    for action in acted:
        for kept in action.detail.get("warnings", ()):
            if kept["through"] and (kept["kind"], kept["subject"]) not in standing:
                # The newest action on it tells up to which version it lasted.
                mended[kept["kind"], kept["subject"]] = DataWarning(**kept)
    stand = [each for each in found if each.kind != "shortcut"]
    return [each.as_json() for each in (*stand, *mended.values())]


def newest_version(collection_id: int) -> int | None:
    """Number of a collection's newest version; None before the first."""
    return session().scalar(
        select(func.max(ModelVersion.number)).where(ModelVersion.collection_id == collection_id)
    )


def collection_warning(name: str) -> str:
    """The warning of a collection for its active version, for commands; empty without one."""
    collection = find_collection(name)
    number = session().scalar(
        select(ModelVersion.number)
        .join(ActiveVersion, ActiveVersion.version_id == ModelVersion.id)
        .where(ActiveVersion.collection_id == collection.id)
    )
    return warning_words(standing_warnings(collection), number)


def warning_words(warnings: Iterable[DataWarning], version: int | None) -> str:
    """The one sentence on why figures of a version are doubtful; empty where nothing is known.

    version: whose figures; None for those of images alone.
    """
    chosen = [
        each
        for each in warnings
        if each.through is None or (version is not None and version <= each.through)
    ]
    standing = [each for each in chosen if each.through is None]
    until = sorted({each.through for each in chosen if each.through is not None})
    parts = _parts(standing) + [
        gettext("%(doubt)s (until v%(number)s; retrain)", doubt=doubt, number=through)
        for through in until
        for doubt in _parts([each for each in chosen if each.through == through])
    ]
    if not parts:
        return ""
    return gettext(
        "Data warning: figures made from these images are doubtful, since %(doubts)s.",
        doubts="; ".join(parts),
    )


def _parts(warnings: list[DataWarning]) -> list[str]:
    shortcuts = {each.subject: each.figures["auc"] for each in warnings if each.kind == "shortcut"}
    said = []
    if shortcuts:
        said.append(
            gettext(
                "the label is predicted without looking at what images show, by %(facts)s",
                facts=shortcut_names(shortcuts),
            )
        )
    return said + [_duplicates(each) for each in warnings if each.kind != "shortcut"]


def _duplicates(warning: DataWarning) -> str:
    figures: Mapping[str, Any] = warning.figures
    if warning.kind == "contradicting_duplicates":
        return gettext(
            "%(images)s duplicates are labelled real and fake at once", images=figures["images"]
        )
    return gettext("%(images)s duplicates lie in training and test split", images=figures["images"])
