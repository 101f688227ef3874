"""The worker's lease: of several workers the one that holds it works, the others wait."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy.exc import IntegrityError

from workbench.services.runs import processes
from workbench.store.database import now, session, transaction
from workbench.store.versions import WorkerLease

WORKER = "worker"
"""The name of the one lease."""
LEASE = timedelta(seconds=30)
"""How long it lasts unless it is renewed."""


def worker_alive() -> bool:
    """Whether a worker holds the lease and renews it."""
    lease = session().get(WorkerLease, WORKER, populate_existing=True)
    return (
        lease is not None and lease.expires_at > now() and not processes.is_known_dead(lease.holder)
    )


def take_lease(holder: str) -> bool:
    """Become, or stay, the one worker; False while another one is alive."""
    with transaction() as write:
        # Locked: of two workers that find it free at the same moment, the second finds it taken.
        lease = write.get(WorkerLease, WORKER, populate_existing=True, with_for_update=True)
        if lease is None:
            write.add(WorkerLease(name=WORKER, holder=holder, expires_at=now() + LEASE))
            try:
                write.flush()
            except IntegrityError:
                write.rollback()
                return False
            return True
        free = lease.expires_at <= now() or processes.is_known_dead(lease.holder)
        if lease.holder != holder and not free:
            return False
        lease.holder, lease.expires_at = holder, now() + LEASE
        return True


def give_lease_back(holder: str) -> None:
    """Let the next worker start at once."""
    with transaction() as write:
        lease = write.get(WorkerLease, WORKER, populate_existing=True)
        if lease is not None and lease.holder == holder:
            write.delete(lease)
