"""What test_borders.py runs in a process of its own, because it might end it or take all memory.

    hostile.py case URL NAME            does one thing and prints how it ends
    hostile.py fuzz URL SEED EXAMPLES   stores whatever rows and streams, and fails where one ends in anything but an answer
"""

from __future__ import annotations

import itertools
import random
import resource
import struct
import sys
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta, timezone, tzinfo
from decimal import Decimal
from typing import Any

import crm
import pyarrow

from forged import Forged, child, put

pa: Any = pyarrow
# Enough for pyarrow and a hundred rows, and far too little for what is announced here.
MEMORY = 6 * 1024**3


class Length:
    """A list that says it is far longer than it is."""

    def __len__(self) -> int:
        return 2**62

    def __length_hint__(self) -> int:
        return 2**62

    def __iter__(self) -> Iterator[object]:
        return iter([{"name": "Ann"}])

    def __getitem__(self, index: int) -> object:
        return [{"name": "Ann"}][index]


class Hint:
    """An iterator that says the same."""

    def __init__(self) -> None:
        self.rows = iter([{"name": "Ann"}])

    def __iter__(self) -> Hint:
        return self

    def __next__(self) -> object:
        return next(self.rows)

    def __length_hint__(self) -> int:
        return 2**62


def deep() -> Any:
    array = pa.array(["Ann"])
    for _ in range(5_000):
        array = pa.StructArray.from_arrays([array], names=["it"])
    return pa.table({"name": array})


def offset() -> Any:
    offsets = bytearray(struct.pack("<2i", 0, 3))
    table = pa.table({"name": pa.Array.from_buffers(pa.string(), 1, [None, pa.py_buffer(offsets), pa.py_buffer(b"Ann")])})
    # Afterwards, because pyarrow looks when it makes an array.
    offsets[:] = struct.pack("<2i", 0, 2**30)
    return table


def circle() -> crm.Page[Any]:
    items: list[Any] = []
    page = crm.Page(items=items, next_cursor=None)
    items.append(page)
    return page


def endless_batches() -> Any:
    schema = pa.schema({"name": pa.string()})
    return pa.RecordBatchReader.from_batches(schema, itertools.repeat(pa.RecordBatch.from_pylist([], schema)))


CASES: dict[str, Callable[[Any], object]] = {
    "range": lambda c: c.customers.create_many(range(10**13)),
    "length": lambda c: c.customers.create_many(Length()),
    "hint": lambda c: c.customers.create_many(Hint()),
    "endless": lambda c: c.leads.create_many(itertools.repeat({"title": "A", "stage": "?"})),
    "record": lambda c: c.customers.create("A").replace(tags=range(10**13)),
    "deep": lambda c: c.customers.create_many(deep()),
    "offset": lambda c: c.customers.create_many(offset()),
    "circle": lambda c: circle().to_dict(),
    "equal circles": lambda c: circle() == circle(),
    "endless batches": lambda c: c.customers.create_many(endless_batches()),
    "endless ids": lambda c: c.customers.get_many(itertools.count()),
}


def case(c: crm.Crm, name: str) -> str:
    try:
        made = CASES[name](c)
    except crm.ValidationError as error:
        return f"ValidationError: {len(error.violations)} {error.violations[0].code}"
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return f"{len(made) if isinstance(made, list) else made} row"


class Zone(tzinfo):
    """A time zone that may say anything."""

    def __init__(self, offset: Any) -> None:
        self.offset = offset

    def utcoffset(self, _: datetime | None) -> Any:
        return self.offset

    def dst(self, _: datetime | None) -> Any:
        return self.offset

    def tzname(self, _: datetime | None) -> str:
        return "zone"


class Odd:
    """An object whose methods answer something else than they should."""

    def __init__(self, answer: Any) -> None:
        self.answer = answer

    def _answer(self, *_: object, **__: object) -> Any:
        return self.answer

    __index__ = __iter__ = __len__ = __float__ = __bool__ = __getitem__ = __arrow_c_stream__ = keys = _answer


class Text(str):
    def __len__(self) -> int:
        return 2**40

    def __iter__(self) -> Any:
        return itertools.repeat("x")


class Row(dict[Any, Any]):
    """A dict that says it has nothing, or everything."""

    def __len__(self) -> int:
        return 2**40

    def __iter__(self) -> Any:
        return itertools.repeat(None)

    def __getitem__(self, key: object) -> Any:
        raise KeyError(key)

    def keys(self) -> Any:
        return None


FIELDS = {
    "customers": ["name", "email", "phone", "company", "tags", "notes", "created_by"],
    "leads": ["title", "description", "stage", "value", "customer_id", "assigned_to", "created_by"],
    "tasks": ["title", "description", "status", "priority", "due_date", "assigned_to", "customer_id"],
    "interactions": ["customer_id", "type", "notes", "date"],
    "users": ["name", "email", "role", "password", "password_hash"],
}


def values(rng: random.Random) -> Any:
    """Makes a value, often one that no field expects."""
    recursive: list[Any] = []
    recursive.append(recursive)
    number = rng.choice([0, 1, -1, 2**31, 2**63 - 1, 2**63, -(2**63) - 1, 10**30, 10**5000])
    offset = timedelta(seconds=rng.randrange(-86_399, 86_400), microseconds=rng.randrange(10**6))
    year = rng.choice([1, 2, 1970, 2026, 9998, 9999])
    plain = [
        None, "", " ", "Acme", "a@b.co", "lead", "call", "low", "12.50", "\ud800", "\udfff x", "\ufeffA", "a\0b", "\x1b[2J", "x" * 100_001,
        Text("Acme"), number, float(rng.choice([0, 1, -1, 1e308])), float("nan"), float("inf"), True, b"Acme", bytearray(b"x"), 1j,
        Decimal(rng.choice(["12.5", "NaN", "sNaN", "Infinity", "-0", "1e1000000", "1e-1000000", "0e1000000", "9" * 5000])),
        date(year, 1, 1), date.max, datetime(year, 12, 31, 23, 59, 59), datetime(year, 1, 1, tzinfo=timezone.utc),
        datetime.min.replace(tzinfo=timezone(offset)), datetime.max.replace(tzinfo=timezone(offset)),
        datetime(year, 1, 1, tzinfo=Zone(rng.choice([offset, None, 5, "x", timedelta(days=400)]))),
        ["a", "b"], ["a", None], [1], {"a"}, {"a": 1}, ("a",), range(3), range(10**13), Length(), Hint(), recursive, iter(["a"]),
        memoryview(b"abc"), object(), Ellipsis, str, crm.Customer, lambda: None,
    ]  # fmt: skip
    value = rng.choice(plain)
    return Odd(value) if rng.random() < 0.1 else value


def row(rng: random.Random, entity: str) -> Any:
    fields: list[Any] = rng.sample(FIELDS[entity], rng.randrange(len(FIELDS[entity]) + 1))
    if rng.random() < 0.1:
        fields.append(rng.choice([None, 5, "\ufeffname", "\ud800", "unknown", ("a",)]))
    made = {field: values(rng) for field in fields}
    return rng.choice([made] * 6 + [Row(made), values(rng)])


NUMBERS = ("length", "null_count", "offset", "n_children", "n_buffers")
ARRAYS: list[Any] = [
    pa.array(["Ann", None, "Bob"]), pa.array(["Ann", "", "Bob"], pa.large_string()), pa.array(["Ann", "Bob", "C" * 20], pa.string_view()),
    pa.array(["Ann", None, "Bob"]).dictionary_encode(), pa.array([["Ann"], None, []]), pa.array([1, None, 3]), pa.array([1.5, None, 3]),
    pa.array([True, None, False]), pa.array([Decimal("1.5"), None, None]), pa.array([date(2026, 1, 1), None, None]), pa.nulls(3),
    pa.array([datetime(2026, 1, 1), None, None]), pa.array([b"a", None, b"c"]), pa.array([{"a": 1}, None, {"a": 2}]), pa.array([[[1]], None, []]),
]  # fmt: skip


def stream(rng: random.Random, entity: str) -> Any:
    """Makes a stream; half of them are broken in a way that can be seen."""
    names = rng.sample(FIELDS[entity], rng.randrange(1, 4))
    batch = pa.RecordBatch.from_arrays([rng.choice(ARRAYS) for _ in names], names=names)
    if rng.random() < 0.5:
        return batch
    name = rng.choice(NUMBERS)
    number = rng.choice([-(2**63), -2, 2**62, 2**63 - 1] + [0] * (name in ("n_children", "n_buffers")))
    # A count of nulls below none means that nobody has counted.
    broken: Callable[[Any], object] = put(**{name: number})
    of = rng.choice(["array", "column", "schema"])
    if of == "array":
        return Forged(batch.schema, [batch], of_array=broken)
    if of == "column":
        return Forged(batch.schema, [batch], of_array=child(broken, rng.randrange(len(names))))
    return Forged(batch.schema, [batch], of_schema=rng.choice([put(format=None), put(n_children=-1), put(children=None), child(put(format=None))]))


def fuzz(c: Any, seed: int, examples: int) -> None:
    rng = random.Random(seed)
    for _ in range(examples * 25):
        entity = rng.choice(sorted(FIELDS))
        repository = getattr(c, entity)
        kind = rng.random()
        try:
            if kind < 0.4:
                repository.create_many([row(rng, entity) for _ in range(rng.randrange(1, 4))])
            elif kind < 0.7:
                repository.create_many(stream(rng, entity))
            elif kind < 0.8:
                repository.create_many(values(rng))
            elif kind < 0.9:
                repository.list(**{rng.choice(["ids", "limit", "cursor", "order", "text", "created_since", "email", "customer_id"]): values(rng)})
            else:
                rng.choice([repository.get, repository.find, repository.delete, repository.get_many, c.acting_as])(values(rng))
        except crm.InternalError as error:
            raise AssertionError(f"a bug of the library: {entity}") from error
        except (crm.CrmError, TypeError, ValueError):
            pass


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    what, url, *rest = sys.argv[1:]
    with crm.connect(url, max_connections=1) as handle:
        if what == "case":
            print(case(handle, rest[0]))
        else:
            fuzz(handle, int(rest[0]), int(rest[1]))
