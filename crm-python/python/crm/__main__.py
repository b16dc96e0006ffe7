"""The library in the terminal: python -m crm --help."""

from __future__ import annotations

import argparse
import csv
import io
import json
import os
import sys
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext
from datetime import date, datetime, timezone
from decimal import Decimal

import crm

EXPORTS = ("customers", "leads", "tasks", "interactions", "users")
DIRECTIONS = ("LRE", "RLE", "PDF", "LRO", "RLO", "LRI", "RLI", "FSI", "PDI")
FORMULAS = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")
Row = dict[str, object]


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs a command and returns the exit code."""
    options = parser().parse_args(arguments)
    command: Callable[[argparse.Namespace], None] = options.command
    if isinstance(sys.stdout, io.TextIOWrapper):
        # What the output's encoding lacks is shown escaped rather than raised.
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        command(options)
        print(end="", flush=True)
    except BrokenPipeError:
        # Whoever reads has seen enough.
        discard_output()
        return 1
    except (crm.CrmError, ImportError, OSError) as error:
        here = " (here: python -m crm migrate)" if "run migrate()" in str(error) else ""
        print(f"crm: {error}{here}", file=sys.stderr)
        discard_output()
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def discard_output() -> None:
    """Sends what is left in the buffer nowhere, which Python would try to write once more at its end."""
    try:
        print(end="", flush=True)
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def parser() -> argparse.ArgumentParser:
    """Describes the commands."""
    top = argparse.ArgumentParser(prog="python -m crm", description="A CRM in your own PostgreSQL.")
    top.add_argument("--version", action="version", version=f"crm {crm.__version__}")
    commands = top.add_subparsers(required=True, metavar="COMMAND")

    address = argparse.ArgumentParser(add_help=False)
    address.add_argument("--url", help="the database (default: the variable CRM_DATABASE_URL)")
    where = argparse.ArgumentParser(add_help=False)
    place = where.add_mutually_exclusive_group()
    place.add_argument("--url", help="the database (default: the variable CRM_DATABASE_URL)")
    place.add_argument("--embedded", metavar="DIRECTORY", help="a private server with its data in this directory")

    quickstart_ = commands.add_parser("quickstart", help="a tour on a private server that is gone afterwards")
    quickstart_.set_defaults(command=quickstart)

    migrate_ = commands.add_parser("migrate", parents=[where], help="bring the schema to this library's version")
    migrate_.set_defaults(command=migrate)

    report_ = commands.add_parser("report", parents=[where], help="print a report")
    report_.add_argument("name", choices=("pipeline", "activity", "due-tasks"))
    form = report_.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="as JSON")
    form.add_argument("--csv", action="store_true", help="as CSV, safe to open in a spreadsheet: a text that begins like a formula gets an apostrophe")
    report_.add_argument("--raw", action="store_true", help="texts as they are stored, formulas and control characters too")
    report_.add_argument("--limit", type=int, default=50, help="how many rows at the most (default: 50)")
    report_.add_argument("--today", type=date.fromisoformat, help="the day of due-tasks (default: today)")
    report_.set_defaults(command=report)

    export_ = commands.add_parser("export", parents=[where], help="write a table to a Parquet file")
    export_.add_argument("name", choices=EXPORTS)
    export_.add_argument("file", type=parquet, help="the file to write, such as customers.parquet")
    export_.set_defaults(command=export)

    backup_ = commands.add_parser("backup", parents=[where], help="dump the database into a file, for restore")
    backup_.add_argument("file", help="the new file to write, such as crm.dump; its manifest is written beside it, as crm.dump.json")
    backup_.set_defaults(command=backup)

    restore_ = commands.add_parser("restore", parents=[address], help="restore what backup has written, into a database without the schema crm")
    restore_.add_argument("file", help="the file that backup has written, with its manifest beside it")
    restore_.set_defaults(command=restore)
    return top


def parquet(name: str) -> str:
    """Takes the name of a Parquet file, which is what is written."""
    if not name.endswith(".parquet"):
        raise argparse.ArgumentTypeError("must end with .parquet, as that is what is written")
    return name


def connect(options: argparse.Namespace) -> crm.Crm:
    """Opens what the options name."""
    return crm.connect(options.url) if options.embedded is None else crm.embedded(options.embedded)


def quickstart(_options: argparse.Namespace) -> None:
    """Shows what the library does."""
    print("Starting a private PostgreSQL …")
    with crm.embedded() as c:
        acme = c.customers.create("Acme Corporation", email="contact@acme.com", tags=["Enterprise"])
        print(f"customer {acme.id} is {acme.name}")
        deal = c.leads.create("Enterprise Software Deal", customer_id=acme.id, value="50000.00")
        c.leads.create("Support contract", customer_id=acme.id, value="1200.00")
        c.leads.move_to(deal.id, "qualified")
        c.interactions.create(acme.id, "call", notes="Wants an offer by Friday")
        try:
            c.customers.create("", email="not an email")
        except crm.ValidationError as error:
            print("refused:", "; ".join(f"{violation.field} {violation.message}" for violation in error.violations))
        print_table([row.to_dict() for row in c.reports.pipeline()])


def migrate(options: argparse.Namespace) -> None:
    """Brings the schema up."""
    with connect(options) as c:
        pending = c.pending_migrations()
        c.migrate()
        for step in pending:
            print(f"{step.version} {step.description}")
        print(f"the schema is at {c.schema_version()}")


def report(options: argparse.Namespace) -> None:
    """Prints a report."""
    with connect(options) as c:
        found: Iterable[object]
        shown: Sequence[str]
        if options.name == "pipeline":
            shown = crm.PipelineStage.__match_args__
            found = c.reports.pipeline()
        elif options.name == "activity":
            shown = ["id", "name", "company", "interaction_count", "last_interaction"]
            found = c.reports.customer_activity(limit=options.limit)
        else:
            today = options.today or datetime.now().astimezone().date()
            shown = ["id", "title", "priority", "due_date", "overdue", "customer_name", "assigned_to_name"]
            found = c.reports.due_tasks(today, limit=options.limit)
        rows: list[Row] = [{name: getattr(row, name) for name in shown} for row in found]
    if options.json:
        print(json.dumps(rows, indent=2, default=plain))
    elif options.csv:
        print_csv(shown, rows, options.raw)
    else:
        print_table(rows, options.raw)


def plain(value: object) -> str:
    """Writes for JSON what it has no type for: moments and days as ISO 8601, money as its digits."""
    return value.isoformat() if isinstance(value, date) else str(value)


def print_csv(names: Sequence[str], rows: list[Row], raw: bool) -> None:
    """Prints rows as CSV below the names of their columns."""

    def cell(value: object) -> str:
        shown = text(value, "milliseconds")
        return shown if raw else unlike_formula(value, visible(shown))

    for cells in [list(names), *([cell(row[name]) for name in names] for row in rows)]:
        line = io.StringIO()
        # With the usual end of a line, because only a cell that has a character of it is quoted.
        csv.writer(line).writerow(cells)
        print(line.getvalue().removesuffix("\r\n"))


def print_table(rows: list[Row], raw: bool = False) -> None:
    """Prints rows below each other, numbers to the right."""
    if not rows:
        print("nothing")
        return
    names = list(rows[0])
    cells = [[text(row[name]) if raw else visible(text(row[name])) for name in names] for row in rows]
    widths = [max(map(len, column)) for column in zip(names, *cells, strict=True)]
    right = [all(isinstance(row[name], (int, Decimal)) and not isinstance(row[name], bool) for row in rows) for name in names]
    for line in [[name.replace("_", " ") for name in names], ["-" * width for width in widths], *cells]:
        aligned = (
            cell.rjust(width) if to_right else cell.ljust(width)
            for cell, width, to_right in zip(line, widths, right, strict=True)
        )
        print("  ".join(aligned).rstrip())


def text(value: object, precision: str = "minutes") -> str:
    """Writes a value as people read it; moments end with Z, which stands for UTC."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return value.astimezone(timezone.utc).replace(tzinfo=None).isoformat(" ", precision) + "Z"
    return str(value)


def visible(text: str) -> str:
    """Escapes what acts instead of being shown: control characters, line breaks and changes of direction."""

    def acts(char: str) -> bool:
        return unicodedata.category(char) in ("Cc", "Cs", "Zl", "Zp") or unicodedata.bidirectional(char) in DIRECTIONS

    return "".join(char.encode("unicode_escape").decode() if acts(char) else char for char in text)


def unlike_formula(value: object, text: str) -> str:
    """Puts an apostrophe before a text that a spreadsheet would compute; numbers stay as they are."""
    begins = isinstance(value, str) and value.startswith(FORMULAS)
    return f"'{text}" if begins else text


def export(options: argparse.Namespace) -> None:
    """Writes a table to a file."""
    with connect(options) as c:
        total = getattr(c, options.name).count()
        with progress_bar(total) as update:
            getattr(c.frames, options.name)(progress=update).write_parquet(options.file)
    print(f"{total} {options.name} are in {options.file}")


def backup(options: argparse.Namespace) -> None:
    """Writes a backup."""
    with connect(options) as c:
        manifest = c.backup(options.file, show)
    print(f"{sum(manifest.rows.values())} rows are in {options.file} ({manifest.bytes} bytes, sha256 {manifest.sha256})")


def restore(options: argparse.Namespace) -> None:
    """Restores a backup."""
    with crm.connect(options.url) as c:
        manifest = c.restore(options.file, show)
    print(f"{sum(manifest.rows.values())} rows of {manifest.taken_at:%Y-%m-%d %H:%M} UTC are restored")


def show(progress: crm.Progress) -> None:
    """Shows how far it is, where somebody looks."""
    if sys.stderr.isatty():
        done = f"{progress.rows / progress.total_rows:4.0%}" if progress.total_rows else ""
        print(f"\r{progress.phase:<9} {done} {progress.table or '':<20}", end="\r", file=sys.stderr, flush=True)


def progress_bar(total: int) -> AbstractContextManager[Callable[[int], object]]:
    """Shows how far a long reading is, where tqdm is installed and somebody looks."""
    try:
        from tqdm import tqdm
    except ImportError:
        return nullcontext(lambda _rows: None)

    class Bar(tqdm):  # type: ignore[type-arg]
        def __enter__(self) -> Callable[[int], object]:  # type: ignore[override]
            super().__enter__()
            return lambda rows: self.update(rows - self.n)

    return Bar(total=total, unit="rows", unit_scale=True, disable=None)


if __name__ == "__main__":
    sys.exit(main())
