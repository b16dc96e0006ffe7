"""Records, pages and errors as Python values."""

from __future__ import annotations

import copy
import inspect
import pickle
import sys
from datetime import datetime, timezone
from typing import Any

import crm
import pytest

RECORDS: list[Any] = [
    crm.User, crm.Customer, crm.Lead, crm.Task, crm.Interaction, crm.CustomerActivity, crm.CustomerOverview, crm.DueTask,
    crm.PipelineStage, crm.TagCount, crm.Migration, crm.Violation,
]


@pytest.fixture
def acme(sync: crm.Crm) -> crm.Customer:
    return sync.customers.create("Acme", email="a@b.co", tags=["x"])


def test_records_are_frozen_values(acme: crm.Customer, sync: crm.Crm) -> None:
    again = sync.customers.get(acme.id)
    assert acme == again and hash(acme) == hash(again) and acme is not again
    assert acme != acme.replace(name="B") and acme != 5
    assert {acme, again} == {acme}
    with pytest.raises(AttributeError):
        acme.name = "B"  # type: ignore[misc]
    acme.tags.append("y")
    assert acme.tags == ["x"]
    assert repr(acme).startswith("Customer(id=1, name='Acme', email='a@b.co', phone=None,")
    assert eval(repr(crm.TagCount(tag="x", count=1)), {"TagCount": crm.TagCount}) == crm.TagCount(tag="x", count=1)


def test_records_are_copied_changed_pickled_and_matched(acme: crm.Customer, sync: crm.Crm) -> None:
    changed = acme.replace(name="B", phone=None)
    assert (changed.name, changed.id) == ("B", acme.id)
    with pytest.raises(TypeError):
        acme.replace(nmae="B")  # type: ignore[call-arg]
    if sys.version_info >= (3, 13):
        assert copy.replace(acme, name="B") == changed  # type: ignore[type-var]
    overview = sync.customers.overview(acme.id)
    for value in (acme, overview, sync.customers.list(), sync.reports.pipeline()[0]):
        assert pickle.loads(pickle.dumps(value)) == value
    match acme:
        case crm.Customer(id=1, name=name, tags=[tag]):
            assert (name, tag) == ("Acme", "x")
        case _:
            pytest.fail("the pattern fits")
    fields: dict[str, Any] = acme.to_dict()
    assert crm.Customer(**fields) == acme
    assert overview.to_dict()["customer"] == acme.to_dict()
    assert sync.customers.list().to_dict() == {"items": [acme.to_dict()], "next_cursor": None}


@pytest.mark.parametrize("record", RECORDS)
def test_every_field_of_a_record_is_documented_and_can_be_matched(record: Any) -> None:
    fields = [name for name, value in vars(record).items() if inspect.isgetsetdescriptor(value)]
    assert set(fields) == set(record.__match_args__) and len(fields) == len(record.__match_args__)
    assert record.__doc__
    for field in fields:
        assert getattr(record, field).__doc__, field


def test_moments_of_a_record_may_be_of_any_zone() -> None:
    moment = datetime(2026, 1, 1, tzinfo=timezone.utc)
    row = crm.Interaction(
        id=1, customer_id=1, type="call", notes=None, date=moment.astimezone(), created_by=None, created_at=moment, version=1
    )
    assert row.date == moment


def test_everything_public_is_documented() -> None:
    for name in crm.__all__:
        value = getattr(crm, name)
        if inspect.isclass(value):
            assert value.__doc__, name
            for member, function in inspect.getmembers(value):
                if not member.startswith("_") and callable(function) and value.__module__.startswith("crm"):
                    assert function.__doc__, f"{name}.{member}"


def test_errors_pickle_and_tell_whether_to_try_again(sync: crm.Crm) -> None:
    with pytest.raises(crm.NotFoundError) as missing:
        sync.customers.get(7)
    with pytest.raises(crm.ValidationError) as invalid:
        sync.customers.create("")
    with pytest.raises(crm.UnavailableError) as down:
        crm.connect("postgres://nobody@127.0.0.1:1/nothing")
    for error, code, retryable, base in [
        (missing.value, "not_found", False, LookupError),
        (invalid.value, "validation", False, ValueError),
        (down.value, "unavailable", True, ConnectionError),
    ]:
        assert (error.code, error.retryable) == (code, retryable)
        assert isinstance(error, base) and isinstance(error, crm.CrmError)
        again = pickle.loads(pickle.dumps(error))
        assert type(again) is type(error) and vars(again) == vars(error) and str(again) == str(error)
    assert down.value.__cause__ is not None
    assert crm.UnavailableError("x", outcome_unknown=True).retryable is False


def test_the_exceptions_are_those_of_the_contract() -> None:
    from crm import errors

    statuses = {
        value.code: value.status
        for value in vars(errors).values()
        if inspect.isclass(value) and issubclass(value, crm.CrmError) and "code" in vars(value)
    }
    assert statuses == {
        "validation": 400, "invalid_credentials": 401, "permission_denied": 403, "not_found": 404, "conflict": 409,
        "missing_reference": 422, "internal": 500, "unavailable": 503, "serialization": 503, "schema": 503, "closed": 503,
        "timeout": 504,
    }


def test_a_url_is_asked_for_by_name(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.delenv("CRM_DATABASE_URL", raising=False)
    with pytest.raises(crm.ValidationError) as missing:
        crm.connect()
    assert missing.value.violations[0].field == "url" and "CRM_DATABASE_URL" in str(missing.value)
    monkeypatch.setenv("CRM_DATABASE_URL", url)
    with crm.connect(application_name="x", max_connections=2, statement_timeout=5.0, sslmode="disable") as c:
        assert c.customers.count() == 0
    for options, field in [
        ({"max_connections": 0}, "max_connections"),
        ({"sslmode": "yes"}, "sslmode"),
        ({"acquire_timeout": -1.0}, "acquire_timeout"),
        ({"concurrent_hashings": 0}, "concurrent_hashings"),
    ]:
        with pytest.raises(crm.ValidationError) as wrong:
            crm.connect(url, **options)  # type: ignore[arg-type]
        assert wrong.value.violations[0].field == field
    for given, field in [
        ({"url": "postgres://app:hunter2@h/d?sslmod=require"}, "url"),
        ({"url": url, "replica": "postgres://app:hunter2@h/d?sslmod=require"}, "replica"),
    ]:
        with pytest.raises(crm.ValidationError) as unknown:
            crm.connect(**given)  # type: ignore[arg-type]
        assert unknown.value.violations[0].field == field
        assert "sslmod" in str(unknown.value) and "hunter2" not in str(unknown.value)
    with crm.connect(url + "&connection_limit=1&pool_timeout=1&pgbouncer=true&keepalives=1") as limited:
        with limited.transaction(), pytest.raises(crm.CrmTimeoutError):
            limited.customers.count()
        with crm.connect(url + "&connection_limit=1&pool_timeout=1", max_connections=2) as two, two.transaction():
            assert two.customers.count() == 0
