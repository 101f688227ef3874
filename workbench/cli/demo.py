"""`manage.py demo`."""

from __future__ import annotations

import sys

import click

from workbench.cli.context import require_port, require_time_zone, with_app
from workbench.cli.options import port_option
from workbench.cli.progress_bar import progress_bar
from workbench.cli.runs import see_through
from workbench.services import accounts
from workbench.services.app_settings import settings
from workbench.services.collections import collection_id
from workbench.services.demo.preparing import prepare
from workbench.services.runs import requests
from workbench.store import migrating
from workbench.store.database import db
from workbench.supervisor import run_web_and_worker


@click.command()
@port_option
@with_app
def demo(port: int) -> None:
    """Build and analyse the demo set, then run web and worker until Ctrl-C."""
    # What would end either of them is told before the minutes of the building.
    require_port("127.0.0.1", port)
    require_time_zone()
    migrating.upgrade(db.engine)
    with progress_bar(
        interrupted="Interrupted. Finished work is kept; run `make demo` to resume."
    ) as bar:
        names = prepare(settings(), bar)
        bar.close()
        for name in names:
            run_id = requests.run_for_analysis(collection_id(name))
            if run_id is not None:
                click.echo(f"Analysing {name}", err=True)
                see_through(run_id)
    password = accounts.one_time_password("demo")
    db.session.remove()
    click.echo(
        f"\n  The workbench is on http://127.0.0.1:{port}\n"
        f"  Sign in as  demo  with the password  {password}\n"
        "  (made for this start; the next start makes a new one)\n"
        "  Ctrl-C stops it.\n"
    )
    sys.exit(run_web_and_worker(port))
