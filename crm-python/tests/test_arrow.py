"""Frames of all kinds for `create_many`: each stores what the same rows store as dicts, or is refused by row and field.

`CRM_EXAMPLES=20000 tests/python.sh test -k frame_of_any_kind` looks further.
"""

from __future__ import annotations

import os
import re
from datetime import date, datetime, timedelta, timezone
from decimal import Context, Decimal
from typing import Any

import crm
import polars
import pyarrow
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

# Its types say of many a call less than it takes.
pa: Any = pyarrow
EXAMPLES = int(os.environ.get("CRM_EXAMPLES", "40"))
EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
WIDE = Context(prec=80)


class Out:
    """Stands for a moment or a day that Python does not have."""


OUT = Out()


def whole(bits: int, signed: bool) -> st.SearchStrategy[int]:
    low, high = (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) if signed else (0, 2**bits - 1)
    return st.one_of(st.integers(low, high), st.integers(max(low, -1), 3))


def moment(count: int | None, unit: str, zone: str | None) -> Any:
    if count is None:
        return None
    per_second = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}[unit]
    try:
        found = EPOCH + timedelta(microseconds=count * 10**6 // per_second)
    except OverflowError:
        return OUT
    return found if zone else found.replace(tzinfo=None)


def day(count: int | None, length: int) -> Any:
    try:
        return None if count is None else date(1970, 1, 1) + timedelta(days=count // length)
    except OverflowError:
        return OUT


TEXTS = st.one_of(
    st.sampled_from(["Acme", "a@b.co", "+1-555-0123", "lead", "low", "pending", "12.50", ""]),
    st.text(max_size=12),
)


@st.composite
def columns(draw: st.DrawFn, rows: int, fit: str) -> tuple[Any, list[Any], bool]:
    """Makes a column: as Arrow has it, as values of Python's, and whether its type is none that a field takes."""

    def some(values: st.SearchStrategy[Any]) -> list[Any]:
        return draw(st.lists(st.one_of(st.none(), values, values), min_size=rows, max_size=rows))

    kinds = ["text", "list", "int", "float", "decimal", "bool", "moment", "day", "null", "odd"]
    kind = draw(st.one_of(*[st.just(fit)] * 4, st.sampled_from(kinds)))
    odd = False
    if kind == "text":
        values = some(TEXTS)
        array = pa.array(values, draw(st.sampled_from([pa.string(), pa.large_string(), pa.string_view()])))
        if draw(st.booleans()) and array.type != pa.string_view():
            array = array.dictionary_encode()
    elif kind == "list":
        values = some(st.lists(st.one_of(TEXTS, st.sampled_from(["Vip", "vip"])), max_size=3))
        item = draw(st.sampled_from([pa.string(), pa.large_string(), pa.string_view()]))
        array = pa.array(values, draw(st.sampled_from([pa.list_, pa.large_list]))(item))
    elif kind == "int":
        signed, bits = draw(st.booleans()), draw(st.sampled_from([8, 16, 32, 64]))
        values = some(whole(bits, signed))
        array = pa.array(values, getattr(pa, f"{'' if signed else 'u'}int{bits}")())
        if draw(st.integers(0, 3)) == 0:
            array = array.dictionary_encode()
    elif kind == "float":
        values = some(st.floats(width=32))
        array = pa.array(values, draw(st.sampled_from([pa.float32(), pa.float64()])))
    elif kind == "decimal":
        digits = draw(st.sampled_from([9, 18, 38, 76]))
        scale = draw(st.one_of(st.just(2), st.integers(0, digits)))
        made = {9: pa.decimal32, 18: pa.decimal64, 38: pa.decimal128, 76: pa.decimal256}[digits]
        most = 10**digits - 1
        units = some(st.one_of(st.integers(-most, most), st.integers(0, 10**8), st.just(most)))
        values = [None if unit is None else Decimal(unit).scaleb(-scale, WIDE) for unit in units]
        array = pa.array(values, made(digits, scale))
    elif kind == "bool":
        values = some(st.booleans())
        array = pa.array(values, pa.bool_())
    elif kind == "moment":
        unit = draw(st.sampled_from(["s", "ms", "us", "ns"]))
        zone = draw(st.sampled_from([None, "UTC", "+05:30", "Europe/Berlin"]))
        counts = some(st.one_of(whole(64, True), st.integers(-(10**9), 10**10)))
        values = [moment(count, unit, zone) for count in counts]
        array = pa.array(counts, pa.int64()).view(pa.timestamp(unit, zone))
    elif kind == "day":
        short = draw(st.booleans())
        length = 1 if short else 86_400_000
        counts = some(st.one_of(whole(32, True), st.integers(-800_000, 3_000_000)).map(lambda n: n * length))
        values = [day(count, length) for count in counts]
        array = pa.array(counts, pa.int32() if short else pa.int64()).view(pa.date32() if short else pa.date64())
    elif kind == "null":
        values, array = [None] * rows, pa.nulls(rows)
    else:
        odd = True
        types: list[Any] = [pa.binary(), pa.time64("us"), pa.duration("s"), pa.struct({"a": pa.int8()}), pa.list_(pa.int8())]
        values, array = [None] * rows, pa.nulls(rows, draw(st.sampled_from(types)))
    return array, values, odd


def cut(draw: st.DrawFn, array: Any) -> Any:
    """Lays a column out in chunks, empty ones and ones that begin somewhere in their buffers among them."""
    layout = draw(st.integers(0, 2))
    if layout == 0:
        return pa.chunked_array([array])
    padded = pa.concat_arrays([array, array])
    if layout == 1:
        return pa.chunked_array([padded.slice(len(array))], type=array.type)
    at = draw(st.integers(0, len(array)))
    chunks = [array.slice(0, 0), padded.slice(0, at), array.slice(at, 0), padded.slice(len(array) + at)]
    return pa.chunked_array(chunks, type=array.type)


FIELDS = {
    "customers": {
        "name": "text", "email": "text", "phone": "text", "company": "text", "tags": "list", "notes": "text",
        "created_by": "int",
    },
    "leads": {
        "title": "text", "description": "text", "stage": "text", "value": "decimal", "customer_id": "int",
        "assigned_to": "int",
    },
    "tasks": {
        "title": "text", "status": "text", "priority": "text", "due_date": "day", "customer_id": "int",
    },
    "interactions": {"customer_id": "int", "type": "text", "notes": "text", "date": "moment"},
}  # fmt: skip


@st.composite
def frames(draw: st.DrawFn) -> tuple[str, Any, list[dict[str, Any]], bool]:
    entity = draw(st.sampled_from(sorted(FIELDS)))
    rows = draw(st.integers(0, 5))
    required = {"customers": "name", "interactions": "type"}.get(entity, "title")
    chosen = draw(st.sets(st.sampled_from(sorted(FIELDS[entity])), max_size=3)) | {required}
    table, given, any_odd = {}, [dict[str, Any]() for _ in range(rows)], False
    for name in sorted(chosen):
        plain = name in ("name", "title", "type") and draw(st.booleans())
        if plain:
            values: list[Any] = ["call" if name == "type" else "Acme"] * rows
            array, odd = pa.array(values, pa.string()), False
        else:
            array, values, odd = draw(columns(rows, FIELDS[entity][name]))
        table[name] = cut(draw, array)
        any_odd = any_odd or odd
        for row, value in zip(given, values, strict=True):
            row[name] = value
    if entity == "interactions" and "date" not in chosen:
        table["date"] = pa.chunked_array([pa.array([EPOCH] * rows, pa.timestamp("us", "UTC"))])
        for row in given:
            row["date"] = EPOCH
    return entity, pa.table(table), given, any_odd


def stored(c: crm.Crm, entity: str, rows: Any) -> Any:
    """Returns the rows as they are stored, or what they are refused with."""
    repository: Any = getattr(c, entity)
    try:
        ids = repository.create_many(rows)
    except crm.ValidationError as error:
        return sorted((violation.field, violation.code) for violation in error.violations)
    except (crm.MissingReferenceError, TypeError) as error:
        return error
    kept = [row.to_dict() for row in repository.get_many(ids)]
    now = {"id", "created_at", "updated_at"} | ({"date"} if entity == "interactions" and not rows else set())
    return [{name: value for name, value in row.items() if name not in now} for row in kept]


@pytest.fixture
def ready(sync: crm.Crm) -> crm.Crm:
    """Has a user and a customer to refer to."""
    sync.users.create("Ann", email="ann@example.com", password="correct horse")
    sync.customers.create("Acme")
    return sync


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(made=frames())
def test_a_frame_of_any_kind_stores_what_its_rows_store_or_is_refused_by_row_and_field(
    ready: crm.Crm, made: tuple[str, Any, list[dict[str, Any]], bool]
) -> None:
    entity, table, rows, odd = made
    of_frame = stored(ready, entity, table)
    if isinstance(of_frame, TypeError) and "[" not in str(of_frame):
        pytest.fail(f"names no row: {of_frame}")
    if isinstance(of_frame, TypeError):
        assert re.match(r"\[\d+\]\.[a-z_]+", str(of_frame)), of_frame
    if odd and rows:
        assert isinstance(of_frame, TypeError)
        return
    if any(value is OUT for row in rows for value in row.values()):
        refused = isinstance(of_frame, TypeError) or any(code == "out_of_range" for _, code in of_frame)
        assert refused, of_frame
        return
    of_dicts = stored(ready, entity, rows)
    if entity == "interactions" and any(row["date"] is None for row in rows):
        assert type(of_frame) is type(of_dicts)
    elif isinstance(of_dicts, Exception):
        assert type(of_frame) is type(of_dicts)
        assert getattr(of_frame, "field", None) == getattr(of_dicts, "field", None)
    else:
        assert of_frame == of_dicts


@pytest.mark.parametrize(
    ("column", "field", "code"),
    [
        (pa.array([2**63], pa.uint64()), "customer_id", "out_of_range"),
        (pa.array([2**63], pa.uint64()), "value", "out_of_range"),
        (pa.array([Decimal(10**60)], pa.decimal256(76, 0)), "value", "out_of_range"),
        (pa.array([Decimal(10**37)], pa.decimal128(38, 0)), "value", "out_of_range"),
        (pa.array([Decimal("1e-30")], pa.decimal128(38, 30)), "value", "too_precise"),
    ],
)
def test_what_is_too_much_for_a_field_breaks_its_rule(ready: crm.Crm, column: Any, field: str, code: str) -> None:
    with pytest.raises(crm.ValidationError) as refused:
        ready.leads.create_many(pa.table({"title": ["A"], field: column}))
    assert [(v.field, v.code) for v in refused.value.violations] == [(f"[0].{field}", code)]


@pytest.mark.parametrize("count", [2**62, -(2**62)])
def test_moments_and_days_that_no_calendar_has_are_out_of_range(ready: crm.Crm, count: int) -> None:
    for unit in ("s", "ms", "us"):
        moments = pa.array([count], pa.int64()).view(pa.timestamp(unit, "UTC"))
        with pytest.raises(crm.ValidationError) as refused:
            ready.interactions.create_many(pa.table({"customer_id": [1], "type": ["call"], "date": moments}))
        assert [(v.field, v.code) for v in refused.value.violations] == [("[0].date", "out_of_range")]
    days = pa.array([count], pa.int64()).view(pa.date64())
    with pytest.raises(crm.ValidationError) as refused:
        ready.tasks.create_many(pa.table({"title": ["A"], "due_date": days}))
    assert [(v.field, v.code) for v in refused.value.violations] == [("[0].due_date", "out_of_range")]


def test_columns_of_polars_that_hold_only_nulls_are_nulls(ready: crm.Crm) -> None:
    frame = polars.DataFrame({"name": ["A", "B"], "email": [None, None], "created_by": [None, None], "tags": [[], []]})
    assert frame.schema["email"] == polars.Null
    assert frame.schema["tags"] == polars.List(polars.Null)
    ids = ready.customers.create_many(frame)
    assert [(row.email, row.created_by, row.tags) for row in ready.customers.get_many(ids)] == [(None, None, [])] * 2
    with pytest.raises(crm.ValidationError) as refused:
        ready.customers.create_many(polars.DataFrame({"name": [None]}))
    assert [(v.field, v.code) for v in refused.value.violations] == [("[0].name", "required")]


def test_two_columns_of_one_name_are_refused(ready: crm.Crm) -> None:
    twice = pa.Table.from_arrays([pa.array(["A"]), pa.array(["B"])], names=["name", "name"])
    with pytest.raises(TypeError, match="two columns 'name'"):
        ready.customers.create_many(twice)


def test_tags_may_be_a_list_of_categories(ready: crm.Crm) -> None:
    frame = polars.DataFrame({"name": ["A"], "tags": [["x", "y"]]}, schema_overrides={"tags": polars.List(polars.Categorical)})
    (id_,) = ready.customers.create_many(frame)
    assert ready.customers.get(id_).tags == ["x", "y"]
