"""What the soak's clients in Python have in common: their ledgers, and how a call is made and judged on either face."""

from __future__ import annotations

import asyncio
import random
import threading
import time
from collections.abc import Callable, Coroutine
from typing import Any

import crm

RING = 24
BULK = 510
HUGE = 2**63 - 1
OF_A_FAULT = ("unavailable", "timeout", "serialization")
STAGES = ("lead", "qualified", "proposal", "closed")
TABLES = {"user": "users", "customer": "customers", "deal": "customers", "bulk": "customers", "lead": "leads", "task": "tasks",
          "interaction": "interactions"}


class Fault(Exception):
    """A call did not succeed: it was "known" not to be done, "unknown" to be, or "refused" as it should."""

    def __init__(self, kind: str) -> None:
        super().__init__(kind)
        self.kind = kind


def kind_of(number: int) -> str:
    if number % 120 == 29:
        return "bulk"
    if number % 50 == 49:
        return "user"
    kinds = ("customer", "lead", "task", "interaction", "deal")
    return "many" if number % 10 == 9 else kinds[number % 10 // 2]


def acts(number: int) -> bool:
    return kind_of(number) != "user" and number % 7 > 3


def name_of(row: Any) -> Any:
    return row.title if hasattr(row, "title") else row.name if hasattr(row, "name") else row.notes


def finish(coroutine: Coroutine[Any, Any, Any]) -> Any:
    """Runs what never waits for a loop: a client on the synchronous face."""
    try:
        coroutine.send(None)
    except StopIteration as end:
        return end.value
    raise RuntimeError("it waits for a loop")


class Calls:
    def __init__(self, n: int, handle: Any, asynchronous: bool, shared: dict[str, Any], stop: threading.Event) -> None:
        self.crm, self.asynchronous, self.shared, self.stop = handle, asynchronous, shared, stop
        self.random = random.Random(shared["seed"] * 1_000 + 100 + n)
        self.actor, self.is_admin = shared["users"][n % len(shared["users"])]
        self.name = f"python-{n}"
        self.anchor, self.counter = shared["anchors"][n], shared["counters"][n]
        self.next, self.counted, self.perhaps_counted, self.made_tags = 0, 0, 0, 0
        self.ring: list[dict[str, Any]] = []
        self.unknown: list[int] = []
        self.tags: list[str] = []
        self.perhaps: list[str] = []
        self.ending = False
        self.calls: dict[str, dict[str, int]] = {}
        self.longest = ("", 0.0)
        self.findings: list[str] = []

    def ledger(self) -> dict[str, Any]:
        same = ("actor", "next", "ring", "unknown", "anchor", "tags", "perhaps", "counter", "counted", "perhaps_counted")
        return {"client": self.name, **{key: getattr(self, key) for key in same}}

    async def run(self) -> None:
        try:
            while not self.stop.is_set():
                try:
                    await self.turn()
                except Fault:
                    pass
                await self.sleep(self.random.uniform(0, 0.04))
            self.ending = True
            for table in (*("customers", "leads", "tasks", "interactions"),) * 4:
                try:
                    await self.read_of(table)
                except Fault:
                    pass
        except BaseException as error:
            self.find(f"broke off: {error!r}")
            raise

    async def sleep(self, seconds: float) -> None:
        if self.asynchronous:
            await asyncio.sleep(seconds)
        else:
            time.sleep(seconds)

    def find(self, finding: str) -> None:
        if len(self.findings) < 30:
            self.findings.append(f"{self.name}: {finding}")

    def check(self, holds: bool, what: object) -> None:
        if not holds:
            self.find(str(what))

    def count(self, group: str, outcome: str) -> None:
        outcomes = self.calls.setdefault(group, {})
        outcomes[outcome] = outcomes.get(outcome, 0) + 1

    def name_at(self, number: int) -> str:
        return f"{self.name}-{number} by {self.actor if acts(number) else 0}"

    async def call(
        self, group: str, op: str, make: Callable[[], Any], *, writes: bool = False, may: tuple[str, ...] = ()
    ) -> Any:
        """Makes a call; of those that are awaited, one in fifty is cancelled midway."""
        begun = time.monotonic()
        cancelled = self.asynchronous and not self.ending and self.random.randrange(50) == 0
        try:
            answer = make()
            if self.asynchronous:
                limit = self.random.uniform(0, 0.008) if cancelled else self.shared["hangs"]
                answer = await asyncio.wait_for(answer, limit)
        except crm.CrmError as error:
            self.took(op, begun)
            unknown = getattr(error, "outcome_unknown", False)
            self.count(group, "unknown" if unknown else error.code)
            if error.code in may:
                raise Fault("refused") from None
            of_a_fault = error.code in OF_A_FAULT
            self.check(of_a_fault, f"{op} fails with {error.code}: {error}")
            self.check(not of_a_fault or error.retryable != unknown, f"{op} is both retryable and unknown, or neither: {error}")
            self.check(writes or not unknown, f"{op} does not write, but: {error}")
            await self.sleep(self.random.uniform(0.005, 0.05))
            raise Fault("unknown" if unknown else "known") from None
        except asyncio.TimeoutError:
            self.check(cancelled, f"{op} hangs")
            self.count(group, "cancelled")
            raise Fault("unknown" if writes else "known") from None
        self.took(op, begun)
        self.count(group, "ok")
        return answer

    def took(self, op: str, begun: float) -> None:
        seconds = time.monotonic() - begun
        self.check(seconds < self.shared["hangs"], f"{op} took {seconds} seconds")
        self.longest = max(self.longest, (op, seconds), key=lambda call: call[1])

    def store(self, acting: bool) -> Any:
        return self.crm.acting_as(self.actor) if acting else self.crm

    def maybe(self) -> bool:
        return self.random.random() < 0.5

    def pick(self, kinds: tuple[str, ...]) -> dict[str, Any] | None:
        found = [row for row in self.ring if kind_of(row["number"]) in kinds]
        return self.random.choice(found) if found else None

    async def turn(self) -> None:
        """Makes one call, or the few that belong together."""
        raise NotImplementedError

    async def read_of(self, table: str) -> None:
        """Reads rows of a table in one of the ways there are."""
        raise NotImplementedError
