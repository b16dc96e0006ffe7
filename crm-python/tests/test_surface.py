"""Compares what the package has with what the library has: tests/contract/catalogue/surface.txt, which is read off the Rust sources."""

from __future__ import annotations

import ast
import inspect
import json
from pathlib import Path
from typing import Any, get_args

import crm
import pytest

CATALOGUE = Path(__file__).parents[2] / "tests" / "contract" / "catalogue"
PARTS = {"users": "User", "customers": "Customer", "leads": "Lead", "tasks": "Task", "interactions": "Interaction"}
RECORDS = [
    "User", "Customer", "Lead", "Task", "Interaction", "CustomerActivity", "DueTask", "PipelineStage", "Snapshot", "TagCount",
    "CustomerOverview", "Page", "Violation", "Migration", "Manifest", "Progress", "Seeded",
]
LABELS = ["Role", "Stage", "TaskStatus", "Priority", "InteractionType", "DenialReason"]


def shared() -> set[str]:
    """Returns what Rust has, with the differences that are meant."""
    lines = set()
    for line in (CATALOGUE / "surface.txt").read_text().splitlines():
        group, words = line.split(":")
        # An operation is there by itself, whatever it is given.
        lines |= {f"{group} {word}" for word in words.split()} | ({group} if group.startswith("operation") else set())
    for difference in json.loads((CATALOGUE / "differences.json").read_text()):
        assert set(difference) <= {"why", "rust", "python", "node"}
        lines = lines - set(difference.get("rust", [])) | set(difference.get("python", []))
    # Labels of what Python does not list: they come as they are.
    return {line for line in lines if not line.startswith("label ") or line.split()[1] in [*LABELS, "ErrorCode"]}


def parameters(operation: str, function: Any, skip: int = 1) -> set[str]:
    lines = {f"operation {operation}"}
    for parameter in list(inspect.signature(function).parameters.values())[skip:]:
        optional = "" if parameter.default is parameter.empty else "?"
        lines.add(f"operation {operation} {parameter.name}{optional}")
    return lines


def members(name: str, cls: Any) -> set[str]:
    """Lists the operations of a class; what the handle hands out stands for itself."""
    lines: set[str] = set()
    for member in set(dir(cls)) - set(dir(object)):
        value = inspect.getattr_static(cls, member)
        if member.startswith("_") or member in PARTS or member == "reports":
            continue
        if inspect.isgetsetdescriptor(value):
            lines.add(f"operation {name}.{member}")
        else:
            lines |= parameters(f"{name}.{member}", getattr(cls, member))
    return lines


def orders() -> set[str]:
    """Reads the orders off the stub, where the types stand."""
    lines = set()
    tree = ast.parse((Path(crm.__file__).parent / "_crm.pyi").read_text())
    for cls in (node for node in tree.body if isinstance(node, ast.ClassDef) and node.name.lower() in PARTS):
        for function in cls.body:
            if isinstance(function, ast.FunctionDef) and function.name == "list":
                [order] = [argument for argument in function.args.kwonlyargs if argument.arg == "order"]
                assert isinstance(order.annotation, ast.Subscript) and isinstance(order.annotation.slice, ast.Tuple)
                for item in order.annotation.slice.elts:
                    assert isinstance(item, ast.Constant)
                    lines.add(f"order {cls.name.lower()} {str(item.value).removeprefix('-')}")
    return lines


def errors() -> set[str]:
    lines = set()
    for cls in crm.CrmError.__subclasses__():
        for leaf in cls.__subclasses__() or [cls]:
            lines.add(f"label ErrorCode {leaf.code}")
            fields = inspect.signature(leaf).parameters.values()
            lines |= {f"error {leaf.code} {field.name}" for field in fields if field.kind is field.KEYWORD_ONLY}
    return lines


def of_python() -> set[str]:
    lines = parameters("crm.connect", crm.connect, 0) | parameters("crm.embedded", crm.embedded, 0)
    for part in [*PARTS, "reports"]:
        lines |= members(part, getattr(crm, part.capitalize()))
    for name, cls in (("crm", crm.Crm), ("acting", crm.Acting), ("transaction", crm.Transaction)):
        lines |= members(name, cls)
    for record in RECORDS:
        lines |= {f"field {record} {field}" for field in getattr(crm, record).__match_args__}
    for name in LABELS:
        lines |= {f"label {name} {label}" for label in get_args(getattr(crm, name))}
    return lines | orders() | errors()


def test_python_has_what_rust_has_but_for_the_differences_that_are_meant() -> None:
    ours, theirs = of_python(), shared()
    assert sorted(ours - theirs) == []
    assert sorted(theirs - ours) == []


@pytest.mark.parametrize("name", ["connect", "embedded"])
def test_both_ways_to_open_are_given_the_same(name: str) -> None:
    assert inspect.signature(getattr(crm, name)).parameters == inspect.signature(getattr(crm, f"{name}_async")).parameters


@pytest.mark.parametrize("name", [*map(str.capitalize, PARTS), "Reports", "Frames", "Crm", "Acting", "Transaction"])
def test_both_faces_have_the_same(name: str) -> None:
    # A block of the one is entered by `with`, of the other by `async with`.
    assert members("", getattr(crm, name)) == members("", getattr(crm, f"Async{name}"))


def test_the_dicts_of_create_many_have_what_create_is_given() -> None:
    for part, entity in PARTS.items():
        cls = getattr(crm.inputs, f"New{entity}")
        fields = {f"operation {part}.create {field}" for field in cls.__required_keys__}
        fields |= {f"operation {part}.create {field}?" for field in cls.__optional_keys__}
        assert fields | {f"operation {part}.create"} == parameters(f"{part}.create", getattr(crm, part.capitalize()).create)


def test_frames_are_given_what_streams_and_reports_are() -> None:
    for part in PARTS:
        stream = parameters("", getattr(crm, part.capitalize()).stream)
        assert parameters("", getattr(crm.Frames, part)) == stream | {"operation  progress?"}
    for report in ("customer_activity", "pipeline", "due_tasks"):
        paging = {"operation  limit?", "operation  cursor?"}
        asked = parameters("", getattr(crm.Reports, report)) - paging
        assert parameters("", getattr(crm.Frames, report)) == asked | {"operation  progress?"}
