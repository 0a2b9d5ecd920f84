"""Messages of shapes filled with words: labels in place of IRIs, values as written.

pySHACL drops the language of ``sh:message`` on SPARQL constraints and fills only one text; so texts are
taken from the shapes graph, in each language, and filled here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Final

import rdflib
from rdflib import DCTERMS, ORG, RDFS, SKOS
from rdflib.namespace import Namespace
from rdflib.term import Node

from kg.terms import BKG, LANGUAGES, shorten

_B: Final = Namespace(BKG)
_FIELD: Final = re.compile(r"\{[?$](\w+)\}")
NAMES: Final = (SKOS.prefLabel, DCTERMS.title, RDFS.label)
TEXTS: Final = (_B.description,)  # what has no name may have words
# What has no name of its own is called by the things that it joins, in this order.
LINKS: Final = (
    ORG.member,
    _B.participant,
    _B.agent,
    _B.post,
    _B.event,
    _B.program,
    _B.of,
    _B.about,
    _B.supports,
    _B.concerns,
    _B.inDocument,
)
_QUOTES: Final = {"en": "“{}”", "ru": "«{}»", "kk": "«{}»"}


class Words:
    """Labels and filled messages over one graph."""

    def __init__(self, graph: rdflib.Graph) -> None:
        self._graph = graph

    def label(self, node: Node, lang: str, depth: int = 1) -> str | None:
        """The name of a thing in a language, else in another; of an unnamed thing the names of what it joins."""
        names = self._literals(node, NAMES) or self._literals(node, TEXTS)
        if names:
            order = (lang, *(x for x in LANGUAGES if x != lang))
            return str(
                min(names, key=lambda n: (order.index(n.language) if n.language in order else len(order), str(n)))
            )
        if not depth:
            return None
        parts = [
            self.label(min(objects, key=str), lang, depth - 1)
            for p in LINKS
            if (objects := list(self._graph.objects(node, p)))
        ]
        return ", ".join(part for part in parts if part) or None

    def _literals(self, node: Node, properties: tuple[rdflib.URIRef, ...]) -> list[rdflib.Literal]:
        return [o for p in properties for o in self._graph.objects(node, p) if isinstance(o, rdflib.Literal)]

    def say(self, node: Node, lang: str) -> str:
        """A term for a reader: a thing by its name and short IRI, a text in quotes, a date or number bare."""
        if isinstance(node, rdflib.Literal):
            if isinstance(node.value, date | int | float) or node.datatype is not None:
                return str(node)
            return _QUOTES[lang].format(node)
        short = shorten(str(node))
        name = self.label(node, lang)
        return f"{name} ({short})" if name else short

    def fill(self, texts: Mapping[str, str], values: Mapping[str, Node]) -> dict[str, str]:
        """All languages of a text with ``{?name}`` and ``{$this}`` filled; a field without value stays visible."""

        def filled(lang: str, text: str) -> str:
            return _FIELD.sub(lambda m: self.say(values[m[1]], lang) if m[1] in values else m[0], text)

        return {lang: filled(lang, text) for lang, text in texts.items()}
