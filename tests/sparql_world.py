"""A small release and a listener, shared by the tests of the endpoint."""

from __future__ import annotations

import os
import socket
import threading
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pyoxigraph as ox

EX = "https://example.org/"
G1, G2 = EX + "g1", EX + "g2"


@dataclass(frozen=True)
class Published:
    """What the pool needs of a release."""

    id: str
    path: Path


def release(folder: Path, name: str, things: int = 3000) -> Published:
    """``things`` triples in the default graph; the first ten also in g1, the first five in g2."""
    path = folder / name
    path.mkdir(parents=True)
    store = ox.Store(str(path / "store"))
    p = ox.NamedNode(EX + "p")
    triples = [(ox.NamedNode(f"{EX}{n}"), p, ox.Literal(n)) for n in range(things)]
    store.bulk_extend(ox.Quad(*triple) for triple in triples)
    store.bulk_extend(ox.Quad(*triple, ox.NamedNode(G1)) for triple in triples[:10])
    store.bulk_extend(ox.Quad(*triple, ox.NamedNode(G2)) for triple in triples[:5])
    store.add(ox.Quad(ox.NamedNode(EX + "release"), p, ox.Literal(name)))
    store.flush()
    del store
    return Published(name, path)


class Listener:
    """A real server on loopback that counts who comes."""

    def __init__(self) -> None:
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.socket.getsockname()[1]}/"
        self.calls = 0
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self) -> None:
        while True:
            try:
                caller, _ = self.socket.accept()
            except OSError:
                return
            self.calls += 1
            caller.close()

    def close(self) -> None:
        self.socket.close()


def descriptors() -> set[tuple[str, str]]:
    """What this process holds open: number and target. Others of the suite may close theirs meanwhile."""
    out = set()
    for number in os.listdir("/proc/self/fd"):
        with suppress(FileNotFoundError):  # the listing's own
            out.add((number, os.readlink(f"/proc/self/fd/{number}")))
    return out


def differential(url: str) -> dict[str, str]:
    """Queries that an honest reader takes to be without SERVICE, while Oxigraph 0.5.13 sends a request."""
    hit = f"SERVICE <{url}> {{ ?s ?p ?o }}"
    return {
        "escaped quote": f'SELECT * {{ ?s ?p ?o FILTER("\\u0022) }} #" != "x") {hit} }}',
        "keyword glued to a prefix": f"PREFIX a: <{url}> SELECT * {{ SERVICEa:b {{ ?s ?p ?o }} }}",
        "glued, declared": f"PREFIX SERVICEa: <x:> PREFIX a: <{url}> SELECT * {{ SERVICEa:b {{ ?s ?p ?o }} }}",
        "empty prefix": f"PREFIX service: <x:> PREFIX : <{url}> SELECT * {{ SERVICE:b # c\n {{ ?s ?p ?o }} }}",
        "glued to SILENT": f"SELECT * {{ SERVICESILENT<{url}> {{ ?s ?p ?o }} }}",
        "glued to a number": f"SELECT * {{ OPTIONAL {{ ?s ?p 1SERVICE<{url}> {{ ?s ?p ?o }} }} }}",
        "number, empty prefix": f"PREFIX : <{url}> SELECT * {{ ?s ?p 1SERVICE:b {{ ?s ?p ?o }} }}",
        "glued to a boolean": f"SELECT * {{ <{EX}t> ?p trueSERVICE<{url}> {{ ?s ?p ?o }} }}",
        "less than, comment": f"PREFIX : <{url}> SELECT * {{ ?s ?p ?o FILTER(1<2)SERVICE#>\n:a {{ ?s ?p ?o }} }}",
        "less than, SILENT": f"PREFIX : <{url}> SELECT * {{ FILTER(1<2)SERVICESILENT#>\n:a {{ ?s ?p ?o }} }}",
        "less than, quote": f"SELECT * {{ FILTER('='<'>') {hit} # '\n }}",
        "less than, long string": f"SELECT * {{ ?s ?p ?o FILTER(1<2#>'''\n) {hit} #'''\n }}",
        "exists, less than": f"SELECT * {{ FILTER(EXISTS {{ ?x ?y ?z }}<'>' || 1=1) {hit} # '\n }}",
        "surrogate": f"SELECT * {{ VALUES ?z {{ '''a' }} {hit} # \\uD800 '''\n }}",
        "beyond Unicode": f"SELECT * {{ VALUES ?z {{ '''a' }} {hit} # \\U00110000 '''\n }}",
        "bad escape": f"SELECT * {{ VALUES ?z {{ '''a' }} {hit} # \\q '''\n }}",
        "carriage return": f"SELECT * {{ #x\r{hit} }}",
        "name that is no IRI": f"PREFIX a: <http://e.org:> SELECT * {{ <{EX}t> a:true.{hit} }}",
        "dots in two places": f"PREFIX a: <{EX}> SELECT * {{ ?s ?p a:b.c.{hit} }}",
        "plain": f"SELECT * {{ {hit} }}",
        "silent": f"SELECT * {{ SERVICE SILENT <{url}> {{ ?s ?p ?o }} }}",
        "sub-select": f"SELECT * {{ {{ SELECT * {{ sErViCe <{url}> {{ ?s ?p ?o }} }} }} }}",
        "variable": f"SELECT * {{ VALUES ?u {{ <{url}> }} SERVICE ?u {{ ?s ?p ?o }} }}",
        "exists": f"ASK {{ FILTER EXISTS {{ {hit} }} }}",
        "construct": f"CONSTRUCT {{ ?s ?p ?o }} WHERE {{ {hit} }}",
        "describe": f"DESCRIBE ?s {{ {hit} }}",
    }
