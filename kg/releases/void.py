"""VoID (https://www.w3.org/TR/void/): what a release holds, by class and property, for tools that complete queries.

Object classes and datatypes of a property partition are told as void-generator does
(https://github.com/JervenBolleman/void-generator): ``void:classPartition`` and ``void-ext:datatypePartition`` in it.
"""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import blake2b
from typing import Final

from pyoxigraph import Literal, NamedNode, Triple

from kg.releases.reader import Release
from kg.terms import BKG, DCT, FOAF, ID, LIST, ORG, PROV, RDF, SKOS, VOID, XSD, shorten

VOID_EXT: Final = "http://ldf.fi/void-ext#"
LICENSE: Final = "https://creativecommons.org/licenses/by/4.0/"
TITLES: Final = {
    "en": "Bilim: who ran education in Kazakhstan",
    "ru": "Bilim: кто руководил образованием в Казахстане",
    "kk": "Bilim: Қазақстанда білім беруді кім басқарды",
}


def dataset(release: Release, address: str) -> Iterator[Triple]:
    """The description of a release served at ``address`` (no slash at its end)."""
    base = f"{address}/.well-known/void#"
    whole = NamedNode(base + "dataset")
    manifest = release.manifest
    partitions = release.projection.partitions()
    yield _link(whole, RDF + "type", VOID + "Dataset")
    for lang, title in TITLES.items():
        yield Triple(whole, NamedNode(DCT + "title"), Literal(title, language=lang))
    yield Triple(whole, NamedNode(DCT + "identifier"), Literal(release.id))
    created = manifest.created.isoformat(timespec="seconds")
    yield Triple(whole, NamedNode(DCT + "issued"), Literal(created, datatype=NamedNode(XSD + "dateTime")))
    yield _link(whole, DCT + "license", LICENSE)
    yield _link(whole, FOAF + "homepage", address + "/")
    yield _link(whole, VOID + "sparqlEndpoint", address + "/sparql")
    yield Triple(whole, NamedNode(VOID + "uriSpace"), Literal(ID))
    for vocabulary in (BKG, DCT, FOAF, LIST, ORG, PROV, SKOS):
        yield _link(whole, VOID + "vocabulary", vocabulary)
    yield _number(whole, "triples", manifest.triples)
    yield _number(whole, "entities", sum(manifest.entities.values()))
    yield _number(whole, "classes", sum(1 for cls, prop, _, _, _ in partitions if cls and not prop))
    yield _number(whole, "properties", sum(1 for cls, prop, target, _, _ in partitions if not cls and not target))
    for cls, prop, target, is_class, count in partitions:
        owner = NamedNode(base + _name("class", cls)) if cls else whole
        if not prop:
            yield _link(whole, VOID + "classPartition", owner.value)
            yield _link(owner, VOID + "class", cls)
            yield _number(owner, "entities", count)
            continue
        part = NamedNode(base + _name("property", cls, prop))
        if not target:
            yield _link(owner, VOID + "propertyPartition", part.value)
            yield _link(part, VOID + "property", prop)
            yield _number(part, "triples", count)
            continue
        inner = NamedNode(base + _name("values", cls, prop, target))
        yield _link(part, (VOID + "classPartition") if is_class else (VOID_EXT + "datatypePartition"), inner.value)
        yield _link(inner, (VOID + "class") if is_class else (VOID_EXT + "datatype"), target)
        yield _number(inner, "triples", count)


def _name(kind: str, *parts: str) -> str:
    """``class-bkg-Tenure``, ``property-bkg-Tenure-org-member``; an IRI without prefix by its hash."""
    short = (shorten(part) for part in parts if part)
    words = [s.replace(":", "-") if "//" not in s else blake2b(s.encode(), digest_size=6).hexdigest() for s in short]
    return "-".join((kind, *words))


def _link(subject: NamedNode, predicate: str, target: str) -> Triple:
    return Triple(subject, NamedNode(predicate), NamedNode(target))


def _number(subject: NamedNode, name: str, count: int) -> Triple:
    return Triple(subject, NamedNode(VOID + name), Literal(count))
