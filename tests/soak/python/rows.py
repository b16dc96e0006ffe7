"""Calls that write: a client's own rows, and those that all share."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

from calls import BULK, HUGE, RING, STAGES, TABLES, Calls, Fault, acts, kind_of, name_of


class Rows(Calls):
    async def write(self) -> None:
        if len(self.ring) >= RING:
            await self.retire()
            return
        number, kind = self.next, kind_of(self.next)
        name, store = self.name_at(number), self.store(acts(number))
        try:
            id, ids = await (self.create_one if kind in ("user", "customer", "lead", "task", "interaction") else getattr(self, kind))(
                store, name, number
            )
        except Fault as fault:
            if fault.kind != "unknown":
                raise
            self.unknown.append(number)
        else:
            by = self.actor if acts(number) else None
            self.ring.append({"number": number, "id": id, "ids": ids, "version": 1, "unknown": 0, "updated_by": by})
        self.next += 1

    async def create_one(self, store: Any, name: str, number: int) -> tuple[int, list[int]]:
        kind, draw = kind_of(number), self.random
        customer, user = draw.choice(self.shared["anchors"]), draw.choice(self.shared["users"])[0]
        match kind:
            case "user":
                email, hash = f"{self.name}-{number}@example.com", "$2b$10$" + "." * 53
                make = lambda: store.users.create(name, email, password_hash=hash)
            case "customer":
                make = lambda: store.customers.create(name, email="contact@example.com", tags=[f"Tag {number % 20}"])
            case "lead":
                value = Decimal(draw.randrange(10_000_000)) / 100 if self.maybe() else None
                stage = draw.choice(STAGES)
                make = lambda: store.leads.create(name, stage=stage, value=value, customer_id=customer, assigned_to=user)
            case "task":
                priority, day = draw.choice(("low", "medium", "high")), date(2026, 3, draw.randrange(1, 31))
                make = lambda: store.tasks.create(name, priority=priority, due_date=day, customer_id=customer, assigned_to=user)
            case _:
                make = lambda: store.interactions.create(customer, draw.choice(("call", "email", "meeting", "note")), notes=name)
        row = await self.call("create", "create", make, writes=True)
        by = self.actor if acts(number) else None
        right = name_of(row) == name and row.version == 1
        right = right and (kind == "user" or row.created_by == by) and (kind in ("user", "interaction") or row.updated_by == by)
        self.check(right, f"{name} was created as {row}")
        return row.id, []

    async def many(self, store: Any, name: str, number: int) -> tuple[int, list[int]]:
        rows = [{"name": name}] * (2 + number % 5)
        ids = await self.call("create_many", "create_many", lambda: store.customers.create_many(rows), writes=True)
        self.check(len(ids) == len(rows), f"{name} has the ids {ids}")
        return ids[0], ids

    async def begin(self, store: Any) -> Any:
        tx = store.transaction()
        return await self.call("transaction", "begin", tx.__aenter__ if self.asynchronous else tx.__enter__)

    async def within(self, make: Callable[[], Any], may: tuple[str, ...] = (), group: str = "transaction") -> Any:
        return await self.call(group, "a call in a transaction", make, may=may)

    async def commit(self, tx: Any, may: tuple[str, ...] = ()) -> None:
        await self.call("transaction", "commit", tx.commit, writes=True, may=may)

    async def deal(self, store: Any, name: str, number: int) -> tuple[int, list[int]]:
        tx = await self.begin(store)
        id = (await self.within(lambda: tx.customers.create(name))).id
        await self.within(lambda: tx.leads.create(name, customer_id=id))
        await self.within(lambda: tx.tasks.create(name, customer_id=id))
        await self.within(lambda: tx.interactions.create(id, "note", notes=name))
        await self.commit(tx)
        return id, []

    async def bulk(self, store: Any, name: str, number: int) -> tuple[int, list[int]]:
        tx = await self.begin(store)
        id = (await self.within(lambda: tx.customers.create(name))).id
        rows = [{"customer_id": id, "type": "note", "notes": name}] * BULK
        await self.within(lambda: tx.interactions.create_many(rows), group="create_many")
        await self.commit(tx)
        return id, []

    async def retire(self) -> None:
        row = self.ring[0]
        number, kind = row["number"], kind_of(row["number"])
        if number % 3 != 0:
            users = kind in ("lead", "task", "interaction")
            store = self.store((self.is_admin or (acts(number) and users)) and self.maybe())
            try:
                if kind == "many":
                    tx = await self.begin(store)
                    for id in row["ids"]:
                        await self.within(lambda: tx.customers.delete(id))
                    await self.commit(tx)
                else:
                    await self.call("delete", "delete", lambda: getattr(store, TABLES[kind]).delete(row["id"]), writes=True)
            except Fault as fault:
                if fault.kind != "unknown":
                    raise
                self.unknown.append(number)
        del self.ring[0]

    async def update(self) -> None:
        row = self.pick(tuple(TABLES))
        if row is None:
            return
        kind, draw = kind_of(row["number"]), self.random
        others = kind == "interaction" and not acts(row["number"]) and not self.is_admin
        acting = not others and self.maybe() and (kind != "user" or self.is_admin)
        store, id = self.store(acting), row["id"]
        if kind == "user":
            await self.change_user(row, acting, store)
            return
        repository = getattr(store, TABLES[kind])
        expected = {"expected_version": row["version"]} if self.maybe() else {}
        text, idempotent = f"+1-555-{draw.randrange(10_000):04}", False
        match kind:
            case "lead" if self.maybe():
                stage, idempotent = draw.choice(STAGES), True
                make = lambda: repository.move_to(id, stage)
            case "lead":
                value = Decimal(draw.randrange(10_000_000)) / 100
                make = lambda: repository.update(id, value=value, **expected)
            case "task" if self.maybe():
                idempotent, make = True, lambda: getattr(repository, draw.choice(("start", "complete", "reopen")))(id)
            case "task":
                make = lambda: repository.update(id, description=text, **expected)
            case "interaction":
                make = lambda: repository.update(id, type=draw.choice(("call", "email")), **expected)
            case _:
                make = lambda: repository.update(id, phone=text, **expected)
        await self.change(row, acting, idempotent, "update", make, ("conflict",) if row["unknown"] and not idempotent else ())

    async def change(
        self, row: dict[str, Any], acting: bool, idempotent: bool, group: str, make: Callable[[], Any], may: tuple[str, ...] = ()
    ) -> None:
        try:
            found = await self.call(group, "update", make, writes=True, may=may)
        except Fault as fault:
            row["unknown"] += fault.kind == "unknown"
            raise
        least, most = row["version"] + (not idempotent), row["version"] + row["unknown"] + 1
        self.check(least <= found.version <= most, f"{row} was changed and is {found}: a change was lost or made twice")
        row["version"] = found.version
        if hasattr(found, "updated_by"):
            by = self.actor if acting else None
            self.check(idempotent or found.updated_by == by, f"{by} has changed {found}")
            row["updated_by"] = found.updated_by

    async def change_user(self, row: dict[str, Any], acting: bool, store: Any) -> None:
        id = row["id"]
        if self.random.randrange(3):
            change = getattr(store.users, self.random.choice(("deactivate", "reactivate")))
            await self.change(row, acting, True, "users", lambda: change(id))
            return
        password, email = f"password {self.random.randrange(10**9)}", f"{self.name}-{row['number']}@example.com"
        try:
            await self.call("users", "set_password", lambda: store.users.set_password(id, password), writes=True)
        except Fault as fault:
            row["unknown"] += 3 * (fault.kind == "unknown")
            raise
        row["unknown"] += 3
        may = ("invalid_credentials",)
        user = await self.call("users", "authenticate", lambda: self.crm.users.authenticate(email, password), writes=True, may=may)
        self.check(user.id == id, f"{email} is let in as {user}")
        users = self.crm.acting_as(id).users
        await self.call("users", "change_password", lambda: users.change_password(id, password, password + "!"), writes=True, may=may)

    async def tag(self) -> None:
        customers = self.store(self.maybe()).customers
        if len(self.tags) < 3:
            tag = f"{self.name} {self.made_tags}"
            self.made_tags += 1
            try:
                customer = await self.call("tags", "add_tags", lambda: customers.add_tags(self.anchor, [tag]), writes=True)
            except Fault as fault:
                if fault.kind != "unknown":
                    raise
                self.perhaps.append(tag)
            else:
                self.tags.append(tag)
                self.check(set(self.tags) <= set(customer.tags), f"one of {self.tags} is lost")
            return
        removed = self.tags[0]
        try:
            remove = lambda: customers.remove_tags(self.anchor, [removed, *self.perhaps[-5:]])
            customer = await self.call("tags", "remove_tags", remove, writes=True)
            self.check(removed not in customer.tags, f"the tag {removed} is still there")
        except Fault as fault:
            if fault.kind != "unknown":
                raise
            self.perhaps.append(removed)
        del self.tags[0]

    async def count_up(self) -> None:
        leads = self.store(self.maybe()).leads
        lead = await self.call("read", "get", lambda: leads.get(self.counter))
        value = lead.value + 1
        try:
            update = lambda: leads.update(self.counter, value=value, expected_version=lead.version)
            lead = await self.call("update", "update", update, writes=True, may=("conflict",))
        except Fault as fault:
            self.perhaps_counted += fault.kind == "unknown"
            raise
        self.counted += 1
        self.check(lead.value == value, f"the counter is {lead}, not {value}")

    async def transact(self) -> None:
        tx = await self.begin(self.store(self.maybe()))
        if self.maybe():
            customer = await self.within(lambda: tx.customers.create("undone"))
            await self.within(lambda: tx.interactions.create(customer.id, "note", notes="undone"))
            seen = await self.within(lambda: tx.customers.get(customer.id))
            self.check(seen.name == "undone", f"{seen} was made in this transaction")
            if self.maybe():
                await self.call("transaction", "rollback", tx.rollback)
            return
        try:
            for _ in range(2):
                anchor = self.random.choice(self.shared["anchors"])
                await self.within(lambda: tx.customers.update(anchor, notes=f"seen by {self.name}"))
                try:
                    await self.within(lambda: tx.customers.get(HUGE), may=("not_found",))
                    self.find("there is a customer of the last id")
                except Fault as fault:
                    if fault.kind != "refused":
                        raise
        except Fault:
            # A fault or a cancelled call has finished it.
            for go_on in (lambda: self.within(lambda: tx.customers.count(), may=("closed",)), lambda: self.commit(tx, may=("closed",))):
                try:
                    await go_on()
                    self.find("a transaction that has failed goes on")
                except Fault:
                    pass
            return
        if self.maybe():
            await self.commit(tx)
        else:
            await self.call("transaction", "rollback", tx.rollback)

    async def run_again(self) -> None:
        """Changes two customers that all share in a transaction that is run again where it lost."""
        store, anchors = self.store(self.maybe()), self.random.choices(self.shared["anchors"], k=2)

        def change(tx: Any) -> None:
            for anchor in anchors:
                tx.customers.update(anchor, notes=f"seen by {self.name}")

        async def change_awaited(tx: Any) -> None:
            for anchor in anchors:
                await tx.customers.update(anchor, notes=f"seen by {self.name}")

        work = change_awaited if self.asynchronous else change
        await self.call("transaction", "retry", lambda: store.retry(work), writes=True)
