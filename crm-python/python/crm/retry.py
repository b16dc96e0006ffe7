"""Transactions that are run again when they lost against a concurrent one: what the `retry` of a handle does."""

from __future__ import annotations

import asyncio
import inspect
import time
from collections.abc import Awaitable, Callable
from itertools import count
from typing import TypeVar

from ._crm import Acting, AsyncActing, AsyncCrm, AsyncTransaction, Crm, Transaction, _pause
from .errors import SerializationError

__all__: list[str] = []

_T = TypeVar("_T")


def run(handle: Crm | Acting, work: Callable[[Transaction], _T], attempts: int) -> _T:
    """Runs `work` in a transaction, so many times at the most."""
    for made in count(1):
        try:
            with handle.transaction() as tx:
                result = work(tx)
                if inspect.iscoroutine(result):
                    result.close()
                    raise TypeError("work must be a plain function, not a coroutine function: this handle is not asyncio's")
            return result
        except SerializationError:
            if made == attempts:
                raise
        time.sleep(_pause(made))
    raise AssertionError("it counts without end")


async def run_async(
    handle: AsyncCrm | AsyncActing, work: Callable[[AsyncTransaction], Awaitable[_T]], attempts: int
) -> _T:
    """Does the same for asyncio."""
    for made in count(1):
        try:
            async with handle.transaction() as tx:
                running = work(tx)
                if not inspect.isawaitable(running):
                    raise TypeError(f"work must be a coroutine function: it returned {type(running).__name__}")
                result = await running
            return result
        except SerializationError:
            if made == attempts:
                raise
        await asyncio.sleep(_pause(made))
    raise AssertionError("it counts without end")
