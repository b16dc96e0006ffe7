# Generated from crm-core's sources by `cargo xtask generate`. Do not edit.
"""The dicts that `create_many` takes, for annotations: `rows: list[NewCustomer] = […]`."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date as Day
from datetime import datetime
from decimal import Decimal
from typing import Literal, TypedDict

InteractionType = Literal["call", "email", "meeting", "note"]
Stage = Literal["lead", "qualified", "proposal", "closed"]
TaskStatus = Literal["pending", "in-progress", "completed"]
Priority = Literal["low", "medium", "high"]
Role = Literal["admin", "user"]


class _NewUser(TypedDict):
    name: str
    """The name, 1 to 255 characters."""
    email: str
    """The email, at most 254 characters, unique without regard to case."""


class NewUser(_NewUser, total=False):
    """A new row of `users`."""

    role: Role
    """What the user may do."""
    password: str | None
    """The password, or its hash in another system: `password` or `password_hash` must be given."""
    password_hash: str | None
    """The password, or its hash in another system: `password` or `password_hash` must be given."""


class _NewCustomer(TypedDict):
    name: str
    """The name, 1 to 255 characters."""


class NewCustomer(_NewCustomer, total=False):
    """A new row of `customers`."""

    email: str | None
    """The email."""
    phone: str | None
    """The phone number: at least 3 digits of any script, at most 50 characters. Spaces, dashes and digits become ASCII."""
    company: str | None
    """The company, at most 255 characters."""
    tags: Iterable[str]
    """At most 100 tags of at most 64 characters; duplicates without regard to case are dropped."""
    notes: str | None
    """Notes, at most 100,000 characters."""
    created_by: int | None
    """Who made the row; only the trusted system says so, an acting handle leaves it out."""


class _NewLead(TypedDict):
    title: str
    """The title, 1 to 255 characters."""


class NewLead(_NewLead, total=False):
    """A new row of `leads`."""

    description: str | None
    """What it is about, at most 100,000 characters."""
    stage: Stage
    """How far it has come."""
    value: Decimal | int | str | None
    """What it is worth: 0 to 99,999,999.99, at most two decimals."""
    customer_id: int | None
    """Whose lead it is."""
    assigned_to: int | None
    """Who works on it."""
    created_by: int | None
    """Who made the row; only the trusted system says so, an acting handle leaves it out."""


class _NewTask(TypedDict):
    title: str
    """The title, 1 to 255 characters."""


class NewTask(_NewTask, total=False):
    """A new row of `tasks`."""

    description: str | None
    """What is to be done, at most 100,000 characters."""
    status: TaskStatus
    """Whether it is done."""
    priority: Priority
    """How much it matters."""
    due_date: Day | None
    """The day by which it should be done, in the years 0001 to 9999."""
    assigned_to: int | None
    """Who has to do it."""
    customer_id: int | None
    """Whom it is about."""
    created_by: int | None
    """Who made the row; only the trusted system says so, an acting handle leaves it out."""


class _NewInteraction(TypedDict):
    customer_id: int
    """With whom."""
    type: InteractionType
    """What kind of contact it was."""


class NewInteraction(_NewInteraction, total=False):
    """A new row of `interactions`."""

    notes: str | None
    """What was said, at most 100,000 characters."""
    date: datetime | None
    """When it was, in the years 0001 to 9999; None means now."""
    created_by: int | None
    """Who made the row; only the trusted system says so, an acting handle leaves it out."""
