"""How a release is described for catalogues (DCAT 3, with VoID) and cited. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from pyoxigraph import Literal, NamedNode, Triple

from kg.releases.manifest import Manifest
from kg.releases.reader import Release
from kg.releases.void import LICENSE, TITLES, dataset
from kg.terms import BASE, DCT, FOAF, PROV, RDF, RDFS, XSD

DCAT: Final = "http://www.w3.org/ns/dcat#"
SPDX: Final = "http://spdx.org/rdf/terms#"
IANA: Final = "https://www.iana.org/assignments/media-types/"
PUBLISHER: Final = "The Bilim contributors"


def place(public_url: str) -> str:
    """The address by which releases are named: where the service is reached, else the base of our names."""
    return (public_url or BASE).rstrip("/")


def citation(manifest: Manifest, address: str) -> str:
    """One line to cite a release by: who, what, which, when, where, under which licence, and what proves it."""
    return (
        f"{PUBLISHER} ({manifest.created.year}). {TITLES['en']}. Release {manifest.id}, {manifest.created:%Y-%m-%d}. "
        f"{address}/releases/{manifest.id}. SHA-256 of the content: {manifest.content_hash}. CC BY 4.0."
    )


def describe(release: Release, address: str, files: Sequence[Mapping[str, Any]]) -> Iterator[Triple]:
    """The description of a release and of its files (as ``index.json`` lists them), with its VoID.

    The dataset is ``{address}/releases/{id}``; its files lie under ``…/dump/``.
    """
    manifest = release.manifest
    here = f"{address}/releases/{release.id}"
    whole, publisher = NamedNode(here), NamedNode(f"{here}#publisher")
    yield _link(whole, RDF + "type", DCAT + "Dataset")
    for lang, title in TITLES.items():
        yield Triple(whole, NamedNode(DCT + "title"), Literal(title, language=lang))
    yield _text(whole, DCT + "identifier", release.id)
    yield _text(whole, DCAT + "version", release.id)
    yield _text(whole, DCT + "issued", manifest.created.isoformat(timespec="seconds"), XSD + "dateTime")
    yield _text(whole, DCT + "bibliographicCitation", citation(manifest, address))
    yield _link(whole, DCT + "license", LICENSE)
    yield _link(whole, DCAT + "landingPage", here)
    yield _link(whole, DCT + "publisher", publisher.value)
    yield _link(publisher, RDF + "type", FOAF + "Agent")
    yield _text(publisher, FOAF + "name", PUBLISHER)
    if manifest.parent:
        yield _link(whole, PROV + "wasRevisionOf", f"{address}/releases/{manifest.parent}")
        yield _link(whole, DCAT + "previousVersion", f"{address}/releases/{manifest.parent}")
    for file in files:
        yield from _distribution(whole, f"{here}/dump/{file['name']}", file)
    for triple in dataset(release, address):
        yield triple
        if triple.predicate.value == RDF + "type" and isinstance(triple.subject, NamedNode):
            yield _link(whole, RDFS + "seeAlso", triple.subject.value)  # the VoID of the same data


def _distribution(whole: NamedNode, address: str, file: Mapping[str, Any]) -> Iterator[Triple]:
    one, checksum = NamedNode(address), NamedNode(f"{address}#sha256")
    yield _link(whole, DCAT + "distribution", address)
    yield _link(one, RDF + "type", DCAT + "Distribution")
    yield _text(one, DCT + "title", str(file["name"]))
    yield _link(one, DCAT + "downloadURL", address)
    yield _link(one, DCT + "license", LICENSE)
    yield _link(one, DCAT + "mediaType", IANA + str(file["mediaType"]))
    if "compression" in file:
        yield _link(one, DCAT + "compressFormat", f"{IANA}application/{file['compression']}")
    yield _text(one, DCAT + "byteSize", str(file["bytes"]), XSD + "nonNegativeInteger")
    yield _link(one, SPDX + "checksum", checksum.value)
    yield _link(checksum, RDF + "type", SPDX + "Checksum")
    yield _link(checksum, SPDX + "algorithm", SPDX + "checksumAlgorithm_sha256")
    yield _text(checksum, SPDX + "checksumValue", str(file["sha256"]), XSD + "hexBinary")


def _link(subject: NamedNode, predicate: str, target: str) -> Triple:
    return Triple(subject, NamedNode(predicate), NamedNode(target))


def _text(subject: NamedNode, predicate: str, text: str, datatype: str = XSD + "string") -> Triple:
    return Triple(subject, NamedNode(predicate), Literal(text, datatype=NamedNode(datatype)))
