"""Runs the cases of tests/contract, which every language runs, through both faces."""

from __future__ import annotations

import json
from datetime import date, datetime, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

import crm
import pytest

CASES = [
    pytest.param(case, id=f"{file.stem}-{case['name']}")
    for file in sorted((Path(__file__).parents[2] / "tests" / "contract").glob("*.json"))
    for case in json.loads(file.read_text())
]
MOMENTS = {"date", "date_since", "date_until", "created_since", "created_until", "updated_since", "updated_until"}
DAYS = {"due_date", "due_since", "due_until", "today"}


def given(value: Any, results: dict[str, Any], field: str = "") -> Any:
    """Makes Python's value of a case's."""
    if isinstance(value, dict):
        return {key: given(item, results, key) for key, item in value.items()}
    if isinstance(value, list):
        return [given(item, results) for item in value]
    if isinstance(value, str) and value.startswith("$"):
        name, attribute = value[1:].split(".")
        return getattr(results[name], attribute)
    if isinstance(value, str) and field in MOMENTS:
        return datetime.fromisoformat(value.replace("Z", "+00:00"))
    if isinstance(value, str) and field in DAYS:
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


def compare(actual: Any, expected: Any) -> None:
    if isinstance(expected, dict):
        for key, item in expected.items():
            compare(actual[key], item)
    elif isinstance(expected, list):
        assert len(actual) == len(expected)
        for ours, theirs in zip(actual, expected, strict=True):
            compare(ours, theirs)
    else:
        assert actual == expected


@pytest.mark.parametrize("case", CASES)
def test_the_contract_holds(c: Any, case: dict[str, Any]) -> None:
    results: dict[str, Any] = {}
    for step in case["steps"]:
        handle = c.acting_as(given(step["acting_as"], results)) if "acting_as" in step else c
        part, name = step["op"].split(".")
        operation = getattr(getattr(handle, part), name)
        arguments = given(step.get("args", {}), results)
        if "error" in step:
            expected = dict(step["error"])
            with pytest.raises(crm.CrmError) as raised:
                operation(**arguments)
            error: Any = raised.value
            assert error.code == expected.pop("code")
            if "violations" in expected:
                assert [[v.field, v.code] for v in error.violations] == expected.pop("violations")
            for field, value in expected.items():
                assert getattr(error, field) == value
            continue
        result = operation(**arguments)
        if "as" in step:
            results[step["as"]] = result
        if "expect" in step:
            compare(shown(result), given_back(step["expect"], results))


def given_back(expected: Any, results: dict[str, Any]) -> Any:
    """Puts in what an expectation refers to, and leaves the rest as it is written."""
    if isinstance(expected, dict):
        return {key: given_back(item, results) for key, item in expected.items()}
    if isinstance(expected, list):
        return [given_back(item, results) for item in expected]
    return given(expected, results)
