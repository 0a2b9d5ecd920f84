"""/api/v1/decisions: what stewards decided; and deciding, for those who have a token."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from api.answers import json_answer, only, services_of
from api.auth import require, who
from kg.findings import BilimError, finding
from kg.imports.asking import decide
from kg.imports.decided import Decision
from kg.imports.desk import Desk
from kg.imports.ledger import open_ledger
from kg.imports.tokens import Token
from kg.releases.publish import Reason

PATH = "/api/v1/decisions"
_NO_STORE = {"Cache-Control": "no-store"}


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")

    why: str = Field(min_length=1, max_length=2000, description="The reason; kept in the ledger and in the release.")


_Thing = Annotated[str, Field(max_length=300, description="kind/slug, or an address of ours.")]
_Statement = Annotated[str, Field(max_length=5000, description="One line of N-Triples.")]


class Settle(_Body):
    """Settle a discrepancy."""

    discrepancy: _Thing
    lang: Literal["kk", "ru", "en"] = Field("en", description="Language of the reason, which is its resolution.")
    ranks: dict[_Thing, str] = Field(
        min_length=1, max_length=100, description="Evidence to its rank: preferred, normal, deprecated."
    )


class Correct(_Body):
    """Replace one statement, or take it away."""

    old: _Statement
    new: _Statement | None = Field(None, description="What is to stand in its place; absent: nothing.")


class Merge(_Body):
    """Two things are one."""

    thing: _Thing
    into: _Thing


class About(_Body):
    """Of one thing: unmerge, withdraw, comment."""

    thing: _Thing


class Undo(_Body):
    """Take a decision back."""


Steward = Annotated[Token, Depends(require("steward"))]


def router(desk: Desk) -> APIRouter:
    """One decision at a time: each is a release."""
    routes = APIRouter(include_in_schema=False)
    turn = asyncio.Lock()

    async def made(request: Request, token: Token, action: str, body: _Body, **more: Any) -> Response:
        given = {**body.model_dump(exclude={"why"}), **more}
        async with turn:
            done = await asyncio.to_thread(decide, desk, action, given, Reason(who(token), body.why))
            await services_of(request).refresh()
        number = done.decision.number
        data = {"data": done.decision.as_dict(), "links": {"self": f"{PATH}/{number}"}}
        answer = json_answer({**data, "release": done.decision.release}, headers=_NO_STORE)
        answer.status_code = 201
        answer.headers["Location"] = f"{PATH}/{number}"
        return answer

    @routes.post(f"{PATH}/settle")
    async def settle(request: Request, body: Settle, token: Steward) -> Response:
        return await made(request, token, "settle", body)

    @routes.post(f"{PATH}/correct")
    async def correct(request: Request, body: Correct, token: Steward) -> Response:
        return await made(request, token, "correct", body)

    @routes.post(f"{PATH}/merge")
    async def merge(request: Request, body: Merge, token: Steward) -> Response:
        return await made(request, token, "merge", body)

    @routes.post(f"{PATH}/unmerge")
    async def unmerge(request: Request, body: About, token: Steward) -> Response:
        return await made(request, token, "unmerge", body)

    @routes.post(f"{PATH}/withdraw")
    async def withdraw(request: Request, body: About, token: Steward) -> Response:
        return await made(request, token, "withdraw", body)

    @routes.post(f"{PATH}/comment")
    async def comment(request: Request, body: About, token: Steward) -> Response:
        return await made(request, token, "comment", body)

    @routes.post(f"{PATH}/{{number}}/undo")
    async def undo(request: Request, number: int, body: Undo, token: Steward) -> Response:
        return await made(request, token, "undo", body, number=number)

    @routes.get(PATH)
    async def decisions(request: Request) -> Response:
        only(request)
        rows = [decision.as_dict() for decision in await asyncio.to_thread(_all, desk)]
        body = {"data": rows, "release": services_of(request).current_id(), "links": {"self": PATH}}
        return json_answer(body, headers=_NO_STORE)

    @routes.get(f"{PATH}/{{number}}")
    async def one(request: Request, number: int) -> Response:
        only(request)
        found = next((d for d in await asyncio.to_thread(_all, desk) if d.number == number), None)
        if found is None:
            raise BilimError(finding("not-found", path=request.url.path))
        data = {**found.as_dict(), "removed": found.removed, "added": found.added}
        body = {"data": data, "release": services_of(request).current_id(), "links": {"self": f"{PATH}/{number}"}}
        return json_answer(body, headers=_NO_STORE)

    return routes


def _all(desk: Desk) -> list[Decision]:
    if not desk.home.ledger.exists():
        return []
    with open_ledger(desk.home) as ledger:
        return ledger.decisions.all()
