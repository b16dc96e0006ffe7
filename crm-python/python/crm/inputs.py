"""The dicts that `create_many` takes, for annotations: `rows: list[NewCustomer] = […]`."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date as Day
from datetime import datetime
from decimal import Decimal
from typing import Literal, TypedDict

Role = Literal["admin", "user"]
Stage = Literal["lead", "qualified", "proposal", "closed"]
TaskStatus = Literal["pending", "in-progress", "completed"]
Priority = Literal["low", "medium", "high"]
InteractionType = Literal["call", "email", "meeting", "note"]
Phase = Literal["counting", "dumping", "hashing", "schema", "loading", "indexing"]


class _NewUser(TypedDict):
    name: str
    email: str


class NewUser(_NewUser, total=False):
    """Is a new user; password or password_hash is required."""

    role: Role
    password: str | None
    password_hash: str | None


class _NewCustomer(TypedDict):
    name: str


class NewCustomer(_NewCustomer, total=False):
    """Is a new customer."""

    email: str | None
    phone: str | None
    company: str | None
    tags: Iterable[str]
    notes: str | None
    created_by: int | None


class _NewLead(TypedDict):
    title: str


class NewLead(_NewLead, total=False):
    """Is a new lead."""

    description: str | None
    stage: Stage
    value: Decimal | int | str | None
    customer_id: int | None
    assigned_to: int | None
    created_by: int | None


class _NewTask(TypedDict):
    title: str


class NewTask(_NewTask, total=False):
    """Is a new task."""

    description: str | None
    status: TaskStatus
    priority: Priority
    due_date: Day | None
    assigned_to: int | None
    customer_id: int | None
    created_by: int | None


class _NewInteraction(TypedDict):
    customer_id: int
    type: InteractionType


class NewInteraction(_NewInteraction, total=False):
    """Is a new interaction; without a date it is now."""

    notes: str | None
    date: datetime | None
    created_by: int | None
