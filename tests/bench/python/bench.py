"""Measures the Python package beside what people use today, on the same rows of the same tables of one private server.

    target/python/venv/bin/pip install -r tests/bench/python/requirements.txt
    target/python/venv/bin/python tests/bench/python/bench.py [--rounds 5] [--seconds 1] [--interactions 100000] [--only R1]

Build the wheel with --release before: what tests/python.sh installs is a debug build. Rounds are interleaved in a shuffled order;
the table shows medians and, beside each, the ratio to ours (above 1: ours is faster).

    R1   customer by id; @1 one call after the other, @16 by 16 threads or tasks over 10 connections   calls/s
    R6   10,000 customers as objects                                                                   ms
    P1   all interactions as a frame                                                                   ms
"""

from __future__ import annotations

import argparse
import asyncio
import importlib
import random
import statistics
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from itertools import islice
from typing import Any

import crm

CUSTOMERS = 10_000
ROWS = "id, name, email, phone, company, tags, notes, created_by, updated_by, created_at, updated_at, version"
ONE = f"select {ROWS} from crm.customers where id = "
MANY = f"select {ROWS} from crm.customers order by id limit {CUSTOMERS}"
FRAME = "select id, customer_id, type::text as type, notes, date, created_by, created_at, version from crm.interactions"


class Peer:
    """Is one of the ways; it leaves out what it does not have."""

    name: str
    asynchronous = False

    def open(self, url: str) -> Any: ...
    def close(self) -> Any: ...


class Ours(Peer):
    name = "crm"

    def open(self, url: str) -> None:
        for module in ("polars", "pandas", "pyarrow"):
            importlib.import_module(module)
        self.crm = crm.connect(url, max_connections=10, min_connections=10)

    def close(self) -> None:
        self.crm.close()

    def one(self, id: int) -> object:
        return self.crm.customers.get(id)

    def many(self) -> object:
        return list(islice(self.crm.customers.stream(order="id"), CUSTOMERS))

    def polars(self) -> object:
        return self.crm.frames.interactions().to_polars()

    def pandas(self) -> object:
        return self.crm.frames.interactions().to_pandas()


class OursAsync(Peer):
    name, asynchronous = "crm, asyncio", True

    async def open(self, url: str) -> None:
        self.crm = await crm.connect_async(url, max_connections=10, min_connections=10)

    async def close(self) -> None:
        await self.crm.close()

    def one(self, id: int) -> Awaitable[object]:
        return self.crm.customers.get(id)

    async def many(self) -> object:
        return [row async for row in self.crm.customers.stream(order="id")]


class Psycopg(Peer):
    name = "psycopg"

    def open(self, url: str) -> None:
        from psycopg.rows import dict_row
        from psycopg_pool import ConnectionPool

        options = {"autocommit": True, "prepare_threshold": 0, "row_factory": dict_row}
        self.pool: Any = ConnectionPool(url, min_size=10, max_size=10, kwargs=options)
        self.pool.wait()

    def close(self) -> None:
        self.pool.close()

    def one(self, id: int) -> object:
        with self.pool.connection() as connection, connection.cursor(binary=True) as cursor:
            return cursor.execute(ONE + "%s", (id,)).fetchone()

    def many(self) -> object:
        with self.pool.connection() as connection, connection.cursor(binary=True) as cursor:
            return cursor.execute(MANY).fetchall()


class PsycopgAsync(Peer):
    name, asynchronous = "psycopg, asyncio", True

    async def open(self, url: str) -> None:
        from psycopg.rows import dict_row
        from psycopg_pool import AsyncConnectionPool

        options = {"autocommit": True, "prepare_threshold": 0, "row_factory": dict_row}
        self.pool: Any = AsyncConnectionPool(url, min_size=10, max_size=10, open=False, kwargs=options)
        await self.pool.open(wait=True)

    async def close(self) -> None:
        await self.pool.close()

    async def one(self, id: int) -> object:
        async with self.pool.connection() as connection, connection.cursor(binary=True) as cursor:
            await cursor.execute(ONE + "%s", (id,))
            return await cursor.fetchone()

    async def many(self) -> object:
        async with self.pool.connection() as connection, connection.cursor(binary=True) as cursor:
            await cursor.execute(MANY)
            return await cursor.fetchall()


class Asyncpg(Peer):
    name, asynchronous = "asyncpg", True

    async def open(self, url: str) -> None:
        asyncpg: Any = importlib.import_module("asyncpg")
        # It would rather take the host before the path than the one behind it.
        url = url.replace("@localhost:5432/", "@/")
        self.pool = await asyncpg.create_pool(url, min_size=10, max_size=10)

    async def close(self) -> None:
        await self.pool.close()

    def one(self, id: int) -> Any:
        return self.pool.fetchrow(ONE + "$1", id)

    def many(self) -> Any:
        return self.pool.fetch(MANY)


class Sqlalchemy(Peer):
    name = "SQLAlchemy ORM"

    def open(self, url: str) -> None:
        sa: Any = importlib.import_module("sqlalchemy")
        orm: Any = importlib.import_module("sqlalchemy.orm")
        self.select = sa.select
        url = url.replace("postgres://", "postgresql+psycopg://")
        self.engine = sa.create_engine(url, pool_size=10, max_overflow=0)
        base = orm.declarative_base()
        table = sa.Table("customers", base.metadata, schema="crm", autoload_with=self.engine)
        self.customer: Any = type("Customer", (base,), {"__table__": table})
        self.session = orm.sessionmaker(self.engine)

    def close(self) -> None:
        self.engine.dispose()

    def one(self, id: int) -> object:
        with self.session() as session:
            return session.get(self.customer, id)

    def many(self) -> object:
        with self.session() as session:
            return session.scalars(self.select(self.customer).order_by(self.customer.id)).all()


class Adbc(Peer):
    name = "adbc"

    def open(self, url: str) -> None:
        self.url = url
        for module in ("polars", "pandas", "pyarrow"):
            importlib.import_module(module)
        self.dbapi: Any = importlib.import_module("adbc_driver_postgresql.dbapi")

    def close(self) -> None:
        pass

    def polars(self) -> object:
        polars: Any = importlib.import_module("polars")
        return polars.read_database_uri(FRAME, self.url, engine="adbc")

    def pandas(self) -> object:
        pandas: Any = importlib.import_module("pandas")
        with self.dbapi.connect(self.url) as connection:
            return pandas.read_sql(FRAME, connection)


PEERS: list[Peer] = [Ours(), OursAsync(), Psycopg(), PsycopgAsync(), Asyncpg(), Sqlalchemy(), Adbc()]


def workloads(peer: Any, loop: asyncio.AbstractEventLoop, seconds: float) -> Iterator[tuple[str, float]]:
    """Runs what the peer has, and tells calls a second or milliseconds."""
    if hasattr(peer, "one"):
        for workers in (1, 16):
            rate = loop.run_until_complete(tasks(peer.one, workers, seconds)) if peer.asynchronous else threads(peer.one, workers, seconds)
            yield f"R1@{workers}", rate
    for label, name in [("R6", "many"), ("P1 polars", "polars"), ("P1 pandas", "pandas")]:
        if hasattr(peer, name):
            began = time.perf_counter()
            result = getattr(peer, name)()
            if peer.asynchronous:
                loop.run_until_complete(asyncio.ensure_future(result, loop=loop))
            yield label, (time.perf_counter() - began) * 1e3


async def tasks(call: Callable[[int], Awaitable[object]], workers: int, seconds: float) -> float:
    """Counts the calls of so many tasks a second."""
    count, end = 0, time.perf_counter() + seconds

    async def work() -> None:
        nonlocal count
        while time.perf_counter() < end:
            await call(random.randint(1, CUSTOMERS))
            count += 1

    await asyncio.gather(*(work() for _ in range(workers)))
    return count / seconds


def threads(call: Callable[[int], object], workers: int, seconds: float) -> float:
    """Counts the calls of so many threads a second."""
    counts, end = [0] * workers, time.perf_counter() + seconds

    def work(worker: int) -> None:
        while time.perf_counter() < end:
            call(random.randint(1, CUSTOMERS))
            counts[worker] += 1

    running = [threading.Thread(target=work, args=(worker,)) for worker in range(workers)]
    for thread in running:
        thread.start()
    for thread in running:
        thread.join()
    return sum(counts) / seconds


def fill(c: crm.Crm, interactions: int) -> None:
    """Stores the rows that are read."""
    notes = "Initial contact made, interested in the offer of the day"
    c.customers.create_many(
        {"name": f"Customer {n}", "email": f"c{n}@example.com", "company": f"Company {n % 2000}",
         "tags": [f"seg{n % 10}", f"tag{n % 200}"], "notes": notes if n % 5 else None}
        for n in range(CUSTOMERS)
    )
    kinds: tuple[crm.InteractionType, ...] = ("call", "email", "meeting", "note")
    for begin in range(0, interactions, 100_000):
        c.interactions.create_many(
            {"customer_id": 1 + n % CUSTOMERS, "type": kinds[n % 4], "notes": f"{notes} {n}" if n % 7 else None}
            for n in range(begin, min(begin + 100_000, interactions))
        )


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description="see the first lines of this file")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=1.0)
    parser.add_argument("--interactions", type=int, default=100_000)
    parser.add_argument("--only", default="", help="the beginning of a workload's name")
    options = parser.parse_args()
    measured: dict[tuple[str, str], list[float]] = {}
    with crm.embedded() as c:
        fill(c, options.interactions)
        assert c.url
        for _ in range(options.rounds):
            for peer in random.sample(PEERS, len(PEERS)):
                loop = asyncio.new_event_loop()
                opened = peer.open(c.url)
                if peer.asynchronous:
                    loop.run_until_complete(opened)
                for label, figure in workloads(peer, loop, options.seconds):
                    if label.startswith(options.only):
                        measured.setdefault((label, peer.name), []).append(figure)
                closed = peer.close()
                if peer.asynchronous:
                    loop.run_until_complete(closed)
                loop.close()
    medians = {key: statistics.median(figures) for key, figures in measured.items()}
    for label in sorted({label for label, _ in medians}):
        print(f"\n{label}")
        for (of, name), figure in sorted(medians.items(), key=lambda item: item[1], reverse=label.startswith("R1")):
            if of == label:
                ratios = [
                    f"{ours.name} {medians[label, ours.name] / figure if label.startswith('R1') else figure / medians[label, ours.name]:.2f}x"
                    for ours in PEERS[:2]
                    if (label, ours.name) in medians
                ]
                print(f"  {name:<18} {figure:>12,.1f}   {'   '.join(ratios)}")


if __name__ == "__main__":
    main()
