"""Runs the cases of tests/contract, which every language runs, through both faces."""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import Callable, Iterator
from datetime import date, datetime, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

import crm
import psycopg
import pytest
from conftest import Driven
from stub_types import PARAMETERS

FOLDER = Path(__file__).parents[2] / "tests" / "contract"
CASES = [
    pytest.param(contents, case, id=f"{file.stem}-{case['name']}")
    for file in sorted(FOLDER.glob("*.json"))
    for contents in [json.loads(file.read_text())]
    for case in contents["cases"]
    if "python" not in case.get("not", [])
]
REFERENCE = re.compile(r"\$([a-z_][a-z0-9_]*)((?:\.[a-z0-9_]+)*)")


class Undone(Exception):
    """Leaves a transaction so that it is rolled back."""


def numbered(value: Any, number: str) -> Any:
    """Puts a row's number in the place of each #."""
    if isinstance(value, str):
        return value.replace("#", number)
    if isinstance(value, list):
        return [numbered(item, number) for item in value]
    if isinstance(value, dict):
        return {key: numbered(item, number) for key, item in value.items()}
    return value


def resolve(value: Any, scope: dict[str, Any]) -> Any:
    """Puts in what names refer to, and writes out what is not."""
    if isinstance(value, str) and (found := REFERENCE.fullmatch(value)):
        target = scope[found[1]]
        for part in found[2].split(".")[1:]:
            target = target[int(part)] if part.isdigit() else target[part] if isinstance(target, dict) else getattr(target, part)
        return target
    if isinstance(value, list):
        return [resolve(item, scope) for item in value]
    if not isinstance(value, dict):
        return value
    fields = {key: resolve(item, scope) for key, item in value.items()}
    match fields:
        case {"repeat": [text, times], **rest} if not rest:
            return text * times
        case {"join": list(parts), **rest} if not rest:
            return "".join(parts)
        case {"times": [times, item], **rest} if not rest:
            return [numbered(item, str(n)) for n in range(times)]
    return fields


def given(value: Any, kinds: dict[str, str], kind: str = "") -> Any:
    """Makes Python's value of a case's; the kinds are those of the call's parameters."""
    if isinstance(value, dict):
        return {key: given(item, kinds, kinds.get(key, "")) for key, item in value.items()}
    if isinstance(value, list):
        return [given(item, kinds) for item in value]
    if isinstance(value, str) and kind.startswith("datetime.datetime"):
        return datetime.fromisoformat(value.replace("Z", "+00:00"))
    if isinstance(value, str) and kind.startswith("datetime.date"):
        return date.fromisoformat(value)
    return value


def shown(value: Any) -> Any:
    """Makes a case's value of Python's."""
    if hasattr(value, "to_dict"):
        value = value.to_dict()
    if isinstance(value, dict):
        return {key: shown(item) for key, item in value.items()}
    if isinstance(value, list):
        return [shown(item) for item in value]
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, datetime):
        assert value.tzinfo == timezone.utc
        return value.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    return value


def compare(actual: Any, expected: Any, where: str) -> None:
    if isinstance(expected, dict):
        for key, item in expected.items():
            compare(actual[key], item, f"{where}.{key}")
    elif isinstance(expected, list):
        assert len(actual) == len(expected), where
        for n, (ours, theirs) in enumerate(zip(actual, expected, strict=True)):
            compare(ours, theirs, f"{where}[{n}]")
    else:
        assert actual == expected, where


def told(error: crm.CrmError) -> dict[str, Any]:
    """Makes a case's value of an error."""
    details = {name: value for name, value in vars(error).items() if value is not None}
    if isinstance(error, crm.ValidationError):
        details["violations"] = [[violation.field, violation.code] for violation in error.violations]
    return {"code": error.code, "status": error.status, "retryable": error.retryable, **details}


def is_of_types(error: dict[str, Any]) -> bool:
    """Tells whether an error is one that Python says with a TypeError: a field that is not known, a value of another type."""
    return any(code in {"unknown_field", "invalid_type"} for _, code in error.get("violations", []))


class Runner:
    def __init__(self, contents: dict[str, Any], handle: Driven) -> None:
        self.contents = contents
        self.handle = handle
        self.scope: dict[str, Any] = {}

    def steps(self, steps: list[Any], txs: tuple[Any, ...] = ()) -> None:
        for step in steps:
            match step:
                case str(name):
                    self.call({**self.contents["given"][name], "as": name}, txs)
                case {"each": [columns, *rows], "steps": inner}:
                    for row in rows:
                        self.scope.update(zip(columns, resolve(row, self.scope), strict=True))
                        self.steps(inner, txs)
                case {"transaction": inner}:
                    self.transaction(step, inner, txs)
                case {"pause": True}:
                    time.sleep(0.005)
                case _:
                    self.call(step, txs)

    def acting(self, step: dict[str, Any]) -> Any:
        actor = resolve(step.get("acting_as"), self.scope)
        return None if actor is None else self.handle.acting_as(actor)

    def transaction(self, step: dict[str, Any], inner: list[Any], txs: tuple[Any, ...]) -> None:
        def work() -> None:
            try:
                handle = txs[-1] if txs else self.acting(step) or self.handle
                with handle.transaction() as tx:
                    self.steps(inner, (*txs, tx))
                    if step.get("rollback"):
                        raise Undone
            except Undone:
                pass

        self.fails_or(work, resolve(step.get("error"), self.scope))

    def fails_or(self, work: Callable[[], Any], expected: Any) -> Any:
        """Does the work, or asserts that it fails as it should."""
        if expected is None:
            return work()
        try:
            result = work()
        except crm.CrmError as error:
            compare(told(error), expected, "the error")
        except TypeError as error:
            if not is_of_types(expected):
                raise
            fields = [field.rsplit(".", 1)[-1] for field, _ in expected["violations"]]
            assert any(field in str(error) for field in fields), f"{error} names none of {fields}"
        else:
            pytest.fail(f"{shown(result)} instead of {expected}")
        return None

    def call(self, step: dict[str, Any], txs: tuple[Any, ...]) -> None:
        inside = txs and not step.get("outside")
        handle = self.acting(step) or (txs[-2 if step.get("outer") else -1] if inside else self.handle)
        op = resolve(step["op"], self.scope)
        expected = resolve(step.get("error"), self.scope)
        part, name = op.split(".")
        # The rows of create_many have the fields of create.
        kinds = PARAMETERS.get(f"{part.capitalize()}.{name.removesuffix('_many')}", {})
        arguments = given(resolve(step.get("args", {}), self.scope), kinds)

        def work() -> Any:
            result = getattr(getattr(handle, part), name)(**arguments)
            return list(result) if name == "stream" else result

        result = self.fails_or(work, expected)
        if expected is not None:
            return
        if "as" in step:
            self.scope[step["as"]] = result
        if "expect" in step:
            compare(shown(result), shown(resolve(step["expect"], self.scope)), op)


@pytest.fixture(scope="module")
def contract_url(server: Callable[[bool], str]) -> str:
    """Makes the one database of the cases."""
    return server(True)


@pytest.fixture(scope="module", params=["sync", "asyncio"])
def face(request: pytest.FixtureRequest, contract_url: str) -> Iterator[Driven]:
    """Connects each face in turn, once for all cases."""
    if request.param == "sync":
        with crm.connect(contract_url) as handle:
            yield Driven(handle, None)
        return
    loop = asyncio.new_event_loop()
    driven = Driven(loop.run_until_complete(crm.connect_async(contract_url)), loop)
    yield driven
    driven.close()
    loop.close()


@pytest.fixture(scope="module")
def empty(contract_url: str) -> Iterator[Callable[[], object]]:
    """Returns what empties the database of the cases."""
    statements = (FOLDER / "empty.sql").read_bytes()
    with psycopg.connect(contract_url, autocommit=True) as connection:
        yield lambda: connection.execute(statements)


@pytest.mark.parametrize(("contents", "case"), CASES)
def test_the_contract_holds(
    face: Driven, empty: Callable[[], object], contents: dict[str, Any], case: dict[str, Any]
) -> None:
    empty()
    Runner(contents, face).steps(case["steps"])
