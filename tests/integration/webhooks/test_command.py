"""Webhooks by commands."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import Result

from tests.support import commands
from tests.support.receiver import Receiver, status


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    assert commands.run("db", "upgrade", data_dir=tmp_path).exit_code == 0
    return tmp_path


def run(*command: str, data_dir: Path, hosts: str = "127.0.0.1") -> Result:
    return commands.run("webhooks", *command, data_dir=data_dir, webhook_hosts=hosts)


def test_a_webhook_from_its_making_to_its_end(data_dir: Path, receiver: Receiver) -> None:
    made = run("add", "bot", receiver.url, "--event", "run.finish", data_dir=data_dir)
    assert made.output.startswith("whsec_")
    (listed,) = json.loads(run("list", "--json", data_dir=data_dir).output)["webhooks"]
    assert (listed["name"], listed["events"]) == ("bot", ["run.finish"])
    assert made.output.strip() not in json.dumps(listed)

    assert "it answered 204" in run("test", "1", data_dir=data_dir).output
    receiver.answers.append(status(500))
    failed = run("test", "1", data_dir=data_dir)
    assert failed.exit_code == 1
    assert "It answered 500." in failed.stderr

    assert run("pause", "1", data_dir=data_dir).exit_code == 0
    assert "paused" in run("list", data_dir=data_dir).output
    assert run("resume", "1", data_dir=data_dir).exit_code == 0
    assert run("remove", "1", data_dir=data_dir).exit_code == 0
    assert "There are no webhooks." in run("list", data_dir=data_dir).output


def test_an_address_that_is_not_allowed_is_refused(data_dir: Path, receiver: Receiver) -> None:
    refused = run("add", "bot", receiver.url, data_dir=data_dir, hosts="hooks.example.org")
    assert refused.exit_code == 1
    assert "WORKBENCH_WEBHOOK_HOSTS" in refused.stderr
    wrong = run("list", data_dir=data_dir, hosts="http://hooks.example.org")
    assert "is no host name, address or network" in wrong.stderr
