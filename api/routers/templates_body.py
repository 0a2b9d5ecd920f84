"""A POST of parameters: the members of a JSON object, read as if they had come in the address.

So there is one way on which values are checked, for GET and for POST.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from fastapi import Request

from api.front.variant import JSON
from kg.findings import BilimError, finding


class _Number(str):
    """A number of JSON as it is written."""


async def json_parameters(request: Request) -> Request:
    """The request with the members of its body added to its query. Strings, numbers, booleans, lists of them; null is
    not given.

    Raises :class:`BilimError`: ``body-media`` (415), ``body-unreadable`` (400) where it is no such object;
    :class:`HTTPException` 413 for one that is too long.
    """
    _check_media(request)
    pairs = [*request.query_params.multi_items(), *_pairs(await request.body())]
    try:
        query = urlencode(pairs).encode()
    except UnicodeEncodeError:  # "\\ud800": JSON can write half a character, UTF-8 cannot
        raise BilimError(finding("body-unreadable", reason="half a surrogate pair")) from None
    return Request({**request.scope, "query_string": query})


async def json_object(request: Request) -> dict[str, Any]:
    """The JSON object that a request carries. Raises as :func:`json_parameters` does."""
    _check_media(request)
    return _object(await request.body())


def _check_media(request: Request) -> None:
    media = (request.headers.get("content-type") or "").partition(";")[0].strip().lower()
    if media != JSON and not (media.startswith("application/") and media.endswith("+json")):
        raise BilimError(finding("body-media", given=media[:80] or "—", allowed=JSON))


def _pairs(body: bytes) -> list[tuple[str, str]]:
    # numbers stay as they are written: 1.10 is not 1.1
    data = _object(body, number=_Number)
    return [(name, _text(name, item)) for name, value in data.items() for item in _items(value)]


def _object(body: bytes, number: Callable[[str], Any] | None = None) -> dict[str, Any]:
    try:
        data = json.loads(body, parse_int=number, parse_float=number, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        reason = str(error)[:200] if isinstance(error, ValueError) else "too deeply nested"
        raise BilimError(finding("body-unreadable", reason=reason)) from None
    if not isinstance(data, dict):
        raise BilimError(finding("body-unreadable", reason=f"{_called(data)} at the top"))
    return data


def _items(value: Any) -> list[Any]:
    return [] if value is None else value if isinstance(value, list) else [value]


def _text(name: str, value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return value
    raise BilimError(finding("body-value", name=name[:80], given=_called(value)))


def _called(value: Any) -> str:
    """What JSON calls it: what was sent is to be found again in the message."""
    if value is None or isinstance(value, bool):
        return json.dumps(value)
    kinds: tuple[tuple[type, str], ...] = ((_Number, "number"), (dict, "object"), (list, "array"), (str, "string"))
    return next((name for kind, name in kinds if isinstance(value, kind)), "number")


def _no_constant(text: str) -> Any:
    raise ValueError(f"{text} is no JSON")
