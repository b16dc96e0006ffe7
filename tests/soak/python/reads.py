"""Calls that read: a client's own rows have to be there as it left them, whoever else writes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timezone
from typing import Any

from calls import STAGES, TABLES, Calls, finish, kind_of, name_of

EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


class Reads(Calls):
    async def rows(self, stream: Any, most: int) -> list[Any]:
        found: list[Any] = []
        if self.asynchronous:
            async for row in stream:
                found.append(row)
                if len(found) == most:
                    break
        else:
            for row in stream:
                found.append(row)
                if len(found) == most:
                    break
        return found

    async def stream(self, stream: Callable[[], Any], most: int) -> list[Any]:
        read = lambda: self.rows(stream(), most) if self.asynchronous else finish(self.rows(stream(), most))
        found: list[Any] = await self.call("stream", "stream", read)
        return found

    async def read(self) -> None:
        if self.random.randrange(14):
            tables = ("users", "customers", "leads", "tasks", "interactions")
            await self.read_of(self.random.choices(tables, (1, 3, 3, 3, 3))[0])
            return
        customers = self.store(self.maybe()).customers
        if self.maybe():
            rows = await self.stream(lambda: customers.stream(order="name"), self.random.randrange(1, 200))
            places = [(row.name.encode(), row.id) for row in rows]
            self.check(places == sorted(places), "a stream by name is not in its order")
            return
        cursor, limit, places = None, self.random.randrange(1, 60), []
        for _ in range(3):
            page = await self.call("list", "list", lambda: customers.list(order="-id", limit=limit, cursor=cursor))
            places += [-row.id for row in page]
            cursor = page.next_cursor
            if cursor is None:
                break
        self.check(places == sorted(set(places)), "pages by id are not in their order")

    async def read_of(self, table: str) -> None:
        rows = [row for row in self.ring if TABLES.get(kind_of(row["number"])) == table]
        if not rows:
            return
        store = self.store(self.maybe())
        repository, row = getattr(store, table), self.random.choice(rows)
        id, ids = row["id"], [row["id"] for row in rows]
        newest, asked = sorted(ids, reverse=True), [id]
        match self.random.randrange(9):
            case 0 | 1:
                op, found = "get", [await self.call("read", "get", lambda: repository.get(id))]
            case 2:
                op, one = "find", await self.call("read", "find", lambda: repository.find(id))
                found = [] if one is None else [one]
            case 3:
                op, asked = "get_many", ids
                found = await self.call("read", "get_many", lambda: repository.get_many(ids))
            case 4 if table != "users":
                text = self.name_at(row["number"])
                op, found = "list by words", list(await self.call("list", "list", lambda: repository.list(ids=id, text=text)))
            case 5:
                count = await self.call("list", "count", lambda: repository.count(ids=ids))
                self.check(count == len(ids), f"of {ids} there are {count}")
                return
            case 6:
                op, asked = "stream", newest
                found = await self.stream(lambda: repository.stream(ids=ids), len(ids) + 1)
            case 7:
                await self.frame(getattr(store.frames, table), ids)
                return
            case _:
                op, asked = "list", newest
                found = list(await self.call("list", "list", lambda: repository.list(ids=ids)))
        got = [row.id for row in found]
        self.check(got == asked, f"{op} has {got} of {asked}")
        for one in found:
            self.look_at(table, one)
        if table == "customers" and self.maybe():
            overview = await self.call("read", "overview", lambda: repository.overview(id, 5))
            self.check(overview.customer.id == id and len(overview.recent_interactions) <= 5, overview)
            self.look_at(table, overview.customer)

    async def frame(self, frame: Callable[..., Any], ids: list[int]) -> None:
        if self.asynchronous:
            table = (await self.call("frames", "frame", lambda: frame(ids=ids))).to_pyarrow()
        else:
            table = await self.call("frames", "frame", lambda: frame(ids=ids).to_pyarrow())
        got = sorted(table["id"].to_pylist())
        self.check(got == sorted(ids), f"a frame has {got} of {ids}")

    def look_at(self, table: str, found: Any) -> None:
        for row in self.ring:
            if row["id"] == found.id and TABLES.get(kind_of(row["number"])) == table:
                name = self.name_at(row["number"])
                right = name_of(found) == name and row["version"] <= found.version <= row["version"] + row["unknown"]
                by = not hasattr(found, "updated_by") or row["unknown"] > 0 or found.updated_by == row["updated_by"]
                self.check(right and by, f"{name} is known as {row} and is {found}")
                row.update(version=found.version, updated_by=getattr(found, "updated_by", None))

    async def report(self) -> None:
        store, limit, today = self.store(self.maybe()), self.random.randrange(1, 80), date(2026, 3, self.random.randrange(1, 31))
        match self.random.randrange(6):
            case 0:
                page = await self.call("reports", "customer_activity", lambda: store.reports.customer_activity(limit=limit))
                places = [(row.last_interaction is None, -(row.last_interaction or EPOCH).timestamp(), row.id) for row in page]
                self.check(places == sorted(places), "customer_activity is not in its order")
            case 1:
                self.check_pipeline(await self.call("reports", "pipeline", lambda: store.reports.pipeline()))
            case 2:
                page = await self.call("reports", "due_tasks", lambda: store.reports.due_tasks(today, limit=limit))
                order = [(("high", "medium", "low").index(row.priority), row.due_date, row.id) for row in page]
                self.check(order == sorted(order), "due_tasks is not in its order")
            case 3:
                snapshot = await self.call("reports", "snapshot", lambda: store.reports.snapshot(today, limit=limit))
                self.check_pipeline(snapshot.pipeline)
            case 4:
                if self.asynchronous:
                    table = (await self.call("frames", "pipeline", lambda: store.frames.pipeline())).to_pyarrow()
                else:
                    table = await self.call("frames", "pipeline", lambda: store.frames.pipeline().to_pyarrow())
                self.check(table.num_rows == 4, f"a frame of the pipeline is {table}")
            case _:
                counts = await self.call("reports", "tag_counts", lambda: store.customers.tag_counts())
                anchors = next((count.count for count in counts if count.tag == "anchor"), 0)
                self.check(anchors == len(self.shared["anchors"]), f"{anchors} customers are anchors")

    def check_pipeline(self, stages: Any) -> None:
        right = tuple(stage.stage for stage in stages) == STAGES and stages[0].count >= 8 and all(stage.count >= 0 for stage in stages)
        self.check(right, f"the pipeline is {stages}")
