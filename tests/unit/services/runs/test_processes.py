"""A process is called dead only where that is certain."""

from __future__ import annotations

import os
import socket
import subprocess
import sys

import pytest

from workbench.services.runs.processes import is_known_dead, new_name

HERE = socket.gethostname()


def finished_pid() -> int:
    """The identifier of a process that has ended and is waited for."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def test_a_name_says_host_and_process_and_is_never_given_twice() -> None:
    host, pid, token = new_name().rsplit(":", 2)

    assert (host, int(pid)) == (HERE, os.getpid())
    assert token
    assert new_name() != new_name()


def test_this_process_is_alive() -> None:
    assert not is_known_dead(new_name())


def test_a_process_that_has_ended_is_known_dead() -> None:
    assert is_known_dead(f"{HERE}:{finished_pid()}:token")


def test_a_running_process_is_not_known_dead_until_it_has_ended() -> None:
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    name = f"{HERE}:{process.pid}:token"
    before = is_known_dead(name)
    process.communicate(b"\n")

    assert (before, is_known_dead(name)) == (False, True)


def test_of_another_host_nothing_is_known() -> None:
    assert not is_known_dead(f"another-host:{finished_pid()}:token")


def test_another_users_process_is_alive(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_pid: int, _signal: int) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "kill", refuse)

    assert not is_known_dead(f"{HERE}:1:token")


@pytest.mark.parametrize("name", ["", "nonsense", f"{HERE}:x:token", f"{HERE}::token", ":::"])
def test_of_what_is_no_name_nothing_is_known(name: str) -> None:
    assert not is_known_dead(name)
