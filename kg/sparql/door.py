"""The worker's end of a SERVICE: a door on the loopback of its own network namespace, and behind it only the parent.

Oxigraph can ask addresses only by HTTP. A namespace of its own has nothing but its own loopback, so the query that it
runs names this door in place of an allowed store (``http://127.0.0.1:PORT/NUMBER``), and what is asked there goes to
the parent over a socket pair. No other address can be reached, whatever the query says.
"""

from __future__ import annotations

import fcntl
import json
import socket
import struct
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final

from kg.sparql.frames import HEADER, QUERY, frame

_SIOCSIFFLAGS: Final = 0x8914  # linux/sockios.h
_IFF_UP_RUNNING: Final = 0x41  # linux/if.h
MOST_CALLS: Final = 100
"""Requests to stores that one query may make: Oxigraph may send one for each solution on the left."""


class Door:
    """Listens in this process's namespace and passes on to the parent, one request at a time."""

    def __init__(self, descriptor: int) -> None:
        """``descriptor``: our end of the socket pair. Raises OSError where the loopback cannot be used."""
        _raise_loopback()
        self.failure = ""  # why the last request of this query failed
        self.calls = 0
        self._pipe = socket.socket(fileno=descriptor).makefile("rwb")
        self._lock = threading.Lock()
        server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        server.daemon_threads = True
        self.port = server.server_port
        threading.Thread(target=server.serve_forever, daemon=True).start()

    def begin(self) -> None:
        """A new query starts."""
        self.failure, self.calls = "", 0

    def text(self, query: str, services: list[list[int]]) -> str:
        """The query with this door in place of the stores: ``[start, end, number]`` of each, in their order."""
        parts, at = [], 0
        for start, end, number in services:
            parts += [query[at:start], f"<http://127.0.0.1:{self.port}/{number}>"]
            at = end
        return "".join((*parts, query[at:]))

    def ask(self, number: int, query: str, accept: str) -> tuple[dict[str, Any], bytes]:
        """What the parent answers: ``{"error": …}`` or ``{"type": …}``, and the body."""
        with self._lock:
            self.calls += 1
            if self.calls > MOST_CALLS:
                return {"error": f"the query asked other stores more than {MOST_CALLS} times"}, b""
            asked = {"store": number, "query": query, "accept": accept}
            self._pipe.write(frame(QUERY, json.dumps(asked).encode()))
            self._pipe.flush()
            return json.loads(self._frame()), self._frame()

    def _frame(self) -> bytes:
        _, length = HEADER.unpack(self._pipe.read(HEADER.size))
        return self._pipe.read(length)

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        door = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                query = self.rfile.read(int(self.headers.get("Content-Length", "0"))).decode()
                try:
                    told, body = door.ask(int(self.path[1:]), query, self.headers.get("Accept", "*/*"))
                except (ValueError, OSError, struct.error) as error:
                    told, body = {"error": str(error)}, b""
                if "error" in told:
                    door.failure = told["error"]
                self.send_response(502 if "error" in told else 200)
                self.send_header("Content-Type", told.get("type", "text/plain"))
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                pass

        return Handler


def _raise_loopback() -> None:
    """A new namespace has a loopback that is down."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as made:
        fcntl.ioctl(made, _SIOCSIFFLAGS, struct.pack("16sH22x", b"lo", _IFF_UP_RUNNING))
