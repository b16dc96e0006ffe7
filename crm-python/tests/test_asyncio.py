"""What only asyncio has: tasks, cancelling, several loops."""

from __future__ import annotations

import asyncio
import gc
import threading
import time
import warnings
from collections.abc import Callable, Coroutine

import crm
import psycopg
import pytest

from test_threads import count


def run(main: Callable[[], Coroutine[object, object, None]]) -> None:
    asyncio.run(main())


async def until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < end, "it does not happen"
        await asyncio.sleep(0.01)


def test_a_call_is_a_coroutine(url: str) -> None:
    async def main() -> None:
        async with crm.connect_async(url) as c:
            acme = await c.customers.create("Acme")
            assert asyncio.iscoroutine(call := c.customers.get(acme.id))
            assert await asyncio.create_task(call) == acme
            with pytest.raises(RuntimeError):
                await call
            assert await asyncio.gather(*(c.customers.get(acme.id) for _ in range(50))) == [acme] * 50
            assert await asyncio.wait_for(c.customers.count(), 10) == 1
            with pytest.raises(crm.NotFoundError):
                await c.customers.get(99)

    run(main)


def test_cancelling_stops_the_server_and_leaves_a_clean_connection(url: str) -> None:
    async def main() -> None:
        with psycopg.connect(url, autocommit=True) as watch, psycopg.connect(url) as locker:
            async with crm.connect_async(url, application_name="busy", max_connections=1) as c:
                assert await c.customers.count() == 0
                locker.execute("lock table crm.customers in access exclusive mode")
                task = asyncio.create_task(c.customers.create("Acme"))
                await until(lambda: count(watch) == 1)
                task.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await task
                await until(lambda: count(watch) == 0)
                with pytest.raises(asyncio.TimeoutError):
                    await asyncio.wait_for(c.customers.count(), 0.05)
                locker.rollback()
                assert await c.customers.count() == 0

    run(main)


def test_a_cancelled_call_finishes_its_transaction(url: str) -> None:
    async def main() -> None:
        with psycopg.connect(url, autocommit=True) as watch, psycopg.connect(url) as locker:
            async with crm.connect_async(url, application_name="busy") as c:
                with pytest.raises(crm.ClosedError):
                    async with c.transaction() as tx:
                        await tx.leads.create("Deal")
                        locker.execute("lock table crm.customers in access exclusive mode")
                        task = asyncio.create_task(tx.customers.create("Acme"))
                        await until(lambda: count(watch) == 1)
                        task.cancel()
                        with pytest.raises(asyncio.CancelledError):
                            await task
                        with pytest.raises(crm.ClosedError):
                            await tx.leads.count()
                locker.rollback()
                assert await c.leads.count() == 0

    run(main)


def test_concurrent_calls_of_a_transaction_queue(url: str) -> None:
    async def main() -> None:
        async with crm.connect_async(url) as c, c.transaction() as tx:
            await asyncio.gather(*(tx.customers.create(f"c{n}") for n in range(50)))
            assert await tx.customers.count() == 50

    run(main)


def test_the_loop_goes_on_while_calls_wait(url: str) -> None:
    async def main() -> None:
        async with crm.connect_async(url) as c:
            load = asyncio.create_task(c.customers.create_many([{"name": f"c{n}"} for n in range(20_000)]))
            turns = 0
            while not load.done():
                turns += 1
                await asyncio.sleep(0)
            assert len(await load) == 20_000 and turns > 10
            rows = [row async for row in c.customers.stream(order="id")]
            assert len(rows) == 20_000
            frame = await c.frames.customers()
            assert frame.to_pyarrow().num_rows == frame.to_polars().height == 20_000

    run(main)


def test_a_stream_can_be_left_and_closed(url: str) -> None:
    async def main() -> None:
        async with crm.connect_async(url, max_connections=1, acquire_timeout=10.0) as c:
            await c.customers.create_many([{"name": f"c{n}"} for n in range(3_000)])
            async for _ in c.customers.stream():
                break
            rows = c.customers.stream()
            await anext(rows)
            await rows.aclose()
            with pytest.raises(StopAsyncIteration):
                await anext(rows)
            assert await c.customers.count() == 3_000

    run(main)


def test_one_handle_serves_several_loops_and_threads(url: str) -> None:
    c = asyncio.run(connect(url))
    results: list[int] = []

    async def work() -> None:
        for _ in range(20):
            results.append(len(await asyncio.gather(*(c.customers.count() for _ in range(5)))))

    threads = [threading.Thread(target=lambda: asyncio.run(work())) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [5] * 80
    asyncio.run(close(c))


async def connect(url: str) -> crm.AsyncCrm:
    return await crm.connect_async(url)


async def close(c: crm.AsyncCrm) -> None:
    await c.close()


def test_a_call_that_nobody_awaits_warns(url: str) -> None:
    async def main() -> None:
        async with crm.connect_async(url) as c:
            with warnings.catch_warnings(record=True) as caught:
                warnings.simplefilter("always")
                c.customers.create("Forgotten")
                gc.collect()
            assert [str(warning.message) for warning in caught] == ["create was never awaited, so it did nothing"]
            assert await c.customers.count() == 0

    run(main)
