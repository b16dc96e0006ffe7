"""Backup and restore: the progress, what cancels, what is refused, and the command line."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import pickle
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import crm
import pytest
from crm.__main__ import main

PHASES = {
    "backup": ["counting", "dumping", "hashing"],
    "restore": ["hashing", "schema", "loading", "indexing", "counting"],
}


def filled(c: Any) -> Any:
    """Loads some rows."""
    c.seed()
    c.customers.create_many([{"name": f"Customer {n}", "tags": ["a", 'b "c"']} for n in range(500)])
    return c


def phases(seen: list[crm.Progress]) -> list[str]:
    """Lists the phases in the order in which they came."""
    return [each.phase for n, each in enumerate(seen) if n == 0 or seen[n - 1].phase != each.phase]


def test_a_restored_database_has_what_was_backed_up_and_progress_is_told(
    open_face: Callable[..., Any], url: str, bare_url: str, tmp_path: Path
) -> None:
    c = filled(open_face(url))
    path, seen = tmp_path / "crm.dump", list[crm.Progress]()
    manifest = c.backup(path, progress=seen.append)
    assert isinstance(manifest, crm.Manifest)
    assert (manifest.bytes, manifest.sha256) == (path.stat().st_size, hashlib.sha256(path.read_bytes()).hexdigest())
    assert manifest.rows["customers"] == c.customers.count()
    assert json.loads((tmp_path / "crm.dump.json").read_text())["sha256"] == manifest.sha256
    assert phases(seen) == PHASES["backup"]
    assert pickle.loads(pickle.dumps(manifest)) == manifest
    assert manifest.to_dict()["rows"] == manifest.rows

    other, restored = open_face(bare_url), list[crm.Progress]()
    assert other.restore(os.fspath(path), restored.append) == manifest
    assert phases(restored) == PHASES["restore"]
    for told in (seen, restored):
        assert [each.rows for each in told] == sorted(each.rows for each in told)
        assert told[-1].rows == told[-1].total_rows == sum(manifest.rows.values())
    assert list(other.customers.stream()) == list(c.customers.stream())
    assert other.reports.pipeline() == c.reports.pipeline()


@pytest.mark.parametrize("moment", range(1, 5))
def test_what_progress_raises_ends_the_call_and_leaves_nothing(
    open_face: Callable[..., Any], url: str, bare_url: str, tmp_path: Path, moment: int
) -> None:
    class Enough(Exception):
        pass

    def until(moment: int) -> Callable[[crm.Progress], None]:
        seen = []

        def progress(now: crm.Progress) -> None:
            seen.append(now)
            if len(seen) == moment:
                raise Enough

        return progress

    c = filled(open_face(url))
    with pytest.raises(Enough):
        c.backup(tmp_path / "crm.dump", until(moment))
    assert list(tmp_path.iterdir()) == []
    c.backup(tmp_path / "crm.dump")
    other = open_face(bare_url)
    with pytest.raises(Enough):
        other.restore(tmp_path / "crm.dump", until(moment))
    other.restore(tmp_path / "crm.dump")
    assert other.customers.count() == c.customers.count()


def test_progress_is_told_to_a_plain_function(c: Any, tmp_path: Path) -> None:
    async def progress(now: crm.Progress) -> None:
        raise AssertionError("nobody awaits it")

    with pytest.raises(TypeError, match="plain function"):
        c.backup(tmp_path / "crm.dump", progress)
    assert list(tmp_path.iterdir()) == []


def test_a_cancelled_backup_leaves_nothing(url: str, tmp_path: Path) -> None:
    async def run() -> None:
        async with crm.connect_async(url) as c:
            told = asyncio.Event()
            task = asyncio.ensure_future(c.backup(tmp_path / "crm.dump", lambda _: told.set()))
            await told.wait()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            assert list(tmp_path.iterdir()) == []
            await c.backup(tmp_path / "crm.dump")

    asyncio.run(run())


def test_ctrl_c_ends_a_backup_and_leaves_nothing(url: str, tmp_path: Path) -> None:
    script = """
import signal, sys, threading, crm
signal.signal(signal.SIGINT, signal.default_int_handler)
c = crm.connect(sys.argv[1])
try:
    c.backup(sys.argv[2], lambda now: now.phase == "dumping" and signal.raise_signal(signal.SIGINT))
except KeyboardInterrupt:
    print("interrupted")
"""
    arguments = [sys.executable, "-c", script, url, str(tmp_path / "crm.dump")]
    assert subprocess.run(arguments, capture_output=True, text=True, timeout=60).stdout == "interrupted\n"
    assert list(tmp_path.iterdir()) == []


def test_wrong_types_and_paths_are_told(c: Any, tmp_path: Path) -> None:
    with pytest.raises(TypeError):
        c.backup(1)
    with pytest.raises(TypeError):
        c.backup(tmp_path / "crm.dump", progress=1)
    for path, code in [(tmp_path, "invalid_option"), (tmp_path / "none" / "crm.dump", "invalid_option")]:
        with pytest.raises(crm.ValidationError) as refused:
            c.backup(path)
        assert [(each.field, each.code) for each in refused.value.violations] == [("path", code)]
    c.backup(tmp_path / "crm.dump")
    with pytest.raises(crm.SchemaError):
        c.restore(tmp_path / "crm.dump")
    (tmp_path / "crm.dump.json").unlink()
    with pytest.raises(crm.ValidationError) as refused:
        c.restore(tmp_path / "crm.dump")
    assert [(each.field, each.code) for each in refused.value.violations] == [("path", "invalid_backup")]


def test_only_the_trusted_system_has_them(c: Any) -> None:
    assert not hasattr(c.acting_as(1).target, "backup")
    assert not hasattr(c.transaction().target, "restore")


def test_the_command_line_backs_up_and_restores(
    sync: crm.Crm, url: str, bare_url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    filled(sync)
    path = str(tmp_path / "crm.dump")
    assert main(["backup", "--url", url, path]) == 0
    assert path in capsys.readouterr().out
    assert main(["backup", "--url", url, path]) == 1
    assert "there is" in capsys.readouterr().err
    assert main(["restore", "--url", bare_url, path]) == 0
    assert "restored" in capsys.readouterr().out
    with crm.connect(bare_url) as other:
        assert other.customers.count() == sync.customers.count()
