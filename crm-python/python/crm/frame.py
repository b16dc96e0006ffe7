"""Frames: whole lists and reports as columns."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas
    import polars
    import pyarrow

    from ._crm import Reading

__all__ = ["Frame"]


class Frame:
    """Is a list or a report as columns, for anything that takes Arrow data (`__arrow_c_stream__`).

    A frame of a synchronous handle reads anew at each use, from one snapshot and in bounded memory; one that was awaited
    is in memory. Ids are int64, labels dictionaries, money decimal128, tags lists, moments timestamps with microseconds
    in UTC, days date32.
    """

    __slots__ = ("_reading",)

    def __init__(self, reading: Reading) -> None:
        self._reading = reading

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        return self._reading.__arrow_c_stream__(requested_schema)

    def __arrow_c_schema__(self) -> object:
        return self._reading.__arrow_c_schema__()

    def to_pandas(self) -> pandas.DataFrame:
        """Reads everything into a pandas data frame (needs pandas and pyarrow). Integers that may be missing are Int64."""
        pandas, arrow = _need("pandas"), _need("pyarrow")
        table = self.to_pyarrow()
        # pandas would make floats of them.
        nullable = [field.name for field in table.schema if field.nullable and field.type == arrow.int64()]
        integers = {name: table[name] for name in nullable}
        order = table.column_names
        table = table.drop_columns(nullable)
        # Column by column, each released when it is done, so that the peak is about one copy.
        frame = table.to_pandas(split_blocks=True, self_destruct=True)
        for name, column in integers.items():
            values = column.to_pandas(types_mapper={arrow.int64(): pandas.Int64Dtype()}.get)
            frame.insert(order.index(name), name, values)
        return frame  # type: ignore[no-any-return]

    def to_polars(self) -> polars.DataFrame:
        """Reads everything into a Polars data frame (needs polars)."""
        module = _need("polars")
        with self._own_errors():
            frame: polars.DataFrame = module.DataFrame(self)
        return frame

    def to_pyarrow(self) -> pyarrow.Table:
        """Reads everything into an Arrow table (needs pyarrow)."""
        module = _need("pyarrow")
        with self._own_errors():
            table: pyarrow.Table = module.table(self)
        return table

    def write_parquet(self, path: str | os.PathLike[str]) -> None:
        """Writes a Parquet file, batch by batch (needs pyarrow, or else polars, which holds everything in memory).

        It is written under another name and renamed when it is whole: a file that is there stays as it is until then.
        """
        path = os.fspath(path)
        part = f"{path}.{secrets.token_hex(4)}.part"
        try:
            self._write_parquet(part)
            os.replace(part, path)
        except BaseException:
            with suppress(FileNotFoundError):
                os.unlink(part)
            raise

    def _write_parquet(self, path: str) -> None:
        try:
            arrow = import_module("pyarrow")
            parquet = import_module("pyarrow.parquet")
        except ImportError:
            _need("polars", "pyarrow or polars")
            self.to_polars().write_parquet(path)
            return
        with self._own_errors():
            reader = arrow.RecordBatchReader.from_stream(self)
            with parquet.ParquetWriter(path, reader.schema) as writer:
                for batch in reader:
                    writer.write_batch(batch)

    @contextmanager
    def _own_errors(self) -> Iterator[None]:
        """Raises what really happened where another library has made an error of its own of it."""
        try:
            yield
        except Exception:
            failure = self._reading._failure()
            if failure is None:
                raise
            raise failure from failure.__cause__


def _need(module: str, what: str | None = None) -> Any:
    try:
        return import_module(module)
    except ImportError as error:
        what = what or module
        raise ImportError(f"this needs {what}: pip install {what.split(' or ')[0]}", name=module) from error
