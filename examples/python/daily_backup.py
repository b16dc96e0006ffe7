"""Backs a database up and keeps the last days: python daily_backup.py DIRECTORY [--keep 14]

It writes DIRECTORY/crm_backup_20261125_023000 and, beside it, the manifest crm_backup_20261125_023000.json; then it removes what is older than
the last 14 backups. Nothing is removed before the new backup is whole, and when there is none the exit code is 1 and the reason is on
standard error. `python -m crm restore FILE` restores one into an empty database.

CRM_DATABASE_URL says which database; without it the script tries itself out on a private one. For crontab, every day at 2:30, with the
password in a line of its own, as the words of a command are shown to everybody, and with nothing printed but failures, which cron mails:

    CRM_DATABASE_URL=postgres://…
    30 2 * * *  /srv/crm/venv/bin/python /srv/crm/daily_backup.py /var/backups/crm >/dev/null

The same with systemd: examples/systemd.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from datetime import datetime, timedelta
from pathlib import Path

import crm

FORM = "crm_backup_%Y%m%d_%H%M%S"


def back_up(c: crm.Crm, directory: Path, keep: int, now: datetime) -> None:
    """Writes a backup and removes those before the last ones."""
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = directory / now.strftime(FORM)
    manifest = c.backup(path)
    print(f"{path}: {sum(manifest.rows.values())} rows, {manifest.bytes} bytes")
    # Where the clock was set back, the newest may have the oldest name.
    for old in [found for found in backups(directory) if found != path][: -(keep - 1) or None]:
        # The manifest last: without one a dump cannot be restored.
        old.unlink()
        Path(f"{old}.json").unlink(missing_ok=True)
        print(f"{old} is removed")


def backups(directory: Path) -> list[Path]:
    """Lists the backups of this script's, the oldest first; what has another name is somebody's own."""
    found = []
    for path in directory.iterdir():
        try:
            datetime.strptime(path.name, FORM)
        except ValueError:
            continue
        found.append(path)
    return sorted(found)


def try_out() -> None:
    """Backs a private database up on five days, of which two are kept."""
    with tempfile.TemporaryDirectory() as place, crm.embedded() as c:
        c.seed()
        directory = Path(place) / "backups"
        for day in range(5):
            back_up(c, directory, 2, datetime(2026, 11, 25, 2, 30) + timedelta(days=day))
        kept = ["crm_backup_20261128_023000", "crm_backup_20261129_023000"]
        assert [path.name for path in backups(directory)] == kept
        assert len(list(directory.iterdir())) == 4


def main() -> int:
    """Does what the command line says and returns the exit code."""
    if len(sys.argv) == 1 and "CRM_DATABASE_URL" not in os.environ:
        try_out()
        return 0
    parser = argparse.ArgumentParser(description="Backs a database up and keeps the last days.")
    parser.add_argument("directory", type=Path)
    parser.add_argument("--keep", type=int, default=14, help="how many backups are kept (default: 14)")
    options = parser.parse_args()
    if options.keep < 1:
        parser.error("--keep must be 1 or more")
    try:
        with crm.connect() as c:
            back_up(c, options.directory, options.keep, datetime.now())
    except (crm.CrmError, OSError) as error:
        print(f"daily_backup: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
