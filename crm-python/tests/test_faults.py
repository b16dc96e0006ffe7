"""What went wrong once: each of these failed before it was mended."""

from __future__ import annotations

import asyncio
import gc
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone, tzinfo
from decimal import Decimal
from pathlib import Path
from typing import Any, ClassVar

import crm
import numpy
import pandas
import polars
import psycopg
import pyarrow
import pytest

from test_threads import count, run, until


def test_a_refused_frame_leaves_no_answer_for_the_next_call(url: str) -> None:
    with psycopg.connect(url) as locker, crm.connect(url, max_connections=1, statement_timeout=0.3) as c:
        ids = c.customers.create_many([{"name": "a"}, {"name": "b"}])
        locker.execute("lock table crm.leads in access exclusive mode")
        with pytest.raises(crm.CrmTimeoutError):
            c.frames.leads().to_polars()
        assert [c.customers.get(id).name for id in ids] == ["a", "b"]
        assert c.customers.find(99) is None


FORGOTTEN = """
import asyncio, crm, sys
async def main():
    async with crm.connect_async(sys.argv[1]) as c:
        async def fail(): raise KeyError("mine")
        for wrong in (
            lambda: asyncio.gather(c.customers.create("a"), 1 / 0),
            lambda: len(c.customers.list()),
            lambda: c.customers.list()[0],
            lambda: c.customers.count() + 1,
            lambda: [row for row in c.customers.list()],
        ):
            try:
                wrong()
            except (ZeroDivisionError, TypeError):
                pass
            else:
                sys.exit("nothing is raised")
        results = await asyncio.gather(*(c.customers.create(n) for n in ["a", "", "b"]), fail(), return_exceptions=True)
        print([type(result).__name__ for result in results])
asyncio.run(main())
"""


def test_an_exception_outlives_a_call_that_nobody_awaits(url: str) -> None:
    done = run(FORGOTTEN, url)
    assert (done.returncode, done.stdout) == (0, "['Customer', 'ValidationError', 'Customer', 'KeyError']\n"), done.stderr


def test_leaving_a_stream_of_a_transaction_leaves_the_transaction_usable(c: Any) -> None:
    c.customers.create_many([{"name": f"c{n}"} for n in range(3_000)])
    for _ in range(20):
        with c.transaction() as tx:
            rows = tx.customers.stream()
            next(rows)
            del rows
            assert tx.customers.count() == 3_000


def test_a_transaction_goes_on_beside_its_frames(sync: crm.Crm) -> None:
    # More than the four batches that may be under way without anybody reading.
    sync.customers.create_many({"name": f"c{n}"} for n in range(40_000))
    with sync.transaction() as tx:
        reader = pyarrow.RecordBatchReader.from_stream(tx.frames.customers())
        reader.read_next_batch()
        assert tx.customers.count() == 40_000


READER = """
import os, sys, crm, pyarrow
with crm.connect(sys.argv[1]) as c:
    c.customers.create_many({"name": f"c{n}"} for n in range(40_000))
    reader = pyarrow.RecordBatchReader.from_stream(c.frames.customers())
    first = reader.read_next_batch().num_rows
    child = os.fork()
    if child == 0:
        try:
            reader.read_all()
        except Exception as error:
            os._exit("fork" not in str(error))
        os._exit(2)
    assert os.waitpid(child, 0)[1] == 0
    print(first + reader.read_all().num_rows)
"""


def test_a_fork_cannot_read_its_parents_frame(url: str) -> None:
    done = run(READER, url)
    assert (done.returncode, done.stdout) == (0, "40000\n"), done.stderr


def test_a_loop_that_is_gone_keeps_no_connection(url: str) -> None:
    with psycopg.connect(url, autocommit=True) as watch, psycopg.connect(url) as locker:
        c = asyncio.run(connect(url))
        locker.execute("lock table crm.customers in access exclusive mode")

        async def leave() -> None:
            asyncio.ensure_future(c.customers.create("Acme"))
            while count(watch) != 1:
                await asyncio.sleep(0.01)

        # asyncio.run would cancel what is left.
        loop = asyncio.new_event_loop()
        loop.run_until_complete(leave())
        loop.close()
        del loop
        asyncio.run(nothing(c))
        gc.collect()
        until(lambda: count(watch) == 0)
        locker.rollback()
        asyncio.run(close(c))


async def connect(url: str) -> crm.AsyncCrm:
    return await crm.connect_async(url, application_name="busy", max_connections=2)


async def nothing(c: crm.AsyncCrm) -> None:
    await c.leads.count()


async def close(c: crm.AsyncCrm) -> None:
    await c.close()


def test_what_progress_raises_comes_through_as_itself(c: Any) -> None:
    c.customers.create("Acme")
    with pytest.raises(ZeroDivisionError):
        c.frames.customers(progress=lambda rows: 1 / 0).to_polars()


def test_an_earlier_failure_is_not_raised_for_a_later_one(sync: crm.Crm, tmp_path: Path) -> None:
    sync.customers.create("Acme")
    frame = sync.frames.customers(progress=lambda rows: 1 / 0)
    with pytest.raises(pyarrow.ArrowException):
        pyarrow.table(frame)
    with pytest.raises(ZeroDivisionError):
        frame.to_pyarrow()
    good = sync.frames.customers()
    with pytest.raises(FileNotFoundError):
        good.write_parquet(tmp_path / "missing" / "x.parquet")


def test_parquet_is_whole_or_as_it_was(sync: crm.Crm, tmp_path: Path) -> None:
    sync.customers.create_many({"name": f"c{n}"} for n in range(40_000))
    path = tmp_path / "x.parquet"
    sync.frames.customers().write_parquet(path)
    calls: list[int] = []

    def fail(rows: int) -> None:
        calls.append(rows)
        if len(calls) == 2:
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        sync.frames.customers(progress=fail).write_parquet(path)
    assert polars.read_parquet(path).height == 40_000
    assert [file.name for file in tmp_path.iterdir()] == ["x.parquet"]


def test_what_overflows_is_an_error_and_no_null(sync: crm.Crm) -> None:
    rows = pyarrow.table({"title": ["A"], "customer_id": pyarrow.array([2**63 + 5], pyarrow.uint64())})
    with pytest.raises(ValueError, match="customer_id"):
        sync.leads.create_many(rows)
    assert sync.leads.count() == 0


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (Decimal("1E+200000000"), "out_of_range"), (Decimal("1E-200000000"), "too_precise"), (Decimal("1E+30"), "out_of_range"),
        pytest.param(10**5000, "out_of_range", id="a very large int"), (Decimal("-Infinity"), "invalid_type"), ("1e2", "invalid_type"), ("", "invalid_type"),
        (".5", "invalid_type"), ("1_000", "invalid_type"), ("٣", "invalid_type"), ("1" * 30, "out_of_range"),
    ],
)
def test_no_amount_is_too_strange_for_a_code(sync: crm.Crm, given: Any, expected: str) -> None:
    with pytest.raises(crm.ValidationError) as raised:
        sync.leads.create("A", value=given)
    assert [violation.code for violation in raised.value.violations] == [expected]


@pytest.mark.parametrize(
    ("given", "stored"), [(Decimal("12.5" + "0" * 40), "12.50"), (numpy.int64(7), "7.00"), ("+007.10", "7.10"), (" 5 ", "5.00")]
)
def test_an_amount_may_be_written_in_many_ways(sync: crm.Crm, given: Any, stored: str) -> None:
    assert sync.leads.create("A", value=given).value == Decimal(stored)


class Zone(tzinfo):
    def __init__(self, offset: timedelta | None) -> None:
        self.offset = offset

    def utcoffset(self, _: datetime | None) -> timedelta | None:
        return self.offset

    def dst(self, _: datetime | None) -> None:
        return None

    def tzname(self, _: datetime | None) -> str:
        return "zone"


def test_time_zones_may_be_odd_but_not_missing(sync: crm.Crm) -> None:
    acme = sync.customers.create("A")
    with pytest.raises(TypeError, match="naive"):
        sync.interactions.create(acme.id, "call", date=datetime(2026, 1, 1, tzinfo=Zone(None)))
    met = sync.interactions.create(acme.id, "call", date=datetime(2026, 1, 1, 0, 0, 2, tzinfo=Zone(timedelta(seconds=1, microseconds=500_000))))
    assert met.date == datetime(2026, 1, 1, 0, 0, 0, 500_000, timezone.utc)
    stamp: Any = pandas.Timestamp("2026-01-01T00:00:00Z")
    assert sync.interactions.create(acme.id, "call", date=stamp).date == datetime(2026, 1, 1, tzinfo=timezone.utc)


@dataclass
class Prospect:
    table: ClassVar[str] = "prospects"
    name: str = "A"


def test_a_class_variable_is_no_field(sync: crm.Crm) -> None:
    assert sync.customers.create_many([Prospect()]) == [1]


def test_pandas_keeps_ids_that_may_be_missing(sync: crm.Crm) -> None:
    acme = sync.customers.create("Acme")
    sync.leads.create_many([{"title": "A", "customer_id": acme.id}, {"title": "B"}])
    frame = sync.frames.leads(order="id").to_pandas()
    assert (str(frame["id"].dtype), str(frame["customer_id"].dtype)) == ("int64", "Int64")
    assert list(frame.columns) == list(crm.Lead.__match_args__)
    assert len(sync.leads.create_many(frame[["title", "customer_id"]])) == 2


def test_a_stream_in_use_or_broken_off_says_so(url: str) -> None:
    async def main() -> None:
        async with crm.connect_async(url) as c:
            await c.customers.create_many([{"name": f"c{n}"} for n in range(3)])
            with psycopg.connect(url) as locker:
                locker.execute("lock table crm.customers in access exclusive mode")
                rows = c.customers.stream()
                both = [asyncio.ensure_future(anext(rows)) for _ in range(2)]
                await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
                locker.rollback()
                results = await asyncio.gather(*both, return_exceptions=True)
                assert sorted(type(result).__name__ for result in results) == ["Customer", "RuntimeError"]
                locker.execute("lock table crm.customers in access exclusive mode")
                rows = c.customers.stream()
                with pytest.raises(asyncio.TimeoutError):
                    await asyncio.wait_for(anext(rows), 0.05)
                with pytest.raises(crm.ClosedError):
                    await anext(rows)

    asyncio.run(main())


def test_no_row_is_lost_where_the_next_ones_were_asked_for_before_any_came(url: str) -> None:
    async def main() -> None:
        async with crm.connect_async(url) as c:
            await c.customers.create_many([{"name": f"c{n}"} for n in range(3)])
            rows = c.customers.stream()
            first, second = anext(rows), anext(rows)
            assert [(await first).name, (await second).name, (await anext(rows)).name] == ["c2", "c1", "c0"]
            with pytest.raises(StopAsyncIteration):
                await anext(rows)

    asyncio.run(main())


def test_all_that_is_wrong_with_an_input_comes_at_once(sync: crm.Crm) -> None:
    def broken(call: Callable[[], object]) -> list[tuple[str, str]]:
        with pytest.raises(crm.ValidationError) as raised:
            call()
        return [(violation.field, violation.code) for violation in raised.value.violations]

    stage: Any = "Lead"
    assert broken(lambda: sync.leads.create("", stage=stage, value="$1")) == [
        ("stage", "invalid_choice"), ("value", "invalid_type"), ("title", "required")
    ]
    rows: list[Any] = [{"title": "x", "stage": "Lead"}, {"title": ""}, {"title": "y", "value": "?"}]
    assert broken(lambda: sync.leads.create_many(rows)) == [
        ("[0].stage", "invalid_choice"), ("[1].title", "required"), ("[2].value", "invalid_type")
    ]
    order: Any = "size"
    assert broken(lambda: sync.leads.list(order=order, min_value="x", limit=5)) == [
        ("min_value", "invalid_type"), ("order", "invalid_choice")
    ]
    many = [{"title": ""}] * 5_000
    with pytest.raises(crm.ValidationError) as raised:
        sync.leads.create_many(many)  # type: ignore[arg-type]
    assert len(raised.value.violations) == 1_000 and len(str(raised.value)) < 1_000


def cli(*arguments: str, url: str | None = None) -> subprocess.CompletedProcess[str]:
    environment = {key: value for key, value in os.environ.items() if key != "CRM_DATABASE_URL"}
    if url:
        environment["CRM_DATABASE_URL"] = url
    return subprocess.run(
        [sys.executable, "-m", "crm", *arguments], capture_output=True, text=True, timeout=60, env=environment
    )


def test_the_command_line_works_and_fails_in_one_line(url: str, bare_url: str, tmp_path: Path) -> None:
    with crm.connect(url) as c:
        c.seed()
    for arguments in (
        ["report", "pipeline"], ["report", "activity", "--json"], ["report", "due-tasks", "--csv", "--today", "2024-01-16"]
    ):
        done = cli(*arguments, url=url)
        assert done.returncode == 0 and len(done.stdout.splitlines()) > 1, done.stderr
    file = tmp_path / "customers.parquet"
    assert cli("export", "customers", str(file), "--url", url).returncode == 0
    assert polars.read_parquet(file).height == 2
    assert cli("export", "customers", str(tmp_path / "customers.csv"), "--url", url).returncode == 2
    unmigrated = cli("report", "pipeline", "--url", bare_url)
    assert unmigrated.returncode == 1 and "python -m crm migrate" in unmigrated.stderr
    assert len(unmigrated.stderr.splitlines()) == 1
    assert cli("migrate", "--url", bare_url).returncode == 0
    for wrong in (cli("migrate"), cli("migrate", "--url", ""), cli("migrate", "--embedded", "", url=url)):
        assert wrong.returncode == 1 and wrong.stderr.startswith("crm: ")


def test_a_message_with_nul_ends_no_process(sync: crm.Crm) -> None:
    sync.customers.create("Acme")

    def fail(_: int) -> None:
        raise ValueError("a\0b")

    with pytest.raises(ValueError, match="a\0b"):
        sync.frames.customers(progress=fail).to_polars()


def test_amounts_and_days_come_in_other_widths(sync: crm.Crm) -> None:
    rows = pyarrow.table({"title": ["A"], "value": pyarrow.array([Decimal("12.5")], pyarrow.decimal128(38, 28))})
    assert sync.leads.get(sync.leads.create_many(rows)[0]).value == Decimal("12.50")
    days = pyarrow.table({"title": ["A"], "due_date": pyarrow.array([1_767_225_600_000], pyarrow.date64())})
    assert str(sync.tasks.get(sync.tasks.create_many(days)[0]).due_date) == "2026-01-01"
