"""Nested transactions: what undoes one alone, what finishes all, and who waits for whom."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import crm
import psycopg
import pytest


def test_a_user_is_found_or_created(c: Any) -> None:
    def get_or_create(tx: Any, email: str) -> crm.User:
        try:
            with tx.transaction() as nested:
                user: crm.User = nested.users.create("Ann", email, password="correct horse")
        except crm.ConflictError:
            user = tx.users.find_by_email(email)
        return user

    with c.transaction() as tx:
        ann = get_or_create(tx, "ann@example.com")
        assert get_or_create(tx, "ANN@example.com") == ann
        tx.leads.create("Deal", assigned_to=ann.id)
    assert c.leads.count(assigned_to=ann.id) == 1


def test_an_exception_undoes_only_the_nested_one(c: Any) -> None:
    with c.transaction() as tx:
        tx.customers.create("outer")
        with pytest.raises(RuntimeError, match="mine"), tx.transaction() as nested:
            nested.customers.create("nested")
            with nested.transaction() as innermost:
                innermost.customers.create("innermost")
            assert nested.customers.count() == 3
            raise RuntimeError("mine")
        assert tx.customers.count() == 1
        with pytest.raises(crm.ClosedError):
            nested.customers.count()
    assert c.customers.count() == 1


def test_by_hand_it_ends_as_the_outer_one_does(c: Any) -> None:
    with c.transaction() as tx:
        with tx.transaction() as nested:
            nested.customers.create("kept")
            nested.commit()
            tx.customers.create("kept")
        with tx.transaction() as nested:
            nested.customers.create("undone")
            nested.rollback()
            assert tx.customers.count() == 2
    assert c.customers.count() == 2


def test_while_it_is_open_the_outer_one_is_closed(c: Any) -> None:
    with c.transaction() as tx:
        with tx.transaction() as nested:
            with pytest.raises(crm.ClosedError):
                tx.customers.count()
            nested.customers.create("nested")
        assert tx.customers.count() == 1
    with pytest.raises(crm.ClosedError), c.transaction() as tx, tx.transaction() as nested:
        nested.customers.create("undone")
        tx.commit()
    assert c.customers.count() == 1


def test_a_refusal_that_is_swallowed_closes_the_block_and_not_the_outer_one(c: Any) -> None:
    with c.transaction() as tx:
        tx.customers.create("outer")
        with pytest.raises(crm.ClosedError), tx.transaction() as nested:
            with pytest.raises(crm.MissingReferenceError):
                nested.leads.create("Deal", customer_id=99)
            tx.customers.create("outer")
    assert c.customers.count() == 2


def test_it_cannot_be_entered_twice_or_after_the_outer_one(c: Any) -> None:
    with c.transaction() as tx:
        nested = tx.transaction()
        with nested:
            pass
        with pytest.raises(crm.ClosedError), nested:
            pass
        assert tx.customers.count() == 0
    with pytest.raises(crm.ClosedError), tx.transaction():
        pass


def test_a_block_that_is_left_to_the_garbage_is_undone(sync: crm.Crm) -> None:
    with sync.transaction() as tx:
        nested = tx.transaction()
        nested.__enter__().customers.create("undone")
        del nested
        assert tx.customers.count() == 0
        with tx.transaction():
            pass
    assert sync.customers.count() == 0


def test_a_thread_does_not_wait_for_itself(sync: crm.Crm) -> None:
    with sync.transaction() as tx, tx.transaction() as one:
        for _ in range(2):
            with pytest.raises(crm.ClosedError, match="this thread opened"), tx.transaction():
                pass
        with one.transaction() as innermost:
            with pytest.raises(crm.ClosedError, match="this thread opened"), one.transaction():
                pass
            with pytest.raises(crm.ClosedError, match="this thread opened"), tx.transaction():
                pass
            innermost.customers.create("kept")
    assert sync.customers.count() == 1


def test_threads_take_turns(sync: crm.Crm) -> None:
    with sync.transaction() as tx:

        def work(number: int) -> None:
            with tx.transaction() as nested:
                nested.customers.create(f"customer {number}")
                if number % 2:
                    nested.rollback()

        with ThreadPoolExecutor(8) as pool:
            list(pool.map(work, range(40)))
        assert tx.customers.count() == 20
    assert sync.customers.count() == 20


def test_another_thread_waits_no_longer_than_the_call_timeout(url: str) -> None:
    with crm.connect(url, call_timeout=0.3) as c:
        with c.transaction() as tx, tx.transaction() as nested:
            raised: list[BaseException] = []

            def wait() -> None:
                try:
                    with tx.transaction():
                        pass
                except crm.CrmTimeoutError as error:
                    raised.append(error)

            thread = threading.Thread(target=wait)
            thread.start()
            thread.join()
            assert len(raised) == 1
            nested.customers.create("kept")
        assert c.customers.count() == 1


def test_tasks_take_turns(url: str) -> None:
    async def main() -> None:
        async with crm.connect_async(url) as c:
            async with c.transaction() as tx:

                async def work(number: int) -> None:
                    async with tx.transaction() as nested:
                        await nested.customers.create(f"customer {number}")
                        if number % 2:
                            await nested.rollback()

                await asyncio.gather(*(work(number) for number in range(40)))
                assert await tx.customers.count() == 20
            assert await c.customers.count() == 20

    asyncio.run(main())


def test_a_cancelled_call_finishes_all_of_it_and_a_cancelled_wait_nothing(url: str) -> None:
    async def main() -> None:
        async with crm.connect_async(url) as c:
            async with c.transaction() as tx:
                async with tx.transaction() as nested:
                    waiting = asyncio.ensure_future(tx.transaction().__aenter__())
                    await asyncio.sleep(0)
                    waiting.cancel()
                    with pytest.raises(asyncio.CancelledError):
                        await waiting
                    await nested.customers.create("kept")
            assert await c.customers.count() == 1
            with psycopg.connect(url) as locker:
                locker.execute("select from crm.customers for update")
                with pytest.raises(crm.ClosedError):
                    async with c.transaction() as tx:
                        await tx.customers.create("undone")
                        with pytest.raises(asyncio.TimeoutError):
                            async with tx.transaction() as nested:
                                await asyncio.wait_for(nested.customers.update(1, name="B"), 0.2)
                        with pytest.raises(crm.ClosedError):
                            await tx.customers.count()
            assert await c.customers.count() == 1

    asyncio.run(main())


def test_it_is_in_the_name_of_the_outer_ones_actor(c: Any) -> None:
    ann = c.users.create("Ann", "ann@example.com", password="correct horse")
    acme = c.customers.create("Acme")
    with c.acting_as(ann.id).transaction() as tx:
        with pytest.raises(crm.PermissionDeniedError), tx.transaction() as nested:
            nested.customers.delete(acme.id)
        with tx.transaction() as nested:
            assert nested.leads.create("Deal").created_by == ann.id
        assert tx.leads.create("Deal").created_by == ann.id


def test_retry_runs_it_all_again(sync: crm.Crm) -> None:
    runs = []

    def work(tx: crm.Transaction) -> int:
        with tx.transaction() as nested:
            nested.customers.create("once")
            runs.append(1)
            if len(runs) == 1:
                raise crm.SerializationError("somebody was faster")
        return tx.customers.count()

    assert sync.retry(work) == 1
    assert len(runs) == 2
