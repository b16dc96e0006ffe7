"""What `python -m crm report` prints: for spreadsheets, terminals and pipes of any encoding."""

from __future__ import annotations

import csv
import io
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime, timezone
from typing import Any

import crm
import psycopg
import pytest

ODD = [
    "=1+1", "+1", "-1", "@SUM(A1)", "\t=1+1", "\r=1+1", "＝1+1", "Ann; =1+1", "\x1b[2Jgone", "\x9b2J", "two\nlines", "\u202etxt.exe",
    "Zoë 👩\u200d💻", "李\u3000明",
]  # fmt: skip
SAFE = [
    "'=1+1", "'+1", "'-1", "'@SUM(A1)", "'\\t=1+1", "'\\r=1+1", "'＝1+1", "Ann; =1+1", "\\x1b[2Jgone", "\\x9b2J", "two\\nlines",
    "\\u202etxt.exe", "Zoë 👩\u200d💻", "李\u3000明",
]  # fmt: skip


def report(*arguments: str, url: str, encoding: str = "utf-8", **options: Any) -> subprocess.CompletedProcess[bytes]:
    environment = os.environ | {"CRM_DATABASE_URL": url, "PYTHONIOENCODING": encoding}
    command = [sys.executable, "-m", "crm", "report", *arguments]
    options = {"capture_output": True} | options
    done: Any = subprocess.run(command, env=environment, timeout=60, **options)
    assert isinstance(done, subprocess.CompletedProcess)
    return done


@pytest.fixture
def odd(url: str) -> Iterator[str]:
    """Has customers with odd names, also such as only SQL lets in, and one interaction."""
    with psycopg.connect(url) as connection:
        # The library would trim some of them, and the database may refuse others by a rule of its own.
        connection.execute("alter table crm.customers disable trigger user")
        for (name,) in connection.execute(
            "select conname from pg_constraint where conrelid = 'crm.customers'::regclass and contype = 'c'"
        ).fetchall():
            connection.execute(f'alter table crm.customers drop constraint "{name}"')
        for name in ODD:
            connection.execute("insert into crm.customers (name) values (%s)", (name,))
        connection.execute("alter table crm.customers enable trigger user")
    with crm.connect(url) as c:
        c.interactions.create(1, "call", date=datetime(2026, 1, 2, 3, 4, 5, 678_000, timezone.utc))
    yield url


def names(output: bytes) -> list[str]:
    rows = list(csv.DictReader(io.StringIO(output.decode(), newline="")))
    return [row["name"] for row in sorted(rows, key=lambda row: int(row["id"]))]


def test_csv_is_safe_to_open_in_a_spreadsheet(odd: str) -> None:
    done = report("activity", "--csv", url=odd)
    assert done.returncode == 0, done.stderr
    assert names(done.stdout) == SAFE
    first = next(csv.DictReader(io.StringIO(done.stdout.decode())))
    assert first["last_interaction"] == "2026-01-02 03:04:05.678Z" and first["interaction_count"] == "1"
    assert names(report("activity", "--csv", "--raw", url=odd).stdout) == ODD


def test_a_table_moves_no_cursor(odd: str) -> None:
    shown = report("activity", url=odd).stdout.decode()
    assert "\x1b" not in shown and "\x9b" not in shown and "\u202e" not in shown and "\\x1b[2Jgone" in shown
    assert "=1+1" in shown and "'=1+1" not in shown and "2026-01-02 03:04Z" in shown
    assert "\x1b[2Jgone" in report("activity", "--raw", url=odd).stdout.decode()
    assert b"\x1b" not in report("activity", "--json", url=odd).stdout


def test_csv_without_rows_has_its_header(url: str) -> None:
    assert report("activity", "--csv", url=url).stdout == b"id,name,company,interaction_count,last_interaction\n"
    due = report("due-tasks", "--csv", url=url).stdout
    assert due == b"id,title,priority,due_date,overdue,customer_name,assigned_to_name\n"
    assert report("pipeline", "--csv", url=url).stdout.splitlines()[0] == b"stage,count,total_value"


def test_money_stays_a_number(url: str) -> None:
    with crm.connect(url) as c:
        c.leads.create("A", value="1200.50")
    assert b"lead,1,1200.50" in report("pipeline", "--csv", url=url).stdout


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp437"])
@pytest.mark.parametrize("form", ["--csv", "--json", "--raw"])
def test_an_encoding_that_lacks_a_character_is_no_error(odd: str, encoding: str, form: str) -> None:
    done = report("activity", form, url=odd, encoding=encoding)
    assert done.returncode == 0 and done.stderr == b""
    assert done.stdout.decode(encoding)


@pytest.mark.parametrize("form", ["--csv", "--json", "--raw"])
def test_an_output_that_takes_nothing_is_no_traceback(odd: str, form: str) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    done = report("activity", form, url=odd, capture_output=False, stdout=writer, stderr=subprocess.PIPE)
    os.close(writer)
    assert (done.returncode, done.stderr) == (1, b"")
    with open("/dev/full", "w") as full:
        done = report("activity", form, url=odd, capture_output=False, stdout=full, stderr=subprocess.PIPE)
    assert done.returncode == 1 and done.stderr.startswith(b"crm: ") and done.stderr.count(b"\n") == 1
    closed = f"exec {sys.executable} -m crm report activity {form} >&-"
    done = subprocess.run(["sh", "-c", closed], env=os.environ | {"CRM_DATABASE_URL": odd}, stderr=subprocess.PIPE)
    assert (done.returncode, done.stderr) == (0, b"")
