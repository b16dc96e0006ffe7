"""The soak's clients in Python: four threads on the synchronous face, four tasks on the one for asyncio.

main.rs starts this with the URL and what all clients share. They do what `clients/` does in Rust, and keep the same ledgers
(`ledger.rs`): a call is written once, awaited on one face and simply made on the other. "stop" on the input ends them.
"""

from __future__ import annotations

import asyncio
import json
import sys
import threading
from collections.abc import Callable
from typing import Any

import crm

from calls import HUGE, finish
from reads import Reads
from rows import Rows


class Client(Rows, Reads):
    async def turn(self) -> None:
        rows = (self.write, self.update, self.tag, self.count_up, self.read, self.report)
        turns = (*rows, self.transact, self.run_again, self.be_refused, self.log_in)
        await self.random.choices(turns, (30, 18, 5, 6, 19, 9, 4, 2, 4, 3))[0]()

    async def log_in(self) -> None:
        n = self.random.randrange(len(self.shared["users"]))
        found = await self.call("read", "find_by_email", lambda: self.crm.users.find_by_email(f"ACTOR{n}@example.com"))
        self.check(found is not None and found.id == self.shared["users"][n][0], f"actor {n} is {found}")
        await self.refuse("users", "invalid_credentials", lambda: self.crm.users.authenticate("nobody@example.com", "wrong"))

    async def be_refused(self) -> None:
        store = self.store(True)
        stale = lambda: store.leads.update(self.counter, description="stale", expected_version=0)
        match self.random.randrange(6):
            case 0 if not self.is_admin:
                await self.refuse("refused", "permission_denied", lambda: store.customers.delete(self.anchor))
            case 1:
                await self.refuse("refused", "not_found", lambda: store.leads.delete(HUGE))
            case 2:
                await self.refuse("refused", "missing_reference", lambda: store.interactions.create(HUGE, "call"))
            case 3:
                await self.refuse("refused", "validation", lambda: store.leads.list(limit=1_001))
            case 4:
                await self.refuse("refused", "validation", lambda: store.customers.create(" ", phone="none", tags=["t" * 65]))
            case _:
                await self.refuse("refused", "conflict", stale)

    async def refuse(self, group: str, code: str, make: Callable[[], Any]) -> None:
        await self.call(group, "a call to refuse", make, writes=True, may=(code,))
        self.find(f"a call that must be refused with {code} is not")


def main() -> None:
    url, shared = sys.argv[1], json.loads(sys.argv[2])
    options = {"max_connections": shared["connections"], "acquire_timeout": shared["acquire"], "call_timeout": shared["call"]}
    stop, close = threading.Event(), threading.Event()
    handle = crm.connect(url, application_name="soak python", **options)
    clients = [Client(n, handle, False, shared, stop) for n in range(4)]
    threads = [threading.Thread(target=lambda client=client: finish(client.run())) for client in clients]
    ready, ended = threading.Event(), threading.Event()

    async def tasks() -> None:
        async with crm.connect_async(url, application_name="soak asyncio", **options) as c:
            some = [Client(n, c, True, shared, stop) for n in range(4, 8)]
            clients.extend(some)
            ready.set()
            await asyncio.gather(*(client.run() for client in some), return_exceptions=True)
            ended.set()
            await asyncio.get_running_loop().run_in_executor(None, close.wait)

    loop = threading.Thread(target=lambda: asyncio.run(tasks()))
    loop.start()
    ready.wait()
    for thread in threads:
        thread.start()
    print("ready", flush=True)
    sys.stdin.readline()
    stop.set()
    for thread in threads:
        thread.join()
    ended.wait()
    account: dict[str, Any] = {"ledgers": [client.ledger() for client in clients], "calls": {}, "longest": ["", 0.0], "findings": []}
    for client in clients:
        account["findings"] += client.findings
        account["longest"] = max(account["longest"], list(client.longest), key=lambda call: call[1])
        for group, outcomes in client.calls.items():
            ours = account["calls"].setdefault(group, {})
            for outcome, count in outcomes.items():
                ours[outcome] = ours.get(outcome, 0) + count
    print(json.dumps(account), flush=True)
    sys.stdin.read()
    close.set()
    loop.join()
    handle.close()


if __name__ == "__main__":
    main()
