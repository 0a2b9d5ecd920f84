"""Names of things: the base IRI, namespaces, default prefixes, and how IRIs are built and read.

The base stands here and nowhere else. IRIs follow docs/model.md, "Names":
``{BASE}id/{kind}/{slug}``, ``{BASE}list/{scheme}/{concept}``, ``{BASE}graph/{name}``.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

BASE: Final = "https://w3id.org/bilim/"

BKG: Final = BASE + "def#"
SHAPES: Final = BASE + "shapes#"
LIST: Final = BASE + "list/"
ID: Final = BASE + "id/"
GRAPH: Final = BASE + "graph/"
PROBLEMS: Final = BASE + "problems/"

RDF: Final = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
RDFS: Final = "http://www.w3.org/2000/01/rdf-schema#"
OWL: Final = "http://www.w3.org/2002/07/owl#"
XSD: Final = "http://www.w3.org/2001/XMLSchema#"
SH: Final = "http://www.w3.org/ns/shacl#"
SKOS: Final = "http://www.w3.org/2004/02/skos/core#"
ORG: Final = "http://www.w3.org/ns/org#"
FOAF: Final = "http://xmlns.com/foaf/0.1/"
PROV: Final = "http://www.w3.org/ns/prov#"
DCT: Final = "http://purl.org/dc/terms/"
VOID: Final = "http://rdfs.org/ns/void#"
EDTF: Final = "http://id.loc.gov/datatypes/edtf/"
EDTF_TYPE: Final = EDTF + "EDTF"

# kind -> prefix by which researchers write it; "organization" is "o:" as in the guide's questions.
KIND_PREFIXES: Final[dict[str, str]] = {
    "person": "person",
    "post": "post",
    "tenure": "tenure",
    "organization": "o",
    "region": "region",
    "country": "country",
    "program": "prog",
    "involvement": "inv",
    "agreement": "agr",
    "event": "event",
    "participation": "part",
    "outcome": "outc",
    "figure": "fig",
    "change": "chg",
    "document": "doc",
    "evidence": "evidence",
    "discrepancy": "disc",
    "spell": "spell",
}

# scheme folder -> prefix. A scheme is one file ontology/lists/{scheme}.ttl.
SCHEME_PREFIXES: Final[dict[str, str]] = {
    "assertion-mode": "am",
    "rank": "rk",
    "discrepancy-kind": "dk",
    "discrepancy-status": "ds",
    "status": "st",
    "tenure-status": "ts",
    "change-kind": "ck",
    "tier": "tier",
    "event-kind": "ek",
    "participation-role": "pr",
    "outcome-kind": "ok",
    "involvement-role": "ir",
    "agreement-kind": "ak",
    "agreement-status": "as",
    "measure": "ms",
    "qualifier": "fq",
    "topic": "topic",
    "act-kind": "actk",
    "program-kind": "pk",
    "institution-kind": "ik",
}

PREFIXES: Final[dict[str, str]] = {
    "bkg": BKG,
    "bkg-sh": SHAPES,
    "graph": GRAPH,
    "rdf": RDF,
    "rdfs": RDFS,
    "owl": OWL,
    "xsd": XSD,
    "sh": SH,
    "skos": SKOS,
    "org": ORG,
    "foaf": FOAF,
    "prov": PROV,
    "dct": DCT,
    "void": VOID,
    "edtf": EDTF,
    **{prefix: f"{ID}{kind}/" for kind, prefix in KIND_PREFIXES.items()},
    **{prefix: f"{LIST}{scheme}/" for scheme, prefix in SCHEME_PREFIXES.items()},
}

GRAPH_DERIVED: Final = GRAPH + "derived"
GRAPH_ONTOLOGY: Final = GRAPH + "ontology"
GRAPH_LEDGER: Final = GRAPH + "ledger"
GRAPH_DATA: Final = GRAPH + "data/"
GRAPH_DOCUMENT: Final = GRAPH + "document/"
GRAPH_IMPORT: Final = GRAPH + "import/"

LANGUAGES: Final = ("kk", "ru", "en")
"""Languages of labels and messages, in the order of fallback."""

LEFT_OUT: Final = ".left-out.csv"
"""``data/documents/{document}.left-out.csv``: the spans of a text that no evidence covers (kg.documents)."""

SLUG: Final = re.compile(r"[a-z0-9]+(?:[-.][a-z0-9]+)*")
_ENTITY: Final = re.compile(re.escape(ID) + r"([a-z]+)/([A-Za-z0-9._-]+)")


def entity_iri(kind: str, slug: str) -> str:
    """The IRI of the thing of this kind and slug; nothing is checked."""
    return f"{ID}{kind}/{slug}"


def split_entity_iri(iri: str) -> tuple[str, str] | None:
    """``(kind, slug)`` of an entity IRI of ours, else None."""
    match = _ENTITY.fullmatch(iri)
    return (match[1], match[2]) if match else None


def concept_iri(scheme: str, concept: str) -> str:
    """The IRI of a concept of one of our lists."""
    return f"{LIST}{scheme}/{concept}"


@lru_cache(maxsize=10_000)
def shorten(iri: str) -> str:
    """The IRI as a prefixed name by the default table (longest namespace wins), else unchanged."""
    best = ""
    best_prefix = ""
    for prefix, namespace in PREFIXES.items():
        if iri.startswith(namespace) and len(namespace) > len(best):
            best, best_prefix = namespace, prefix
    local = iri[len(best) :]
    return f"{best_prefix}:{local}" if best and "/" not in local and "#" not in local else iri


def expand(name: str) -> str:
    """The IRI of a prefixed name; a string that has no known prefix comes back unchanged."""
    prefix, colon, local = name.partition(":")
    namespace = PREFIXES.get(prefix)
    return namespace + local if colon and namespace is not None else name
