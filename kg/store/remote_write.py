"""Writing to a remote store by SPARQL 1.1 Update and the Graph Store Protocol: where, with which credentials.

Statuses tell little here (Virtuoso 7 answers 406 to a PUT that it applied and 200 to data that it dropped), so whoever
writes counts afterwards. Writes are not tried again by themselves: what a broken one left is for the caller to see.
"""

from __future__ import annotations

import re
import urllib.error
import urllib.request
from dataclasses import dataclass
from http.client import HTTPException
from typing import Final
from urllib.parse import urlencode

from kg.findings import finding
from kg.store.errors import StoreError
from kg.store.probe import Capabilities
from kg.store.remote import Endpoint
from kg.store.remote_http import authorize, opener

_LAST: Final = re.compile(r"/[^/]*/?$")
_PLACES: Final = {
    "virtuoso": ("/sparql-auth", "/sparql-graph-crud-auth"),
    "oxigraph": ("/update", "/store"),
}
_WRITING_SECONDS: Final = 3600.0  # a big graph takes minutes, dropping one too


@dataclass(frozen=True, slots=True)
class Target:
    """A store that is written to: addresses for updates and for the Graph Store Protocol ("" where it has none)."""

    endpoint: Endpoint
    update_address: str
    graph_store: str

    def update(self, text: str) -> None:
        """Run an update. Raises :class:`StoreError`."""
        body = urlencode({"update" if "auth" not in self.update_address else "query": text}).encode()
        self._send(self.update_address, "POST", body, "application/x-www-form-urlencoded")

    def put(self, graph: str, triples: bytes, *, append: bool) -> None:
        """N-Triples into a graph of the Graph Store Protocol, in place of what it held or beside it.

        Raises :class:`StoreError`; a status that is no success is passed over, as the count decides.
        """
        address = f"{self.graph_store}?{urlencode({'graph': graph})}"
        self._send(address, "POST" if append else "PUT", triples, "application/n-triples", lenient=True)

    def bulk(self, graph: str, triples: bytes) -> None:
        """N-Triples by the bulk loader of Oxigraph's server, beside what is there. Raises :class:`StoreError`."""
        address = f"{self.graph_store}?{urlencode({'graph': graph, 'no_transaction': ''})}"
        self._send(address, "POST", triples, "application/n-triples")

    def _send(self, address: str, method: str, body: bytes, kind: str, *, lenient: bool = False) -> None:
        point = self.endpoint
        request = urllib.request.Request(address, body, {"Content-Type": kind, "Accept": "*/*"}, method=method)
        send = opener(address, None, None, digest=False)
        try:
            authorize(request, point.user, point.password, point.timeout)
            with send.open(request, timeout=_WRITING_SECONDS) as answer:
                answer.read()
        except urllib.error.HTTPError as error:
            said = error.read(1200).decode("utf-8", "replace")
            if error.code in (401, 403):
                raise StoreError(finding("remote-refused", endpoint=point.name, status=error.code)) from error
            if not lenient or error.code >= 500:
                reason = " ".join(said.split())[:300]
                raise StoreError(
                    finding("remote-failed", endpoint=point.name, status=error.code, reason=reason)
                ) from error
        except (HTTPException, OSError, ValueError) as error:
            reason = str(error.reason if isinstance(error, urllib.error.URLError) else error)
            raise StoreError(finding("remote-unreachable", endpoint=point.name, reason=reason)) from error


def target_of(endpoint: Endpoint, found: Capabilities, update: str = "", graph_store: str = "") -> Target:
    """Where a store of this kind is written to, unless addresses are given."""
    base = _LAST.sub("", endpoint.address)
    updates, graphs = _PLACES.get(found.kind, ("", ""))
    return Target(
        endpoint,
        update or (base + updates if updates else endpoint.address),
        graph_store or (base + graphs if graphs else ""),
    )
