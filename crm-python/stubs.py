"""Writes python/crm/_crm.pyi from the built module: names, defaults and docstrings are the module's, types stand here.

    python stubs.py          writes it
    python stubs.py --check  fails when it is not what would be written
"""

from __future__ import annotations

import inspect
import sys
from pathlib import Path
from typing import Any

from crm import _crm

STUB = Path(__file__).parent / "python" / "crm" / "_crm.pyi"

HEADER = '''# Written by stubs.py; do not edit.
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
    Phase,
    Priority,
    Role,
    Stage,
    TaskStatus,
)

_T = TypeVar("_T")
_T_co = TypeVar("_T_co", covariant=True)
_Money: TypeAlias = decimal.Decimal | int | str
_Progress: TypeAlias = Callable[[int], object]

class _ArrowStream(Protocol):
    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object: ...

__all__ = ALL
__version__: str

@overload
def connect(asynchronous: Literal[False], url: str, options: dict[str, object]) -> Crm:
    """DOC:connect"""

@overload
def connect(asynchronous: Literal[True], url: str, options: dict[str, object]) -> Connecting:
    """DOC:connect"""

@overload
def embedded(asynchronous: Literal[False], path: str | None) -> Crm:
    """DOC:embedded"""

@overload
def embedded(asynchronous: Literal[True], path: str | None) -> Connecting:
    """DOC:embedded"""

def _forked() -> None:
    """DOC:_forked"""

def _pause(attempts: int) -> float:
    """DOC:_pause"""

def _status(code: str) -> int:
    """DOC:_status"""

@final
class Call(Coroutine[object, None, _T_co]):
    """DOC:Call"""

    def __class_getitem__(cls, key: object) -> GenericAlias: ...
    def __await__(self) -> Generator[object, None, _T_co]: ...
    def __next__(self) -> object: ...
    def send(self, value: object) -> object:
        """DOC:Call.send"""
    def throw(self, typ: object, val: object = None, tb: TracebackType | None = None) -> object:
        """DOC:Call.throw"""
    def close(self) -> None:
        """DOC:Call.close"""

@final
class Connecting:
    """DOC:Connecting"""

    def __await__(self) -> Generator[object, None, AsyncCrm]: ...
    def __aenter__(self) -> Coroutine[object, None, AsyncCrm]: ...
    def __aexit__(self, *_exception: object) -> Call[None]: ...

@final
class Rows(Iterator[_T]):
    """DOC:Rows"""

    def __class_getitem__(cls, key: object) -> GenericAlias: ...
    def __iter__(self) -> Self: ...
    def __next__(self) -> _T: ...
    def close(self) -> None:
        """DOC:Rows.close"""

@final
class AsyncRows(AsyncIterator[_T]):
    """DOC:AsyncRows"""

    def __class_getitem__(cls, key: object) -> GenericAlias: ...
    def __aiter__(self) -> Self: ...
    def __anext__(self) -> Call[_T]: ...
    def aclose(self) -> Call[None]:
        """DOC:AsyncRows.aclose"""

@final
class Reading:
    """DOC:Reading"""

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object: ...
    def __arrow_c_schema__(self) -> object: ...
    def _failure(self) -> BaseException | None:
        """DOC:Reading._failure"""

@final
class Page(Generic[_T]):
    """DOC:Page"""

    def __class_getitem__(cls, key: object) -> GenericAlias: ...
    __match_args__: tuple[Literal["items"], Literal["next_cursor"]]
    def __new__(cls, items: builtins.list[_T], next_cursor: str | None) -> Self: ...
    @property
    def items(self) -> builtins.list[_T]:
        """DOC:Page.items"""
    @property
    def next_cursor(self) -> str | None:
        """DOC:Page.next_cursor"""
    def __iter__(self) -> Iterator[_T]: ...
    def __len__(self) -> int: ...
    @overload
    def __getitem__(self, key: int, /) -> _T: ...
    @overload
    def __getitem__(self, key: slice, /) -> builtins.list[_T]: ...
    def __eq__(self, value: object, /) -> bool: ...
    def to_dict(self) -> dict[str, object]:
        """DOC:Page.to_dict"""
'''

MOMENT, DAY, MONEY = "datetime.datetime", "datetime.date", "decimal.Decimal"

# The types of the records' fields; a field that may be None has a ? before it.
RECORDS: dict[str, str] = {
    "User": "id int name str email str role Role deactivated_at ?MOMENT created_at MOMENT updated_at MOMENT version int",
    "Customer": "id int name str email ?str phone ?str company ?str tags builtins.list[str] notes ?str created_by ?int "
    "updated_by ?int created_at MOMENT updated_at MOMENT version int",
    "Lead": "id int title str description ?str stage Stage value ?MONEY customer_id ?int assigned_to ?int created_by ?int "
    "updated_by ?int created_at MOMENT updated_at MOMENT version int",
    "Task": "id int title str description ?str status TaskStatus priority Priority due_date ?DAY assigned_to ?int "
    "customer_id ?int created_by ?int updated_by ?int created_at MOMENT updated_at MOMENT version int",
    "Interaction": "id int customer_id int type InteractionType notes ?str date MOMENT created_by ?int created_at MOMENT "
    "version int",
    "PipelineStage": "stage Stage count int total_value MONEY",
    "TagCount": "tag str count int",
    "CustomerOverview": "customer Customer open_leads builtins.list[Lead] open_tasks builtins.list[Task] "
    "recent_interactions builtins.list[Interaction]",
    "Migration": "version int description str",
    "Manifest": "taken_at MOMENT library_version str schema_version int oldest_library int server_version str "
    "pg_dump_version str bytes int sha256 str rows dict[str,int]",
    "Progress": "phase Phase table ?str rows int total_rows int bytes int",
    "Violation": "field str code str message str",
    "Seeded": "admin str user str",
    "Snapshot": "customer_activity Page[CustomerActivity] pipeline builtins.list[PipelineStage] due_tasks Page[DueTask]",
}
RECORDS["CustomerActivity"] = RECORDS["Customer"] + " interaction_count int last_interaction ?MOMENT"
RECORDS["DueTask"] = RECORDS["Task"] + " customer_name ?str assigned_to_name ?str overdue bool"
# These are only read, never made.
READ_ONLY = {"Seeded", "Snapshot"}

ENTITIES = {"Users": "User", "Customers": "Customer", "Leads": "Lead", "Tasks": "Task", "Interactions": "Interaction"}
ORDERS = {
    "User": "id created_at updated_at name",
    "Customer": "id created_at updated_at name",
    "Lead": "id created_at updated_at title value",
    "Task": "id created_at updated_at title due_date priority",
    "Interaction": "id created_at date",
}

# What each parameter takes, by its name.
PARAMETERS: dict[str, str] = {
    "id": "int", "user_id": "int", "version": "int", "recent": "int", "limit": "int", "cursor": "str",
    "expected_version": "int", "name": "str", "email": "str", "role": "Role", "password": "str", "password_hash": "str",
    "current_password": "str", "new_password": "str", "admin": "str", "user": "str", "path": "str | PathLike[str]", "phone": "str", "company": "str",
    "tags": "Iterable[str]", "notes": "str", "created_by": "int", "title": "str", "description": "str", "stage": "Stage",
    "value": "_Money", "customer_id": "int", "assigned_to": "int", "status": "TaskStatus", "priority": "Priority",
    "due_date": DAY, "type": "InteractionType", "date": MOMENT, "ids": "Iterable[int]", "text": "str",
    "min_value": "_Money", "max_value": "_Money", "unassigned": "bool", "due_since": DAY, "due_until": DAY, "today": DAY,
    "within_days": "int", "include_inactive": "bool", "progress": "_Progress",
    "statuses": "TaskStatus | Iterable[TaskStatus]", "tags_any": "str | Iterable[str]", "tags_all": "str | Iterable[str]",
}
FILTERING = {"list", "stream", "count"}
NEVER_NULL = {"name", "title", "role", "stage", "status", "priority", "type", "date"}

# What each method returns, by its name; E stands for the entity.
RETURNS: dict[str, str] = {
    "create": "E", "create_many": "builtins.list[int]", "get": "E", "find": "E | None", "get_many": "builtins.list[E]",
    "list": "Page[E]", "count": "int", "update": "E", "delete": "None", "find_by_email": "User | None",
    "authenticate": "User", "change_password": "None", "set_password": "None", "deactivate": "User", "reactivate": "User",
    "add_tags": "Customer", "remove_tags": "Customer", "tag_counts": "builtins.list[TagCount]",
    "overview": "CustomerOverview", "move_to": "Lead", "start": "Task", "complete": "Task", "reopen": "Task",
    "customer_activity": "Page[CustomerActivity]", "pipeline": "builtins.list[PipelineStage]", "due_tasks": "Page[DueTask]",
    "snapshot": "Snapshot", "migrate": "None", "migrate_to": "None", "schema_version": "int | None",
    "pending_migrations": "builtins.list[Migration]", "seed": "Seeded | None", "close": "None", "commit": "None",
    "rollback": "None", "backup": "Manifest", "restore": "Manifest",
}
PROPERTIES = {"url": "str | None", "actor": "int"}
PARTS = {"users", "customers", "leads", "tasks", "interactions", "reports", "frames"}


def indent(text: str, by: int) -> str:
    return "\n".join(" " * by + line if line else line for line in text.splitlines())


def doc(value: object, by: int) -> str:
    """Quotes a docstring."""
    text = inspect.getdoc(value)
    assert text, f"{value} has no docstring"
    close = '"""' if "\n" not in text else '\n"""'
    return indent(f'"""{text}{close}', by)


def filled(template: str) -> str:
    """Puts the module's docstrings into the header."""
    lines = []
    for line in template.splitlines():
        if '"""DOC:' in line:
            value: Any = _crm
            for part in line.strip().strip('"').removeprefix("DOC:").split("."):
                value = getattr(value, part)
            line = doc(value, len(line) - len(line.lstrip()))
        lines.append(line)
    names = ", ".join(f'"{name}"' for name in sorted(_crm.__all__))
    return "\n".join(lines).replace("__all__ = ALL", f"__all__ = [{names}]") + "\n"


def record(name: str) -> str:
    words = RECORDS[name].split()
    fields = {}
    for field, kind in zip(words[::2], words[1::2], strict=True):
        kind = kind.replace("MOMENT", MOMENT).replace("MONEY", MONEY).replace("DAY", DAY)
        fields[field] = kind[1:] + " | None" if kind.startswith("?") else kind
    cls = getattr(_crm, name)
    assert tuple(fields) == cls.__match_args__, name
    out = ["@final", f"class {name}:", doc(cls, 4), ""]
    labels = ", ".join(f'Literal["{field}"]' for field in fields)
    out.append(f"    __match_args__: tuple[{labels}]")
    parameters = ", ".join(f"{field}: {kind}" for field, kind in fields.items())
    if name not in READ_ONLY:
        out.append(f"    def __new__(cls, {parameters}) -> Self: ...")
    for field, kind in fields.items():
        out += ["    @property", f"    def {field}(self) -> {kind}:", doc(getattr(cls, field), 8)]
    if name not in READ_ONLY:
        changes = ", ".join(f"{field}: {kind} = ..." for field, kind in fields.items())
        out += [f"    def replace(self, *, {changes}) -> Self:", doc(cls.replace, 8)]
        out.append(f"    def __replace__(self, *, {changes}) -> Self: ...")
        out += ["    def __eq__(self, value: object, /) -> bool: ...", "    def __hash__(self) -> int: ..."]
    if hasattr(cls, "to_dict"):
        out += ["    def to_dict(self) -> dict[str, object]:", doc(cls.to_dict, 8)]
    return "\n".join(out) + "\n"


def parameter(entity: str | None, method: str, filtering: bool, name: str, default: object) -> str:
    """Returns what a parameter takes."""
    if name == "progress" and method in {"backup", "restore"}:
        kind = "Callable[[Progress], object]"
    elif name == "order":
        names = [sign + order for order in ORDERS[entity or ""].split() for sign in ("", "-")]
        kind = f"Literal[{', '.join(repr(order) for order in names)}]".replace("'", '"')
    else:
        kind = PARAMETERS[name]
        if filtering and name not in {"text", "unassigned", "limit", "cursor", "progress", "include_inactive", "ids"}:
            plain = not name.endswith(("_since", "_until", "_value")) and "Iterable" not in kind
            kind = f"{kind} | Iterable[{kind}]" if plain else kind
        if filtering and name == "ids":
            kind = "int | Iterable[int]"
    nullable = default is None
    if default is ...:
        never = NEVER_NULL | ({"email"} if entity == "User" else set()) | ({"customer_id"} if entity == "Interaction" else set())
        nullable = name not in never
    return kind + " | None" if nullable else kind


PARAMETERS.update({f"{which}_{end}": MOMENT for which in ("created", "updated", "date") for end in ("since", "until")})


def method(cls: Any, name: str, entity: str | None, asynchronous: bool, frames: bool) -> str:
    function = getattr(cls, name)
    signature = inspect.signature(function)
    if name == "create_many":
        # By themselves, or a type checker would not see the dicts that are meant in what stands there.
        returned = "Call[builtins.list[int]]" if asynchronous else "builtins.list[int]"
        kinds = [f"Iterable[New{entity}]", "Iterable[DataclassInstance]", "_ArrowStream"]
        overloads = [plain_method(function, name, ["self", f"rows: {kind}"], returned) for kind in kinds]
        return "\n".join("    @overload\n" + text for text in overloads)
    if name == "retry":
        transaction, result = ("AsyncTransaction", "Awaitable[_T]") if asynchronous else ("Transaction", "_T")
        attempts = signature.parameters["attempts"].default
        parts = ["self", f"work: Callable[[{transaction}], {result}]", "*", f"attempts: int = {attempts}"]
        return plain_method(function, name, parts, "Coroutine[object, object, _T]" if asynchronous else "_T")
    filtering = name in FILTERING or (frames and name in RECORD_LISTS)
    parts, keyword_only = ["self"], False
    of = ENTITIES.get(name.capitalize()) if frames else entity
    for given in list(signature.parameters.values())[1:]:
        if given.kind is given.KEYWORD_ONLY and not keyword_only:
            keyword_only = True
            parts.append("*")
        part = f"{given.name}: {parameter(of, name, filtering, given.name, given.default)}"
        if given.default is not given.empty:
            shown = "..." if given.default is ... else repr(given.default).replace("'", '"')
            part += f" = {shown}"
        parts.append(part)
    if frames:
        returned = "Frame"
    elif name == "stream":
        returned = f"{'AsyncRows' if asynchronous else 'Rows'}[{entity}]"
    elif name == "transaction":
        return plain_method(function, name, parts, "AsyncTransaction" if asynchronous else "Transaction")
    elif name == "acting_as":
        return plain_method(function, name, parts, "AsyncActing" if asynchronous else "Acting")
    else:
        returned = RETURNS[name]
        if entity:
            returned = entity if returned == "E" else returned.replace("E]", entity + "]").replace("E |", entity + " |")
    if asynchronous and name != "stream":
        returned = f"Call[{returned}]"
    return plain_method(function, name, parts, returned)


RECORD_LISTS = {"users", "customers", "leads", "tasks", "interactions"}


def plain_method(function: object, name: str, parts: list[str], returned: str) -> str:
    return f"    def {name}({', '.join(parts)}) -> {returned}:\n{doc(function, 8)}"


def face(name: str) -> str:
    """Writes a class of one of the faces."""
    asynchronous = name.startswith("Async")
    cls = getattr(_crm, name)
    kind = name.removeprefix("Async")
    out = ["@final", f"class {name}:", doc(cls, 4), ""]
    for member in sorted(set(dir(cls)) - set(dir(object))):
        value = inspect.getattr_static(cls, member)
        if member in PARTS and inspect.isgetsetdescriptor(value):
            part = ("Async" if asynchronous else "") + member.capitalize()
            out += ["    @property", f"    def {member}(self) -> {part}:", doc(value, 8)]
        elif member in PROPERTIES:
            out += ["    @property", f"    def {member}(self) -> {PROPERTIES[member]}:", doc(value, 8)]
        elif member in ("__enter__",):
            out.append(f"    def {member}(self) -> Self: ...")
        elif member == "__aenter__":
            out.append(f"    def {member}(self) -> Call[Self]: ...")
        elif member in ("__exit__", "__aexit__"):
            exception = "_exception" if kind == "Crm" else "exception"
            returned = "Call[None]" if asynchronous else "None"
            out.append(f"    def {member}(self, *{exception}: object) -> {returned}: ...")
        elif not member.startswith("_"):
            out.append(method(cls, member, ENTITIES.get(kind), asynchronous, kind == "Frames"))
    return "\n".join(out) + "\n"


def stub() -> str:
    faces = ["Crm", "Acting", "Transaction", *ENTITIES, "Reports", "Frames"]
    parts = [filled(HEADER), *(record(name) for name in RECORDS)]
    parts += [face(prefix + name) for name in faces for prefix in ("", "Async")]
    return "\n".join(parts)


def main() -> None:
    written = stub()
    if "--check" in sys.argv:
        if STUB.read_text() != written:
            sys.exit(f"{STUB} is stale: run python {Path(__file__).name}")
    else:
        STUB.write_text(written)


if __name__ == "__main__":
    main()
