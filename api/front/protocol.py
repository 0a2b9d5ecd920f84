"""Ready answers before ASGI: uvicorn's HTTP protocol, which asks the front before it starts a task for a request.

As ASGI a ready answer costs a task, two messages, and the check of each of its eleven headers by two regular
expressions: more than finding it costs. Here its head was checked and put together once, and it goes out in one write.
Another method, a queue of requests, a client that reads slowly, a connection to be closed: all go the usual way.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, Final

from starlette.types import Scope
from uvicorn.protocols.http import httptools_impl
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from api.front.cache import Header

Ready = Callable[[Scope], tuple[bytes, bytes] | None]
"""Scope of a request -> head (status line and headers, without the empty line) and body; None where none is ready."""

_LONGEST_HEAD: Final = 65_536  # bytes of request line and headers; httptools takes any number, and all would be read
_TOO_LONG: Final = (
    f"Request line and headers are longer than {_LONGEST_HEAD} bytes. Send a long query in the body of a POST."
)
_JOINED: Final = 65_536  # bytes of a body up to which copying it behind the head costs less than a second write


class ReadyProtocol(HttpToolsProtocol):
    """``ready`` is asked for each request; made by uvicorn, for each connection, with the rest of the arguments."""

    def __init__(self, *args: Any, ready: Ready, **more: Any) -> None:
        super().__init__(*args, **more)
        self._ready = ready
        self._head: int | None = None  # bytes of the head that is coming in, without its first part; None between heads
        self._coming = 0  # bytes that are being parsed
        self._begun = False  # whether a head began in them, perhaps behind a long body
        self._refused = False

    def data_received(self, data: bytes) -> None:
        self._coming, self._begun = len(data), False
        super().data_received(data)
        if self._head is not None and not self._begun:
            self._head += self._coming
            if self._head > _LONGEST_HEAD and not self.transport.is_closing():
                self._refused = True
                self.send_400_response(_TOO_LONG)

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._head, self._begun = 0, True

    def on_headers_complete(self) -> None:
        whole = (self._head or 0) + self._coming  # and perhaps a body
        self._head = None
        if whole > _LONGEST_HEAD and len(self.url) + sum(len(n) + len(v) for n, v in self.headers) > _LONGEST_HEAD:
            self._refused = True
            raise ValueError(_TOO_LONG)  # the parser stops, and uvicorn answers as below
        super().on_headers_complete()

    def send_400_response(self, msg: str) -> None:
        """Also 431 (RFC 6585, section 5), where it was the length."""
        if not self._refused:
            super().send_400_response(msg)
            return
        head = b"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-type: text/plain; charset=utf-8\r\n"
        length = b"content-length: %d\r\nconnection: close\r\n\r\n" % len(_TOO_LONG)
        self.transport.write(head + length + _TOO_LONG.encode())
        self.transport.close()

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        # self.app: not so where uvicorn refuses a connection too many; the pipeline: answers keep their order
        usual = app is self.app and cycle.keep_alive and not self.pipeline and not self.config.access_log
        found = self._ready(cycle.scope) if usual and not self.flow.write_paused else None  # type: ignore[arg-type]
        if found is None:
            super()._start_asgi_task(cycle, app)
            return
        head, body = found
        parts = [head]
        for name, value in self.server_state.default_headers:  # the date
            parts += (name, b": ", value, b"\r\n")
        parts.append(b"\r\n")
        cycle.response_started = cycle.response_complete = True
        if len(body) <= _JOINED:
            parts.append(body)
            self.transport.write(b"".join(parts))
        else:
            self.transport.write(b"".join(parts))
            self.transport.write(body)
        cycle.on_response()


def head_of(status: int, headers: list[Header]) -> bytes:
    """Status line and headers as uvicorn writes them, for :data:`Ready`; b"" where it would refuse one of them."""
    lines = [httptools_impl.STATUS_LINE[status]]
    for name, value in headers:
        if httptools_impl.HEADER_RE.search(name) or httptools_impl.HEADER_VALUE_RE.search(value):
            return b""
        lines += (name, b": ", value, b"\r\n")
    return b"".join(lines)


def serving(ready: Ready) -> dict[str, Any]:
    """How uvicorn is to serve the app: keywords of ``uvicorn.Config`` beside address and port."""
    quiet = {"log_config": None, "access_log": False, "server_header": False}  # the front writes what is to be logged
    return {"loop": "uvloop", "http": partial(ReadyProtocol, ready=ready), **quiet}
