"""Each operation, through both faces."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import crm
import pytest

MOMENT = datetime(2026, 1, 2, 3, 4, 5, 678000, timezone.utc)
PASSWORD = "correct horse"


def user(c: Any, email: str = "ann@example.com", **fields: Any) -> crm.User:
    return c.users.create("Ann", email, password=PASSWORD, **fields)  # type: ignore[no-any-return]


def test_create_returns_each_entity_as_stored(c: Any) -> None:
    ann = user(c, role="admin")
    assert (ann.name, ann.email, ann.role, ann.deactivated_at, ann.version) == ("Ann", "ann@example.com", "admin", None, 1)
    acme = c.customers.create(
        " Acme ", email="a@b.co", phone="+1-555", company="A", tags=["x", "X", "y"], notes="n", created_by=ann.id
    )
    assert (acme.name, acme.email, acme.phone, acme.company, acme.tags, acme.notes, acme.created_by) == (
        "Acme", "a@b.co", "+1-555", "A", ["x", "y"], "n", ann.id
    )
    lead = c.leads.create(
        "Deal", description="d", stage="proposal", value="12.5", customer_id=acme.id, assigned_to=ann.id
    )
    assert (lead.stage, lead.value, lead.customer_id, lead.assigned_to) == ("proposal", Decimal("12.50"), acme.id, ann.id)
    task = c.tasks.create(
        "Call", status="in-progress", priority="high", due_date=date(2026, 1, 2), customer_id=acme.id
    )
    assert (task.status, task.priority, task.due_date) == ("in-progress", "high", date(2026, 1, 2))
    met = c.interactions.create(acme.id, "meeting", notes="n", date=MOMENT, created_by=ann.id)
    assert (met.customer_id, met.type, met.notes, met.date, met.created_by) == (acme.id, "meeting", "n", MOMENT, ann.id)
    for made in (ann, acme, lead, task, met):
        assert abs(datetime.now(timezone.utc) - made.created_at) < timedelta(minutes=5)
    for repository, made in [
        (c.users, ann), (c.customers, acme), (c.leads, lead), (c.tasks, task), (c.interactions, met)
    ]:
        assert repository.get(made.id) == repository.find(made.id) == made
        assert repository.get_many([made.id, 999, made.id]) == [made, made]
        assert list(repository.list()) == list(repository.stream()) == [made]
        assert repository.count(ids=made.id) == 1
        assert repository.count(ids=[]) == 0
        assert repository.find(999) is None


@pytest.mark.parametrize("name", ["users", "customers", "leads", "tasks", "interactions"])
def test_a_row_that_is_not_there_is_not_found(c: Any, name: str) -> None:
    repository = getattr(c, name)
    calls: list[Callable[[], object]] = [
        lambda: repository.get(7),
        lambda: repository.update(7),
        lambda: repository.delete(7),
    ]
    for call in calls:
        with pytest.raises(crm.NotFoundError) as raised:
            call()
        assert (raised.value.code, raised.value.entity, raised.value.id) == ("not_found", name[:-1], 7)


def test_update_changes_what_is_given_and_clears_what_is_none(c: Any) -> None:
    acme = c.customers.create("Acme", phone="+1-555", company="A", tags=["x"])
    changed = c.customers.update(acme.id, phone=None, company="B", tags=None)
    assert (changed.name, changed.phone, changed.company, changed.tags, changed.version) == ("Acme", None, "B", [], 2)
    assert c.customers.update(acme.id) == changed
    with pytest.raises(crm.ConflictError) as stale:
        c.customers.update(acme.id, name="C", expected_version=1)
    assert (stale.value.current_version, stale.value.field) == (2, None)
    assert c.customers.update(acme.id, name="C", expected_version=2).version == 3
    ann = user(c)
    assert c.users.update(ann.id, name="Anna", role="admin").role == "admin"
    lead = c.leads.create("Deal", value=5)
    assert c.leads.update(lead.id, value=Decimal("7.10"), stage="closed").value == Decimal("7.10")
    task = c.tasks.create("T", due_date=date(2026, 1, 1))
    assert c.tasks.update(task.id, due_date=None, assigned_to=ann.id).due_date is None
    met = c.interactions.create(acme.id, "call")
    assert c.interactions.update(met.id, type="note", date=MOMENT).date == MOMENT


def test_delete_takes_the_row(c: Any) -> None:
    acme = c.customers.create("Acme")
    assert c.customers.delete(acme.id) is None
    assert c.customers.find(acme.id) is None


def test_lists_page_through_all_rows_in_order(c: Any) -> None:
    c.customers.create_many([{"name": f"c{n % 7}"} for n in range(25)])
    seen: list[crm.Customer] = []
    cursor = None
    while True:
        page = c.customers.list(order="-name", limit=10, cursor=cursor)
        seen.extend(page)
        assert len(page) == len(page.items) and page[0] == page.items[0]
        cursor = page.next_cursor
        if cursor is None:
            break
    assert [(row.name, row.id) for row in seen] == sorted(((row.name, row.id) for row in seen), reverse=True)
    assert len(seen) == 25
    assert seen == list(c.customers.stream(order="-name"))


def test_streams_hold_any_number_of_rows(c: Any) -> None:
    c.customers.create_many({"name": f"c{n}"} for n in range(3500))
    assert [row.name for row in c.customers.stream(order="id")] == [f"c{n}" for n in range(3500)]


FILTERS: list[tuple[str, dict[str, Any], int]] = [
    ("users", {"role": "admin"}, 1),
    ("users", {"email": ["BOB@example.com", "x@example.com"]}, 1),
    ("customers", {"tags_any": ["a", "z"]}, 2),
    ("customers", {"tags_all": ["a", "b"]}, 1),
    ("customers", {"company": "Acme Corp"}, 1),
    ("customers", {"email": "hello@example.com"}, 1),
    ("customers", {"text": "acm cor"}, 1),
    ("customers", {"created_since": MOMENT, "created_until": datetime(9999, 1, 1, tzinfo=timezone.utc)}, 2),
    ("customers", {"updated_until": MOMENT}, 0),
    ("leads", {"stage": ["lead", "closed"]}, 2),
    ("leads", {"customer_id": 1}, 1),
    ("leads", {"assigned_to": 1}, 1),
    ("leads", {"unassigned": True}, 1),
    ("leads", {"min_value": "5.00", "max_value": 10}, 1),
    ("leads", {"text": "big"}, 1),
    ("tasks", {"status": "pending", "priority": "high"}, 1),
    ("tasks", {"assigned_to": [1, 2]}, 1),
    ("tasks", {"unassigned": True, "customer_id": [1, 2]}, 1),
    ("tasks", {"due_since": date(2026, 1, 1), "due_until": date(2026, 1, 1)}, 1),
    ("tasks", {"text": "ring"}, 1),
    ("interactions", {"type": "call"}, 1),
    ("interactions", {"customer_id": [1]}, 2),
    ("interactions", {"created_by": 1}, 1),
    ("interactions", {"date_since": MOMENT, "date_until": MOMENT + timedelta(seconds=1)}, 1),
    ("interactions", {"text": "hello"}, 1),
]


def test_each_filter_selects_and_frames_agree(c: Any) -> None:
    ann, bob = user(c, role="admin"), user(c, "bob@example.com")
    c.customers.create("Acme", company="Acme Corp", tags=["a", "b"])
    c.customers.create("Tech", email="hello@example.com", tags=["a"])
    c.leads.create("Big deal", customer_id=1, assigned_to=ann.id, value=10)
    c.leads.create("Small", stage="closed", value="4.99")
    c.tasks.create("Ring", priority="high", due_date=date(2026, 1, 1), assigned_to=bob.id)
    c.tasks.create("Wait", status="completed", customer_id=1)
    c.interactions.create(1, "call", date=MOMENT, created_by=ann.id, notes="hello there")
    c.interactions.create(1, "note")
    for name, options, count in FILTERS:
        repository = getattr(c, name)
        assert repository.count(**options) == count, (name, options)
        listed = repository.list(**options, order="id").items
        assert len(listed) == count, (name, options)
        assert list(repository.stream(**options, order="id")) == listed
        frame = getattr(c.frames, name)(**options, order="id")
        assert frame.to_pyarrow().to_pylist() == [row.to_dict() for row in listed], (name, options)


def test_users_log_in_and_change_their_passwords(c: Any) -> None:
    ann = user(c)
    assert c.users.find_by_email("ANN@example.com") == ann
    assert c.users.find_by_email("bob@example.com") is None
    assert c.users.authenticate("ann@example.com", PASSWORD).id == ann.id
    for email, password in [("ann@example.com", "wrong"), ("bob@example.com", PASSWORD)]:
        with pytest.raises(crm.InvalidCredentialsError):
            c.users.authenticate(email, password)
    # A surrogate that stands alone is no text, and so a wrong password, even where its replacement would be the right one.
    replaced = c.users.create("Eve", "eve@example.com", password=f"{PASSWORD}\ufffd")
    for email, password in [
        ("ann@example.com", f"{PASSWORD}\ud800"), ("eve@example.com", f"{PASSWORD}\ud800"), ("ann@example.com\udc00", PASSWORD)
    ]:
        with pytest.raises(crm.InvalidCredentialsError):
            c.users.authenticate(email, password)
    with pytest.raises(crm.InvalidCredentialsError):
        c.users.change_password(replaced.id, f"{PASSWORD}\udfff", "battery staple")
    with pytest.raises(TypeError):
        c.users.authenticate("ann@example.com", 7)
    c.users.change_password(ann.id, PASSWORD, "battery staple")
    c.users.set_password(ann.id, "another secret")
    with pytest.raises(crm.ValidationError) as short:
        c.users.set_password(ann.id, "short")
    assert [(v.field, v.code) for v in short.value.violations] == [("new_password", "too_short")]
    assert c.users.deactivate(ann.id).deactivated_at is not None
    with pytest.raises(crm.InvalidCredentialsError):
        c.users.authenticate("ann@example.com", "another secret")
    assert c.users.reactivate(ann.id).deactivated_at is None
    bcrypt = "$2b$04$......................jLPbfqv0kxY.cPVwQM5KYT.wKkEuLUC"
    assert c.users.create("Old", "old@example.com", password_hash=bcrypt).name == "Old"
    with pytest.raises(crm.ConflictError) as taken:
        c.users.create("Ann", "Ann@Example.com", password=PASSWORD)
    assert taken.value.field == "email"


def test_tags_are_added_removed_and_counted(c: Any) -> None:
    acme = c.customers.create("Acme", tags=["a"])
    assert c.customers.add_tags(acme.id, ["A", "b"]).tags == ["a", "b"]
    assert c.customers.remove_tags(acme.id, ["B"]).tags == ["a"]
    assert c.customers.tag_counts() == [crm.TagCount(tag="a", count=1)]


def test_stages_and_statuses_move(c: Any) -> None:
    lead, task = c.leads.create("Deal"), c.tasks.create("Call")
    assert c.leads.move_to(lead.id, "closed").stage == "closed"
    assert c.tasks.start(task.id).status == "in-progress"
    assert c.tasks.complete(task.id).status == "completed"
    assert c.tasks.reopen(task.id).status == "pending"


def test_reports_answer_alone_and_together(c: Any) -> None:
    acme, quiet = c.customers.create("Acme"), c.customers.create("Quiet")
    c.interactions.create(acme.id, "call", date=MOMENT)
    lead = c.leads.create("Deal", customer_id=acme.id, value="12.50")
    task = c.tasks.create("Late", customer_id=acme.id, due_date=date(2026, 1, 1), priority="high")
    overview = c.customers.overview(acme.id)
    assert (overview.customer, overview.open_leads, overview.open_tasks) == (acme, [lead], [task])
    assert [met.date for met in overview.recent_interactions] == [MOMENT]
    assert c.customers.overview(acme.id, recent=0).recent_interactions == []
    activity = c.reports.customer_activity(limit=1)
    assert [(row.id, row.interaction_count, row.last_interaction) for row in activity] == [(acme.id, 1, MOMENT)]
    rest = c.reports.customer_activity(cursor=activity.next_cursor)
    assert [(row.name, row.interaction_count, row.last_interaction) for row in rest] == [("Quiet", 0, None)]
    assert len(c.reports.customer_activity(include_inactive=False)) == 1
    pipeline = c.reports.pipeline()
    assert [(row.stage, row.count, row.total_value) for row in pipeline] == [
        ("lead", 1, Decimal("12.50")), ("qualified", 0, Decimal("0.00")),
        ("proposal", 0, Decimal("0.00")), ("closed", 0, Decimal("0.00")),
    ]
    due = c.reports.due_tasks(date(2026, 1, 2))
    assert [(row.id, row.customer_name, row.assigned_to_name, row.overdue) for row in due] == [(task.id, "Acme", None, True)]
    assert len(c.reports.due_tasks(date(2025, 1, 1), within_days=365, statuses="pending")) == 1
    assert len(c.reports.due_tasks(date(2026, 1, 2), statuses=["completed"])) == 0
    snapshot = c.reports.snapshot(date(2026, 1, 2))
    assert snapshot.pipeline == pipeline and snapshot.due_tasks == due
    assert [row.id for row in snapshot.customer_activity] == [acme.id, quiet.id]
    assert c.frames.pipeline().to_pyarrow().to_pylist() == [row.to_dict() for row in pipeline]
    assert c.frames.due_tasks(date(2026, 1, 2)).to_pyarrow().to_pylist() == [row.to_dict() for row in due]
    everyone = [row.to_dict() for row in snapshot.customer_activity]
    assert c.frames.customer_activity().to_pyarrow().to_pylist() == everyone
    assert c.frames.customer_activity(include_inactive=False).to_pyarrow().num_rows == 1


def test_a_transaction_is_all_or_nothing(c: Any) -> None:
    with c.transaction() as tx:
        acme = tx.customers.create("Acme")
        assert tx.reports.pipeline()[0].count == 0
        assert tx.frames.customers().to_pyarrow().num_rows == 1
        with pytest.raises(crm.NotFoundError):
            tx.customers.get(99)
    assert c.customers.get(acme.id) == acme
    with pytest.raises(ZeroDivisionError):
        with c.transaction() as tx:
            tx.customers.create("Lost")
            raise ZeroDivisionError
    with c.transaction() as tx:
        tx.customers.create("Taken back")
        tx.rollback()
        with pytest.raises(crm.ClosedError):
            tx.customers.count()
    assert c.customers.count() == 1
    with pytest.raises(crm.ClosedError):
        with c.transaction() as tx:
            with pytest.raises(crm.MissingReferenceError) as missing:
                tx.leads.create("Deal", customer_id=99)
            assert missing.value.field == "customer_id"
    with pytest.raises(crm.ClosedError):
        c.transaction().customers.count()


def test_acting_handles_have_their_users_rights(c: Any) -> None:
    ann = user(c)
    acting = c.acting_as(ann.id)
    assert acting.actor == ann.id
    acme = acting.customers.create("Acme")
    assert (acme.created_by, acme.updated_by) == (ann.id, ann.id)
    assert len(acting.customers.create_many([{"name": "a"}, {"name": "b"}])) == 2
    with pytest.raises(crm.PermissionDeniedError) as denied:
        acting.customers.delete(acme.id)
    assert isinstance(denied.value, PermissionError)
    with pytest.raises(crm.PermissionDeniedError):
        acting.customers.create("Forged", created_by=ann.id)
    with acting.transaction() as tx:
        assert tx.leads.create("Deal").created_by == ann.id
    assert acting.frames.customers().to_pyarrow().num_rows == 3
    with pytest.raises(crm.PermissionDeniedError):
        c.acting_as(99).customers.count()


def test_the_schema_goes_up_and_down(open_face: Callable[..., Any], bare_url: str) -> None:
    c = open_face(bare_url)
    with pytest.raises(crm.SchemaError):
        c.customers.count()
    assert c.schema_version() is None
    pending = c.pending_migrations()
    assert all(isinstance(step, crm.Migration) for step in pending)
    c.migrate()
    assert c.schema_version() == pending[-1].version
    assert c.pending_migrations() == []
    c.migrate_to(pending[0].version)
    assert c.schema_version() == pending[0].version
    with pytest.raises(crm.ValidationError):
        c.migrate_to(5)
    c.migrate_to(0)
    c.migrate()
    assert c.customers.count() == 0


def test_sample_rows_are_loaded_once_and_their_passwords_told_once(c: Any) -> None:
    seeded = c.seed(user=PASSWORD)
    assert c.users.authenticate("user@crm.com", PASSWORD).name == "Regular User"
    assert c.users.authenticate("admin@crm.com", seeded.admin).role == "admin"
    assert seeded.admin not in repr(seeded)
    assert c.seed() is None
    assert c.url is None


def test_a_closed_handle_says_so(c: Any) -> None:
    c.close()
    c.close()
    with pytest.raises(crm.ClosedError):
        c.customers.count()


def test_reports_and_frames_are_a_replicas_outside_a_transaction(
    open_face: Callable[..., Any], server: Callable[[bool], str]
) -> None:
    primary, replica = server(True), server(True)
    open_face(replica).leads.create("The replica's")
    c = open_face(primary, replica=replica)
    assert sum(stage.count for stage in c.reports.pipeline()) == 1
    assert c.frames.leads().to_pyarrow().num_rows == 1
    assert c.leads.count() == 0
    with c.transaction() as tx:
        assert sum(stage.count for stage in tx.reports.pipeline()) == 0
    bounded = open_face(primary, replica=replica, max_staleness=60.0)
    assert sum(stage.count for stage in bounded.reports.pipeline()) == 0, "it is no replica that is known to be fresh"
    away = open_face(primary, replica="postgres://nobody@127.0.0.1:1/nowhere")
    assert sum(stage.count for stage in away.reports.pipeline()) == 0
    for option, value in [("replica", "nonsense"), ("max_staleness", 1.0)]:
        with pytest.raises(crm.ValidationError) as wrong:
            open_face(primary, **{option: value})
        assert wrong.value.violations[0].field == option
