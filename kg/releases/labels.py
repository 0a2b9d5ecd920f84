"""Labels of everything: given names, titles, labels of terms; composed ones for things without names.

A tenure is called by its person and post, a dated value by its thing and value, and so on.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from pyoxigraph import Literal, NamedNode

from kg.kinds import BY_CLASS
from kg.names import pick_label
from kg.terms import BKG, DCT, LANGUAGES, ORG, RDFS, SKOS, split_entity_iri

_GIVEN: Final = (SKOS + "prefLabel", DCT + "title", RDFS + "label", BKG + "description")

# kind -> the properties whose values make its name; of a group in brackets the first that is there
_PARTS: Final[dict[str, tuple[tuple[str, ...], ...]]] = {
    "tenure": ((ORG + "member",), (BKG + "post",)),
    "involvement": ((BKG + "agent", BKG + "agentDescription"), (BKG + "program",)),
    "participation": ((BKG + "participant", BKG + "participantDescription"), (BKG + "event",)),
    "figure": ((BKG + "measure",), (BKG + "value",), (BKG + "about",)),
    "spell": ((BKG + "of",), (BKG + "value", BKG + "valueThing")),
    "evidence": ((BKG + "quote", BKG + "locator"), (BKG + "inDocument",)),
    "discrepancy": ((BKG + "discrepancyKind",), (BKG + "concerns",)),
    "change": ((BKG + "changeKind",), (BKG + "before", BKG + "after")),
    "outcome": ((BKG + "outcomeKind",), (BKG + "actor",), (BKG + "outcomeOf",)),
    "event": ((BKG + "eventKind",), (BKG + "partOf",)),
}
DEPTH: Final = 3
"""A discrepancy is called by a tenure, which is called by a person: no name needs more."""

NAMING: Final = frozenset(_GIVEN) | {name for parts in _PARTS.values() for group in parts for name in group}
"""The properties by which things are called."""


class Labels:
    """Language to label, for any IRI of the merged graph; each is made once."""

    def __init__(self, about: Mapping[str, Mapping[str, list[NamedNode | Literal]]]) -> None:
        self._about = about
        self._made: dict[tuple[str, int], Mapping[str, str]] = {}

    def of(self, iri: str, depth: int = DEPTH) -> Mapping[str, str]:
        """The labels by language, in the order kk, ru, en, others; empty if nothing names it."""
        if (made := self._made.get((iri, depth))) is not None:
            return made
        facts = self._about.get(iri, {})
        labels = _given(facts) or (self._composed(iri, facts, depth) if depth else {})
        if not labels and iri in BY_CLASS:  # classes of other vocabularies that are kinds of ours
            labels = {lang: BY_CLASS[iri].labels[lang] for lang in LANGUAGES}
        self._made[iri, depth] = labels
        return labels

    def _composed(self, iri: str, facts: Mapping[str, list[NamedNode | Literal]], depth: int) -> Mapping[str, str]:
        kind = split_entity_iri(iri)
        parts = []
        for group in _PARTS.get(kind[0], ()) if kind else ():
            values = next((facts[p] for p in group if facts.get(p)), None)
            if values and (labels := self._of_values(values, depth - 1)):
                parts.append(labels)
        languages = [lang for lang in LANGUAGES if any(lang in p for p in parts)] or ["und"] * bool(parts)
        return {lang: " – ".join(text for p in parts if (text := _in(p, lang))) for lang in languages}

    def _of_values(self, values: list[NamedNode | Literal], depth: int) -> Mapping[str, str]:
        if isinstance(values[0], NamedNode):
            return self.of(values[0].value, depth)
        return {v.language or "und": v.value for v in values if isinstance(v, Literal)}


def _given(facts: Mapping[str, list[NamedNode | Literal]]) -> Mapping[str, str]:
    for predicate in _GIVEN:
        found: dict[str, str] = {}
        for value in facts.get(predicate, ()):
            if isinstance(value, Literal):
                found.setdefault(value.language or "und", value.value)
        if found:
            order = {lang: i for i, lang in enumerate(LANGUAGES)}
            return {lang: found[lang] for lang in sorted(found, key=lambda x: (order.get(x, 9), x))}
    return {}


def _in(labels: Mapping[str, str], lang: str) -> str:
    picked = pick_label(labels, lang)
    return picked[0] if picked else ""
