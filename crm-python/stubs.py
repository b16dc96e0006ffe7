"""Writes python/crm/_crm.pyi from the built module: names, defaults and docstrings are the module's.

The types are those of `stub_types.py`, which is generated from the library's sources. Here are only those of what Python
has of its own.

    python stubs.py          writes it
    python stubs.py --check  fails when it is not what would be written
"""

from __future__ import annotations

import inspect
import sys
from pathlib import Path
from typing import Any

import stub_types
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

# The records that are written by hand.
RECORDS: dict[str, dict[str, str]] = {
    **stub_types.RECORDS,
    "Migration": {"version": "int", "description": "str"},
    "Manifest": {
        "taken_at": "datetime.datetime",
        "library_version": "str",
        "schema_version": "int",
        "oldest_library": "int",
        "server_version": "str",
        "pg_dump_version": "str",
        "bytes": "int",
        "sha256": "str",
        "rows": "dict[str, int]",
    },
    "Progress": {"phase": "Phase", "table": "str | None", "rows": "int", "total_rows": "int", "bytes": "int"},
    "Violation": {"field": "str", "code": "str", "message": "str"},
    "Seeded": {"admin": "str", "user": "str"},
}
# These are only read, never made.
READ_ONLY = {"Seeded"} | stub_types.VIEWS

ENTITIES = stub_types.ENTITIES
_PROGRESS = {"progress": "_Progress | None"}

# What each call is given. The frames take what the calls do that read the same rows.
PARAMETERS: dict[str, dict[str, str]] = {
    **stub_types.PARAMETERS,
    **{f"Frames.{part.lower()}": stub_types.PARAMETERS[f"{part}.stream"] | _PROGRESS for part in ENTITIES},
    **{
        name.replace("Reports", "Frames"): parameters | _PROGRESS
        for name, parameters in stub_types.PARAMETERS.items()
        if name.startswith("Reports.")
    },
    "Crm.acting_as": {"user_id": "int"},
    "Crm.backup": {"path": "str | PathLike[str]", "progress": "Callable[[Progress], object] | None"},
    "Crm.migrate_to": {"version": "int"},
    "Crm.restore": {"path": "str | PathLike[str]", "progress": "Callable[[Progress], object] | None"},
    "Crm.seed": {"admin": "str | None", "user": "str | None"},
}

# What each call returns, where both faces return the same.
RETURNS: dict[str, str] = {
    **stub_types.RETURNS,
    "Crm.backup": "Manifest",
    "Crm.close": "None",
    "Crm.migrate": "None",
    "Crm.migrate_to": "None",
    "Crm.pending_migrations": "builtins.list[Migration]",
    "Crm.restore": "Manifest",
    "Crm.schema_version": "int | None",
    "Crm.seed": "Seeded | None",
    "Transaction.commit": "None",
    "Transaction.rollback": "None",
}
# What calls return that each face has a class of its own for.
FACES = {"acting_as": "Acting", "transaction": "Transaction"}
PROPERTIES = {"url": "str | None", "actor": "int"}
PARTS = {part.lower() for part in ENTITIES} | {"reports", "frames"}


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
    fields = RECORDS[name]
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


def parameter(kind: str, given: inspect.Parameter) -> str:
    """Writes a parameter as the stub has it."""
    if given.default is given.empty:
        return f"{given.name}: {kind}"
    if given.default is None and "None" not in kind:
        kind += " | None"
    shown = "..." if given.default is ... else repr(given.default).replace("'", '"')
    return f"{given.name}: {kind} = {shown}"


def method(cls: Any, kind: str, name: str, asynchronous: bool) -> str:
    function = getattr(cls, name)
    signature = inspect.signature(function)
    if name == "create_many":
        # One overload each: in a union, a type checker would not see that a literal dict is meant as a row.
        returned = "Call[builtins.list[int]]" if asynchronous else "builtins.list[int]"
        kinds = [PARAMETERS[f"{kind}.{name}"]["rows"], "Iterable[DataclassInstance]", "_ArrowStream"]
        overloads = [plain_method(function, name, ["self", f"rows: {rows}"], returned) for rows in kinds]
        return "\n".join("    @overload\n" + text for text in overloads)
    if name == "retry":
        transaction, result = ("AsyncTransaction", "Awaitable[_T]") if asynchronous else ("Transaction", "_T")
        attempts = signature.parameters["attempts"].default
        parts = ["self", f"work: Callable[[{transaction}], {result}]", "*", f"attempts: int = {attempts}"]
        return plain_method(function, name, parts, "Coroutine[object, object, _T]" if asynchronous else "_T")
    given = list(signature.parameters.values())[1:]
    takes = PARAMETERS.get(f"{kind}.{name}", {})
    # The module and the library's sources must agree; a frame is one of all rows, not of a page.
    paging = {"limit", "cursor"} if kind == "Frames" else set()
    assert {one.name for one in given} == takes.keys() - paging, f"{kind}.{name}"
    parts = ["self"]
    for one in given:
        if one.kind is one.KEYWORD_ONLY and "*" not in parts:
            parts.append("*")
        parts.append(parameter(takes[one.name], one))
    returned = "Frame" if kind == "Frames" else RETURNS.get(f"{kind}.{name}") or FACES[name]
    if asynchronous:
        returned = f"Async{returned}" if name in {"stream", *FACES} else f"Call[{returned}]"
    return plain_method(function, name, parts, returned)


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
            out.append(method(cls, kind, member, asynchronous))
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
