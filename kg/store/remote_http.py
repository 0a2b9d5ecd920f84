"""Requests to a remote store: credentials by the scheme that it asks for, no redirects, and a way to break off.

SPARQLWrapper builds the requests of the protocol; how they are sent stands here, because it would install Digest
credentials for the whole process, follow redirects with the credentials, and give no hold on what is under way.
"""

from __future__ import annotations

import base64
import socket
import threading
import urllib.error
import urllib.request
from contextlib import suppress
from functools import partial
from http.client import HTTPConnection, HTTPMessage, HTTPResponse, HTTPSConnection
from typing import IO, Any, Final
from urllib.request import Request

from SPARQLWrapper import SPARQLExceptions, SPARQLWrapper

_ERRORS: Final = {
    400: SPARQLExceptions.QueryBadFormed,
    401: SPARQLExceptions.Unauthorized,
    404: SPARQLExceptions.EndPointNotFound,
    500: SPARQLExceptions.EndPointInternalError,
}


class Abort:
    """Breaks a request off from another thread: its socket is shut, so the one who reads it gets an error."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._connection: HTTPConnection | None = None
        self.aborted = False

    def take(self, connection: HTTPConnection) -> None:
        """This connection is in use now. Raises :class:`ConnectionAbortedError` where it is too late."""
        with self._lock:
            self._connection = connection
            if self.aborted:
                raise ConnectionAbortedError("broken off")

    def __call__(self) -> None:
        with self._lock:
            self.aborted = True
            connection = self._connection
        if connection is not None and connection.sock is not None:
            with suppress(OSError):
                connection.sock.shutdown(socket.SHUT_RDWR)


class _Plain(HTTPConnection):
    abort: Abort | None = None

    def connect(self) -> None:
        super().connect()
        if self.abort is not None:
            self.abort.take(self)


class _Secure(HTTPSConnection):
    abort: Abort | None = None

    def connect(self) -> None:
        super().connect()
        if self.abort is not None:
            self.abort.take(self)


def _made(kind: type[_Plain] | type[_Secure], abort: Abort | None, *args: Any, **more: Any) -> HTTPConnection:
    connection = kind(*args, **more)
    connection.abort = abort
    return connection


class _PlainHandler(urllib.request.HTTPHandler):
    def http_open(self, request: Request) -> HTTPResponse:
        return self.do_open(partial(_made, _Plain, getattr(request, "abort", None)), request)


class _SecureHandler(urllib.request.HTTPSHandler):
    def https_open(self, request: Request) -> HTTPResponse:
        return self.do_open(partial(_made, _Secure, getattr(request, "abort", None)), request)


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(
        self, req: Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage, newurl: str
    ) -> None:
        """None: the answer becomes an error, and neither query nor credentials go to another address."""


def opener(address: str, user: str | None, password: str | None, *, digest: bool) -> urllib.request.OpenerDirector:
    """Sends requests to this address. With ``digest`` the credentials answer a challenge, of Digest or Basic."""
    handlers: list[Any] = [_PlainHandler(), _SecureHandler(), _NoRedirects()]
    if digest and user and password:
        passwords = urllib.request.HTTPPasswordMgrWithDefaultRealm()
        passwords.add_password(None, address, user, password)
        handlers += [urllib.request.HTTPDigestAuthHandler(passwords), urllib.request.HTTPBasicAuthHandler(passwords)]
    return urllib.request.build_opener(*handlers)


def authorize(request: Request, user: str | None, password: str | None, timeout: float) -> None:
    """Ask for the challenge first and answer it in the request itself, for bodies that are too big to send twice.

    (A store that refuses may close the connection while the body is under way.) Raises :class:`OSError`.
    """
    if not (user and password):
        return
    asked = Request(request.full_url, method="GET", headers={"Accept": "*/*"})
    try:
        urllib.request.build_opener(_NoRedirects()).open(asked, timeout=timeout).close()
        return
    except urllib.error.HTTPError as error:
        challenge = error.headers.get("WWW-Authenticate", "") if error.code == 401 else ""
    scheme, _, rest = challenge.partition(" ")
    if scheme.lower() == "digest":
        passwords = urllib.request.HTTPPasswordMgrWithDefaultRealm()
        passwords.add_password(None, request.full_url, user, password)
        handler = urllib.request.AbstractDigestAuthHandler(passwords)
        told = urllib.request.parse_keqv_list(list(filter(None, urllib.request.parse_http_list(rest))))
        answer = handler.get_authorization(request, told)
        request.add_unredirected_header("Authorization", f"Digest {answer}")
    elif scheme.lower() == "basic":
        both = base64.b64encode(f"{user}:{password}".encode()).decode()
        request.add_unredirected_header("Authorization", f"Basic {both}")


class Wrapper(SPARQLWrapper):
    """SPARQLWrapper whose requests go through an opener of ours."""

    def __init__(self, address: str, send: urllib.request.OpenerDirector, abort: Abort | None, **more: Any) -> None:
        super().__init__(address, **more)
        self._send = send
        self._abort = abort

    def _query(self) -> tuple[HTTPResponse, str]:
        """Raises what SPARQLWrapper raises, and :class:`urllib.error.HTTPError` for other statuses."""
        request = self._createRequest()
        request.abort = self._abort  # type: ignore[attr-defined]  # for the handlers above
        try:
            return self._send.open(request, timeout=self.timeout), self.returnFormat
        except urllib.error.HTTPError as error:
            if error.code in _ERRORS:
                raise _ERRORS[error.code](error.read()) from error
            raise
