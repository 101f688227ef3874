"""`manage.py demo`."""

from __future__ import annotations

import sys

import click

from workbench.cli.context import require_port, require_time_zone, with_app
from workbench.cli.options import port_option, with_parent_option
from workbench.cli.progress_bar import progress_bar
from workbench.cli.runs import see_through
from workbench.config import PROJECT_ROOT
from workbench.services import accounts
from workbench.services.app_settings import settings
from workbench.services.collections import collection_id
from workbench.services.demo.preparing import prepare
from workbench.services.runs import requests
from workbench.store import migrating
from workbench.store.database import db
from workbench.supervisor import end_with_parent, run_to_its_end, run_web_and_worker


@click.command()
@port_option
@click.option("--build-only", is_flag=True, help="Build and analyse the demo set, and end.")
@with_parent_option
@with_app
def demo(port: int, *, build_only: bool, with_parent: bool) -> None:
    """Build and analyse the demo set, then run web and worker until Ctrl-C."""
    if build_only:
        if with_parent:
            end_with_parent()
        _build()
        return
    # What would end either of them is told before the minutes of the building.
    require_port("127.0.0.1", port)
    require_time_zone()
    # In a process of its own: the gigabytes that an analysis takes end with it.
    manage = [sys.executable, str(PROJECT_ROOT / "manage.py")]
    if status := run_to_its_end([*manage, "demo", "--build-only", "--with-parent"]):
        sys.exit(status)
    password = accounts.one_time_password("demo")
    db.session.remove()
    click.echo(
        f"\n  The workbench is on http://127.0.0.1:{port}\n"
        f"  Sign in as  demo  with the password  {password}\n"
        "  (made for this start; the next start makes a new one)\n"
        "  Ctrl-C stops it.\n"
    )
    sys.exit(run_web_and_worker(port))


def _build() -> None:
    migrating.upgrade(db.engine)
    with progress_bar(
        interrupted="Interrupted. Finished work is kept; run `make demo` to resume."
    ) as bar:
        names = prepare(settings(), bar)
    for name in names:
        run_id = requests.run_for_analysis(collection_id(name))
        if run_id is not None:
            click.echo(f"Analysing {name}", err=True)
            see_through(run_id)
