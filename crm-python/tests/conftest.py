"""What the tests share: one private server, a fresh database a test, and both faces behind one."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Any

import crm
import psycopg
import psycopg.sql
import pytest


class Driven:
    """Drives either face as if it were the synchronous one, so that a test is written once."""

    def __init__(self, target: Any, loop: asyncio.AbstractEventLoop | None) -> None:
        self.target = target
        self.loop = loop

    def __getattr__(self, name: str) -> Any:
        return self._wrap(getattr(self.target, name))

    def _wrap(self, value: Any) -> Any:
        if isinstance(value, crm.Call):
            assert self.loop is not None, "a call of the synchronous face returns its value"
            return self._wrap(self.loop.run_until_complete(value))
        if isinstance(value, crm.AsyncRows):
            return self._rows(value)
        if type(value).__module__ == "crm" and not hasattr(value, "__match_args__") and not isinstance(value, crm.Rows):
            return Driven(value, self.loop)
        if callable(value):
            return lambda *args, **kwargs: self._wrap(value(*args, **kwargs))
        return value

    def _rows(self, rows: crm.AsyncRows[Any]) -> Iterator[Any]:
        assert self.loop is not None

        async def following() -> Any:
            return await anext(rows)

        while True:
            try:
                yield self.loop.run_until_complete(following())
            except StopAsyncIteration:
                return

    def __enter__(self) -> Driven:
        enter = self.target.__aenter__ if self.loop else self.target.__enter__
        entered: Driven = self._wrap(enter())
        return entered

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        leave = self.target.__aexit__ if self.loop else self.target.__exit__
        self._wrap(leave(kind, error, trace))


@pytest.fixture(scope="session")
def server() -> Iterator[Callable[[bool], str]]:
    """Starts a server and returns what makes databases: migrated ones, or bare ones."""
    with crm.embedded() as handle:
        assert handle.url
        admin = handle.url.replace("crm_embedded@", "postgres@").replace("/crm?", "/postgres?")
        with psycopg.connect(admin, autocommit=True) as connection:
            # Of hundreds of databases it would visit several a second.
            connection.execute("alter system set autovacuum = off")
            connection.execute("select pg_reload_conf()")
            # Nobody may be connected to a database that is copied.
            connection.execute("alter database crm allow_connections false")
            connection.execute("select pg_terminate_backend(pid) from pg_stat_activity where datname = 'crm'")
            numbers = itertools.count()

            def make(migrated: bool) -> str:
                name = f"test_{next(numbers)}"
                template = "crm" if migrated else "template0"
                connection.execute(psycopg.sql.SQL(f"create database {name} owner crm_embedded template {template}"))
                return admin.replace("/postgres?", f"/{name}?")

            yield make


@pytest.fixture
def url(server: Callable[[bool], str]) -> str:
    """Makes a database that is migrated and empty."""
    return server(True)


@pytest.fixture
def bare_url(server: Callable[[bool], str]) -> str:
    """Makes a database without the schema."""
    return server(False)


@pytest.fixture
def loop() -> Iterator[asyncio.AbstractEventLoop]:
    """Runs the asyncio face."""
    loop = asyncio.new_event_loop()
    yield loop
    loop.close()


@pytest.fixture
def sync(url: str) -> Iterator[crm.Crm]:
    """Connects the synchronous face."""
    with crm.connect(url) as handle:
        yield handle


@pytest.fixture(params=["sync", "asyncio"])
def open_face(
    request: pytest.FixtureRequest, loop: asyncio.AbstractEventLoop
) -> Iterator[Callable[..., Driven]]:
    """Returns what connects each face in turn, and closes what it has opened."""
    opened: list[Driven] = []

    def open_(url: str, **options: Any) -> Driven:
        if request.param == "sync":
            opened.append(Driven(crm.connect(url, **options), None))
        else:
            opened.append(Driven(loop.run_until_complete(crm.connect_async(url, **options)), loop))
        return opened[-1]

    yield open_
    for handle in opened:
        handle.close()


@pytest.fixture
def c(open_face: Callable[..., Driven], url: str) -> Driven:
    """Connects each face in turn to a migrated, empty database."""
    return open_face(url)
