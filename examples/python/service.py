"""A web service on the asyncio handle, with FastAPI: uvicorn service:app

CRM_DATABASE_URL says which database; without it a private one is started. `python service.py` tries the service out.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated

import crm
from fastapi import Depends, FastAPI, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Opens one handle for the whole service."""
    opened = crm.connect_async() if "CRM_DATABASE_URL" in os.environ else crm.embedded_async()
    async with opened as handle:
        await handle.migrate()
        app.state.crm = handle
        yield


log = logging.getLogger(__name__)
app = FastAPI(lifespan=lifespan)


async def handle_of(request: Request) -> crm.AsyncCrm:
    """Hands the handle to whoever asks for it."""
    handle: crm.AsyncCrm = request.app.state.crm
    return handle


Handle = Annotated[crm.AsyncCrm, Depends(handle_of)]


@app.exception_handler(crm.CrmError)
async def refuse(_request: Request, error: crm.CrmError) -> JSONResponse:
    """Answers with the error's status and code. Its message goes to the client unless the fault is on the server's side."""
    content: dict[str, object] = {"code": error.code, "message": str(error)}
    if error.status >= 500:
        # The message names hosts and tables. Whether a write may have been done is for the client to know.
        log.error("a request failed", exc_info=error)
        content = {"code": error.code, "message": "the service failed", "outcome_unknown": error.outcome_unknown}
    if isinstance(error, crm.ValidationError):
        content["violations"] = [violation.to_dict() for violation in error.violations]
    return JSONResponse(content, error.status)


class Prospect(BaseModel):
    """Is what a client sends for a new customer."""

    name: str
    email: str | None = None
    tags: list[str] = []


@app.post("/customers", status_code=201)
async def create(prospect: Prospect, c: Handle) -> dict[str, object]:
    """Creates a customer and its first task, both or neither."""
    async with c.transaction() as tx:
        customer = await tx.customers.create(prospect.name, email=prospect.email, tags=prospect.tags)
        await tx.tasks.create(f"Welcome {customer.name}", customer_id=customer.id)
    return customer.to_dict()


@app.get("/customers")
async def list_(c: Handle, cursor: str | None = None, limit: int = 50) -> dict[str, object]:
    """Lists customers by name."""
    page = await c.customers.list(order="name", cursor=cursor, limit=limit)
    return page.to_dict()


@app.get("/customers/{id}")
async def read(id: int, c: Handle) -> dict[str, object]:
    """Reads a customer with what is open."""
    return (await c.customers.overview(id)).to_dict()


@app.get("/pipeline")
async def pipeline(c: Handle) -> list[dict[str, object]]:
    """Sums up the pipeline."""
    return [stage.to_dict() for stage in await c.reports.pipeline()]


async def try_out() -> None:
    """Sends a few requests, as a client would."""
    import httpx

    transport = httpx.ASGITransport(app)
    async with lifespan(app), httpx.AsyncClient(transport=transport, base_url="http://service") as client:
        made = await client.post("/customers", json={"name": "Acme", "tags": ["Enterprise"]})
        assert made.status_code == 201, made.text
        overview = await client.get(f"/customers/{made.json()['id']}")
        assert [task["title"] for task in overview.json()["open_tasks"]] == ["Welcome Acme"]
        refused = await client.post("/customers", json={"name": " ", "email": "x"})
        assert refused.status_code == 400 and len(refused.json()["violations"]) == 2, refused.text
        assert (await client.get("/customers/99")).status_code == 404
        listed = await client.get("/customers", params={"limit": 1})
        assert [row["name"] for row in listed.json()["items"]] == ["Acme"]
        assert len((await client.get("/pipeline")).json()) == 4
    # Whatever the fault, its words stay on this side.
    failed = await refuse(Request({"type": "http"}), crm.UnavailableError("cannot connect to db.internal:5432"))
    assert failed.status_code == 503 and b"db.internal" not in failed.body, failed.body
    print("the service works")


if __name__ == "__main__":
    asyncio.run(try_out())
