"""Transactions that are run again: what lost against others is, to the limit, and nothing else."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any

import crm
import psycopg
import pytest

SERIALIZABLE = "&options[default_transaction_isolation]=serializable"


def add_one(tx: crm.Transaction, lead: int) -> Decimal:
    value = (tx.leads.get(lead).value or 0) + Decimal(1)
    tx.leads.update(lead, value=value)
    return value


async def add_one_async(tx: crm.AsyncTransaction, lead: int) -> Decimal:
    value = ((await tx.leads.get(lead)).value or 0) + Decimal(1)
    await tx.leads.update(lead, value=value)
    return value


@pytest.fixture
def faster(url: str) -> Iterator[psycopg.Connection]:
    """Opens a connection that comes in between."""
    with psycopg.connect(url, autocommit=True) as connection:
        yield connection


def come_between(faster: psycopg.Connection, lead: int) -> None:
    faster.execute("update crm.leads set value = coalesce(value, 0) + 100 where id = %s", (lead,))


def open_transactions(faster: psycopg.Connection) -> int:
    row = faster.execute(
        "select count(*) from pg_stat_activity where datname = current_database() and application_name = 'crm' and state <> 'idle'"
    ).fetchone()
    assert row
    return int(row[0])


def test_no_addition_of_many_threads_is_lost(url: str) -> None:
    with crm.connect(url + SERIALIZABLE) as c:
        lead = c.leads.create("Deal").id

        def add(_: int) -> Decimal:
            return c.retry(lambda tx: add_one(tx, lead), attempts=2**32 - 1)

        with ThreadPoolExecutor(8) as threads:
            seen = sorted(threads.map(add, range(16)))
        assert seen == [Decimal(n) for n in range(1, 17)]
        assert c.leads.get(lead).value == 16


def test_no_addition_of_many_tasks_is_lost(url: str) -> None:
    async def main() -> None:
        async with crm.connect_async(url + SERIALIZABLE) as c:
            lead = (await c.leads.create("Deal")).id

            async def work(tx: crm.AsyncTransaction) -> Decimal:
                return await add_one_async(tx, lead)

            seen = sorted(await asyncio.gather(*(c.retry(work, attempts=2**32 - 1) for _ in range(16))))
            assert seen == [Decimal(n) for n in range(1, 17)]
            assert (await c.leads.get(lead)).value == 16

    asyncio.run(main())


def test_what_lost_is_run_again_to_the_limit(url: str, faster: psycopg.Connection) -> None:
    with crm.connect(url + SERIALIZABLE) as c:
        lead = c.leads.create("Deal").id
        runs = 0

        def late(tx: crm.Transaction, times: int) -> str:
            nonlocal runs
            runs += 1
            tx.leads.get(lead)
            if runs <= times:
                come_between(faster, lead)
            add_one(tx, lead)
            return "done"

        assert c.retry(lambda tx: late(tx, 2)) == "done"
        assert runs == 3
        assert c.leads.get(lead).value == 201
        for attempts, expected in (({}, 10), ({"attempts": 3}, 3), ({"attempts": 1}, 1)):
            runs = 0
            with pytest.raises(crm.SerializationError):
                c.retry(lambda tx: late(tx, 99), **attempts)
            assert runs == expected
        assert open_transactions(faster) == 0


def test_what_lost_is_run_again_to_the_limit_in_asyncio(url: str, faster: psycopg.Connection) -> None:
    async def main() -> None:
        async with crm.connect_async(url + SERIALIZABLE) as c:
            lead = (await c.leads.create("Deal")).id
            runs = 0

            async def late(tx: crm.AsyncTransaction, times: int) -> str:
                nonlocal runs
                runs += 1
                await tx.leads.get(lead)
                if runs <= times:
                    come_between(faster, lead)
                await add_one_async(tx, lead)
                return "done"

            assert await c.retry(lambda tx: late(tx, 2)) == "done"
            assert runs == 3
            runs = 0
            with pytest.raises(crm.SerializationError):
                await c.retry(lambda tx: late(tx, 99), attempts=3)
            assert runs == 3
            assert open_transactions(faster) == 0

    asyncio.run(main())


class Stop(BaseException):
    """Is not even an Exception."""


@pytest.mark.parametrize("mine", [RuntimeError("mine"), KeyboardInterrupt(), Stop(), crm.ConflictError("mine")])
def test_what_the_work_raises_rolls_back_and_goes_on_as_it_is(
    url: str, loop: asyncio.AbstractEventLoop, faster: psycopg.Connection, mine: BaseException
) -> None:
    runs = 0

    def work(tx: crm.Transaction) -> None:
        nonlocal runs
        runs += 1
        tx.customers.create("Acme")
        raise mine

    async def work_async(tx: crm.AsyncTransaction) -> None:
        nonlocal runs
        runs += 1
        await tx.customers.create("Acme")
        raise mine

    with crm.connect(url, max_connections=1) as c:
        with pytest.raises(type(mine)) as raised:
            c.retry(work)
        assert raised.value is mine
        assert c.customers.count() == 0

    async def main() -> None:
        async with crm.connect_async(url, max_connections=1) as c:
            try:
                await c.retry(work_async)
            except BaseException as error:
                assert error is mine
            assert await c.customers.count() == 0

    loop.run_until_complete(main())
    assert runs == 2
    assert open_transactions(faster) == 0


def test_a_loss_that_was_swallowed_says_closed(url: str, faster: psycopg.Connection) -> None:
    with crm.connect(url + SERIALIZABLE) as c:
        lead = c.leads.create("Deal").id
        runs = 0

        def swallow(tx: crm.Transaction) -> None:
            nonlocal runs
            runs += 1
            tx.leads.get(lead)
            come_between(faster, lead)
            with pytest.raises(crm.SerializationError):
                add_one(tx, lead)

        with pytest.raises(crm.ClosedError):
            c.retry(swallow)
        assert runs == 1


def test_cancelled_in_a_run_or_in_a_pause_it_is_rolled_back(url: str, faster: psycopg.Connection) -> None:
    async def main() -> None:
        async with crm.connect_async(url + SERIALIZABLE, max_connections=1) as c:
            lead = (await c.leads.create("Deal")).id
            reached = asyncio.Event()

            async def waiting(tx: crm.AsyncTransaction) -> None:
                await add_one_async(tx, lead)
                reached.set()
                await asyncio.Event().wait()

            task = asyncio.create_task(c.retry(waiting))
            await reached.wait()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            assert (await c.leads.get(lead)).value is None

            runs = 0

            async def losing(tx: crm.AsyncTransaction) -> None:
                nonlocal runs
                runs += 1
                await tx.leads.get(lead)
                come_between(faster, lead)
                await add_one_async(tx, lead)

            task = asyncio.create_task(c.retry(losing, attempts=2**32 - 1))
            # Where nothing is open after a loss, it pauses.
            while runs < 3 or open_transactions(faster):
                await asyncio.sleep(0)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            assert (await c.leads.get(lead)).value == 100 * runs
            assert open_transactions(faster) == 0

    asyncio.run(main())


def test_a_user_runs_again_in_the_own_name(url: str, faster: psycopg.Connection) -> None:
    with crm.connect(url + SERIALIZABLE) as trusted:
        ann = trusted.users.create("Ann", email="ann@example.com", password="correct horse")
        c = trusted.acting_as(ann.id)
        lead = c.leads.create("Deal").id
        runs = 0

        def late_once(tx: crm.Transaction) -> crm.Lead:
            nonlocal runs
            runs += 1
            tx.leads.get(lead)
            if runs == 1:
                come_between(faster, lead)
            add_one(tx, lead)
            return tx.leads.get(lead)

        assert c.retry(late_once).updated_by == ann.id
        assert runs == 2
        with pytest.raises(crm.PermissionDeniedError):
            c.retry(lambda tx: tx.users.delete(ann.id))

    async def main() -> None:
        async with crm.connect_async(url) as trusted:
            made = await trusted.acting_as(ann.id).retry(lambda tx: tx.customers.create("Acme"))
            assert made.created_by == ann.id

    asyncio.run(main())


def test_the_work_must_be_of_the_handles_face(sync: crm.Crm, url: str) -> None:
    async def coroutine(tx: Any) -> None: ...

    wrong: Any = sync
    with pytest.raises(TypeError, match="plain function"):
        wrong.retry(coroutine)
    for work in (None, 7, "work"):
        with pytest.raises(TypeError, match="work must be"):
            wrong.retry(work)
    for attempts in ("3", 1.5, True):
        with pytest.raises(TypeError, match="attempts must be"):
            wrong.retry(lambda tx: None, attempts=attempts)
    for number in (0, -1, 2**32, 2**70):
        with pytest.raises(crm.ValidationError) as refused:
            wrong.retry(lambda tx: None, attempts=number)
        assert [(v.field, v.code) for v in refused.value.violations] == [("attempts", "out_of_range")]

    async def main() -> None:
        async with crm.connect_async(url, max_connections=1) as c:
            other: Any = c
            with pytest.raises(TypeError, match="coroutine function"):
                await other.retry(lambda tx: None)
            with pytest.raises(TypeError, match="work must be"):
                await other.retry(7)
            assert await c.customers.count() == 0

    asyncio.run(main())
