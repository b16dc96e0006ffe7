"""Fails when something public of the Python package has no docstring, or a parameter of which nothing speaks.

Something speaks of a parameter if the docstring of its function, its class or the package does (or that of its synchronous twin), or
if a record has a field of that name.
"""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Iterator

import crm


# How Python itself drives a coroutine.
PROTOCOL = (crm.Call.send, crm.Call.throw, crm.Call.close)


def members(owner: type, name: str) -> Iterator[tuple[str, object]]:
    """Lists what a class itself adds and everybody may use."""
    for attribute, value in vars(owner).items():
        if not attribute.startswith("_") and not isinstance(value, (str, int, type(None))):
            yield f"{name}.{attribute}", value


def public() -> Iterator[tuple[str, object]]:
    """Lists the package's names and the members of its classes, those of their bases too."""
    yield "crm", crm
    for name in crm.__all__:
        value = getattr(crm, name)
        if inspect.isclass(value):
            yield name, value
            for base in inspect.getmro(value):
                if base.__module__.split(".")[0] == "crm":
                    yield from members(base, name)
        elif callable(value) and not hasattr(value, "__origin__"):
            yield name, value


def parameters(value: object) -> Iterator[str]:
    """Lists a function's parameters."""
    if isinstance(value, (staticmethod, classmethod)):
        value = value.__func__
    if not callable(value) or inspect.isclass(value) or value in PROTOCOL:
        return
    try:
        signature = inspect.signature(value)
    except (TypeError, ValueError):
        return
    for parameter in signature.parameters.values():
        if parameter.name not in ("self", "cls") and not parameter.name.startswith("_"):
            yield parameter.name


names = dict(public())
# A field of a record is documented there, and means the same as a parameter.
fields = {name.rpartition(".")[2] for name, value in names.items() if not callable(value)}
missing = []
for name, value in names.items():
    docs = (getattr(value, "__doc__", None) or "").strip()
    if not docs:
        missing.append(f"{name} has no docstring")
    about = (value, names.get(name.rpartition(".")[0]), names.get(name.removesuffix("_async")), crm)
    spoken = set(re.findall(r"\w+", " ".join(getattr(each, "__doc__", None) or "" for each in about)))
    missing += [
        f"{name} says nothing of its parameter {parameter}"
        for parameter in parameters(value)
        if parameter not in fields and parameter not in spoken
    ]
if missing:
    sys.exit("\n".join(missing))
print(f"{len(names)} names are documented")
