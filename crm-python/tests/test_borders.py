"""What is given need not be what it says it is: that is an error at worst, and never the end of the process.

`CRM_EXAMPLES=5000 tests/python.sh test -k whatever_is_given` looks further; a failure names its seed.
"""

from __future__ import annotations

import asyncio
import os
import random
import struct
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

import crm
import pandas
import polars
import pyarrow
import pytest

from forged import Forged, Release, child, put

pa: Any = pyarrow
NAMES = pa.record_batch({"name": ["Ann", "Bob"]})
GAP = pa.record_batch({"name": ["Ann", None]})
CHILD = Path(__file__).with_name("hostile.py")
EXAMPLES = int(os.environ.get("CRM_EXAMPLES", "40"))


def hostile(*arguments: object) -> subprocess.CompletedProcess[str]:
    """Runs tests/hostile.py, whose memory is limited."""
    command = [sys.executable, str(CHILD), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120)


@pytest.mark.parametrize(
    ("case", "outcome"),
    [
        ("range", "TypeError: [0] must be a dict or a dataclass, not int"),
        ("length", "1 row"),
        ("hint", "1 row"),
        ("endless", "ValidationError: 1000"),
        ("record", "TypeError"),
        ("deep", "ValueError"),
        ("offset", "ValueError"),
        ("circle", "RecursionError"),
        ("equal circles", "RecursionError"),
    ],
)
def test_nothing_that_is_given_ends_the_process(url: str, case: str, outcome: str) -> None:
    done = hostile("case", url, case)
    assert done.returncode == 0, f"{done.returncode}: {done.stderr[-2000:]}"
    assert done.stdout.startswith(outcome)


def test_whatever_is_given_is_stored_or_refused(url: str) -> None:
    seed = int(os.environ.get("CRM_SEED", random.randrange(2**32)))
    done = hostile("fuzz", url, seed, EXAMPLES)
    assert done.returncode == 0, f"CRM_SEED={seed}: {done.returncode}: {done.stderr[-3000:]}"


def test_rows_without_an_end_are_too_long(sync: crm.Crm) -> None:
    for name, rows in [("rows", pa.record_batch({"name": pa.nulls(10_000_001)})), ("rows", pa.table({"x": pa.nulls(2**34)}))]:
        with pytest.raises(crm.ValidationError) as refused:
            sync.customers.create_many(rows)
        assert [(v.field, v.code) for v in refused.value.violations] == [(name, "too_long")]


@pytest.mark.skipif("CRM_THOROUGH" not in os.environ, reason="takes minutes")
@pytest.mark.parametrize("case", ["endless batches", "endless ids"])
def test_what_has_no_end_is_too_long(url: str, case: str) -> None:
    done = subprocess.run([sys.executable, str(CHILD), "case", url, case], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "ValidationError: 1 too_long\n"), done.stderr


@pytest.mark.parametrize(
    "frame",
    [
        pytest.param(lambda: Forged(NAMES.schema, [NAMES], of_stream=put(release=Release())), id="released"),
        pytest.param(lambda: Forged(NAMES.schema, [NAMES], code=5), id="failing"),
        pytest.param(lambda: Forged(NAMES.schema, of_schema=put(release=None)), id="no schema"),
        pytest.param(lambda: Forged(NAMES.schema, of_schema=put(format=None)), id="no format"),
        pytest.param(lambda: Forged(NAMES.schema, of_schema=child(put(format=None))), id="no format of a column"),
        pytest.param(lambda: Forged(NAMES.schema, of_schema=put(n_children=-1)), id="fewer than no columns"),
        pytest.param(lambda: Forged(NAMES.schema, of_schema=put(children=None)), id="no columns"),
        pytest.param(lambda: Forged(NAMES.schema, [NAMES], of_array=put(length=-1)), id="a negative length"),
        pytest.param(lambda: Forged(NAMES.schema, [NAMES], of_array=put(offset=-1)), id="a negative offset"),
        pytest.param(lambda: Forged(NAMES.schema, [NAMES], of_array=put(offset=2**62)), id="an offset beyond memory"),
        pytest.param(lambda: Forged(NAMES.schema, [NAMES], of_array=put(length=3)), id="longer than its columns"),
        pytest.param(lambda: Forged(NAMES.schema, [NAMES], of_array=put(n_children=0)), id="an array without columns"),
        pytest.param(lambda: Forged(NAMES.schema, [NAMES], of_array=put(n_children=2)), id="an array of more columns"),
        pytest.param(lambda: Forged(NAMES.schema, [NAMES], of_array=put(children=None)), id="null columns"),
        pytest.param(lambda: Forged(NAMES.schema, [NAMES], of_array=child(put(length=-1))), id="a column of negative length"),
        pytest.param(lambda: Forged(NAMES.schema, [NAMES], of_array=child(put(offset=-1))), id="a column with a negative offset"),
        pytest.param(lambda: Forged(NAMES.schema, [NAMES], of_array=child(put(n_buffers=0))), id="a column without buffers"),
        pytest.param(lambda: Forged(NAMES.schema, [NAMES], of_array=child(put(n_buffers=-1))), id="fewer than no buffers"),
        pytest.param(lambda: Forged(NAMES.schema, [NAMES], of_array=child(put(buffers=None))), id="null buffers"),
        pytest.param(lambda: Forged(NAMES.schema, [GAP], of_array=child(put(null_count=2))), id="a wrong count of nulls"),
        pytest.param(lambda: Forged(pa.schema({"name": pa.string_view()}), [NAMES]), id="views without their sizes"),
        pytest.param(lambda: Forged(pa.schema({"name": pa.dictionary(pa.int8(), pa.string())}), [NAMES]), id="no dictionary"),
        pytest.param(lambda: Forged(pa.schema({"name": pa.list_(pa.string())}), [NAMES]), id="no items"),
        pytest.param(lambda: Forged(pa.schema({"name": pa.null()}), [NAMES]), id="nulls with buffers"),
        pytest.param(lambda: forged_text([0, 3, 2]), id="offsets that go back"),
        pytest.param(lambda: forged_text([-5, 3, 3]), id="an offset before the texts"),
        pytest.param(lambda: forged_text([0, 3, -1]), id="a negative end"),
        pytest.param(lambda: forged_text([0, 3, 2**30]), id="an offset beyond the texts"),
        pytest.param(lambda: pa.table({"name": dictionary(7)}), id="a key that the dictionary lacks"),
        pytest.param(lambda: pa.table({"name": dictionary(-1)}), id="a negative key"),
    ],
)
def test_a_frame_that_is_broken_cannot_be_read(sync: crm.Crm, frame: Callable[[], Any]) -> None:
    with pytest.raises(ValueError, match="the frame cannot be read"):
        sync.customers.create_many(frame())
    assert sync.customers.count() == 0


def forged_text(offsets: list[int]) -> Any:
    good = bytearray(struct.pack("<3i", 0, 3, 6))
    table = pa.table({"name": pa.Array.from_buffers(pa.string(), 2, [None, pa.py_buffer(good), pa.py_buffer(b"AnnBob")])})
    # Afterwards, because pyarrow looks when it makes an array.
    good[:] = struct.pack("<3i", *offsets)
    return table


def dictionary(key: int) -> Any:
    keys = pa.array([0, key], pa.int8())
    return pa.DictionaryArray.from_arrays(keys, pa.array(["Ann"]), safe=False)


def test_a_stream_is_read_once(sync: crm.Crm) -> None:
    capsule = pa.table({"name": ["Ann"]}).__arrow_c_stream__()

    class Again:
        def __arrow_c_stream__(self, requested_schema: object = None) -> object:
            return capsule

    assert len(sync.customers.create_many(Again())) == 1
    with pytest.raises(ValueError, match="it was read already"):
        sync.customers.create_many(Again())


def test_a_stream_is_released_also_where_it_is_refused(sync: crm.Crm) -> None:
    refused = Forged(NAMES.schema, [NAMES], of_array=put(length=-1))
    for frame in (refused, Forged(NAMES.schema, [NAMES])):
        try:
            sync.customers.create_many(frame)
        except ValueError:
            assert frame is refused
        assert frame.released == 1


def test_bytes_that_are_no_text_are_refused_by_row_and_field(sync: crm.Crm) -> None:
    for array in (
        pa.array([b"Ann", b"\xff", None, b"Bob\xc3"], pa.binary()).view(pa.string()),
        pa.array([b"Ann", b"\xff", None, b"Bob\xc3"], pa.large_binary()).view(pa.large_string()),
    ):
        with pytest.raises(crm.ValidationError) as refused:
            sync.customers.create_many(pa.table({"name": ["A", "B", "C", "D"], "notes": array}))
        assert [(v.field, v.code) for v in refused.value.violations] == [
            ("[1].notes", "invalid_characters"), ("[3].notes", "invalid_characters")
        ]  # fmt: skip


@pytest.mark.parametrize(
    "column",
    [
        pa.array([b"A"]), pa.array([[[b"A"]]]), pa.array([[["A"]]]), pa.array([{"a": 1}]), pa.array([timedelta(1)]),
        pa.UnionArray.from_dense(pa.array([0], pa.int8()), pa.array([0], pa.int32()), [pa.array(["A"])]),
        pa.array([[("a", 1)]], pa.map_(pa.string(), pa.int8())), pa.array([["A"]], pa.list_(pa.string(), 1)),
        pa.RunEndEncodedArray.from_arrays(pa.array([1], pa.int32()), pa.array(["A"])),
        pa.array([[1]]),
    ],
    ids=lambda column: str(column.type),
)  # fmt: skip
def test_a_column_that_no_field_takes_is_a_type_error_that_names_it(sync: crm.Crm, column: Any) -> None:
    with pytest.raises(TypeError, match=r"\[0\]\.notes: a column of type .* is none that a field takes"):
        sync.customers.create_many(pa.table({"name": ["A"], "notes": column}))


def test_a_producer_that_fails_is_quoted(sync: crm.Crm) -> None:
    def batches() -> Iterator[Any]:
        yield NAMES
        raise ZeroDivisionError("no more of them")

    reader = pa.RecordBatchReader.from_batches(NAMES.schema, batches())
    with pytest.raises(ValueError, match="no more of them"):
        sync.customers.create_many(reader)
    assert sync.customers.count() == 0


class Offset(datetime):
    given: Any = None

    def utcoffset(self) -> Any:
        return self.given


class Lying(Decimal):
    def is_finite(self) -> bool:
        return True

    def adjusted(self) -> int:
        return 0

    def as_tuple(self) -> Any:
        return self

    def __format__(self, spec: str, context: object = None, /) -> str:
        return "1"


def test_subclasses_may_say_of_themselves_what_they_like(sync: crm.Crm) -> None:
    acme = sync.customers.create("Acme")
    for given in (5, "+01:00", pandas.NaT, 10**30):
        moment = Offset(2026, 1, 1, tzinfo=timezone.utc)
        moment.given = given
        with pytest.raises(TypeError, match=r"date must be a datetime with a time zone, not Offset"):
            sync.interactions.create(acme.id, "call", date=moment)
    for value, code in [(Lying("NaN"), "invalid_type"), (Lying("sNaN"), "invalid_type"), (Lying("1e1000000"), "out_of_range")]:
        with pytest.raises(crm.ValidationError) as refused:
            sync.leads.create("A", value=value)
        assert [v.code for v in refused.value.violations] == [code]
    assert sync.leads.create("A", value=Lying("12.50")).value == Decimal("12.50")


class Raising:
    """Raises something from all that may be asked of an object."""

    def __init__(self, error: BaseException) -> None:
        self.error = error

    def _raise(self, *_: object, **__: object) -> Any:
        raise self.error

    __index__ = __iter__ = __len__ = __float__ = __fspath__ = __bool__ = __getitem__ = __call__ = __arrow_c_stream__ = _raise


def test_what_an_object_raises_is_raised(sync: crm.Crm) -> None:
    calls: list[Callable[[Any], object]] = [
        lambda it: sync.customers.get(it), lambda it: sync.customers.get_many(it), lambda it: sync.leads.list(customer_id=it),
        lambda it: sync.leads.create("A", value=it), lambda it: sync.customers.create_many(it),
        lambda it: sync.customers.create("A", tags=it), lambda it: sync.customers.list(limit=it), lambda it: sync.acting_as(it),
    ]  # fmt: skip
    for call in calls:
        with pytest.raises(KeyboardInterrupt):
            call(Raising(KeyboardInterrupt()))


def test_no_panic_leaves_the_library(sync: crm.Crm, url: str, tmp_path: Path) -> None:
    with pytest.raises(TypeError):
        sync.customers.get("x")  # type: ignore[arg-type]
    # What pyo3 raises for a panic. Raised by an object that is given, it goes on as a panic.
    panics = [error for error in BaseException.__subclasses__() if error.__name__ == "PanicException"]
    assert panics
    acme = sync.customers.create("Acme")

    def calls(c: Any, it: Any) -> list[Callable[[], object]]:
        return [
            lambda: c.customers.create("A", tags=it), lambda: c.customers.create_many(it), lambda: c.customers.create_many([it]),
            lambda: c.customers.create_many([{"name": "A", "created_by": it}]), lambda: c.customers.get(it),
            lambda: c.customers.find(it), lambda: c.customers.get_many(it), lambda: c.customers.get_many([it]),
            lambda: c.customers.list(ids=it), lambda: c.customers.list(limit=it), lambda: c.customers.stream(ids=it),
            lambda: c.customers.count(ids=it), lambda: c.customers.update(it, name="A"), lambda: c.customers.update(acme.id, tags=it),
            lambda: c.customers.delete(it), lambda: c.customers.add_tags(acme.id, it), lambda: c.customers.overview(it),
            lambda: c.leads.move_to(it, "lead"), lambda: c.leads.create("A", value=it), lambda: c.tasks.start(it),
            lambda: c.users.set_password(it, "correct horse"), lambda: c.acting_as(it), lambda: c.migrate_to(it),
            lambda: c.reports.customer_activity(limit=it), lambda: c.reports.due_tasks(datetime.now().date(), limit=it),
            lambda: c.reports.snapshot(datetime.now().date(), limit=it), lambda: c.frames.customers(ids=it),
            lambda: c.frames.due_tasks(datetime.now().date(), within_days=it), lambda: c.retry(print, attempts=it),
            lambda: c.backup(it), lambda: crm.connect(url, max_connections=it), lambda: crm.connect(url, call_timeout=it),
            lambda: crm.connect(url, prepared_statements=it),
        ]  # fmt: skip

    # Other libraries built with pyo3 have one of their own, which is an exception like any other here.
    ours = []
    for panic in panics:
        bomb: Any = Raising(panic("a panic"))
        if internal(lambda bomb=bomb: sync.customers.get(bomb)):  # type: ignore[misc]
            ours.append(panic)
    assert len(ours) == 1
    caught = [internal(call) for call in calls(sync, Raising(ours[0]("a panic")))]
    # The others are refused before they are asked for anything.
    assert sum(caught) >= 25, caught
    with pytest.raises(crm.InternalError):
        sync.frames.customers(progress=Raising(ours[0]("a panic"))).to_polars()


def internal(call: Callable[[], object]) -> bool:
    """Tells whether a call raises an InternalError; what no `except Exception` catches goes on, but other panics."""
    try:
        call()
    except crm.InternalError:
        return True
    except Exception:
        return False
    except BaseException as error:
        if type(error).__name__ != "PanicException":
            raise
    return False


def test_a_call_awaited_without_asyncio_says_what_to_use(url: str) -> None:
    c = asyncio.run(opened(url))
    call: Any = c.customers.count()
    with pytest.raises(RuntimeError, match=r"asyncio.*trio\.to_thread"):
        call.send(None)
    asyncio.run(closed(c))


async def opened(url: str) -> crm.AsyncCrm:
    return await crm.connect_async(url)


async def closed(c: crm.AsyncCrm) -> None:
    await c.close()


def test_a_frame_of_polars_keeps_its_names_and_categories(sync: crm.Crm) -> None:
    frame = polars.DataFrame({"name": ["A", "B"], "tags": [["x"], None]}).with_columns(polars.col("name").cast(polars.Categorical))
    ids = sync.customers.create_many(frame)
    assert [(row.name, row.tags) for row in sync.customers.get_many(ids)] == [("A", ["x"]), ("B", [])]
