"""Connections that are cut in the middle of calls, and servers that are killed: what each exception says is true."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import crm
import psycopg
import pytest

# At how many places each way is cut.
PLACES = 12 if os.environ.get("CRM_THOROUGH") else 5


class Proxy:
    """Hands bytes on between the library and a server, up to the byte at which the next connection is to be cut."""

    def __init__(self, url: str) -> None:
        path, _, directory = url.partition("?host=")
        self.target = f"{directory}/.s.PGSQL.5432"
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"postgres://postgres@127.0.0.1:{self.listener.getsockname()[1]}/{path.rpartition('/')[2]}"
        self.passed = [0, 0]
        self.cut: tuple[int, int] | None = None
        self.lock = threading.Lock()
        threading.Thread(target=self._accept, daemon=True).start()

    def arm(self, cut: tuple[int, int] | None) -> None:
        """Begins to count, and cuts a way (to the server, to the client) after so many bytes."""
        with self.lock:
            self.passed, self.cut = [0, 0], cut

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            server = socket.socket(socket.AF_UNIX)
            server.connect(self.target)
            for way, pair in enumerate([(client, server), (server, client)]):
                threading.Thread(target=self._pump, args=(way, *pair), daemon=True).start()

    def _pump(self, way: int, source: socket.socket, target: socket.socket) -> None:
        try:
            while data := source.recv(65536):
                with self.lock:
                    here = self.cut is not None and self.cut[0] == way and self.cut[1] <= self.passed[way] + len(data)
                    if here and self.cut:
                        data = data[: self.cut[1] - self.passed[way]]
                        self.cut = None
                    self.passed[way] += len(data)
                target.sendall(data)
                if here:
                    break
        except OSError:
            pass
        for end in (source, target):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass


@pytest.fixture
def proxy(url: str) -> Iterator[Proxy]:
    """Stands before a migrated, empty database."""
    proxy = Proxy(url)
    yield proxy
    proxy.listener.close()


def read(c: Any, name: str) -> None:
    assert c.customers.list(text="nobody").items == []


def write(c: Any, name: str) -> None:
    c.customers.create(name)


def transaction(c: Any, name: str) -> None:
    with c.transaction() as tx:
        customer = tx.customers.create(name)
        tx.interactions.create(customer.id, "call")
        tx.customers.create(name)


def copy(c: Any, name: str) -> None:
    c.customers.create_many([{"name": name}] * 600)


@pytest.mark.parametrize(("call", "rows"), [(read, 0), (write, 1), (transaction, 2), (copy, 600)])
def test_a_call_cut_anywhere_is_whole_or_absent_and_its_exception_is_true(
    open_face: Callable[..., Any], proxy: Proxy, url: str, call: Callable[[Any, str], None], rows: int
) -> None:
    c = open_face(proxy.url, max_connections=1)
    with psycopg.connect(url, autocommit=True) as sql:
        for _ in range(2):
            proxy.arm(None)
            call(c, "recorded")
        for way, bytes_ in enumerate(list(proxy.passed)):
            for after in range(0, bytes_, bytes_ // PLACES + 1):
                name = f"{way} {after}"
                # So that the connection is open and knows the statements.
                call(c, "warm")
                proxy.arm((way, after))
                failed: crm.UnavailableError | None = None
                try:
                    call(c, name)
                except crm.UnavailableError as error:
                    failed = error
                    assert error.retryable is not error.outcome_unknown
                proxy.arm(None)
                if failed is not None and not failed.outcome_unknown:
                    # What was known to be undone can be done again.
                    call(c, name)
                until_idle(sql)
                counted = sql.execute("select count(*) from crm.customers where name = %s", [name]).fetchone()
                known = failed is None or not failed.outcome_unknown
                assert counted == (rows,) or (not known and counted == (0,)), (name, failed)
                assert call is not read or failed is None, "a read is repeated"


def until_idle(sql: psycopg.Connection[Any]) -> None:
    busy = """select count(*) from pg_stat_activity
        where datname = current_database() and pid <> pg_backend_pid() and state <> 'idle'"""
    end = time.monotonic() + 30
    while sql.execute(busy).fetchone() != (0,):
        assert time.monotonic() < end
        time.sleep(0.005)


@pytest.fixture
def open_directory() -> Iterator[Path]:
    """Makes a directory that the server's user can enter."""
    with tempfile.TemporaryDirectory() as name:
        os.chmod(name, 0o755)
        yield Path(name)


def test_a_killed_server_is_unavailable_and_what_was_acknowledged_is_there(open_directory: Path) -> None:
    data = open_directory / "crm"
    with crm.embedded(data) as c:
        ids = [c.customers.create(f"c{n}").id for n in range(50)]
        with pytest.raises(crm.UnavailableError) as lost, c.transaction() as tx:
            tx.customers.create("never committed")
            kill((data / "data" / "postmaster.pid").read_text().split()[0])
            time.sleep(0.01)
        # After a pause a commit is not sent before the server has shown that it is still there.
        assert lost.value.retryable and not lost.value.outcome_unknown
        with pytest.raises(crm.UnavailableError) as away:
            c.customers.create("nobody is there")
        assert away.value.retryable
    with crm.embedded(data) as c:
        assert [row.id for row in c.customers.list(order="id").items] == ids


def kill(server: str) -> None:
    """Kills all processes of a server, its sessions first, as otherwise these end when they like."""
    subprocess.run(["kill", "-STOP", server], check=True)
    subprocess.run(["pkill", "-KILL", "-P", server], check=True)
    os.kill(int(server), signal.SIGKILL)
