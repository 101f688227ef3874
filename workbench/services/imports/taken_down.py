"""Pictures that were taken down: an import knows them, and does not take them again (ADR 52)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from workbench.services import audit
from workbench.store.removals import Takedown

_SALT = b"taken down from this workbench: "


def fingerprint(digest: str) -> str:
    """What is kept of a picture's digest: enough to know it again, and no list of files' hashes."""
    return hashlib.sha256(_SALT + digest.encode()).hexdigest()


def taken_down(write: Session) -> frozenset[str]:
    """The fingerprints of all pictures that must not come back."""
    return frozenset(write.scalars(select(Takedown.fingerprint)))


def lift(write: Session, digests: Iterable[str]) -> None:
    """Forget that these pictures were taken down: somebody imports them on purpose."""
    wanted = {fingerprint(each) for each in digests}
    known = set(write.scalars(select(Takedown.fingerprint)))
    if lifted := wanted & known:
        write.execute(delete(Takedown).where(Takedown.fingerprint.in_(lifted)))
        audit.record(write, None, "takedown.lift", "takedown", fingerprints=len(lifted))
