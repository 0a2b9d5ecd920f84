"""Write ontology/context.jsonld and ontology/frame.jsonld from the definitions, or with --check only compare.

Keys of the context are the local names that the JSON answers use too. A property of ours gets what the ontology
says of it: an object property points to things, a range of rdf:langString gives a map by language, another
datatype coerces, and what is not functional is always a list.
"""

from __future__ import annotations

import json
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

import pyoxigraph as ox

from kg import resources
from kg.kinds import KINDS
from kg.terms import BASE, BKG, DCT, ORG, OWL, PREFIXES, PROV, RDF, RDFS, SKOS, XSD, shorten

Terms = dict[str, Any]

# Prefixes of kinds and lists are left out: several are also names of properties (event:, post:, topic:).
SHOWN = ("bkg", "dct", "edtf", "foaf", "org", "owl", "prov", "rdf", "rdfs", "skos", "xsd")
ONE = {"@type": "@id"}
MANY = {"@type": "@id", "@container": "@set"}
TEXT = {"@container": "@language"}
# JSON has these itself; a property without a range may have any literal, so nothing is coerced either.
NATIVE = (XSD + "string", XSD + "integer", XSD + "boolean")
BORROWED: Terms = {
    SKOS + "prefLabel": TEXT,
    SKOS + "altLabel": TEXT,
    SKOS + "hiddenLabel": TEXT,
    SKOS + "definition": TEXT,
    DCT + "title": TEXT,
    DCT + "language": {},
    DCT + "publisher": ONE,
    ORG + "member": ONE,
    ORG + "postIn": ONE,
    ORG + "organization": ONE,
    ORG + "subOrganizationOf": MANY,
    SKOS + "inScheme": MANY,
    SKOS + "topConceptOf": MANY,
    SKOS + "hasTopConcept": MANY,
    SKOS + "exactMatch": MANY,
    OWL + "sameAs": MANY,
    PROV + "wasDerivedFrom": MANY,
}
# What points to a thing and tells about it, by the names that the JSON answers use.
POINTING = {"evidence": BKG + "supports", "discrepancies": BKG + "concerns", "history": BKG + "of"}


def context(definitions: Path) -> Terms:
    """The context of the Turtle files of a folder. Raises ValueError where two terms would have one name."""
    about: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for file in sorted(definitions.glob("*.ttl")):
        for q in ox.parse(path=str(file)):
            if isinstance(q.subject, ox.NamedNode) and isinstance(q.object, ox.NamedNode):
                about[q.subject.value][q.predicate.value].add(q.object.value)
    terms: dict[str, Terms] = {}
    for iri in sorted({*about, *BORROWED, *(kind.cls for kind in KINDS.values())}):
        if (definition := _definition(iri, about[iri])) is not None:
            _add(terms, shorten(iri).rpartition(":")[2], {"@id": shorten(iri), **definition})
    for name, iri in POINTING.items():
        _add(terms, name, {"@reverse": shorten(iri), **MANY})
    prefixes = {prefix: PREFIXES[prefix] for prefix in SHOWN}
    if twice := prefixes.keys() & terms.keys():
        raise ValueError(f"both a prefix and a term: {sorted(twice)}")
    head: Terms = {"@version": 1.1, "id": "@id", "type": "@type", **prefixes}
    plain = {name: term["@id"] if term.keys() == {"@id"} else term for name, term in sorted(terms.items())}
    return {"@context": head | plain}


def _add(terms: dict[str, Terms], name: str, definition: Terms) -> None:
    if name in terms:
        raise ValueError(f"{name} would mean both {terms[name]} and {definition}")
    terms[name] = definition


def _definition(iri: str, facts: dict[str, set[str]]) -> Terms | None:
    """What the context says of a term beside its IRI; None for what is not a key of data."""
    if iri in BORROWED:
        return dict(BORROWED[iri])
    types = facts.get(RDF + "type", set())
    if OWL + "Class" in types or iri in {kind.cls for kind in KINDS.values()}:
        return {}
    several = {} if OWL + "FunctionalProperty" in types else {"@container": "@set"}
    if OWL + "ObjectProperty" in types:
        return {"@type": "@id", **several}
    if OWL + "DatatypeProperty" in types:
        datatype = next(iter(facts.get(RDFS + "range", ())), XSD + "string")
        if datatype == RDF + "langString":
            return dict(TEXT)
        return several if datatype in NATIVE else {"@type": shorten(datatype), **several}
    return None


def frame() -> Terms:
    """A thing with what tells about it inside; all else as references. Whoever frames adds the thing's ``id``."""
    inside: Terms = {"@embed": "@always"}
    return {
        "@context": BASE + "context.jsonld",
        "@embed": "@never",
        "@omitDefault": True,
        "evidence": inside,
        "discrepancies": {**inside, "between": {"@embed": "@never"}},
        "history": inside,
    }


def main(check: bool) -> int:
    """0 if the files agree with the definitions (after writing: always), 1 if not."""
    ontology = resources.find().ontology
    stale = []
    for name, made in (("context.jsonld", context(ontology / "def")), ("frame.jsonld", frame())):
        path, text = ontology / name, json.dumps(made, ensure_ascii=False, indent=2) + "\n"
        if not path.is_file() or path.read_text(encoding="utf-8") != text:
            stale.append(name)
            if not check:
                path.write_text(text, encoding="utf-8")
    for name in stale:
        print(f"ontology/{name}: {'differs from the definitions: run make docs' if check else 'written'}")
    return 1 if check and stale else 0


if __name__ == "__main__":
    sys.exit(main(check="--check" in sys.argv[1:]))
