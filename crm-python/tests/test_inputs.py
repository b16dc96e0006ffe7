"""What is refused, and how it is named."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from dataclasses import dataclass, make_dataclass
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import crm
import pandas
import polars
import pyarrow
import pytest


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda c: c.customers.create("A", nmae="x"), ["create()", "nmae"]),
        (lambda c: c.customers.create(), ["name"]),
        (lambda c: c.customers.create(5), ["name", "str", "int"]),
        (lambda c: c.customers.create("A", tags="x"), ["tags", "list", "str"]),
        (lambda c: c.customers.create("A", tags=[1]), ["tags[0]", "str", "int"]),
        (lambda c: c.leads.create("A", value=1.5), ["value", "Decimal", "float"]),
        (lambda c: c.leads.create("A", value=True), ["value", "bool"]),
        (lambda c: c.leads.create("A", customer_id="1"), ["customer_id", "int", "str"]),
        (lambda c: c.leads.create("A", customer_id=True), ["customer_id", "bool"]),
        (lambda c: c.leads.create("A", customer_id=1.0), ["customer_id", "float"]),
        (lambda c: c.tasks.create("A", due_date=datetime(2026, 1, 1)), ["due_date", "date", "datetime"]),
        (lambda c: c.tasks.create("A", due_date="2026-01-01"), ["due_date", "date", "str"]),
        (lambda c: c.interactions.create(1, "call", date=datetime(2026, 1, 1)), ["date", "naive"]),
        (lambda c: c.interactions.create(1, "call", date=date(2026, 1, 1)), ["date", "datetime"]),
        (lambda c: c.customers.list(created_since=datetime(2026, 1, 1)), ["created_since", "naive"]),
        (lambda c: c.customers.list(stage="lead"), ["list()", "stage"]),
        (lambda c: c.customers.list(limit="5"), ["limit", "int"]),
        (lambda c: c.customers.count(order="id"), ["count()", "order"]),
        (lambda c: c.customers.get("1"), ["id", "int", "str"]),
        (lambda c: c.customers.update(1, nmae="x"), ["update()", "nmae"]),
        (lambda c: c.customers.update(1, created_by=1), ["created_by"]),
        (lambda c: c.customers.create_many([{"name": "A", "nmae": 1}]), ["[0]", "nmae"]),
        (lambda c: c.customers.create_many([{"name": "A"}, {"name": 1}]), ["[1].name", "int"]),
        (lambda c: c.customers.create_many([5]), ["[0]", "dict", "int"]),
        (lambda c: c.customers.create_many({"name": "A"}), ["dict"]),
        (lambda c: c.leads.create_many(polars.DataFrame({"title": ["A"], "value": [1.5]})), ["[0].value", "Decimal", "float"]),
        (lambda c: c.leads.create_many(polars.DataFrame({"title": ["A"], "x": [1]})), ["x"]),
        (
            lambda c: c.interactions.create_many(
                polars.DataFrame({"customer_id": [1], "type": ["call"], "date": [datetime(2026, 1, 1)]})
            ),
            ["[0].date", "naive"],
        ),
        (lambda c: c.reports.due_tasks("2026-01-01"), ["today", "date"]),
        (lambda c: c.frames.customers(limit=5), ["limit"]),
    ],
)
def test_a_wrong_keyword_or_type_is_a_type_error_that_names_it(
    sync: crm.Crm, call: Callable[[Any], object], words: list[str]
) -> None:
    with pytest.raises(TypeError) as raised:
        call(sync)
    for word in words:
        assert word in str(raised.value)
    assert sync.customers.count() == sync.leads.count() == sync.tasks.count() == 0


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        (lambda c: c.customers.create(" ", email="x", phone="1"), [
            ("name", "required"), ("email", "invalid_email"), ("phone", "invalid_phone")]),
        (lambda c: c.customers.create("\ud800"), [("name", "invalid_characters")]),
        (lambda c: c.customers.update(1, name=None), [("name", "required")]),
        (lambda c: c.users.create(" ", "ann@example.com"), [("password", "required"), ("name", "required")]),
        (lambda c: c.users.create("Ann", "ann@example.com", password="x"), [("password", "too_short")]),
        (lambda c: c.users.create("Ann", "ann@example.com", password="correct horse", password_hash="$2b$"), [
            ("password_hash", "invalid_choice")]),
        (lambda c: c.users.create_many([{"name": "Ann", "email": "ann@example.com"}]), [("[0].password", "required")]),
        (lambda c: c.leads.create("A", stage="won"), [("stage", "invalid_choice")]),
        (lambda c: c.leads.create("A", value="1.001"), [("value", "too_precise")]),
        (lambda c: c.leads.create("A", value=-1), [("value", "out_of_range")]),
        (lambda c: c.leads.create("A", value=10**40), [("value", "out_of_range")]),
        (lambda c: c.leads.create("A", value=Decimal("NaN")), [("value", "invalid_type")]),
        (lambda c: c.leads.create("A", value="a lot"), [("value", "invalid_type")]),
        (lambda c: c.leads.create("A", value=".5"), [("value", "invalid_type")]),
        (lambda c: c.leads.create("A", value="1_000"), [("value", "invalid_type")]),
        (lambda c: c.leads.create("A", value="1\ud800"), [("value", "invalid_type")]),
        (lambda c: c.leads.create("A", customer_id=2**70), [("customer_id", "out_of_range")]),
        (lambda c: c.leads.list(unassigned=True, assigned_to=1), [("unassigned", "invalid_choice")]),
        (lambda c: c.customers.list(order="-nmae"), [("order", "invalid_choice")]),
        (lambda c: c.customers.list(limit=0), [("limit", "out_of_range")]),
        (lambda c: c.customers.list(limit=-1), [("limit", "out_of_range")]),
        (lambda c: c.customers.list(cursor="x"), [("cursor", "invalid_cursor")]),
        (lambda c: c.customers.list(text="!!"), [("text", "no_word")]),
        (lambda c: c.customers.create_many([{"name": "A"}, {"name": ""}, {}]), [
            ("[1].name", "required"), ("[2].name", "required")]),
        (lambda c: c.interactions.create_many([{}]), [
            ("[0].customer_id", "required"), ("[0].type", "required")]),
        (lambda c: c.reports.due_tasks(date(2026, 1, 1), within_days=-1), [("within_days", "out_of_range")]),
        (lambda c: c.seed(admin="short"), [("admin", "too_short")]),
    ],
)
def test_a_broken_rule_is_a_validation_error_that_lists_it(
    sync: crm.Crm, call: Callable[[Any], object], expected: list[tuple[str, str]]
) -> None:
    with pytest.raises(crm.ValidationError) as raised:
        call(sync)
    assert isinstance(raised.value, ValueError)
    assert [(violation.field, violation.code) for violation in raised.value.violations] == expected


def test_money_is_taken_from_decimals_ints_and_strs(sync: crm.Crm) -> None:
    for given, stored in [
        (5, "5.00"), ("12.50", "12.50"), (" 12.50\u00a0\n", "12.50"), (Decimal("1E+2"), "100.00"), (Decimal("0.10"), "0.10"), (99_999_999, "99999999.00")
    ]:
        lead = sync.leads.create("A", value=given)  # type: ignore[arg-type]
        assert lead.value == Decimal(stored) and str(lead.value) == stored


def test_moments_of_any_zone_are_taken(sync: crm.Crm) -> None:
    acme = sync.customers.create("A")
    east = timezone(timedelta(hours=5, minutes=30))
    met = sync.interactions.create(acme.id, "call", date=datetime(2026, 1, 1, 5, 30, tzinfo=east))
    assert met.date == datetime(2026, 1, 1, tzinfo=timezone.utc) and met.date.tzinfo == timezone.utc
    for year in (1, 9999):
        moment = datetime(year, 6, 1, tzinfo=timezone.utc)
        assert sync.interactions.create(acme.id, "call", date=moment).date == moment


@dataclass
class Prospect:
    name: str
    phone: str | None = None


@pytest.mark.parametrize(
    "rows",
    [
        [{"name": "A", "tags": ["x"]}, {"name": "B"}],
        ({"name": name} for name in "AB"),
        [Prospect("A", "+1-555"), Prospect("B")],
        polars.DataFrame({"name": ["A", "B"], "tags": [["x"], None]}),
        polars.DataFrame({"name": ["A", "B"]}, schema_overrides={"name": polars.Categorical}),
        pyarrow.table({"name": ["A", "B"], "email": [None, None]}),
        pandas.DataFrame({"name": ["A", "B"]}),
        pyarrow.table({"name": pyarrow.array(["A", "B"], pyarrow.large_string())}),
        pyarrow.Table.from_batches([pyarrow.record_batch({"name": ["A"]}), pyarrow.record_batch({"name": ["B"]})]),
    ],
)
def test_many_rows_come_from_dicts_dataclasses_and_frames(sync: crm.Crm, rows: Any) -> None:
    ids = sync.customers.create_many(rows)
    assert [row.name for row in sync.customers.get_many(ids)] == ["A", "B"]


def test_a_frame_read_can_be_stored_again(sync: crm.Crm) -> None:
    acme = sync.customers.create("Acme", tags=["x"])
    sync.leads.create("Deal", value="12.50", stage="closed", customer_id=acme.id)
    sync.interactions.create(acme.id, "call")
    sync.tasks.create("T", due_date=date(2026, 1, 1))
    for name, fields in [
        ("customers", ["name", "tags", "notes"]),
        ("leads", ["title", "value", "stage", "customer_id"]),
        ("tasks", ["title", "due_date", "priority"]),
        ("interactions", ["customer_id", "type", "date"]),
    ]:
        repository, frame = getattr(sync, name), getattr(sync.frames, name)()
        old = repository.list().items[0]
        for again in (frame.to_polars().select(fields), frame.to_pyarrow().select(fields)):
            (new_id,) = repository.create_many(again)
            new = repository.get(new_id)
            assert [getattr(new, field) for field in fields] == [getattr(old, field) for field in fields]


def test_a_refused_row_is_named_and_nothing_is_stored(sync: crm.Crm) -> None:
    with pytest.raises(crm.MissingReferenceError) as missing:
        sync.leads.create_many([{"title": "A"}, {"title": "B", "customer_id": 99}])
    assert missing.value.field == "[1].customer_id"
    rows: list[crm.NewUser] = [{"name": "A", "email": f"{n}@example.com", "password": "correct horse"} for n in (1, 2, 1)]
    with pytest.raises(crm.ConflictError) as taken:
        sync.users.create_many(rows)
    assert taken.value.field == "[2].email"
    assert sync.leads.count() == sync.users.count() == 0


@pytest.mark.parametrize("blank", ["", " ", "\t"])
@pytest.mark.parametrize("kind", ["dicts", "dataclasses", "polars", "pyarrow"])
def test_an_empty_cell_is_an_absent_value(sync: crm.Crm, blank: str, kind: str) -> None:
    acme = sync.customers.create("Acme")

    def rows(**cells: Any) -> Any:
        if kind == "dicts":
            return [cells]
        if kind == "dataclasses":
            return [make_dataclass("Row", cells)(**cells)]
        columns: Any = {name: [cell] for name, cell in cells.items()}
        return polars.DataFrame(columns) if kind == "polars" else pyarrow.table(columns)

    (id_,) = sync.customers.create_many(rows(name="A", email=blank, phone=blank, company=blank, tags=blank, notes=blank, created_by=blank))
    customer = sync.customers.get(id_)
    assert (customer.email, customer.phone, customer.company, customer.tags, customer.notes, customer.created_by) == (None, None, None, [], None, None)
    (id_,) = sync.leads.create_many(rows(title="A", description=blank, stage=blank, value=blank, customer_id=blank, assigned_to=blank))
    lead = sync.leads.get(id_)
    assert (lead.stage, lead.value, lead.customer_id, lead.assigned_to) == ("lead", None, None, None)
    (id_,) = sync.tasks.create_many(rows(title="A", status=blank, priority=blank, due_date=blank, customer_id=blank))
    task = sync.tasks.get(id_)
    assert (task.status, task.priority, task.due_date, task.customer_id) == ("pending", "medium", None, None)
    (id_,) = sync.interactions.create_many(rows(customer_id=acme.id, type="call", notes=blank, date=blank))
    assert sync.interactions.get(id_).notes is None
    with pytest.raises(crm.ValidationError) as refused:
        sync.interactions.create_many(rows(customer_id=blank, type=blank))
    assert [(v.field, v.code) for v in refused.value.violations] == [("[0].customer_id", "required"), ("[0].type", "required")]
    # Of a value alone it is as wrong as ever.
    with pytest.raises(crm.ValidationError):
        sync.leads.create("A", value=blank)


def test_an_empty_password_is_none_but_one_of_spaces_is_a_password(sync: crm.Crm) -> None:
    hashed = "$2b$12$R9h/cIPz0gi.URNNX3kh2OPST9/PgBkqquzi.Ss7KIUgO2t0jWMUW"
    rows: list[Any] = [
        {"name": "A", "email": "a@example.com", "password": "", "password_hash": hashed},
        {"name": "B", "email": "b@example.com", "password": " " * 8, "password_hash": ""},
    ]
    assert len(sync.users.create_many(rows)) == 2
    assert sync.users.authenticate("b@example.com", " " * 8).name == "B"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("\ufeffname\nAnn\n", r"\[0\] has an unknown field '\\ufeffname': .*encoding='utf-8-sig'"),
        ("name\nAnn\nBob,5\n", r"\[1\] has more cells than the header has names"),
        ("name,\u200bnotes\nAnn,x\n", r"\[0\] has an unknown field '\\u200bnotes'"),
    ],
)
def test_a_csv_that_does_not_fit_names_the_row_and_shows_what_is_invisible(sync: crm.Crm, text: str, message: str) -> None:
    rows: Any = csv.DictReader(io.StringIO(text))
    with pytest.raises(TypeError, match=message):
        sync.customers.create_many(rows)


def test_gaps_of_pandas_name_row_and_field(sync: crm.Crm) -> None:
    rows: Any = pandas.DataFrame({"name": ["A", "B"], "notes": ["x", float("nan")]}, dtype=object).to_dict("records")
    with pytest.raises(TypeError, match=r"\[1\]\.notes must be a str, not float"):
        sync.customers.create_many(rows)
    given: list[tuple[Any, dict[str, Any], str]] = [
        (sync.interactions, {"customer_id": 1, "type": "call"}, "date"), (sync.tasks, {"title": "A"}, "due_date"),
        (sync.tasks, {"title": "A"}, "customer_id"), (sync.leads, {"title": "A"}, "value"),
    ]  # fmt: skip
    for repository, row, field in given:
        with pytest.raises(TypeError, match=rf"\[0\]\.{field} must be .*NaTType"):
            repository.create_many([row | {field: pandas.NaT}])


def test_a_name_that_is_no_text_names_the_row(sync: crm.Crm) -> None:
    rows: Any = [{"name": "A"}, {"name": "B", 5: "x"}]
    with pytest.raises(TypeError, match=r"\[1\] has a field whose name is not a str but of type int"):
        sync.customers.create_many(rows)
    with pytest.raises(TypeError, match=r"the frame has an unknown column '\\ufeffnotes'"):
        sync.customers.create_many(pyarrow.table({"name": ["A"], "\ufeffnotes": ["x"]}))
