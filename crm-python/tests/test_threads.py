"""Threads, signals, forks and the end of the interpreter."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import crm
import psycopg
import pytest

BUSY = "select count(*) from pg_stat_activity where datname = current_database() and state = 'active' and application_name = 'busy'"
LOCK = "begin; lock table crm.customers in access exclusive mode"


@pytest.fixture
def watch(url: str) -> Iterator[psycopg.Connection]:
    """Opens a connection of the test's own."""
    with psycopg.connect(url, autocommit=True) as connection:
        yield connection


def count(watch: psycopg.Connection) -> int:
    row = watch.execute(BUSY).fetchone()
    assert row
    return int(row[0])


def until(condition: Callable[[], bool], seconds: float = 10) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it does not happen"
        time.sleep(0.01)


@pytest.fixture
def ctrl_c() -> Iterator[None]:
    """Lets Ctrl-C interrupt, which it does not in what a shell has started in the background."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("ctrl_c")
def test_ctrl_c_interrupts_a_waiting_call_and_leaves_a_clean_connection(url: str, watch: psycopg.Connection) -> None:
    with psycopg.connect(url) as locker, crm.connect(url, application_name="busy", max_connections=1) as c:
        c.customers.count()
        locker.execute("lock table crm.customers in access exclusive mode")

        def press() -> None:
            until(lambda: count(watch) == 1)
            pressed.append(time.monotonic())
            os.kill(os.getpid(), signal.SIGINT)

        pressed: list[float] = []
        thread = threading.Thread(target=press)
        thread.start()
        with pytest.raises(KeyboardInterrupt):
            c.customers.create("Acme")
        took = time.monotonic() - pressed[0]
        thread.join()
        # The server itself stops the work, and the pool's one place is free again.
        until(lambda: count(watch) == 0)
        locker.rollback()
        assert c.customers.count() == 0
        # Generous: what is promised is half a second, on a machine that does nothing else.
        assert took < 5


def test_other_threads_run_while_a_call_waits(url: str, watch: psycopg.Connection) -> None:
    with psycopg.connect(url) as locker, crm.connect(url, application_name="busy") as c:
        c.customers.count()
        locker.execute("lock table crm.customers in access exclusive mode")
        thread = threading.Thread(target=c.customers.count)
        thread.start()
        until(lambda: count(watch) == 1)
        assert c.leads.count() == 0
        locker.rollback()
        thread.join()


def test_many_threads_share_a_handle(sync: crm.Crm) -> None:
    with ThreadPoolExecutor(16) as pool:
        made = list(pool.map(lambda n: sync.customers.create(f"c{n}"), range(400)))
        found = list(pool.map(sync.customers.get, [row.id for row in made]))
    assert found == made and sync.customers.count() == 400


def taken(rows: crm.Rows[crm.Customer]) -> crm.Customer | None:
    try:
        return next(rows)
    except RuntimeError:
        return None


def test_threads_share_a_stream(sync: crm.Crm) -> None:
    sync.customers.create_many({"name": f"c{n}"} for n in range(3000))
    rows = sync.customers.stream()
    with ThreadPoolExecutor(4) as pool:
        parts = list(pool.map(lambda _: taken(rows), range(50)))
    # One at a time: whoever comes meanwhile is told so, and no row is lost or comes twice.
    ids = [row.id for row in parts if row]
    assert len(set(ids)) == len(ids) > 0
    rest = next(rows)
    assert rest.id == min(ids) - 1
    rows.close()
    assert next(rows, None) is None


def test_an_abandoned_stream_gives_its_connection_back(url: str) -> None:
    with crm.connect(url, max_connections=1, acquire_timeout=10.0) as c:
        c.customers.create_many({"name": f"c{n}"} for n in range(5000))
        for _ in range(5):
            next(c.customers.stream())
        frame = c.frames.customers(progress=lambda rows: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            frame.to_polars()
        frame.__arrow_c_stream__()
        assert c.customers.count() == 5000


def test_a_transaction_left_behind_is_rolled_back(url: str) -> None:
    with crm.connect(url, max_connections=1, acquire_timeout=10.0) as c:
        tx = c.transaction()
        tx.__enter__()
        tx.customers.create("Lost")
        del tx
        assert c.customers.count() == 0


def run(script: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", script, *arguments], capture_output=True, text=True, timeout=60)


FORK = """
import os, sys, crm
with crm.connect(sys.argv[1]) as c:
    acme = c.customers.create("Acme")
    # More than are read ahead.
    c.customers.create_many({"name": f"c{n}"} for n in range(5_000))
    rows = c.customers.stream()
    next(rows)
    tx = c.transaction(); tx.__enter__()
    child = os.fork()
    if child == 0:
        for call in (lambda: c.customers.get(acme.id), lambda: next(rows), lambda: tx.customers.count()):
            try:
                call()
            except crm.ClosedError as error:
                assert "fork" in str(error)
            else:
                os._exit(1)
        c.close()
        del rows, tx, call
        with crm.connect(sys.argv[1]) as own:
            own.customers.create("Child")
        sys.exit(0)
    _, status = os.waitpid(child, 0)
    assert status == 0, status
    assert tx.customers.count() == 5_002
    tx.__exit__(None, None, None)
    assert sum(1 for _ in rows) == 5_000, "the stream's snapshot is from before"
    assert c.customers.count() == 5_002
print("well")
"""


def test_a_fork_gets_closed_and_its_parent_goes_on(url: str) -> None:
    done = run(FORK, url)
    assert (done.returncode, done.stdout) == (0, "well\n"), done.stderr


EXIT = """
import asyncio, sys, crm
async def main():
    c = await crm.connect_async(sys.argv[1])
    await c.customers.create("Acme")
    tasks = [asyncio.create_task(c.customers.list()) for _ in range(20)]
    await asyncio.sleep(0)
    rows = c.customers.stream()
    await anext(rows)
    if sys.argv[2] == "1":
        await asyncio.gather(*tasks)
    elif sys.argv[2] == "2":
        sys.exit(0)
sync = crm.connect(sys.argv[1])
sync.customers.count()
asyncio.run(main())
"""


def test_the_interpreter_ends_well_whatever_is_under_way(url: str) -> None:
    with ThreadPoolExecutor(2) as pool:
        runs = list(pool.map(lambda n: run(EXIT, url, str(n % 3)), range(int(os.environ.get("CRM_EXITS", "8")))))
    assert [(done.returncode, done.stderr) for done in runs] == [(0, "")] * len(runs)
