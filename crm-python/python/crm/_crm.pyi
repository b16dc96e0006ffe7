# Written by stubs.py; do not edit.
"""Is the native half of the package."""

import builtins
import datetime
import decimal
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Generator, Iterable, Iterator
from os import PathLike
from types import GenericAlias, TracebackType
from typing import Generic, Literal, Protocol, TypeAlias, TypeVar, final, overload

from typing_extensions import Self

from _typeshed import DataclassInstance

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

_T = TypeVar("_T")
_T_co = TypeVar("_T_co", covariant=True)
_Money: TypeAlias = decimal.Decimal | int | str
_Progress: TypeAlias = Callable[[int], object]

class _ArrowStream(Protocol):
    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object: ...

__all__ = ["Acting", "AsyncActing", "AsyncCrm", "AsyncCustomers", "AsyncFrames", "AsyncInteractions", "AsyncLeads", "AsyncReports", "AsyncRows", "AsyncTasks", "AsyncTransaction", "AsyncUsers", "Call", "Connecting", "Crm", "Customer", "CustomerActivity", "CustomerOverview", "Customers", "DueTask", "Frames", "Interaction", "Interactions", "Lead", "Leads", "Manifest", "Migration", "Page", "PipelineStage", "Progress", "Reading", "Reports", "Rows", "Seeded", "Snapshot", "TagCount", "Task", "Tasks", "Transaction", "User", "Users", "Violation", "__version__", "_forked", "_pause", "_status", "connect", "embedded"]
__version__: str

@overload
def connect(asynchronous: Literal[False], url: str, options: dict[str, object]) -> Crm:
    """Connects to a database."""

@overload
def connect(asynchronous: Literal[True], url: str, options: dict[str, object]) -> Connecting:
    """Connects to a database."""

@overload
def embedded(asynchronous: Literal[False], path: str | None) -> Crm:
    """Starts a private PostgreSQL for this process and connects to it."""

@overload
def embedded(asynchronous: Literal[True], path: str | None) -> Connecting:
    """Starts a private PostgreSQL for this process and connects to it."""

def _forked() -> None:
    """Notes in the child that the process was forked."""

def _pause(attempts: int) -> float:
    """Returns for how many seconds to wait after so many runs of a transaction."""

def _status(code: str) -> int:
    """Returns the HTTP status of an error's code; 500 for a code of somebody else's."""

@final
class Call(Coroutine[object, None, _T_co]):
    """Is a call under way in asyncio: `await` it. Nothing happens before that, and cancelling the task stops the work."""

    def __class_getitem__(cls, key: object) -> GenericAlias: ...
    def __await__(self) -> Generator[object, None, _T_co]: ...
    def __next__(self) -> object: ...
    def send(self, value: object) -> object:
        """Goes on; asyncio does this."""
    def throw(self, typ: object, val: object = None, tb: TracebackType | None = None) -> object:
        """Ends the call with an exception; asyncio does this to cancel."""
    def close(self) -> None:
        """Ends the call."""

@final
class Connecting:
    """Is a connection being opened for asyncio: `await` it, or enter it with `async with`, which closes it at the end."""

    def __await__(self) -> Generator[object, None, AsyncCrm]: ...
    def __aenter__(self) -> Coroutine[object, None, AsyncCrm]: ...
    def __aexit__(self, *_exception: object) -> Call[None]: ...

@final
class Rows(Iterator[_T]):
    """Is the rows of a stream, one by one, all from one snapshot. It holds a connection until it ends, is closed or is
    forgotten.
    """

    def __class_getitem__(cls, key: object) -> GenericAlias: ...
    def __iter__(self) -> Self: ...
    def __next__(self) -> _T: ...
    def close(self) -> None:
        """Ends the stream and gives its connection back."""

@final
class AsyncRows(AsyncIterator[_T]):
    """Is the rows of a stream, for `async for`, all from one snapshot. It holds a connection until it ends, is closed or is
    forgotten.
    """

    def __class_getitem__(cls, key: object) -> GenericAlias: ...
    def __aiter__(self) -> Self: ...
    def __anext__(self) -> Call[_T]: ...
    def aclose(self) -> Call[None]:
        """Ends the stream and gives its connection back."""

@final
class Reading:
    """Is what a frame reads: lazily and anew at each use, or what was read already."""

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object: ...
    def __arrow_c_schema__(self) -> object: ...
    def _failure(self) -> BaseException | None:
        """Returns the exception that ended the last reading, which others have turned into one of theirs, and forgets it."""

@final
class Page(Generic[_T]):
    """Is one page of a list: iterate over it, or take `items`; `next_cursor` leads to the next page and is None on the last."""

    def __class_getitem__(cls, key: object) -> GenericAlias: ...
    __match_args__: tuple[Literal["items"], Literal["next_cursor"]]
    def __new__(cls, items: builtins.list[_T], next_cursor: str | None) -> Self: ...
    @property
    def items(self) -> builtins.list[_T]:
        """The rows, in order."""
    @property
    def next_cursor(self) -> str | None:
        """Where the next page begins; None on the last one."""
    def __iter__(self) -> Iterator[_T]: ...
    def __len__(self) -> int: ...
    @overload
    def __getitem__(self, key: int, /) -> _T: ...
    @overload
    def __getitem__(self, key: slice, /) -> builtins.list[_T]: ...
    def __eq__(self, value: object, /) -> bool: ...
    def to_dict(self) -> dict[str, object]:
        """Returns the items as dicts, beside the cursor."""

@final
class Customer:
    """Is a customer."""

    __match_args__: tuple[Literal["id"], Literal["name"], Literal["email"], Literal["phone"], Literal["company"], Literal["tags"], Literal["notes"], Literal["created_by"], Literal["updated_by"], Literal["created_at"], Literal["updated_at"], Literal["version"]]
    def __new__(cls, id: int, name: str, email: str | None, phone: str | None, company: str | None, tags: builtins.list[str], notes: str | None, created_by: int | None, updated_by: int | None, created_at: datetime.datetime, updated_at: datetime.datetime, version: int) -> Self: ...
    @property
    def id(self) -> int:
        """The key."""
    @property
    def name(self) -> str:
        """The name, 1 to 255 characters."""
    @property
    def email(self) -> str | None:
        """The email; it need not be unique."""
    @property
    def phone(self) -> str | None:
        """The phone number as people write it, at most 50 characters."""
    @property
    def company(self) -> str | None:
        """The company, at most 255 characters."""
    @property
    def tags(self) -> builtins.list[str]:
        """At most 100 tags of at most 64 characters, in the order given."""
    @property
    def notes(self) -> str | None:
        """Notes, at most 100,000 characters."""
    @property
    def created_by(self) -> int | None:
        """Who made the row; None when the system did, or the user is gone."""
    @property
    def updated_by(self) -> int | None:
        """Who last changed the row; None when the system did, or the user is gone."""
    @property
    def created_at(self) -> datetime.datetime:
        """When the row was made."""
    @property
    def updated_at(self) -> datetime.datetime:
        """When the row was last changed."""
    @property
    def version(self) -> int:
        """Raised by one with every change."""
    def replace(self, *, id: int = ..., name: str = ..., email: str | None = ..., phone: str | None = ..., company: str | None = ..., tags: builtins.list[str] = ..., notes: str | None = ..., created_by: int | None = ..., updated_by: int | None = ..., created_at: datetime.datetime = ..., updated_at: datetime.datetime = ..., version: int = ...) -> Self:
        """Returns a copy with some fields changed; nothing is stored."""
    def __replace__(self, *, id: int = ..., name: str = ..., email: str | None = ..., phone: str | None = ..., company: str | None = ..., tags: builtins.list[str] = ..., notes: str | None = ..., created_by: int | None = ..., updated_by: int | None = ..., created_at: datetime.datetime = ..., updated_at: datetime.datetime = ..., version: int = ...) -> Self: ...
    def __eq__(self, value: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def to_dict(self) -> dict[str, object]:
        """Returns the fields as a dict, records within it too."""

@final
class TagCount:
    """Says how many customers have a tag."""

    __match_args__: tuple[Literal["tag"], Literal["count"]]
    def __new__(cls, tag: str, count: int) -> Self: ...
    @property
    def tag(self) -> str:
        """The tag, in this spelling."""
    @property
    def count(self) -> int:
        """How many customers have it."""
    def replace(self, *, tag: str = ..., count: int = ...) -> Self:
        """Returns a copy with some fields changed; nothing is stored."""
    def __replace__(self, *, tag: str = ..., count: int = ...) -> Self: ...
    def __eq__(self, value: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def to_dict(self) -> dict[str, object]:
        """Returns the fields as a dict, records within it too."""

@final
class CustomerOverview:
    """Is what one needs to know before calling a customer."""

    __match_args__: tuple[Literal["customer"], Literal["open_leads"], Literal["open_tasks"], Literal["recent_interactions"]]
    def __new__(cls, customer: Customer, open_leads: builtins.list[Lead], open_tasks: builtins.list[Task], recent_interactions: builtins.list[Interaction]) -> Self: ...
    @property
    def customer(self) -> Customer:
        """The customer."""
    @property
    def open_leads(self) -> builtins.list[Lead]:
        """The leads that are not closed, newest first."""
    @property
    def open_tasks(self) -> builtins.list[Task]:
        """The tasks that are not completed, newest first."""
    @property
    def recent_interactions(self) -> builtins.list[Interaction]:
        """The latest interactions, newest first."""
    def replace(self, *, customer: Customer = ..., open_leads: builtins.list[Lead] = ..., open_tasks: builtins.list[Task] = ..., recent_interactions: builtins.list[Interaction] = ...) -> Self:
        """Returns a copy with some fields changed; nothing is stored."""
    def __replace__(self, *, customer: Customer = ..., open_leads: builtins.list[Lead] = ..., open_tasks: builtins.list[Task] = ..., recent_interactions: builtins.list[Interaction] = ...) -> Self: ...
    def __eq__(self, value: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def to_dict(self) -> dict[str, object]:
        """Returns the fields as a dict, records within it too."""

@final
class Interaction:
    """Is one contact with a customer."""

    __match_args__: tuple[Literal["id"], Literal["customer_id"], Literal["type"], Literal["notes"], Literal["date"], Literal["created_by"], Literal["created_at"], Literal["version"]]
    def __new__(cls, id: int, customer_id: int, type: InteractionType, notes: str | None, date: datetime.datetime, created_by: int | None, created_at: datetime.datetime, version: int) -> Self: ...
    @property
    def id(self) -> int:
        """The key."""
    @property
    def customer_id(self) -> int:
        """With whom; it goes with the customer."""
    @property
    def type(self) -> InteractionType:
        """What kind of contact it was: 'call', 'email', 'meeting' or 'note'."""
    @property
    def notes(self) -> str | None:
        """What was said, at most 100,000 characters."""
    @property
    def date(self) -> datetime.datetime:
        """When it was."""
    @property
    def created_by(self) -> int | None:
        """Who made the row; None when the system did, or the user is gone."""
    @property
    def created_at(self) -> datetime.datetime:
        """When the row was made."""
    @property
    def version(self) -> int:
        """Raised by one with every change."""
    def replace(self, *, id: int = ..., customer_id: int = ..., type: InteractionType = ..., notes: str | None = ..., date: datetime.datetime = ..., created_by: int | None = ..., created_at: datetime.datetime = ..., version: int = ...) -> Self:
        """Returns a copy with some fields changed; nothing is stored."""
    def __replace__(self, *, id: int = ..., customer_id: int = ..., type: InteractionType = ..., notes: str | None = ..., date: datetime.datetime = ..., created_by: int | None = ..., created_at: datetime.datetime = ..., version: int = ...) -> Self: ...
    def __eq__(self, value: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def to_dict(self) -> dict[str, object]:
        """Returns the fields as a dict, records within it too."""

@final
class Lead:
    """Is a deal on its way through the sales pipeline."""

    __match_args__: tuple[Literal["id"], Literal["title"], Literal["description"], Literal["stage"], Literal["value"], Literal["customer_id"], Literal["assigned_to"], Literal["created_by"], Literal["updated_by"], Literal["created_at"], Literal["updated_at"], Literal["version"]]
    def __new__(cls, id: int, title: str, description: str | None, stage: Stage, value: decimal.Decimal | None, customer_id: int | None, assigned_to: int | None, created_by: int | None, updated_by: int | None, created_at: datetime.datetime, updated_at: datetime.datetime, version: int) -> Self: ...
    @property
    def id(self) -> int:
        """The key."""
    @property
    def title(self) -> str:
        """The title, 1 to 255 characters."""
    @property
    def description(self) -> str | None:
        """What it is about, at most 100,000 characters."""
    @property
    def stage(self) -> Stage:
        """How far it has come: 'lead', 'qualified', 'proposal' or 'closed'."""
    @property
    def value(self) -> decimal.Decimal | None:
        """What it is worth: 0 to 99,999,999.99, two decimals."""
    @property
    def customer_id(self) -> int | None:
        """Whose lead it is; it goes with the customer."""
    @property
    def assigned_to(self) -> int | None:
        """Who works on it."""
    @property
    def created_by(self) -> int | None:
        """Who made the row; None when the system did, or the user is gone."""
    @property
    def updated_by(self) -> int | None:
        """Who last changed the row; None when the system did, or the user is gone."""
    @property
    def created_at(self) -> datetime.datetime:
        """When the row was made."""
    @property
    def updated_at(self) -> datetime.datetime:
        """When the row was last changed."""
    @property
    def version(self) -> int:
        """Raised by one with every change."""
    def replace(self, *, id: int = ..., title: str = ..., description: str | None = ..., stage: Stage = ..., value: decimal.Decimal | None = ..., customer_id: int | None = ..., assigned_to: int | None = ..., created_by: int | None = ..., updated_by: int | None = ..., created_at: datetime.datetime = ..., updated_at: datetime.datetime = ..., version: int = ...) -> Self:
        """Returns a copy with some fields changed; nothing is stored."""
    def __replace__(self, *, id: int = ..., title: str = ..., description: str | None = ..., stage: Stage = ..., value: decimal.Decimal | None = ..., customer_id: int | None = ..., assigned_to: int | None = ..., created_by: int | None = ..., updated_by: int | None = ..., created_at: datetime.datetime = ..., updated_at: datetime.datetime = ..., version: int = ...) -> Self: ...
    def __eq__(self, value: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def to_dict(self) -> dict[str, object]:
        """Returns the fields as a dict, records within it too."""

@final
class Task:
    """Is something to do."""

    __match_args__: tuple[Literal["id"], Literal["title"], Literal["description"], Literal["status"], Literal["priority"], Literal["due_date"], Literal["assigned_to"], Literal["customer_id"], Literal["created_by"], Literal["updated_by"], Literal["created_at"], Literal["updated_at"], Literal["version"]]
    def __new__(cls, id: int, title: str, description: str | None, status: TaskStatus, priority: Priority, due_date: datetime.date | None, assigned_to: int | None, customer_id: int | None, created_by: int | None, updated_by: int | None, created_at: datetime.datetime, updated_at: datetime.datetime, version: int) -> Self: ...
    @property
    def id(self) -> int:
        """The key."""
    @property
    def title(self) -> str:
        """The title, 1 to 255 characters."""
    @property
    def description(self) -> str | None:
        """What is to be done, at most 100,000 characters."""
    @property
    def status(self) -> TaskStatus:
        """Whether it is done: 'pending', 'in-progress' or 'completed'."""
    @property
    def priority(self) -> Priority:
        """How much it matters: 'low', 'medium' or 'high'."""
    @property
    def due_date(self) -> datetime.date | None:
        """The day by which it should be done."""
    @property
    def assigned_to(self) -> int | None:
        """Who has to do it."""
    @property
    def customer_id(self) -> int | None:
        """Whom it is about; it goes with the customer."""
    @property
    def created_by(self) -> int | None:
        """Who made the row; None when the system did, or the user is gone."""
    @property
    def updated_by(self) -> int | None:
        """Who last changed the row; None when the system did, or the user is gone."""
    @property
    def created_at(self) -> datetime.datetime:
        """When the row was made."""
    @property
    def updated_at(self) -> datetime.datetime:
        """When the row was last changed."""
    @property
    def version(self) -> int:
        """Raised by one with every change."""
    def replace(self, *, id: int = ..., title: str = ..., description: str | None = ..., status: TaskStatus = ..., priority: Priority = ..., due_date: datetime.date | None = ..., assigned_to: int | None = ..., customer_id: int | None = ..., created_by: int | None = ..., updated_by: int | None = ..., created_at: datetime.datetime = ..., updated_at: datetime.datetime = ..., version: int = ...) -> Self:
        """Returns a copy with some fields changed; nothing is stored."""
    def __replace__(self, *, id: int = ..., title: str = ..., description: str | None = ..., status: TaskStatus = ..., priority: Priority = ..., due_date: datetime.date | None = ..., assigned_to: int | None = ..., customer_id: int | None = ..., created_by: int | None = ..., updated_by: int | None = ..., created_at: datetime.datetime = ..., updated_at: datetime.datetime = ..., version: int = ...) -> Self: ...
    def __eq__(self, value: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def to_dict(self) -> dict[str, object]:
        """Returns the fields as a dict, records within it too."""

@final
class User:
    """Is a person who works with the CRM. The password's hash is not among the fields and never leaves the database."""

    __match_args__: tuple[Literal["id"], Literal["name"], Literal["email"], Literal["role"], Literal["deactivated_at"], Literal["created_at"], Literal["updated_at"], Literal["version"]]
    def __new__(cls, id: int, name: str, email: str, role: Role, deactivated_at: datetime.datetime | None, created_at: datetime.datetime, updated_at: datetime.datetime, version: int) -> Self: ...
    @property
    def id(self) -> int:
        """The key."""
    @property
    def name(self) -> str:
        """The name, 1 to 255 characters."""
    @property
    def email(self) -> str:
        """The email, unique without regard to case."""
    @property
    def role(self) -> Role:
        """What the user may do: 'admin' or 'user'."""
    @property
    def deactivated_at(self) -> datetime.datetime | None:
        """When the user was deactivated; None while active."""
    @property
    def created_at(self) -> datetime.datetime:
        """When the row was made."""
    @property
    def updated_at(self) -> datetime.datetime:
        """When the row was last changed."""
    @property
    def version(self) -> int:
        """Raised by one with every change."""
    def replace(self, *, id: int = ..., name: str = ..., email: str = ..., role: Role = ..., deactivated_at: datetime.datetime | None = ..., created_at: datetime.datetime = ..., updated_at: datetime.datetime = ..., version: int = ...) -> Self:
        """Returns a copy with some fields changed; nothing is stored."""
    def __replace__(self, *, id: int = ..., name: str = ..., email: str = ..., role: Role = ..., deactivated_at: datetime.datetime | None = ..., created_at: datetime.datetime = ..., updated_at: datetime.datetime = ..., version: int = ...) -> Self: ...
    def __eq__(self, value: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def to_dict(self) -> dict[str, object]:
        """Returns the fields as a dict, records within it too."""

@final
class CustomerActivity:
    """Says how often and when a customer was last contacted."""

    __match_args__: tuple[Literal["id"], Literal["name"], Literal["email"], Literal["phone"], Literal["company"], Literal["tags"], Literal["notes"], Literal["created_by"], Literal["updated_by"], Literal["created_at"], Literal["updated_at"], Literal["version"], Literal["interaction_count"], Literal["last_interaction"]]
    def __new__(cls, id: int, name: str, email: str | None, phone: str | None, company: str | None, tags: builtins.list[str], notes: str | None, created_by: int | None, updated_by: int | None, created_at: datetime.datetime, updated_at: datetime.datetime, version: int, interaction_count: int, last_interaction: datetime.datetime | None) -> Self: ...
    @property
    def id(self) -> int:
        """The key."""
    @property
    def name(self) -> str:
        """The name, 1 to 255 characters."""
    @property
    def email(self) -> str | None:
        """The email; it need not be unique."""
    @property
    def phone(self) -> str | None:
        """The phone number as people write it, at most 50 characters."""
    @property
    def company(self) -> str | None:
        """The company, at most 255 characters."""
    @property
    def tags(self) -> builtins.list[str]:
        """At most 100 tags of at most 64 characters, in the order given."""
    @property
    def notes(self) -> str | None:
        """Notes, at most 100,000 characters."""
    @property
    def created_by(self) -> int | None:
        """Who made the row; None when the system did, or the user is gone."""
    @property
    def updated_by(self) -> int | None:
        """Who last changed the row; None when the system did, or the user is gone."""
    @property
    def created_at(self) -> datetime.datetime:
        """When the row was made."""
    @property
    def updated_at(self) -> datetime.datetime:
        """When the row was last changed."""
    @property
    def version(self) -> int:
        """Raised by one with every change."""
    @property
    def interaction_count(self) -> int:
        """How many interactions there are."""
    @property
    def last_interaction(self) -> datetime.datetime | None:
        """The moment of the latest; None when there is none."""
    def replace(self, *, id: int = ..., name: str = ..., email: str | None = ..., phone: str | None = ..., company: str | None = ..., tags: builtins.list[str] = ..., notes: str | None = ..., created_by: int | None = ..., updated_by: int | None = ..., created_at: datetime.datetime = ..., updated_at: datetime.datetime = ..., version: int = ..., interaction_count: int = ..., last_interaction: datetime.datetime | None = ...) -> Self:
        """Returns a copy with some fields changed; nothing is stored."""
    def __replace__(self, *, id: int = ..., name: str = ..., email: str | None = ..., phone: str | None = ..., company: str | None = ..., tags: builtins.list[str] = ..., notes: str | None = ..., created_by: int | None = ..., updated_by: int | None = ..., created_at: datetime.datetime = ..., updated_at: datetime.datetime = ..., version: int = ..., interaction_count: int = ..., last_interaction: datetime.datetime | None = ...) -> Self: ...
    def __eq__(self, value: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def to_dict(self) -> dict[str, object]:
        """Returns the fields as a dict, records within it too."""

@final
class PipelineStage:
    """Says how much is in one stage of the pipeline."""

    __match_args__: tuple[Literal["stage"], Literal["count"], Literal["total_value"]]
    def __new__(cls, stage: Stage, count: int, total_value: decimal.Decimal) -> Self: ...
    @property
    def stage(self) -> Stage:
        """The stage: 'lead', 'qualified', 'proposal' or 'closed'."""
    @property
    def count(self) -> int:
        """How many leads."""
    @property
    def total_value(self) -> decimal.Decimal:
        """What they are worth together, two decimals; zero when there is none."""
    def replace(self, *, stage: Stage = ..., count: int = ..., total_value: decimal.Decimal = ...) -> Self:
        """Returns a copy with some fields changed; nothing is stored."""
    def __replace__(self, *, stage: Stage = ..., count: int = ..., total_value: decimal.Decimal = ...) -> Self: ...
    def __eq__(self, value: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def to_dict(self) -> dict[str, object]:
        """Returns the fields as a dict, records within it too."""

@final
class DueTask:
    """Is a task that is due soon, with the names that a list shows."""

    __match_args__: tuple[Literal["id"], Literal["title"], Literal["description"], Literal["status"], Literal["priority"], Literal["due_date"], Literal["assigned_to"], Literal["customer_id"], Literal["created_by"], Literal["updated_by"], Literal["created_at"], Literal["updated_at"], Literal["version"], Literal["customer_name"], Literal["assigned_to_name"], Literal["overdue"]]
    def __new__(cls, id: int, title: str, description: str | None, status: TaskStatus, priority: Priority, due_date: datetime.date | None, assigned_to: int | None, customer_id: int | None, created_by: int | None, updated_by: int | None, created_at: datetime.datetime, updated_at: datetime.datetime, version: int, customer_name: str | None, assigned_to_name: str | None, overdue: bool) -> Self: ...
    @property
    def id(self) -> int:
        """The key."""
    @property
    def title(self) -> str:
        """The title, 1 to 255 characters."""
    @property
    def description(self) -> str | None:
        """What is to be done, at most 100,000 characters."""
    @property
    def status(self) -> TaskStatus:
        """Whether it is done: 'pending', 'in-progress' or 'completed'."""
    @property
    def priority(self) -> Priority:
        """How much it matters: 'low', 'medium' or 'high'."""
    @property
    def due_date(self) -> datetime.date | None:
        """The day by which it should be done."""
    @property
    def assigned_to(self) -> int | None:
        """Who has to do it."""
    @property
    def customer_id(self) -> int | None:
        """Whom it is about; it goes with the customer."""
    @property
    def created_by(self) -> int | None:
        """Who made the row; None when the system did, or the user is gone."""
    @property
    def updated_by(self) -> int | None:
        """Who last changed the row; None when the system did, or the user is gone."""
    @property
    def created_at(self) -> datetime.datetime:
        """When the row was made."""
    @property
    def updated_at(self) -> datetime.datetime:
        """When the row was last changed."""
    @property
    def version(self) -> int:
        """Raised by one with every change."""
    @property
    def customer_name(self) -> str | None:
        """The name of the customer it is about."""
    @property
    def assigned_to_name(self) -> str | None:
        """The name of the user who has to do it."""
    @property
    def overdue(self) -> bool:
        """Whether its day is before today and it is not completed."""
    def replace(self, *, id: int = ..., title: str = ..., description: str | None = ..., status: TaskStatus = ..., priority: Priority = ..., due_date: datetime.date | None = ..., assigned_to: int | None = ..., customer_id: int | None = ..., created_by: int | None = ..., updated_by: int | None = ..., created_at: datetime.datetime = ..., updated_at: datetime.datetime = ..., version: int = ..., customer_name: str | None = ..., assigned_to_name: str | None = ..., overdue: bool = ...) -> Self:
        """Returns a copy with some fields changed; nothing is stored."""
    def __replace__(self, *, id: int = ..., title: str = ..., description: str | None = ..., status: TaskStatus = ..., priority: Priority = ..., due_date: datetime.date | None = ..., assigned_to: int | None = ..., customer_id: int | None = ..., created_by: int | None = ..., updated_by: int | None = ..., created_at: datetime.datetime = ..., updated_at: datetime.datetime = ..., version: int = ..., customer_name: str | None = ..., assigned_to_name: str | None = ..., overdue: bool = ...) -> Self: ...
    def __eq__(self, value: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def to_dict(self) -> dict[str, object]:
        """Returns the fields as a dict, records within it too."""

@final
class Snapshot:
    """Is the three reports as they were at one moment."""

    __match_args__: tuple[Literal["customer_activity"], Literal["pipeline"], Literal["due_tasks"]]
    @property
    def customer_activity(self) -> Page[CustomerActivity]:
        """The customers by their last interaction."""
    @property
    def pipeline(self) -> builtins.list[PipelineStage]:
        """The four stages."""
    @property
    def due_tasks(self) -> Page[DueTask]:
        """The tasks that are due soon."""
    def to_dict(self) -> dict[str, object]:
        """Returns the fields as a dict, records within it too."""

@final
class Migration:
    """A step of the schema."""

    __match_args__: tuple[Literal["version"], Literal["description"]]
    def __new__(cls, version: int, description: str) -> Self: ...
    @property
    def version(self) -> int:
        """The version, by which the steps are ordered: a date and a number."""
    @property
    def description(self) -> str:
        """What it does, in a word."""
    def replace(self, *, version: int = ..., description: str = ...) -> Self:
        """Returns a copy with some fields changed; nothing is stored."""
    def __replace__(self, *, version: int = ..., description: str = ...) -> Self: ...
    def __eq__(self, value: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def to_dict(self) -> dict[str, object]:
        """Returns the fields as a dict, records within it too."""

@final
class Manifest:
    """Says what a backup holds."""

    __match_args__: tuple[Literal["taken_at"], Literal["library_version"], Literal["schema_version"], Literal["oldest_library"], Literal["server_version"], Literal["pg_dump_version"], Literal["bytes"], Literal["sha256"], Literal["rows"]]
    def __new__(cls, taken_at: datetime.datetime, library_version: str, schema_version: int, oldest_library: int, server_version: str, pg_dump_version: str, bytes: int, sha256: str, rows: dict[str, int]) -> Self: ...
    @property
    def taken_at(self) -> datetime.datetime:
        """The moment whose state it holds, by the server's clock."""
    @property
    def library_version(self) -> str:
        """The version of the library that made it."""
    @property
    def schema_version(self) -> int:
        """The version of the schema."""
    @property
    def oldest_library(self) -> int:
        """The last migration that the oldest library knows which may use it."""
    @property
    def server_version(self) -> str:
        """The version of the server."""
    @property
    def pg_dump_version(self) -> str:
        """The version of pg_dump."""
    @property
    def bytes(self) -> int:
        """The size of the dump."""
    @property
    def sha256(self) -> str:
        """The digest of the dump, in hexadecimal."""
    @property
    def rows(self) -> dict[str, int]:
        """How many rows each table of the schema crm has in it."""
    def replace(self, *, taken_at: datetime.datetime = ..., library_version: str = ..., schema_version: int = ..., oldest_library: int = ..., server_version: str = ..., pg_dump_version: str = ..., bytes: int = ..., sha256: str = ..., rows: dict[str, int] = ...) -> Self:
        """Returns a copy with some fields changed; nothing is stored."""
    def __replace__(self, *, taken_at: datetime.datetime = ..., library_version: str = ..., schema_version: int = ..., oldest_library: int = ..., server_version: str = ..., pg_dump_version: str = ..., bytes: int = ..., sha256: str = ..., rows: dict[str, int] = ...) -> Self: ...
    def __eq__(self, value: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def to_dict(self) -> dict[str, object]:
        """Returns the fields as a dict, records within it too."""

@final
class Progress:
    """Says how far a backup or a restore is."""

    __match_args__: tuple[Literal["phase"], Literal["table"], Literal["rows"], Literal["total_rows"], Literal["bytes"]]
    def __new__(cls, phase: Phase, table: str | None, rows: int, total_rows: int, bytes: int) -> Self: ...
    @property
    def phase(self) -> Phase:
        """What is being done: a backup is 'counting', 'dumping' and 'hashing', a restore 'hashing', 'schema', 'loading', 'indexing' and 'counting'."""
    @property
    def table(self) -> str | None:
        """The table whose rows are being dumped or loaded, such as 'customers'."""
    @property
    def rows(self) -> int:
        """How many rows are done. A backup learns of a table's rows when the table is done."""
    @property
    def total_rows(self) -> int:
        """How many rows there are; 0 while a backup still counts them."""
    @property
    def bytes(self) -> int:
        """How many bytes of the dump are written, or how many bytes of rows were sent to the server."""
    def replace(self, *, phase: Phase = ..., table: str | None = ..., rows: int = ..., total_rows: int = ..., bytes: int = ...) -> Self:
        """Returns a copy with some fields changed; nothing is stored."""
    def __replace__(self, *, phase: Phase = ..., table: str | None = ..., rows: int = ..., total_rows: int = ..., bytes: int = ...) -> Self: ...
    def __eq__(self, value: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def to_dict(self) -> dict[str, object]:
        """Returns the fields as a dict, records within it too."""

@final
class Violation:
    """Says that one field breaks one rule."""

    __match_args__: tuple[Literal["field"], Literal["code"], Literal["message"]]
    def __new__(cls, field: str, code: str, message: str) -> Self: ...
    @property
    def field(self) -> str:
        """The field, `[50].name` for the 51st row of a batch."""
    @property
    def code(self) -> str:
        """The rule: 'required', 'too_long', …"""
    @property
    def message(self) -> str:
        """The rule in words, without the field's name."""
    def replace(self, *, field: str = ..., code: str = ..., message: str = ...) -> Self:
        """Returns a copy with some fields changed; nothing is stored."""
    def __replace__(self, *, field: str = ..., code: str = ..., message: str = ...) -> Self: ...
    def __eq__(self, value: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def to_dict(self) -> dict[str, object]:
        """Returns the fields as a dict, records within it too."""

@final
class Seeded:
    """Tells the passwords of the two sample users. Nobody tells them again."""

    __match_args__: tuple[Literal["admin"], Literal["user"]]
    @property
    def admin(self) -> str:
        """Of admin@crm.com."""
    @property
    def user(self) -> str:
        """Of user@crm.com."""

@final
class Crm:
    """Is a CRM in a PostgreSQL database. `crm.connect` and `crm.embedded` make it; share it, all threads may use it."""

    def __enter__(self) -> Self: ...
    def __exit__(self, *_exception: object) -> None: ...
    def acting_as(self, user_id: int) -> Acting:
        """Returns a handle that does everything in the name of a user, with no more rights than the user's role has.

        Nothing is asked of the database yet: whether there is such a user is looked at on each operation.
        """
    def backup(self, path: str | PathLike[str], progress: Callable[[Progress], object] | None = None) -> Manifest:
        """Dumps the schema crm, whoever writes meanwhile, as it was at one moment: into a file for pg_restore, and beside it, as `<path>.json`, the
        manifest by which `restore` verifies it. Both are for their owner's eyes only: they hold the hashes of the passwords.

        The file gets its name when it is whole; what ends the call before that leaves nothing, and of a process that ends meanwhile the next backup there removes the rest. `progress` is called with a Progress now and
        then, in the thread of the call; what it raises ends the call. It needs pg_dump of the server's major version or a newer one.
        """
    def close(self) -> None:
        """Refuses further calls, waits for those under way, closes the connections and stops an embedded server. Doing it
        again changes nothing.
        """
    @property
    def customers(self) -> Customers:
        """Stores customers."""
    @property
    def frames(self) -> Frames:
        """Reads lists and reports as frames."""
    @property
    def interactions(self) -> Interactions:
        """Stores interactions."""
    @property
    def leads(self) -> Leads:
        """Stores leads."""
    def migrate(self) -> None:
        """Brings the schema to this library's version. It is safe when many processes start at once."""
    def migrate_to(self, version: int) -> None:
        """Brings the schema to a version, up or down. 0 takes all tables away, and the data with them."""
    def pending_migrations(self) -> builtins.list[Migration]:
        """Lists the migrations that the database does not have yet."""
    @property
    def reports(self) -> Reports:
        """Answers the reports."""
    def restore(self, path: str | PathLike[str], progress: Callable[[Progress], object] | None = None) -> Manifest:
        """Restores what `backup` has written into a database without a schema crm. Restore only what you trust: a dump is a program.

        It is one transaction, committed when all tables have as many rows as the manifest says; whatever ends it before that leaves the database
        as empty as it was. `progress` is called as that of `backup`. The schema is the dump's: `migrate` brings an older one up to date. It
        needs pg_restore of the major version that made the dump or a newer one.
        """
    def retry(self, work: Callable[[Transaction], _T], *, attempts: int = 10) -> _T:
        """Runs `work` in a transaction, commits it when it returns and hands on what it returned.

        Where `work` or the commit raises SerializationError, the transaction is rolled back and, after a pause of some
        milliseconds up to half a second, run again from the beginning, `attempts` times in all; then the last error is raised.
        So whatever `work` does beside the transaction is done again too. Any other exception rolls back and goes on as it is.

        At PostgreSQL's usual isolation, read committed, only deadlocks come out: two that read a row, compute and write it do not hinder
        each other, and one change is lost. Pass `expected_version` there, or connect with
        `?options[default_transaction_isolation]=serializable`.

        A SerializationError has to leave `work` to be seen: where it was swallowed, the commit raises ClosedError, and nothing is
        run again.
        """
    def schema_version(self) -> int | None:
        """Returns the version of the schema; None where it was never migrated or everything was taken away."""
    def seed(self, *, admin: str | None = None, user: str | None = None) -> Seeded | None:
        """Loads the sample rows once, and returns the passwords of the two sample users when it has, else None. A password
        left out is made up.
        """
    @property
    def tasks(self) -> Tasks:
        """Stores tasks."""
    def transaction(self) -> Transaction:
        """Prepares a transaction: `with crm.transaction() as tx:` commits at the end of the block and rolls back on an error."""
    @property
    def url(self) -> str | None:
        """Returns the URL of an embedded server, for other programs that want to look in; None of any other."""
    @property
    def users(self) -> Users:
        """Stores users."""

@final
class AsyncCrm:
    """Is a CRM in a PostgreSQL database, for asyncio. `crm.connect_async` and `crm.embedded_async` make it."""

    def __aenter__(self) -> Call[Self]: ...
    def __aexit__(self, *_exception: object) -> Call[None]: ...
    def acting_as(self, user_id: int) -> AsyncActing:
        """Returns a handle that does everything in the name of a user, with no more rights than the user's role has.

        Nothing is asked of the database yet: whether there is such a user is looked at on each operation.
        """
    def backup(self, path: str | PathLike[str], progress: Callable[[Progress], object] | None = None) -> Call[Manifest]:
        """Dumps the schema crm, whoever writes meanwhile, as it was at one moment: into a file for pg_restore, and beside it, as `<path>.json`, the
        manifest by which `restore` verifies it. Both are for their owner's eyes only: they hold the hashes of the passwords.

        The file gets its name when it is whole; what ends the call before that leaves nothing, and of a process that ends meanwhile the next backup there removes the rest. `progress` is called with a Progress now and
        then, in the thread of the call; what it raises ends the call. It needs pg_dump of the server's major version or a newer one.
        """
    def close(self) -> Call[None]:
        """Refuses further calls, waits for those under way, closes the connections and stops an embedded server. Doing it
        again changes nothing.
        """
    @property
    def customers(self) -> AsyncCustomers:
        """Stores customers."""
    @property
    def frames(self) -> AsyncFrames:
        """Reads lists and reports as frames."""
    @property
    def interactions(self) -> AsyncInteractions:
        """Stores interactions."""
    @property
    def leads(self) -> AsyncLeads:
        """Stores leads."""
    def migrate(self) -> Call[None]:
        """Brings the schema to this library's version. It is safe when many processes start at once."""
    def migrate_to(self, version: int) -> Call[None]:
        """Brings the schema to a version, up or down. 0 takes all tables away, and the data with them."""
    def pending_migrations(self) -> Call[builtins.list[Migration]]:
        """Lists the migrations that the database does not have yet."""
    @property
    def reports(self) -> AsyncReports:
        """Answers the reports."""
    def restore(self, path: str | PathLike[str], progress: Callable[[Progress], object] | None = None) -> Call[Manifest]:
        """Restores what `backup` has written into a database without a schema crm. Restore only what you trust: a dump is a program.

        It is one transaction, committed when all tables have as many rows as the manifest says; whatever ends it before that leaves the database
        as empty as it was. `progress` is called as that of `backup`. The schema is the dump's: `migrate` brings an older one up to date. It
        needs pg_restore of the major version that made the dump or a newer one.
        """
    def retry(self, work: Callable[[AsyncTransaction], Awaitable[_T]], *, attempts: int = 10) -> Coroutine[object, object, _T]:
        """Runs `work` in a transaction, commits it when it returns and hands on what it returned.

        Where `work` or the commit raises SerializationError, the transaction is rolled back and, after a pause of some
        milliseconds up to half a second, run again from the beginning, `attempts` times in all; then the last error is raised.
        So whatever `work` does beside the transaction is done again too. Any other exception rolls back and goes on as it is.

        At PostgreSQL's usual isolation, read committed, only deadlocks come out: two that read a row, compute and write it do not hinder
        each other, and one change is lost. Pass `expected_version` there, or connect with
        `?options[default_transaction_isolation]=serializable`.

        A SerializationError has to leave `work` to be seen: where it was swallowed, the commit raises ClosedError, and nothing is
        run again.
        """
    def schema_version(self) -> Call[int | None]:
        """Returns the version of the schema; None where it was never migrated or everything was taken away."""
    def seed(self, *, admin: str | None = None, user: str | None = None) -> Call[Seeded | None]:
        """Loads the sample rows once, and returns the passwords of the two sample users when it has, else None. A password
        left out is made up.
        """
    @property
    def tasks(self) -> AsyncTasks:
        """Stores tasks."""
    def transaction(self) -> AsyncTransaction:
        """Prepares a transaction: `with crm.transaction() as tx:` commits at the end of the block and rolls back on an error."""
    @property
    def url(self) -> str | None:
        """Returns the URL of an embedded server, for other programs that want to look in; None of any other."""
    @property
    def users(self) -> AsyncUsers:
        """Stores users."""

@final
class Acting:
    """Is a CRM in the name of one of its users, made by `acting_as`."""

    @property
    def actor(self) -> int:
        """Returns the user in whose name this works."""
    @property
    def customers(self) -> Customers:
        """Stores customers."""
    @property
    def frames(self) -> Frames:
        """Reads lists and reports as frames."""
    @property
    def interactions(self) -> Interactions:
        """Stores interactions."""
    @property
    def leads(self) -> Leads:
        """Stores leads."""
    @property
    def reports(self) -> Reports:
        """Answers the reports."""
    def retry(self, work: Callable[[Transaction], _T], *, attempts: int = 10) -> _T:
        """Runs `work` in a transaction in the user's name, again where it has lost against a concurrent one; see `Crm.retry`."""
    @property
    def tasks(self) -> Tasks:
        """Stores tasks."""
    def transaction(self) -> Transaction:
        """Prepares a transaction in the user's name."""
    @property
    def users(self) -> Users:
        """Stores users."""

@final
class AsyncActing:
    """Is a CRM in the name of one of its users, for asyncio, made by `acting_as`."""

    @property
    def actor(self) -> int:
        """Returns the user in whose name this works."""
    @property
    def customers(self) -> AsyncCustomers:
        """Stores customers."""
    @property
    def frames(self) -> AsyncFrames:
        """Reads lists and reports as frames."""
    @property
    def interactions(self) -> AsyncInteractions:
        """Stores interactions."""
    @property
    def leads(self) -> AsyncLeads:
        """Stores leads."""
    @property
    def reports(self) -> AsyncReports:
        """Answers the reports."""
    def retry(self, work: Callable[[AsyncTransaction], Awaitable[_T]], *, attempts: int = 10) -> Coroutine[object, object, _T]:
        """Runs `work` in a transaction in the user's name, again where it has lost against a concurrent one; see `Crm.retry`."""
    @property
    def tasks(self) -> AsyncTasks:
        """Stores tasks."""
    def transaction(self) -> AsyncTransaction:
        """Prepares a transaction in the user's name."""
    @property
    def users(self) -> AsyncUsers:
        """Stores users."""

@final
class Transaction:
    """Is a transaction: the same repositories, all or nothing.

    A ValidationError, a NotFoundError and a stale version leave it usable; any error of the database finishes it, and going
    on raises ClosedError. What may be refused goes into a nested transaction.
    """

    def __enter__(self) -> Self: ...
    def __exit__(self, *exception: object) -> None: ...
    def commit(self) -> None:
        """Makes the changes permanent now; the block has nothing left to do."""
    @property
    def customers(self) -> Customers:
        """Stores customers."""
    @property
    def frames(self) -> Frames:
        """Reads lists and reports as frames."""
    @property
    def interactions(self) -> Interactions:
        """Stores interactions."""
    @property
    def leads(self) -> Leads:
        """Stores leads."""
    @property
    def reports(self) -> Reports:
        """Answers the reports."""
    def rollback(self) -> None:
        """Undoes the changes now; the block has nothing left to do."""
    @property
    def tasks(self) -> Tasks:
        """Stores tasks."""
    def transaction(self) -> Transaction:
        """Prepares a nested transaction: `with tx.transaction() as nested:` hands its changes to this one at the end of the block and undoes
        them on an error.

        A refusal by the database (a constraint, a right, a deadlock) undoes only the nested transaction, and this one goes on. A call that
        is cancelled, times out or loses its connection finishes all of it, and so does a serialization failure. While a nested
        transaction is open, calls of this one raise ClosedError, and another nested one waits for its end: for the call timeout at most,
        or not at all where the same thread would wait for itself.
        """
    @property
    def users(self) -> Users:
        """Stores users."""

@final
class AsyncTransaction:
    """Is a transaction for asyncio: the same repositories, all or nothing.

    A ValidationError, a NotFoundError and a stale version leave it usable; any error of the database and a cancelled call
    finish it, and going on raises ClosedError. What may be refused goes into a nested transaction. Concurrent calls queue.
    """

    def __aenter__(self) -> Call[Self]: ...
    def __aexit__(self, *exception: object) -> Call[None]: ...
    def commit(self) -> Call[None]:
        """Makes the changes permanent now; the block has nothing left to do."""
    @property
    def customers(self) -> AsyncCustomers:
        """Stores customers."""
    @property
    def frames(self) -> AsyncFrames:
        """Reads lists and reports as frames."""
    @property
    def interactions(self) -> AsyncInteractions:
        """Stores interactions."""
    @property
    def leads(self) -> AsyncLeads:
        """Stores leads."""
    @property
    def reports(self) -> AsyncReports:
        """Answers the reports."""
    def rollback(self) -> Call[None]:
        """Undoes the changes now; the block has nothing left to do."""
    @property
    def tasks(self) -> AsyncTasks:
        """Stores tasks."""
    def transaction(self) -> AsyncTransaction:
        """Prepares a nested transaction: `with tx.transaction() as nested:` hands its changes to this one at the end of the block and undoes
        them on an error.

        A refusal by the database (a constraint, a right, a deadlock) undoes only the nested transaction, and this one goes on. A call that
        is cancelled, times out or loses its connection finishes all of it, and so does a serialization failure. While a nested
        transaction is open, calls of this one raise ClosedError, and another nested one waits for its end: for the call timeout at most,
        or not at all where the same thread would wait for itself.
        """
    @property
    def users(self) -> AsyncUsers:
        """Stores users."""

@final
class Users:
    """Stores users."""

    def authenticate(self, email: str, password: str) -> User:
        """Checks a login and returns the user. A hash of another system or of other parameters is
        replaced by one of the configured parameters, which raises the user's version. An unknown
        email takes as long as a wrong password. How often somebody may try is the application's to
        limit.

        Raises InvalidCredentialsError for a wrong password, an unknown email and a deactivated user
        alike; PermissionDeniedError for an acting handle: only the trusted system lets people in.
        """
    def change_password(self, id: int, current_password: str, new_password: str) -> None:
        """Replaces a password by one who knows the present one. It ends no session that the
        application keeps.

        Raises InvalidCredentialsError for a wrong password, an unknown id and a deactivated user
        alike; PermissionDeniedError when somebody else than the user acts.
        """
    def count(self, *, ids: int | Iterable[int] | None = None, role: Role | Iterable[Role] | None = None, email: str | Iterable[str] | None = None, created_since: datetime.datetime | None = None, created_until: datetime.datetime | None = None, updated_since: datetime.datetime | None = None, updated_until: datetime.datetime | None = None) -> int:
        """Counts the rows that a filter selects."""
    def create(self, name: str, email: str, *, role: Role = "user", password: str | None = None, password_hash: str | None = None) -> User:
        """Creates a user and returns it as stored.

        Raises ConflictError when a unique value is taken, MissingReferenceError when a reference
        points at nothing.

        Args:
            name: The name, 1 to 255 characters.
            email: The email, at most 254 characters, unique without regard to case.
            role: What the user may do: 'admin' or 'user'.
            password: The password, or its hash in another system: `password` or `password_hash`
                must be given.
            password_hash: The password, or its hash in another system: `password` or
                `password_hash` must be given.
        """
    @overload
    def create_many(self, rows: Iterable[NewUser]) -> builtins.list[int]:
        """Creates many rows, all or none, and returns their ids in order: dicts, dataclasses or a frame (anything with
        `__arrow_c_stream__`), with the fields of `create`. 100,000 rows is a normal call; an error names the row,
        `[50].name` for the 51st.
        """
    @overload
    def create_many(self, rows: Iterable[DataclassInstance]) -> builtins.list[int]:
        """Creates many rows, all or none, and returns their ids in order: dicts, dataclasses or a frame (anything with
        `__arrow_c_stream__`), with the fields of `create`. 100,000 rows is a normal call; an error names the row,
        `[50].name` for the 51st.
        """
    @overload
    def create_many(self, rows: _ArrowStream) -> builtins.list[int]:
        """Creates many rows, all or none, and returns their ids in order: dicts, dataclasses or a frame (anything with
        `__arrow_c_stream__`), with the fields of `create`. 100,000 rows is a normal call; an error names the row,
        `[50].name` for the 51st.
        """
    def deactivate(self, id: int) -> User:
        """Deactivates a user, who can neither log in nor act any more; doing it again changes nothing.
        The last administrator is no exception: the trusted system can reactivate.

        Raises NotFoundError.
        """
    def delete(self, id: int) -> None:
        """Deletes a row, or raises NotFoundError."""
    def find(self, id: int) -> User | None:
        """Reads a row, or returns None."""
    def find_by_email(self, email: str) -> User | None:
        """Finds the user with this email, compared without regard to case. Returns None when there is
        none.
        """
    def get(self, id: int) -> User:
        """Reads a row, or raises NotFoundError."""
    def get_many(self, ids: Iterable[int]) -> builtins.list[User]:
        """Reads rows in the order asked: repeats are repeated, missing ones left out."""
    def list(self, *, ids: int | Iterable[int] | None = None, role: Role | Iterable[Role] | None = None, email: str | Iterable[str] | None = None, created_since: datetime.datetime | None = None, created_until: datetime.datetime | None = None, updated_since: datetime.datetime | None = None, updated_until: datetime.datetime | None = None, order: Literal["id", "-id", "created_at", "-created_at", "updated_at", "-updated_at", "name", "-name"] = "-id", limit: int = 50, cursor: str | None = None) -> Page[User]:
        """Reads one page. Filters combine with AND, a list means any of; the order is a field's name, with a `-` before it
        when it descends; the limit is 1 to 1,000.
        """
    def reactivate(self, id: int) -> User:
        """Takes a deactivated user back; doing it again changes nothing.

        Raises NotFoundError.
        """
    def set_password(self, id: int, new_password: str) -> None:
        """Replaces a password. It ends no session that the application keeps.

        Raises NotFoundError.
        """
    def stream(self, *, ids: int | Iterable[int] | None = None, role: Role | Iterable[Role] | None = None, email: str | Iterable[str] | None = None, created_since: datetime.datetime | None = None, created_until: datetime.datetime | None = None, updated_since: datetime.datetime | None = None, updated_until: datetime.datetime | None = None, order: Literal["id", "-id", "created_at", "-created_at", "updated_at", "-updated_at", "name", "-name"] = "-id") -> Rows[User]:
        """Reads any number of rows from one snapshot, in bounded memory."""
    def update(self, id: int, *, expected_version: int | None = None, name: str = ..., email: str = ..., role: Role = ...) -> User:
        """Changes a row and returns it as stored: a field left out stays, None clears it. With an expected version that is
        not the row's it raises ConflictError.
        """

@final
class AsyncUsers:
    """Stores users."""

    def authenticate(self, email: str, password: str) -> Call[User]:
        """Checks a login and returns the user. A hash of another system or of other parameters is
        replaced by one of the configured parameters, which raises the user's version. An unknown
        email takes as long as a wrong password. How often somebody may try is the application's to
        limit.

        Raises InvalidCredentialsError for a wrong password, an unknown email and a deactivated user
        alike; PermissionDeniedError for an acting handle: only the trusted system lets people in.
        """
    def change_password(self, id: int, current_password: str, new_password: str) -> Call[None]:
        """Replaces a password by one who knows the present one. It ends no session that the
        application keeps.

        Raises InvalidCredentialsError for a wrong password, an unknown id and a deactivated user
        alike; PermissionDeniedError when somebody else than the user acts.
        """
    def count(self, *, ids: int | Iterable[int] | None = None, role: Role | Iterable[Role] | None = None, email: str | Iterable[str] | None = None, created_since: datetime.datetime | None = None, created_until: datetime.datetime | None = None, updated_since: datetime.datetime | None = None, updated_until: datetime.datetime | None = None) -> Call[int]:
        """Counts the rows that a filter selects."""
    def create(self, name: str, email: str, *, role: Role = "user", password: str | None = None, password_hash: str | None = None) -> Call[User]:
        """Creates a user and returns it as stored.

        Raises ConflictError when a unique value is taken, MissingReferenceError when a reference
        points at nothing.

        Args:
            name: The name, 1 to 255 characters.
            email: The email, at most 254 characters, unique without regard to case.
            role: What the user may do: 'admin' or 'user'.
            password: The password, or its hash in another system: `password` or `password_hash`
                must be given.
            password_hash: The password, or its hash in another system: `password` or
                `password_hash` must be given.
        """
    @overload
    def create_many(self, rows: Iterable[NewUser]) -> Call[builtins.list[int]]:
        """Creates many rows, all or none, and returns their ids in order: dicts, dataclasses or a frame (anything with
        `__arrow_c_stream__`), with the fields of `create`. 100,000 rows is a normal call; an error names the row,
        `[50].name` for the 51st.
        """
    @overload
    def create_many(self, rows: Iterable[DataclassInstance]) -> Call[builtins.list[int]]:
        """Creates many rows, all or none, and returns their ids in order: dicts, dataclasses or a frame (anything with
        `__arrow_c_stream__`), with the fields of `create`. 100,000 rows is a normal call; an error names the row,
        `[50].name` for the 51st.
        """
    @overload
    def create_many(self, rows: _ArrowStream) -> Call[builtins.list[int]]:
        """Creates many rows, all or none, and returns their ids in order: dicts, dataclasses or a frame (anything with
        `__arrow_c_stream__`), with the fields of `create`. 100,000 rows is a normal call; an error names the row,
        `[50].name` for the 51st.
        """
    def deactivate(self, id: int) -> Call[User]:
        """Deactivates a user, who can neither log in nor act any more; doing it again changes nothing.
        The last administrator is no exception: the trusted system can reactivate.

        Raises NotFoundError.
        """
    def delete(self, id: int) -> Call[None]:
        """Deletes a row, or raises NotFoundError."""
    def find(self, id: int) -> Call[User | None]:
        """Reads a row, or returns None."""
    def find_by_email(self, email: str) -> Call[User | None]:
        """Finds the user with this email, compared without regard to case. Returns None when there is
        none.
        """
    def get(self, id: int) -> Call[User]:
        """Reads a row, or raises NotFoundError."""
    def get_many(self, ids: Iterable[int]) -> Call[builtins.list[User]]:
        """Reads rows in the order asked: repeats are repeated, missing ones left out."""
    def list(self, *, ids: int | Iterable[int] | None = None, role: Role | Iterable[Role] | None = None, email: str | Iterable[str] | None = None, created_since: datetime.datetime | None = None, created_until: datetime.datetime | None = None, updated_since: datetime.datetime | None = None, updated_until: datetime.datetime | None = None, order: Literal["id", "-id", "created_at", "-created_at", "updated_at", "-updated_at", "name", "-name"] = "-id", limit: int = 50, cursor: str | None = None) -> Call[Page[User]]:
        """Reads one page. Filters combine with AND, a list means any of; the order is a field's name, with a `-` before it
        when it descends; the limit is 1 to 1,000.
        """
    def reactivate(self, id: int) -> Call[User]:
        """Takes a deactivated user back; doing it again changes nothing.

        Raises NotFoundError.
        """
    def set_password(self, id: int, new_password: str) -> Call[None]:
        """Replaces a password. It ends no session that the application keeps.

        Raises NotFoundError.
        """
    def stream(self, *, ids: int | Iterable[int] | None = None, role: Role | Iterable[Role] | None = None, email: str | Iterable[str] | None = None, created_since: datetime.datetime | None = None, created_until: datetime.datetime | None = None, updated_since: datetime.datetime | None = None, updated_until: datetime.datetime | None = None, order: Literal["id", "-id", "created_at", "-created_at", "updated_at", "-updated_at", "name", "-name"] = "-id") -> AsyncRows[User]:
        """Reads any number of rows from one snapshot, in bounded memory."""
    def update(self, id: int, *, expected_version: int | None = None, name: str = ..., email: str = ..., role: Role = ...) -> Call[User]:
        """Changes a row and returns it as stored: a field left out stays, None clears it. With an expected version that is
        not the row's it raises ConflictError.
        """

@final
class Customers:
    """Stores customers. Deleting one deletes its leads, tasks and interactions."""

    def add_tags(self, id: int, tags: Iterable[str]) -> Customer:
        """Adds tags, leaving out those that are there already without regard to case. No concurrent
        change is lost.

        Raises NotFoundError; ValidationError when there would be more than `MAX_TAGS`.
        """
    def count(self, *, ids: int | Iterable[int] | None = None, tags_any: str | Iterable[str] | None = None, tags_all: str | Iterable[str] | None = None, company: str | Iterable[str] | None = None, email: str | Iterable[str] | None = None, text: str | None = None, created_since: datetime.datetime | None = None, created_until: datetime.datetime | None = None, updated_since: datetime.datetime | None = None, updated_until: datetime.datetime | None = None) -> int:
        """Counts the rows that a filter selects."""
    def create(self, name: str, *, email: str | None = None, phone: str | None = None, company: str | None = None, tags: Iterable[str] = (), notes: str | None = None, created_by: int | None = None) -> Customer:
        """Creates a customer and returns it as stored.

        Raises ConflictError when a unique value is taken, MissingReferenceError when a reference
        points at nothing.

        Args:
            name: The name, 1 to 255 characters.
            email: The email.
            phone: The phone number: at least 3 digits of any script, at most 50 characters. Spaces,
                dashes and digits become ASCII.
            company: The company, at most 255 characters.
            tags: At most 100 tags of at most 64 characters; duplicates without regard to case are
                dropped.
            notes: Notes, at most 100,000 characters.
            created_by: Who made the row; only the trusted system says so, an acting handle leaves
                it out.
        """
    @overload
    def create_many(self, rows: Iterable[NewCustomer]) -> builtins.list[int]:
        """Creates many rows, all or none, and returns their ids in order: dicts, dataclasses or a frame (anything with
        `__arrow_c_stream__`), with the fields of `create`. 100,000 rows is a normal call; an error names the row,
        `[50].name` for the 51st.
        """
    @overload
    def create_many(self, rows: Iterable[DataclassInstance]) -> builtins.list[int]:
        """Creates many rows, all or none, and returns their ids in order: dicts, dataclasses or a frame (anything with
        `__arrow_c_stream__`), with the fields of `create`. 100,000 rows is a normal call; an error names the row,
        `[50].name` for the 51st.
        """
    @overload
    def create_many(self, rows: _ArrowStream) -> builtins.list[int]:
        """Creates many rows, all or none, and returns their ids in order: dicts, dataclasses or a frame (anything with
        `__arrow_c_stream__`), with the fields of `create`. 100,000 rows is a normal call; an error names the row,
        `[50].name` for the 51st.
        """
    def delete(self, id: int) -> None:
        """Deletes a row, or raises NotFoundError."""
    def find(self, id: int) -> Customer | None:
        """Reads a row, or returns None."""
    def get(self, id: int) -> Customer:
        """Reads a row, or raises NotFoundError."""
    def get_many(self, ids: Iterable[int]) -> builtins.list[Customer]:
        """Reads rows in the order asked: repeats are repeated, missing ones left out."""
    def list(self, *, ids: int | Iterable[int] | None = None, tags_any: str | Iterable[str] | None = None, tags_all: str | Iterable[str] | None = None, company: str | Iterable[str] | None = None, email: str | Iterable[str] | None = None, text: str | None = None, created_since: datetime.datetime | None = None, created_until: datetime.datetime | None = None, updated_since: datetime.datetime | None = None, updated_until: datetime.datetime | None = None, order: Literal["id", "-id", "created_at", "-created_at", "updated_at", "-updated_at", "name", "-name"] = "-id", limit: int = 50, cursor: str | None = None) -> Page[Customer]:
        """Reads one page. Filters combine with AND, a list means any of; the order is a field's name, with a `-` before it
        when it descends; the limit is 1 to 1,000.
        """
    def overview(self, id: int, recent: int = 10) -> CustomerOverview:
        """Reads a customer with its open leads and tasks and its latest `recent` interactions (0 to
        1,000), in one round trip.

        Raises NotFoundError; ValidationError when `recent` is out of range.
        """
    def remove_tags(self, id: int, tags: Iterable[str]) -> Customer:
        """Removes tags, compared without regard to case. No concurrent change is lost.

        Raises NotFoundError.
        """
    def stream(self, *, ids: int | Iterable[int] | None = None, tags_any: str | Iterable[str] | None = None, tags_all: str | Iterable[str] | None = None, company: str | Iterable[str] | None = None, email: str | Iterable[str] | None = None, text: str | None = None, created_since: datetime.datetime | None = None, created_until: datetime.datetime | None = None, updated_since: datetime.datetime | None = None, updated_until: datetime.datetime | None = None, order: Literal["id", "-id", "created_at", "-created_at", "updated_at", "-updated_at", "name", "-name"] = "-id") -> Rows[Customer]:
        """Reads any number of rows from one snapshot, in bounded memory."""
    def tag_counts(self) -> builtins.list[TagCount]:
        """Counts the customers of each tag, most used first, then by tag. It reads every customer."""
    def update(self, id: int, *, expected_version: int | None = None, name: str = ..., email: str | None = ..., phone: str | None = ..., company: str | None = ..., tags: Iterable[str] | None = ..., notes: str | None = ...) -> Customer:
        """Changes a row and returns it as stored: a field left out stays, None clears it. With an expected version that is
        not the row's it raises ConflictError.
        """

@final
class AsyncCustomers:
    """Stores customers. Deleting one deletes its leads, tasks and interactions."""

    def add_tags(self, id: int, tags: Iterable[str]) -> Call[Customer]:
        """Adds tags, leaving out those that are there already without regard to case. No concurrent
        change is lost.

        Raises NotFoundError; ValidationError when there would be more than `MAX_TAGS`.
        """
    def count(self, *, ids: int | Iterable[int] | None = None, tags_any: str | Iterable[str] | None = None, tags_all: str | Iterable[str] | None = None, company: str | Iterable[str] | None = None, email: str | Iterable[str] | None = None, text: str | None = None, created_since: datetime.datetime | None = None, created_until: datetime.datetime | None = None, updated_since: datetime.datetime | None = None, updated_until: datetime.datetime | None = None) -> Call[int]:
        """Counts the rows that a filter selects."""
    def create(self, name: str, *, email: str | None = None, phone: str | None = None, company: str | None = None, tags: Iterable[str] = (), notes: str | None = None, created_by: int | None = None) -> Call[Customer]:
        """Creates a customer and returns it as stored.

        Raises ConflictError when a unique value is taken, MissingReferenceError when a reference
        points at nothing.

        Args:
            name: The name, 1 to 255 characters.
            email: The email.
            phone: The phone number: at least 3 digits of any script, at most 50 characters. Spaces,
                dashes and digits become ASCII.
            company: The company, at most 255 characters.
            tags: At most 100 tags of at most 64 characters; duplicates without regard to case are
                dropped.
            notes: Notes, at most 100,000 characters.
            created_by: Who made the row; only the trusted system says so, an acting handle leaves
                it out.
        """
    @overload
    def create_many(self, rows: Iterable[NewCustomer]) -> Call[builtins.list[int]]:
        """Creates many rows, all or none, and returns their ids in order: dicts, dataclasses or a frame (anything with
        `__arrow_c_stream__`), with the fields of `create`. 100,000 rows is a normal call; an error names the row,
        `[50].name` for the 51st.
        """
    @overload
    def create_many(self, rows: Iterable[DataclassInstance]) -> Call[builtins.list[int]]:
        """Creates many rows, all or none, and returns their ids in order: dicts, dataclasses or a frame (anything with
        `__arrow_c_stream__`), with the fields of `create`. 100,000 rows is a normal call; an error names the row,
        `[50].name` for the 51st.
        """
    @overload
    def create_many(self, rows: _ArrowStream) -> Call[builtins.list[int]]:
        """Creates many rows, all or none, and returns their ids in order: dicts, dataclasses or a frame (anything with
        `__arrow_c_stream__`), with the fields of `create`. 100,000 rows is a normal call; an error names the row,
        `[50].name` for the 51st.
        """
    def delete(self, id: int) -> Call[None]:
        """Deletes a row, or raises NotFoundError."""
    def find(self, id: int) -> Call[Customer | None]:
        """Reads a row, or returns None."""
    def get(self, id: int) -> Call[Customer]:
        """Reads a row, or raises NotFoundError."""
    def get_many(self, ids: Iterable[int]) -> Call[builtins.list[Customer]]:
        """Reads rows in the order asked: repeats are repeated, missing ones left out."""
    def list(self, *, ids: int | Iterable[int] | None = None, tags_any: str | Iterable[str] | None = None, tags_all: str | Iterable[str] | None = None, company: str | Iterable[str] | None = None, email: str | Iterable[str] | None = None, text: str | None = None, created_since: datetime.datetime | None = None, created_until: datetime.datetime | None = None, updated_since: datetime.datetime | None = None, updated_until: datetime.datetime | None = None, order: Literal["id", "-id", "created_at", "-created_at", "updated_at", "-updated_at", "name", "-name"] = "-id", limit: int = 50, cursor: str | None = None) -> Call[Page[Customer]]:
        """Reads one page. Filters combine with AND, a list means any of; the order is a field's name, with a `-` before it
        when it descends; the limit is 1 to 1,000.
        """
    def overview(self, id: int, recent: int = 10) -> Call[CustomerOverview]:
        """Reads a customer with its open leads and tasks and its latest `recent` interactions (0 to
        1,000), in one round trip.

        Raises NotFoundError; ValidationError when `recent` is out of range.
        """
    def remove_tags(self, id: int, tags: Iterable[str]) -> Call[Customer]:
        """Removes tags, compared without regard to case. No concurrent change is lost.

        Raises NotFoundError.
        """
    def stream(self, *, ids: int | Iterable[int] | None = None, tags_any: str | Iterable[str] | None = None, tags_all: str | Iterable[str] | None = None, company: str | Iterable[str] | None = None, email: str | Iterable[str] | None = None, text: str | None = None, created_since: datetime.datetime | None = None, created_until: datetime.datetime | None = None, updated_since: datetime.datetime | None = None, updated_until: datetime.datetime | None = None, order: Literal["id", "-id", "created_at", "-created_at", "updated_at", "-updated_at", "name", "-name"] = "-id") -> AsyncRows[Customer]:
        """Reads any number of rows from one snapshot, in bounded memory."""
    def tag_counts(self) -> Call[builtins.list[TagCount]]:
        """Counts the customers of each tag, most used first, then by tag. It reads every customer."""
    def update(self, id: int, *, expected_version: int | None = None, name: str = ..., email: str | None = ..., phone: str | None = ..., company: str | None = ..., tags: Iterable[str] | None = ..., notes: str | None = ...) -> Call[Customer]:
        """Changes a row and returns it as stored: a field left out stays, None clears it. With an expected version that is
        not the row's it raises ConflictError.
        """

@final
class Leads:
    """Stores leads."""

    def count(self, *, ids: int | Iterable[int] | None = None, stage: Stage | Iterable[Stage] | None = None, customer_id: int | Iterable[int] | None = None, assigned_to: int | Iterable[int] | None = None, unassigned: bool = False, min_value: _Money | None = None, max_value: _Money | None = None, text: str | None = None, created_since: datetime.datetime | None = None, created_until: datetime.datetime | None = None, updated_since: datetime.datetime | None = None, updated_until: datetime.datetime | None = None) -> int:
        """Counts the rows that a filter selects."""
    def create(self, title: str, *, description: str | None = None, stage: Stage = "lead", value: _Money | None = None, customer_id: int | None = None, assigned_to: int | None = None, created_by: int | None = None) -> Lead:
        """Creates a lead and returns it as stored.

        Raises ConflictError when a unique value is taken, MissingReferenceError when a reference
        points at nothing.

        Args:
            title: The title, 1 to 255 characters.
            description: What it is about, at most 100,000 characters.
            stage: How far it has come: 'lead', 'qualified', 'proposal' or 'closed'.
            value: What it is worth: 0 to 99,999,999.99, at most two decimals. A Decimal, an int or
                a str such as '12.50', never a float.
            customer_id: Whose lead it is.
            assigned_to: Who works on it.
            created_by: Who made the row; only the trusted system says so, an acting handle leaves
                it out.
        """
    @overload
    def create_many(self, rows: Iterable[NewLead]) -> builtins.list[int]:
        """Creates many rows, all or none, and returns their ids in order: dicts, dataclasses or a frame (anything with
        `__arrow_c_stream__`), with the fields of `create`. 100,000 rows is a normal call; an error names the row,
        `[50].name` for the 51st.
        """
    @overload
    def create_many(self, rows: Iterable[DataclassInstance]) -> builtins.list[int]:
        """Creates many rows, all or none, and returns their ids in order: dicts, dataclasses or a frame (anything with
        `__arrow_c_stream__`), with the fields of `create`. 100,000 rows is a normal call; an error names the row,
        `[50].name` for the 51st.
        """
    @overload
    def create_many(self, rows: _ArrowStream) -> builtins.list[int]:
        """Creates many rows, all or none, and returns their ids in order: dicts, dataclasses or a frame (anything with
        `__arrow_c_stream__`), with the fields of `create`. 100,000 rows is a normal call; an error names the row,
        `[50].name` for the 51st.
        """
    def delete(self, id: int) -> None:
        """Deletes a row, or raises NotFoundError."""
    def find(self, id: int) -> Lead | None:
        """Reads a row, or returns None."""
    def get(self, id: int) -> Lead:
        """Reads a row, or raises NotFoundError."""
    def get_many(self, ids: Iterable[int]) -> builtins.list[Lead]:
        """Reads rows in the order asked: repeats are repeated, missing ones left out."""
    def list(self, *, ids: int | Iterable[int] | None = None, stage: Stage | Iterable[Stage] | None = None, customer_id: int | Iterable[int] | None = None, assigned_to: int | Iterable[int] | None = None, unassigned: bool = False, min_value: _Money | None = None, max_value: _Money | None = None, text: str | None = None, created_since: datetime.datetime | None = None, created_until: datetime.datetime | None = None, updated_since: datetime.datetime | None = None, updated_until: datetime.datetime | None = None, order: Literal["id", "-id", "created_at", "-created_at", "updated_at", "-updated_at", "title", "-title", "value", "-value"] = "-id", limit: int = 50, cursor: str | None = None) -> Page[Lead]:
        """Reads one page. Filters combine with AND, a list means any of; the order is a field's name, with a `-` before it
        when it descends; the limit is 1 to 1,000.
        """
    def move_to(self, id: int, stage: Stage) -> Lead:
        """Moves a lead to a stage, from any to any; where it is there already, nothing changes.

        Raises NotFoundError.
        """
    def stream(self, *, ids: int | Iterable[int] | None = None, stage: Stage | Iterable[Stage] | None = None, customer_id: int | Iterable[int] | None = None, assigned_to: int | Iterable[int] | None = None, unassigned: bool = False, min_value: _Money | None = None, max_value: _Money | None = None, text: str | None = None, created_since: datetime.datetime | None = None, created_until: datetime.datetime | None = None, updated_since: datetime.datetime | None = None, updated_until: datetime.datetime | None = None, order: Literal["id", "-id", "created_at", "-created_at", "updated_at", "-updated_at", "title", "-title", "value", "-value"] = "-id") -> Rows[Lead]:
        """Reads any number of rows from one snapshot, in bounded memory."""
    def update(self, id: int, *, expected_version: int | None = None, title: str = ..., description: str | None = ..., stage: Stage = ..., value: _Money | None = ..., customer_id: int | None = ..., assigned_to: int | None = ...) -> Lead:
        """Changes a row and returns it as stored: a field left out stays, None clears it. With an expected version that is
        not the row's it raises ConflictError.
        """

@final
class AsyncLeads:
    """Stores leads."""

    def count(self, *, ids: int | Iterable[int] | None = None, stage: Stage | Iterable[Stage] | None = None, customer_id: int | Iterable[int] | None = None, assigned_to: int | Iterable[int] | None = None, unassigned: bool = False, min_value: _Money | None = None, max_value: _Money | None = None, text: str | None = None, created_since: datetime.datetime | None = None, created_until: datetime.datetime | None = None, updated_since: datetime.datetime | None = None, updated_until: datetime.datetime | None = None) -> Call[int]:
        """Counts the rows that a filter selects."""
    def create(self, title: str, *, description: str | None = None, stage: Stage = "lead", value: _Money | None = None, customer_id: int | None = None, assigned_to: int | None = None, created_by: int | None = None) -> Call[Lead]:
        """Creates a lead and returns it as stored.

        Raises ConflictError when a unique value is taken, MissingReferenceError when a reference
        points at nothing.

        Args:
            title: The title, 1 to 255 characters.
            description: What it is about, at most 100,000 characters.
            stage: How far it has come: 'lead', 'qualified', 'proposal' or 'closed'.
            value: What it is worth: 0 to 99,999,999.99, at most two decimals. A Decimal, an int or
                a str such as '12.50', never a float.
            customer_id: Whose lead it is.
            assigned_to: Who works on it.
            created_by: Who made the row; only the trusted system says so, an acting handle leaves
                it out.
        """
    @overload
    def create_many(self, rows: Iterable[NewLead]) -> Call[builtins.list[int]]:
        """Creates many rows, all or none, and returns their ids in order: dicts, dataclasses or a frame (anything with
        `__arrow_c_stream__`), with the fields of `create`. 100,000 rows is a normal call; an error names the row,
        `[50].name` for the 51st.
        """
    @overload
    def create_many(self, rows: Iterable[DataclassInstance]) -> Call[builtins.list[int]]:
        """Creates many rows, all or none, and returns their ids in order: dicts, dataclasses or a frame (anything with
        `__arrow_c_stream__`), with the fields of `create`. 100,000 rows is a normal call; an error names the row,
        `[50].name` for the 51st.
        """
    @overload
    def create_many(self, rows: _ArrowStream) -> Call[builtins.list[int]]:
        """Creates many rows, all or none, and returns their ids in order: dicts, dataclasses or a frame (anything with
        `__arrow_c_stream__`), with the fields of `create`. 100,000 rows is a normal call; an error names the row,
        `[50].name` for the 51st.
        """
    def delete(self, id: int) -> Call[None]:
        """Deletes a row, or raises NotFoundError."""
    def find(self, id: int) -> Call[Lead | None]:
        """Reads a row, or returns None."""
    def get(self, id: int) -> Call[Lead]:
        """Reads a row, or raises NotFoundError."""
    def get_many(self, ids: Iterable[int]) -> Call[builtins.list[Lead]]:
        """Reads rows in the order asked: repeats are repeated, missing ones left out."""
    def list(self, *, ids: int | Iterable[int] | None = None, stage: Stage | Iterable[Stage] | None = None, customer_id: int | Iterable[int] | None = None, assigned_to: int | Iterable[int] | None = None, unassigned: bool = False, min_value: _Money | None = None, max_value: _Money | None = None, text: str | None = None, created_since: datetime.datetime | None = None, created_until: datetime.datetime | None = None, updated_since: datetime.datetime | None = None, updated_until: datetime.datetime | None = None, order: Literal["id", "-id", "created_at", "-created_at", "updated_at", "-updated_at", "title", "-title", "value", "-value"] = "-id", limit: int = 50, cursor: str | None = None) -> Call[Page[Lead]]:
        """Reads one page. Filters combine with AND, a list means any of; the order is a field's name, with a `-` before it
        when it descends; the limit is 1 to 1,000.
        """
    def move_to(self, id: int, stage: Stage) -> Call[Lead]:
        """Moves a lead to a stage, from any to any; where it is there already, nothing changes.

        Raises NotFoundError.
        """
    def stream(self, *, ids: int | Iterable[int] | None = None, stage: Stage | Iterable[Stage] | None = None, customer_id: int | Iterable[int] | None = None, assigned_to: int | Iterable[int] | None = None, unassigned: bool = False, min_value: _Money | None = None, max_value: _Money | None = None, text: str | None = None, created_since: datetime.datetime | None = None, created_until: datetime.datetime | None = None, updated_since: datetime.datetime | None = None, updated_until: datetime.datetime | None = None, order: Literal["id", "-id", "created_at", "-created_at", "updated_at", "-updated_at", "title", "-title", "value", "-value"] = "-id") -> AsyncRows[Lead]:
        """Reads any number of rows from one snapshot, in bounded memory."""
    def update(self, id: int, *, expected_version: int | None = None, title: str = ..., description: str | None = ..., stage: Stage = ..., value: _Money | None = ..., customer_id: int | None = ..., assigned_to: int | None = ...) -> Call[Lead]:
        """Changes a row and returns it as stored: a field left out stays, None clears it. With an expected version that is
        not the row's it raises ConflictError.
        """

@final
class Tasks:
    """Stores tasks. `start`, `complete` and `reopen` go from any status to theirs, and change nothing where the task has it."""

    def complete(self, id: int) -> Task:
        """Finishes a task: its status becomes `completed`.

        Raises NotFoundError.
        """
    def count(self, *, ids: int | Iterable[int] | None = None, status: TaskStatus | Iterable[TaskStatus] | None = None, priority: Priority | Iterable[Priority] | None = None, assigned_to: int | Iterable[int] | None = None, unassigned: bool = False, customer_id: int | Iterable[int] | None = None, due_since: datetime.date | None = None, due_until: datetime.date | None = None, text: str | None = None, created_since: datetime.datetime | None = None, created_until: datetime.datetime | None = None, updated_since: datetime.datetime | None = None, updated_until: datetime.datetime | None = None) -> int:
        """Counts the rows that a filter selects."""
    def create(self, title: str, *, description: str | None = None, status: TaskStatus = "pending", priority: Priority = "medium", due_date: datetime.date | None = None, assigned_to: int | None = None, customer_id: int | None = None, created_by: int | None = None) -> Task:
        """Creates a task and returns it as stored.

        Raises ConflictError when a unique value is taken, MissingReferenceError when a reference
        points at nothing.

        Args:
            title: The title, 1 to 255 characters.
            description: What is to be done, at most 100,000 characters.
            status: Whether it is done: 'pending', 'in-progress' or 'completed'.
            priority: How much it matters: 'low', 'medium' or 'high'.
            due_date: The day by which it should be done, in the years 0001 to 9999.
            assigned_to: Who has to do it.
            customer_id: Whom it is about.
            created_by: Who made the row; only the trusted system says so, an acting handle leaves
                it out.
        """
    @overload
    def create_many(self, rows: Iterable[NewTask]) -> builtins.list[int]:
        """Creates many rows, all or none, and returns their ids in order: dicts, dataclasses or a frame (anything with
        `__arrow_c_stream__`), with the fields of `create`. 100,000 rows is a normal call; an error names the row,
        `[50].name` for the 51st.
        """
    @overload
    def create_many(self, rows: Iterable[DataclassInstance]) -> builtins.list[int]:
        """Creates many rows, all or none, and returns their ids in order: dicts, dataclasses or a frame (anything with
        `__arrow_c_stream__`), with the fields of `create`. 100,000 rows is a normal call; an error names the row,
        `[50].name` for the 51st.
        """
    @overload
    def create_many(self, rows: _ArrowStream) -> builtins.list[int]:
        """Creates many rows, all or none, and returns their ids in order: dicts, dataclasses or a frame (anything with
        `__arrow_c_stream__`), with the fields of `create`. 100,000 rows is a normal call; an error names the row,
        `[50].name` for the 51st.
        """
    def delete(self, id: int) -> None:
        """Deletes a row, or raises NotFoundError."""
    def find(self, id: int) -> Task | None:
        """Reads a row, or returns None."""
    def get(self, id: int) -> Task:
        """Reads a row, or raises NotFoundError."""
    def get_many(self, ids: Iterable[int]) -> builtins.list[Task]:
        """Reads rows in the order asked: repeats are repeated, missing ones left out."""
    def list(self, *, ids: int | Iterable[int] | None = None, status: TaskStatus | Iterable[TaskStatus] | None = None, priority: Priority | Iterable[Priority] | None = None, assigned_to: int | Iterable[int] | None = None, unassigned: bool = False, customer_id: int | Iterable[int] | None = None, due_since: datetime.date | None = None, due_until: datetime.date | None = None, text: str | None = None, created_since: datetime.datetime | None = None, created_until: datetime.datetime | None = None, updated_since: datetime.datetime | None = None, updated_until: datetime.datetime | None = None, order: Literal["id", "-id", "created_at", "-created_at", "updated_at", "-updated_at", "title", "-title", "due_date", "-due_date", "priority", "-priority"] = "-id", limit: int = 50, cursor: str | None = None) -> Page[Task]:
        """Reads one page. Filters combine with AND, a list means any of; the order is a field's name, with a `-` before it
        when it descends; the limit is 1 to 1,000.
        """
    def reopen(self, id: int) -> Task:
        """Puts a task back: its status becomes `pending`.

        Raises NotFoundError.
        """
    def start(self, id: int) -> Task:
        """Begins a task: its status becomes `in-progress`.

        Raises NotFoundError.
        """
    def stream(self, *, ids: int | Iterable[int] | None = None, status: TaskStatus | Iterable[TaskStatus] | None = None, priority: Priority | Iterable[Priority] | None = None, assigned_to: int | Iterable[int] | None = None, unassigned: bool = False, customer_id: int | Iterable[int] | None = None, due_since: datetime.date | None = None, due_until: datetime.date | None = None, text: str | None = None, created_since: datetime.datetime | None = None, created_until: datetime.datetime | None = None, updated_since: datetime.datetime | None = None, updated_until: datetime.datetime | None = None, order: Literal["id", "-id", "created_at", "-created_at", "updated_at", "-updated_at", "title", "-title", "due_date", "-due_date", "priority", "-priority"] = "-id") -> Rows[Task]:
        """Reads any number of rows from one snapshot, in bounded memory."""
    def update(self, id: int, *, expected_version: int | None = None, title: str = ..., description: str | None = ..., status: TaskStatus = ..., priority: Priority = ..., due_date: datetime.date | None = ..., assigned_to: int | None = ..., customer_id: int | None = ...) -> Task:
        """Changes a row and returns it as stored: a field left out stays, None clears it. With an expected version that is
        not the row's it raises ConflictError.
        """

@final
class AsyncTasks:
    """Stores tasks. `start`, `complete` and `reopen` go from any status to theirs, and change nothing where the task has it."""

    def complete(self, id: int) -> Call[Task]:
        """Finishes a task: its status becomes `completed`.

        Raises NotFoundError.
        """
    def count(self, *, ids: int | Iterable[int] | None = None, status: TaskStatus | Iterable[TaskStatus] | None = None, priority: Priority | Iterable[Priority] | None = None, assigned_to: int | Iterable[int] | None = None, unassigned: bool = False, customer_id: int | Iterable[int] | None = None, due_since: datetime.date | None = None, due_until: datetime.date | None = None, text: str | None = None, created_since: datetime.datetime | None = None, created_until: datetime.datetime | None = None, updated_since: datetime.datetime | None = None, updated_until: datetime.datetime | None = None) -> Call[int]:
        """Counts the rows that a filter selects."""
    def create(self, title: str, *, description: str | None = None, status: TaskStatus = "pending", priority: Priority = "medium", due_date: datetime.date | None = None, assigned_to: int | None = None, customer_id: int | None = None, created_by: int | None = None) -> Call[Task]:
        """Creates a task and returns it as stored.

        Raises ConflictError when a unique value is taken, MissingReferenceError when a reference
        points at nothing.

        Args:
            title: The title, 1 to 255 characters.
            description: What is to be done, at most 100,000 characters.
            status: Whether it is done: 'pending', 'in-progress' or 'completed'.
            priority: How much it matters: 'low', 'medium' or 'high'.
            due_date: The day by which it should be done, in the years 0001 to 9999.
            assigned_to: Who has to do it.
            customer_id: Whom it is about.
            created_by: Who made the row; only the trusted system says so, an acting handle leaves
                it out.
        """
    @overload
    def create_many(self, rows: Iterable[NewTask]) -> Call[builtins.list[int]]:
        """Creates many rows, all or none, and returns their ids in order: dicts, dataclasses or a frame (anything with
        `__arrow_c_stream__`), with the fields of `create`. 100,000 rows is a normal call; an error names the row,
        `[50].name` for the 51st.
        """
    @overload
    def create_many(self, rows: Iterable[DataclassInstance]) -> Call[builtins.list[int]]:
        """Creates many rows, all or none, and returns their ids in order: dicts, dataclasses or a frame (anything with
        `__arrow_c_stream__`), with the fields of `create`. 100,000 rows is a normal call; an error names the row,
        `[50].name` for the 51st.
        """
    @overload
    def create_many(self, rows: _ArrowStream) -> Call[builtins.list[int]]:
        """Creates many rows, all or none, and returns their ids in order: dicts, dataclasses or a frame (anything with
        `__arrow_c_stream__`), with the fields of `create`. 100,000 rows is a normal call; an error names the row,
        `[50].name` for the 51st.
        """
    def delete(self, id: int) -> Call[None]:
        """Deletes a row, or raises NotFoundError."""
    def find(self, id: int) -> Call[Task | None]:
        """Reads a row, or returns None."""
    def get(self, id: int) -> Call[Task]:
        """Reads a row, or raises NotFoundError."""
    def get_many(self, ids: Iterable[int]) -> Call[builtins.list[Task]]:
        """Reads rows in the order asked: repeats are repeated, missing ones left out."""
    def list(self, *, ids: int | Iterable[int] | None = None, status: TaskStatus | Iterable[TaskStatus] | None = None, priority: Priority | Iterable[Priority] | None = None, assigned_to: int | Iterable[int] | None = None, unassigned: bool = False, customer_id: int | Iterable[int] | None = None, due_since: datetime.date | None = None, due_until: datetime.date | None = None, text: str | None = None, created_since: datetime.datetime | None = None, created_until: datetime.datetime | None = None, updated_since: datetime.datetime | None = None, updated_until: datetime.datetime | None = None, order: Literal["id", "-id", "created_at", "-created_at", "updated_at", "-updated_at", "title", "-title", "due_date", "-due_date", "priority", "-priority"] = "-id", limit: int = 50, cursor: str | None = None) -> Call[Page[Task]]:
        """Reads one page. Filters combine with AND, a list means any of; the order is a field's name, with a `-` before it
        when it descends; the limit is 1 to 1,000.
        """
    def reopen(self, id: int) -> Call[Task]:
        """Puts a task back: its status becomes `pending`.

        Raises NotFoundError.
        """
    def start(self, id: int) -> Call[Task]:
        """Begins a task: its status becomes `in-progress`.

        Raises NotFoundError.
        """
    def stream(self, *, ids: int | Iterable[int] | None = None, status: TaskStatus | Iterable[TaskStatus] | None = None, priority: Priority | Iterable[Priority] | None = None, assigned_to: int | Iterable[int] | None = None, unassigned: bool = False, customer_id: int | Iterable[int] | None = None, due_since: datetime.date | None = None, due_until: datetime.date | None = None, text: str | None = None, created_since: datetime.datetime | None = None, created_until: datetime.datetime | None = None, updated_since: datetime.datetime | None = None, updated_until: datetime.datetime | None = None, order: Literal["id", "-id", "created_at", "-created_at", "updated_at", "-updated_at", "title", "-title", "due_date", "-due_date", "priority", "-priority"] = "-id") -> AsyncRows[Task]:
        """Reads any number of rows from one snapshot, in bounded memory."""
    def update(self, id: int, *, expected_version: int | None = None, title: str = ..., description: str | None = ..., status: TaskStatus = ..., priority: Priority = ..., due_date: datetime.date | None = ..., assigned_to: int | None = ..., customer_id: int | None = ...) -> Call[Task]:
        """Changes a row and returns it as stored: a field left out stays, None clears it. With an expected version that is
        not the row's it raises ConflictError.
        """

@final
class Interactions:
    """Stores interactions."""

    def count(self, *, ids: int | Iterable[int] | None = None, customer_id: int | Iterable[int] | None = None, type: InteractionType | Iterable[InteractionType] | None = None, created_by: int | Iterable[int] | None = None, date_since: datetime.datetime | None = None, date_until: datetime.datetime | None = None, text: str | None = None, created_since: datetime.datetime | None = None, created_until: datetime.datetime | None = None) -> int:
        """Counts the rows that a filter selects."""
    def create(self, customer_id: int, type: InteractionType, *, notes: str | None = None, date: datetime.datetime | None = None, created_by: int | None = None) -> Interaction:
        """Creates an interaction and returns it as stored.

        Raises ConflictError when a unique value is taken, MissingReferenceError when a reference
        points at nothing.

        Args:
            customer_id: With whom.
            type: What kind of contact it was: 'call', 'email', 'meeting' or 'note'.
            notes: What was said, at most 100,000 characters.
            date: When it was, in the years 0001 to 9999; None means now.
            created_by: Who made the row; only the trusted system says so, an acting handle leaves
                it out.
        """
    @overload
    def create_many(self, rows: Iterable[NewInteraction]) -> builtins.list[int]:
        """Creates many rows, all or none, and returns their ids in order: dicts, dataclasses or a frame (anything with
        `__arrow_c_stream__`), with the fields of `create`. 100,000 rows is a normal call; an error names the row,
        `[50].name` for the 51st.
        """
    @overload
    def create_many(self, rows: Iterable[DataclassInstance]) -> builtins.list[int]:
        """Creates many rows, all or none, and returns their ids in order: dicts, dataclasses or a frame (anything with
        `__arrow_c_stream__`), with the fields of `create`. 100,000 rows is a normal call; an error names the row,
        `[50].name` for the 51st.
        """
    @overload
    def create_many(self, rows: _ArrowStream) -> builtins.list[int]:
        """Creates many rows, all or none, and returns their ids in order: dicts, dataclasses or a frame (anything with
        `__arrow_c_stream__`), with the fields of `create`. 100,000 rows is a normal call; an error names the row,
        `[50].name` for the 51st.
        """
    def delete(self, id: int) -> None:
        """Deletes a row, or raises NotFoundError."""
    def find(self, id: int) -> Interaction | None:
        """Reads a row, or returns None."""
    def get(self, id: int) -> Interaction:
        """Reads a row, or raises NotFoundError."""
    def get_many(self, ids: Iterable[int]) -> builtins.list[Interaction]:
        """Reads rows in the order asked: repeats are repeated, missing ones left out."""
    def list(self, *, ids: int | Iterable[int] | None = None, customer_id: int | Iterable[int] | None = None, type: InteractionType | Iterable[InteractionType] | None = None, created_by: int | Iterable[int] | None = None, date_since: datetime.datetime | None = None, date_until: datetime.datetime | None = None, text: str | None = None, created_since: datetime.datetime | None = None, created_until: datetime.datetime | None = None, order: Literal["id", "-id", "created_at", "-created_at", "date", "-date"] = "-id", limit: int = 50, cursor: str | None = None) -> Page[Interaction]:
        """Reads one page. Filters combine with AND, a list means any of; the order is a field's name, with a `-` before it
        when it descends; the limit is 1 to 1,000.
        """
    def stream(self, *, ids: int | Iterable[int] | None = None, customer_id: int | Iterable[int] | None = None, type: InteractionType | Iterable[InteractionType] | None = None, created_by: int | Iterable[int] | None = None, date_since: datetime.datetime | None = None, date_until: datetime.datetime | None = None, text: str | None = None, created_since: datetime.datetime | None = None, created_until: datetime.datetime | None = None, order: Literal["id", "-id", "created_at", "-created_at", "date", "-date"] = "-id") -> Rows[Interaction]:
        """Reads any number of rows from one snapshot, in bounded memory."""
    def update(self, id: int, *, expected_version: int | None = None, customer_id: int = ..., type: InteractionType = ..., notes: str | None = ..., date: datetime.datetime = ...) -> Interaction:
        """Changes a row and returns it as stored: a field left out stays, None clears it. With an expected version that is
        not the row's it raises ConflictError.
        """

@final
class AsyncInteractions:
    """Stores interactions."""

    def count(self, *, ids: int | Iterable[int] | None = None, customer_id: int | Iterable[int] | None = None, type: InteractionType | Iterable[InteractionType] | None = None, created_by: int | Iterable[int] | None = None, date_since: datetime.datetime | None = None, date_until: datetime.datetime | None = None, text: str | None = None, created_since: datetime.datetime | None = None, created_until: datetime.datetime | None = None) -> Call[int]:
        """Counts the rows that a filter selects."""
    def create(self, customer_id: int, type: InteractionType, *, notes: str | None = None, date: datetime.datetime | None = None, created_by: int | None = None) -> Call[Interaction]:
        """Creates an interaction and returns it as stored.

        Raises ConflictError when a unique value is taken, MissingReferenceError when a reference
        points at nothing.

        Args:
            customer_id: With whom.
            type: What kind of contact it was: 'call', 'email', 'meeting' or 'note'.
            notes: What was said, at most 100,000 characters.
            date: When it was, in the years 0001 to 9999; None means now.
            created_by: Who made the row; only the trusted system says so, an acting handle leaves
                it out.
        """
    @overload
    def create_many(self, rows: Iterable[NewInteraction]) -> Call[builtins.list[int]]:
        """Creates many rows, all or none, and returns their ids in order: dicts, dataclasses or a frame (anything with
        `__arrow_c_stream__`), with the fields of `create`. 100,000 rows is a normal call; an error names the row,
        `[50].name` for the 51st.
        """
    @overload
    def create_many(self, rows: Iterable[DataclassInstance]) -> Call[builtins.list[int]]:
        """Creates many rows, all or none, and returns their ids in order: dicts, dataclasses or a frame (anything with
        `__arrow_c_stream__`), with the fields of `create`. 100,000 rows is a normal call; an error names the row,
        `[50].name` for the 51st.
        """
    @overload
    def create_many(self, rows: _ArrowStream) -> Call[builtins.list[int]]:
        """Creates many rows, all or none, and returns their ids in order: dicts, dataclasses or a frame (anything with
        `__arrow_c_stream__`), with the fields of `create`. 100,000 rows is a normal call; an error names the row,
        `[50].name` for the 51st.
        """
    def delete(self, id: int) -> Call[None]:
        """Deletes a row, or raises NotFoundError."""
    def find(self, id: int) -> Call[Interaction | None]:
        """Reads a row, or returns None."""
    def get(self, id: int) -> Call[Interaction]:
        """Reads a row, or raises NotFoundError."""
    def get_many(self, ids: Iterable[int]) -> Call[builtins.list[Interaction]]:
        """Reads rows in the order asked: repeats are repeated, missing ones left out."""
    def list(self, *, ids: int | Iterable[int] | None = None, customer_id: int | Iterable[int] | None = None, type: InteractionType | Iterable[InteractionType] | None = None, created_by: int | Iterable[int] | None = None, date_since: datetime.datetime | None = None, date_until: datetime.datetime | None = None, text: str | None = None, created_since: datetime.datetime | None = None, created_until: datetime.datetime | None = None, order: Literal["id", "-id", "created_at", "-created_at", "date", "-date"] = "-id", limit: int = 50, cursor: str | None = None) -> Call[Page[Interaction]]:
        """Reads one page. Filters combine with AND, a list means any of; the order is a field's name, with a `-` before it
        when it descends; the limit is 1 to 1,000.
        """
    def stream(self, *, ids: int | Iterable[int] | None = None, customer_id: int | Iterable[int] | None = None, type: InteractionType | Iterable[InteractionType] | None = None, created_by: int | Iterable[int] | None = None, date_since: datetime.datetime | None = None, date_until: datetime.datetime | None = None, text: str | None = None, created_since: datetime.datetime | None = None, created_until: datetime.datetime | None = None, order: Literal["id", "-id", "created_at", "-created_at", "date", "-date"] = "-id") -> AsyncRows[Interaction]:
        """Reads any number of rows from one snapshot, in bounded memory."""
    def update(self, id: int, *, expected_version: int | None = None, customer_id: int = ..., type: InteractionType = ..., notes: str | None = ..., date: datetime.datetime = ...) -> Call[Interaction]:
        """Changes a row and returns it as stored: a field left out stays, None clears it. With an expected version that is
        not the row's it raises ConflictError.
        """

@final
class Reports:
    """Answers the three questions."""

    def customer_activity(self, *, limit: int = 50, cursor: str | None = None, include_inactive: bool = True) -> Page[CustomerActivity]:
        """Lists customers with their interactions: most recently contacted first, never contacted last."""
    def due_tasks(self, today: datetime.date, *, within_days: int = 7, statuses: TaskStatus | Iterable[TaskStatus] = "pending", limit: int = 50, cursor: str | None = None) -> Page[DueTask]:
        """Lists the tasks due by the end of the last of so many days from the caller's today: high priority first, then by
        day, then by id.
        """
    def pipeline(self) -> builtins.list[PipelineStage]:
        """Sums up the pipeline: all four stages in order, zeros where a stage is empty."""
    def snapshot(self, today: datetime.date, *, within_days: int = 7, statuses: TaskStatus | Iterable[TaskStatus] = "pending", limit: int = 50, include_inactive: bool = True) -> Snapshot:
        """Answers all three from one consistent snapshot; the limit is that of each list."""

@final
class AsyncReports:
    """Answers the three questions."""

    def customer_activity(self, *, limit: int = 50, cursor: str | None = None, include_inactive: bool = True) -> Call[Page[CustomerActivity]]:
        """Lists customers with their interactions: most recently contacted first, never contacted last."""
    def due_tasks(self, today: datetime.date, *, within_days: int = 7, statuses: TaskStatus | Iterable[TaskStatus] = "pending", limit: int = 50, cursor: str | None = None) -> Call[Page[DueTask]]:
        """Lists the tasks due by the end of the last of so many days from the caller's today: high priority first, then by
        day, then by id.
        """
    def pipeline(self) -> Call[builtins.list[PipelineStage]]:
        """Sums up the pipeline: all four stages in order, zeros where a stage is empty."""
    def snapshot(self, today: datetime.date, *, within_days: int = 7, statuses: TaskStatus | Iterable[TaskStatus] = "pending", limit: int = 50, include_inactive: bool = True) -> Call[Snapshot]:
        """Answers all three from one consistent snapshot; the limit is that of each list."""

@final
class Frames:
    """Reads lists and reports as frames for pandas, Polars and Arrow."""

    def customer_activity(self, *, include_inactive: bool = True, progress: _Progress | None = None) -> Frame:
        """Reads all customers with their interactions as a frame: most recently contacted first."""
    def customers(self, *, ids: int | Iterable[int] | None = None, tags_any: str | Iterable[str] | None = None, tags_all: str | Iterable[str] | None = None, company: str | Iterable[str] | None = None, email: str | Iterable[str] | None = None, text: str | None = None, created_since: datetime.datetime | None = None, created_until: datetime.datetime | None = None, updated_since: datetime.datetime | None = None, updated_until: datetime.datetime | None = None, order: Literal["id", "-id", "created_at", "-created_at", "updated_at", "-updated_at", "name", "-name"] | None = None, progress: _Progress | None = None) -> Frame:
        """Reads customers as a frame: those that the filter selects, without an order in no particular
        one. `progress` is called with the number of rows read so far.
        """
    def due_tasks(self, today: datetime.date, *, within_days: int = 7, statuses: TaskStatus | Iterable[TaskStatus] = "pending", progress: _Progress | None = None) -> Frame:
        """Reads all tasks due by the end of the last of so many days from the caller's today as a frame."""
    def interactions(self, *, ids: int | Iterable[int] | None = None, customer_id: int | Iterable[int] | None = None, type: InteractionType | Iterable[InteractionType] | None = None, created_by: int | Iterable[int] | None = None, date_since: datetime.datetime | None = None, date_until: datetime.datetime | None = None, text: str | None = None, created_since: datetime.datetime | None = None, created_until: datetime.datetime | None = None, order: Literal["id", "-id", "created_at", "-created_at", "date", "-date"] | None = None, progress: _Progress | None = None) -> Frame:
        """Reads interactions as a frame: those that the filter selects, without an order in no
        particular one. `progress` is called with the number of rows read so far.
        """
    def leads(self, *, ids: int | Iterable[int] | None = None, stage: Stage | Iterable[Stage] | None = None, customer_id: int | Iterable[int] | None = None, assigned_to: int | Iterable[int] | None = None, unassigned: bool = False, min_value: _Money | None = None, max_value: _Money | None = None, text: str | None = None, created_since: datetime.datetime | None = None, created_until: datetime.datetime | None = None, updated_since: datetime.datetime | None = None, updated_until: datetime.datetime | None = None, order: Literal["id", "-id", "created_at", "-created_at", "updated_at", "-updated_at", "title", "-title", "value", "-value"] | None = None, progress: _Progress | None = None) -> Frame:
        """Reads leads as a frame: those that the filter selects, without an order in no particular
        one. `progress` is called with the number of rows read so far.
        """
    def pipeline(self, *, progress: _Progress | None = None) -> Frame:
        """Reads the pipeline as a frame: four rows."""
    def tasks(self, *, ids: int | Iterable[int] | None = None, status: TaskStatus | Iterable[TaskStatus] | None = None, priority: Priority | Iterable[Priority] | None = None, assigned_to: int | Iterable[int] | None = None, unassigned: bool = False, customer_id: int | Iterable[int] | None = None, due_since: datetime.date | None = None, due_until: datetime.date | None = None, text: str | None = None, created_since: datetime.datetime | None = None, created_until: datetime.datetime | None = None, updated_since: datetime.datetime | None = None, updated_until: datetime.datetime | None = None, order: Literal["id", "-id", "created_at", "-created_at", "updated_at", "-updated_at", "title", "-title", "due_date", "-due_date", "priority", "-priority"] | None = None, progress: _Progress | None = None) -> Frame:
        """Reads tasks as a frame: those that the filter selects, without an order in no particular
        one. `progress` is called with the number of rows read so far.
        """
    def users(self, *, ids: int | Iterable[int] | None = None, role: Role | Iterable[Role] | None = None, email: str | Iterable[str] | None = None, created_since: datetime.datetime | None = None, created_until: datetime.datetime | None = None, updated_since: datetime.datetime | None = None, updated_until: datetime.datetime | None = None, order: Literal["id", "-id", "created_at", "-created_at", "updated_at", "-updated_at", "name", "-name"] | None = None, progress: _Progress | None = None) -> Frame:
        """Reads users as a frame: those that the filter selects, without an order in no particular
        one. `progress` is called with the number of rows read so far.
        """

@final
class AsyncFrames:
    """Reads lists and reports as frames for pandas, Polars and Arrow."""

    def customer_activity(self, *, include_inactive: bool = True, progress: _Progress | None = None) -> Call[Frame]:
        """Reads all customers with their interactions as a frame: most recently contacted first."""
    def customers(self, *, ids: int | Iterable[int] | None = None, tags_any: str | Iterable[str] | None = None, tags_all: str | Iterable[str] | None = None, company: str | Iterable[str] | None = None, email: str | Iterable[str] | None = None, text: str | None = None, created_since: datetime.datetime | None = None, created_until: datetime.datetime | None = None, updated_since: datetime.datetime | None = None, updated_until: datetime.datetime | None = None, order: Literal["id", "-id", "created_at", "-created_at", "updated_at", "-updated_at", "name", "-name"] | None = None, progress: _Progress | None = None) -> Call[Frame]:
        """Reads customers as a frame: those that the filter selects, without an order in no particular
        one. `progress` is called with the number of rows read so far.
        """
    def due_tasks(self, today: datetime.date, *, within_days: int = 7, statuses: TaskStatus | Iterable[TaskStatus] = "pending", progress: _Progress | None = None) -> Call[Frame]:
        """Reads all tasks due by the end of the last of so many days from the caller's today as a frame."""
    def interactions(self, *, ids: int | Iterable[int] | None = None, customer_id: int | Iterable[int] | None = None, type: InteractionType | Iterable[InteractionType] | None = None, created_by: int | Iterable[int] | None = None, date_since: datetime.datetime | None = None, date_until: datetime.datetime | None = None, text: str | None = None, created_since: datetime.datetime | None = None, created_until: datetime.datetime | None = None, order: Literal["id", "-id", "created_at", "-created_at", "date", "-date"] | None = None, progress: _Progress | None = None) -> Call[Frame]:
        """Reads interactions as a frame: those that the filter selects, without an order in no
        particular one. `progress` is called with the number of rows read so far.
        """
    def leads(self, *, ids: int | Iterable[int] | None = None, stage: Stage | Iterable[Stage] | None = None, customer_id: int | Iterable[int] | None = None, assigned_to: int | Iterable[int] | None = None, unassigned: bool = False, min_value: _Money | None = None, max_value: _Money | None = None, text: str | None = None, created_since: datetime.datetime | None = None, created_until: datetime.datetime | None = None, updated_since: datetime.datetime | None = None, updated_until: datetime.datetime | None = None, order: Literal["id", "-id", "created_at", "-created_at", "updated_at", "-updated_at", "title", "-title", "value", "-value"] | None = None, progress: _Progress | None = None) -> Call[Frame]:
        """Reads leads as a frame: those that the filter selects, without an order in no particular
        one. `progress` is called with the number of rows read so far.
        """
    def pipeline(self, *, progress: _Progress | None = None) -> Call[Frame]:
        """Reads the pipeline as a frame: four rows."""
    def tasks(self, *, ids: int | Iterable[int] | None = None, status: TaskStatus | Iterable[TaskStatus] | None = None, priority: Priority | Iterable[Priority] | None = None, assigned_to: int | Iterable[int] | None = None, unassigned: bool = False, customer_id: int | Iterable[int] | None = None, due_since: datetime.date | None = None, due_until: datetime.date | None = None, text: str | None = None, created_since: datetime.datetime | None = None, created_until: datetime.datetime | None = None, updated_since: datetime.datetime | None = None, updated_until: datetime.datetime | None = None, order: Literal["id", "-id", "created_at", "-created_at", "updated_at", "-updated_at", "title", "-title", "due_date", "-due_date", "priority", "-priority"] | None = None, progress: _Progress | None = None) -> Call[Frame]:
        """Reads tasks as a frame: those that the filter selects, without an order in no particular
        one. `progress` is called with the number of rows read so far.
        """
    def users(self, *, ids: int | Iterable[int] | None = None, role: Role | Iterable[Role] | None = None, email: str | Iterable[str] | None = None, created_since: datetime.datetime | None = None, created_until: datetime.datetime | None = None, updated_since: datetime.datetime | None = None, updated_until: datetime.datetime | None = None, order: Literal["id", "-id", "created_at", "-created_at", "updated_at", "-updated_at", "name", "-name"] | None = None, progress: _Progress | None = None) -> Call[Frame]:
        """Reads users as a frame: those that the filter selects, without an order in no particular
        one. `progress` is called with the number of rows read so far.
        """
