"""What the pages of the stewards' desk share: who is signed in, forms that are ours, answers that are never kept."""

from __future__ import annotations

import asyncio
import re
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple
from urllib.parse import urlencode

from fastapi import Request
from starlette.datastructures import FormData
from starlette.responses import RedirectResponse, Response

from api.answers import interface, pages_of, services_of
from api.auth import limits_of
from api.problems import status_of
from api.session import Session, Sessions, same_form
from kg.findings import BilimError, Finding, finding
from kg.imports import tokens
from kg.imports.tokens import Token

BASE: Final = "/imports"
NOT_KEPT: Final = {"Cache-Control": "no-store", "Vary": "Cookie, Accept-Language"}
_WITHIN: Final = re.compile(r"/(?:imports|desk|decisions)(?:/[\w.~-]+)*(?:\?[\w.~=&%-]*)?", re.ASCII)
"""Addresses to which signing in may lead: our own, of the desk."""


class Signed(NamedTuple):
    """Who is at the desk."""

    session: Session
    token: Token


def sessions_of(request: Request) -> Sessions:
    """Of this app."""
    return request.app.state.sessions  # type: ignore[no-any-return]


async def signed_in(request: Request) -> Signed | None:
    """Who is signed in; a token that was revoked or has ended ends its session."""
    session = sessions_of(request).of(request)
    if session is None:
        return None
    token = await asyncio.to_thread(tokens.find, services_of(request).home, session.token)
    if token is None or token.state(datetime.now(UTC)) != "valid":
        return None
    limits_of(request).token(token)
    return Signed(session, token)


async def signed_form(request: Request, files: int = 0) -> tuple[Signed, FormData]:
    """The form of one who is signed in. Raises :class:`BilimError` (``form-not-ours``, 403) for any other."""
    signed = await signed_in(request)
    form = await request.form(max_files=files, max_fields=150)
    if signed is None or not same_form(signed.session, str(form.get("csrf", ""))):
        raise BilimError(finding("form-not-ours"))
    return signed, form


def desk_page(
    request: Request, template: str, signed: Signed | None, *faults: Finding, status: int = 0, **values: Any
) -> Response:
    """A page of the desk; ``faults`` are told at its head, and the first of them makes its status."""
    lang = interface(request)
    if signed is not None:
        values |= {"csrf": signed.session.csrf, "steward": signed.token}
    return pages_of(request).response(
        template, lang, request=request, headers=NOT_KEPT, faults=[f.text(lang) for f in faults],
        status_code=status or (status_of(faults[0].code) if faults else 200), **values,
    )  # fmt: skip


def door(request: Request, *faults: Finding, status: int = 200, then: str = "") -> Response:
    """Where one signs in, to be led on to ``then``: without it to the page that was asked for."""
    asked = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    return desk_page(request, "sign_in.html", None, *faults, status=status, then=within(then or asked))


def within(address: str) -> str:
    """An address of the desk; for any other the desk itself."""
    return address if _WITHIN.fullmatch(address) else BASE


def to(request: Request, address: str, part: str = "", published: bool = False) -> Response:
    """On to a page after a form, in the language of this one.

    ``published``: what a browser keeps of our pages (for a minute) is of the release before; it is told to forget it
    (Clear-Site-Data, W3C), so that who publishes sees at once what came of it.
    """
    pairs = {"lang": interface(request), "clang": request.query_params.get("clang")}
    told = urlencode({name: code for name, code in pairs.items() if code and f"{name}=" not in address})
    lang = f"{'&' if '?' in address else '?'}{told}" if told and "lang=" not in address else ""
    headers = NOT_KEPT | ({"Clear-Site-Data": '"cache"'} if published else {})
    return RedirectResponse(f"{address}{lang}{part}", 303, headers=headers)


def from_here(request: Request) -> bool:
    """Whether a browser says that the form was not on another site."""
    return request.headers.get("sec-fetch-site", "same-origin") in ("same-origin", "none")
