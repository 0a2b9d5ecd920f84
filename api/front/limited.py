"""Bodies of requests no longer than allowed."""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.types import Message, Receive


def limited(receive: Receive, headers: dict[str, str], limit: int) -> Receive:
    """``receive`` that ends in 413 once the body is longer than ``limit`` bytes, declared or not."""
    declared = headers.get("content-length", "")
    too_long = declared.isascii() and declared.isdigit() and int(declared) > limit
    size = 0

    async def receive_limited() -> Message:
        nonlocal size
        if too_long:
            raise HTTPException(413)
        message = await receive()
        if message["type"] == "http.request":
            size += len(message.get("body", b""))
            if size > limit:
                raise HTTPException(413)
        return message

    return receive_limited
