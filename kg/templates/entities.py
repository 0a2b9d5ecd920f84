"""Which thing a slug, IRI, Wikidata id, ROR id or ISO 3166-2 code names, asked of the graph."""

from __future__ import annotations

import re
import threading
from typing import Final

from pyoxigraph import Literal, NamedNode

from kg import terms
from kg.kinds import BY_CLASS, KINDS
from kg.store.protocol import Solutions, Store
from kg.templates.params import is_iri

_WIKIDATA: Final = re.compile(r"(?:https?://www\.wikidata\.org/(?:entity|wiki)/)?(Q[1-9][0-9]*)")
_ROR: Final = re.compile(r"(?:https?://ror\.org/)?(0[0-9a-z]{6}[0-9]{2})")
_ISO: Final = re.compile(r"[A-Z]{2}-[A-Z0-9]{1,3}")
_COUNTRY: Final = re.compile(r"[A-Z]{2}")  # ISO 3166-1: the slug of a country in capitals
_KEPT: Final = 10_000  # answers; a release never changes, so they stay true


class StoreEntities:
    """Looks things up in one pinned release and keeps what it found. Safe to share between threads."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._known: dict[tuple[str | None, str], tuple[str, ...]] = {}
        self._lock = threading.Lock()

    def find(self, of: str | None, text: str) -> tuple[str, ...]:
        """IRIs of the things of class ``of`` (any class if None) that the text names, in order."""
        key = (of, text)
        found = self._known.get(key)
        if found is None:
            found = self._look_up(of, text)
            with self._lock:
                if len(self._known) >= _KEPT:
                    self._known.clear()
                self._known[key] = found
        return found

    def _look_up(self, of: str | None, text: str) -> tuple[str, ...]:
        pattern = _pattern(of, text)
        if pattern is None:
            return ()
        typed = f" ?x <{terms.RDF}type> {NamedNode(of)} ." if of else f" ?x <{terms.RDF}type> ?type ."
        query = f"SELECT DISTINCT ?x WHERE {{ {pattern}{typed} }} LIMIT 10"
        answer = self._store.query(query)
        assert isinstance(answer, Solutions)  # a SELECT
        return tuple(sorted(cell.value for row in answer for cell in row if isinstance(cell, NamedNode)))


def _pattern(of: str | None, text: str) -> str | None:
    """The graph pattern that finds ``?x``; every value is serialized as a term. None where nothing can match."""
    if match := _WIKIDATA.fullmatch(text):
        return _has("wikidataId", match[1])
    if match := _ROR.fullmatch(text):
        return f"{{ {_has('rorId', match[1])} }} UNION {{ {_has('rorId', 'https://ror.org/' + match[1])} }}"
    if _ISO.fullmatch(text):
        code = Literal(text)
        return f"?spell <{terms.BKG}property> <{terms.BKG}iso31662> ; <{terms.BKG}value> {code} ; <{terms.BKG}of> ?x ."
    if _COUNTRY.fullmatch(text):
        text = text.lower()
    if terms.SLUG.fullmatch(text):
        # a subclass ("bkg:Ministry") has no kind of its own: the type of the thing decides among all kinds
        kinds = [BY_CLASS[of].name] if of in BY_CLASS else list(KINDS)
        return f"VALUES ?x {{ {' '.join(str(NamedNode(terms.entity_iri(kind, text))) for kind in kinds)} }}"
    expanded = terms.expand(text)
    return f"VALUES ?x {{ {NamedNode(expanded)} }}" if is_iri(expanded) else None


def _has(local: str, text: str) -> str:
    return f"?x <{terms.BKG}{local}> {Literal(text)} ."
