"""/api/v1/decisions: what stewards decided; and deciding, for those who have a token."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from api.answers import json_answer, only, services_of
from api.auth import require, who
from api.importing import importing_of, in_ledger
from kg.findings import BilimError, finding
from kg.imports.decided import Decision
from kg.imports.tokens import Token

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
BODIES: Final[Mapping[str, type[_Body]]] = {
    "settle": Settle, "correct": Correct, "merge": Merge, "unmerge": About, "withdraw": About, "comment": About,
}  # fmt: skip
"""What is decided by a POST to its name: the body that it takes. Undoing has the number of a decision in its path."""


def router() -> APIRouter:
    """One decision at a time: each is a release. They are made by the process of imports, which has the rules ready."""
    routes = APIRouter(include_in_schema=False)

    async def made(request: Request, token: Token, action: str, body: _Body, **more: Any) -> Response:
        given = {**body.model_dump(exclude={"why"}), **more}
        data = await importing_of(request).ask("decide", action=action, given=given, who=who(token), reason=body.why)
        await services_of(request).refresh()
        address = f"{PATH}/{data['number']}"
        answer = json_answer({"data": data, "links": {"self": address}, "release": data["release"]}, headers=_NO_STORE)
        answer.status_code = 201
        answer.headers["Location"] = address
        return answer

    def poster(action: str, model: type[_Body]) -> Callable[..., Any]:
        async def post(request: Request, body: Any, token: Steward) -> Response:
            return await made(request, token, action, body)

        post.__annotations__["body"] = model
        return post

    for action, model in BODIES.items():
        routes.add_api_route(f"{PATH}/{action}", poster(action, model), methods=["POST"])

    @routes.post(f"{PATH}/{{number}}/undo")
    async def undo(request: Request, number: int, body: Undo, token: Steward) -> Response:
        return await made(request, token, "undo", body, number=number)

    @routes.get(PATH)
    async def decisions(request: Request) -> Response:
        only(request)
        rows = [decision.as_dict() for decision in await all_decisions(request)]
        body = {"data": rows, "release": services_of(request).current_id(), "links": {"self": PATH}}
        return json_answer(body, headers=_NO_STORE)

    @routes.get(f"{PATH}/{{number}}")
    async def one(request: Request, number: int) -> Response:
        only(request)
        found = await decision_of(request, number)
        data = {**found.as_dict(), "removed": found.removed, "added": found.added}
        body = {"data": data, "release": services_of(request).current_id(), "links": {"self": f"{PATH}/{number}"}}
        return json_answer(body, headers=_NO_STORE)

    return routes


async def all_decisions(request: Request) -> list[Decision]:
    """The oldest first; none where there is no ledger yet."""
    if not services_of(request).home.ledger.exists():
        return []
    return await in_ledger(request, lambda ledger: ledger.decisions.all())


async def decision_of(request: Request, number: int) -> Decision:
    """Raises :class:`BilimError` (``not-found``) where there is none of this number."""
    found = next((d for d in await all_decisions(request) if d.number == number), None)
    if found is None:
        raise BilimError(finding("not-found", path=request.url.path))
    return found
