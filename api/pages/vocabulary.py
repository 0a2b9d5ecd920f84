"""What the pages of ontology, terms, shapes and lists show, and what they answer as JSON: one and the same. Pure.

A reference to a term is ``{id, name, label, labelLang, page}``; ``page`` is null for what the model does not declare.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from api.pages.rules import Rule, Say, Shape, in_words, readable
from api.pages.terms import Concept, Model, Term
from kg.kinds import BY_CLASS
from kg.names import pick_label
from kg.releases.reader import Use
from kg.releases.terms_json import localize
from kg.terms import LIST, RDF, shorten

Json = dict[str, Any]
Uses = Mapping[str, Sequence[Use]]

_KINDS = {
    "class": "ontology.kind.class",
    "object-property": "ontology.kind.object-property",
    "datatype-property": "ontology.kind.datatype-property",
    "property": "ontology.kind.property",
    "dimension": "ontology.kind.dimension",
}
_PARTS = {
    "actors": "ontology.part.actors",
    "places": "ontology.part.places",
    "time": "ontology.part.time",
    "change": "ontology.part.change",
    "programs": "ontology.part.programs",
    "events": "ontology.part.events",
    "agreements": "ontology.part.agreements",
    "evidence": "ontology.part.evidence",
    "reused": "ontology.part.reused",
}
_SEVERITIES = {"Violation": "shapes.violation", "Warning": "shapes.warning", "Info": "shapes.info"}


@dataclass(frozen=True, slots=True)
class Views:
    """Views in one language. ``say``: a text of the interface in it."""

    model: Model
    shapes: Sequence[Shape]
    uses: Callable[[Iterable[str]], Uses]
    lang: str
    say: Say

    # --- ontology ---

    def ontology(self) -> Json:
        """``version``, ``parts`` (name, label, classes, properties) and ``lists``."""
        parts = [
            {"name": part, "label": self._part(part),
             "classes": [self._line(t) for t in classes], "properties": [self._line(t) for t in properties]}
            for part, classes, properties in self.model.by_part()
        ]  # fmt: skip
        return {"version": self.model.version, "parts": parts, "lists": self._lists()}

    def term(self, term: Term) -> Json:
        """All of a term: names, axioms, rules, use and an example."""
        found = self.uses([term.iri]).get(term.iri, ())
        return {
            **self._line(term),
            "part": {"name": term.part, "label": self._part(term.part)},
            "labels": dict(term.labels),
            "definitions": dict(term.definitions),
            "ancestors": self._refs(self.model.above(term.iri)[1:]),
            "children": self._refs(term.children),
            "disjointWith": self._refs(term.disjoint),
            "definedAs": list(term.defined_as),
            "members": self._refs(term.members),
            "domain": self._refs(term.domain),
            "range": self._refs(term.range),
            "functional": term.functional,
            "inverseOf": self._refs(term.inverse),
            "computed": self._refs(term.computed),
            "dimension": self.ref(term.dimension) if term.dimension else None,
            "lists": self._lists_of(term),
            "shapes": self._shapes_of(term),
            "usage": [self._use(use) for use in found],
        }

    def _line(self, term: Term) -> Json:
        parents = self._refs(term.parents)
        return {
            **self.ref(term.iri),
            "slug": term.slug,
            "kind": term.kind,
            "kindLabel": self.say(_KINDS[term.kind]),
            "definition": self._text(term.definitions),
            "parents": parents,
        }

    def ref(self, iri: str) -> Json:
        """A term, a list or a concept by its IRI; other IRIs by their short form alone."""
        slug = self.model.slugs.get(iri)
        if slug is not None:
            term = self.model.terms[slug]
            return {"id": iri, "name": term.name, **self._label(term.labels), "page": f"/ontology/{slug}"}
        concept = self._concept(iri)
        if concept is not None:
            page = "/" + iri.removeprefix(LIST.removesuffix("list/"))
            name = shorten(iri) if concept.slug else concept.scheme
            return {"id": iri, "name": name, **self._label(concept.labels), "page": page}
        return {"id": iri, "name": shorten(iri), "label": None, "labelLang": None, "page": None}

    def _refs(self, iris: Iterable[str]) -> list[Json]:
        return [self.ref(iri) for iri in iris]

    def _part(self, part: str) -> str:
        return self.say(_PARTS[part]) if part in _PARTS else part.replace("-", " ").capitalize()

    # --- use ---

    def _use(self, use: Use) -> Json:
        """``as``: class, property, or value (then ``via`` is the property whose value the term is)."""
        role = {"": "property", RDF + "type": "class"}.get(use.via, "value")
        return {
            "as": role,
            "via": self.ref(use.via) if role == "value" else None,
            "things": use.things,
            "statements": use.statements,
            "example": {"values": [], **localize(use.example, self.lang)},
        }

    # --- shapes ---

    def all_shapes(self) -> list[Json]:
        """Every shape with its rules."""
        return [self._shape(shape, shape.rules) for shape in self.shapes]

    def _shapes_of(self, term: Term) -> list[Json]:
        """What constrains a term: shapes for things of the class (or of one above it), or rules on the property."""
        if term.kind != "class":
            kept = ((s, [r for r in s.rules if term.iri in r.properties]) for s in self.shapes)
            return [self._shape(shape, rules) for shape, rules in kept if rules]
        found: dict[str, Json] = {}
        for cls in self.model.above(term.iri):
            for shape in sorted(self.shapes, key=lambda s: len(s.classes)):  # those for this class alone come first
                if cls in shape.classes and shape.iri not in found:
                    through = self.ref(cls) if cls != term.iri else None
                    found[shape.iri] = {**self._shape(shape, shape.rules), "through": through}
        return list(found.values())

    def _shape(self, shape: Shape, rules: Iterable[Rule]) -> Json:
        return {
            "id": shape.iri,
            "anchor": shape.anchor,
            "name": shorten(shape.iri),
            **self._label(shape.labels),
            "comment": self._text(shape.comments),
            "classes": self._refs(shape.classes),
            "subjectsOf": self._refs(shape.subjects_of),
            "through": None,
            "rules": [self._rule(rule) for rule in rules],
        }

    def _rule(self, rule: Rule) -> Json:
        message = self._text(rule.messages)
        return {
            "id": rule.iri,
            "anchor": rule.anchor,
            "path": rule.path or None,
            "properties": self._refs(sorted(rule.properties)),
            "demands": in_words(rule, self.say, self._name),
            "list": f"/list/{rule.scheme}" if rule.scheme else None,
            "severity": rule.severity,
            "severityLabel": self.say(_SEVERITIES[rule.severity]),
            "message": {**message, "value": readable(message["value"])} if message else None,
            "messages": dict(rule.messages),
            "constraints": dict(rule.constraints),
        }

    def _name(self, iri: str) -> str:
        found = self.ref(iri)
        return f"{found['label']} ({found['name']})" if found["label"] else str(found["name"])

    # --- lists ---

    def _lists(self) -> list[Json]:
        return [
            {**self.ref(scheme.iri), "slug": slug, "concepts": len(self.model.concepts.get(slug, ()))}
            for slug, scheme in sorted(self.model.schemes.items())
        ]

    def _lists_of(self, term: Term) -> list[Json]:
        """The lists from which a property's values must be."""
        slugs = {r.scheme for s in self.shapes for r in s.rules if r.scheme and term.iri in r.properties}
        return self._refs(LIST + slug for slug in sorted(slugs))

    def scheme(self, slug: str) -> Json:
        """A list with its concepts, how often each is used, and the properties that take their values from it."""
        scheme, inside = self.model.schemes[slug], self.model.concepts.get(slug, {})
        uses = self.uses(concept.iri for concept in inside.values())
        concepts = [
            {**self.ref(c.iri), "slug": c.slug, "definition": self._text(c.definitions),
             "labels": dict(c.labels), "things": sum(use.things for use in uses.get(c.iri, ()))}
            for c in inside.values()
        ]  # fmt: skip
        return {
            **self.ref(scheme.iri), "slug": slug, "labels": dict(scheme.labels),
            "definitions": dict(scheme.definitions), "properties": self._takers(slug), "concepts": concepts,
        }  # fmt: skip

    def concept(self, concept: Concept) -> Json:
        """A concept: names, list, use and examples."""
        uses = self.uses([concept.iri]).get(concept.iri, ())
        return {
            **self.ref(concept.iri),
            "slug": concept.slug,
            "list": self.ref(LIST + concept.scheme),
            "labels": dict(concept.labels),
            "definitions": dict(concept.definitions),
            "properties": self._takers(concept.scheme),
            "usage": [self._use(use) for use in uses],
        }

    def _takers(self, scheme: str) -> list[Json]:
        return self._refs(sorted({p for s in self.shapes for r in s.rules if r.scheme == scheme for p in r.properties}))

    def _concept(self, iri: str) -> Concept | None:
        if not iri.startswith(LIST):
            return None
        scheme, _, slug = iri.removeprefix(LIST).partition("/")
        return self.model.concepts.get(scheme, {}).get(slug) if slug else self.model.schemes.get(scheme)

    # --- texts ---

    def _label(self, labels: Mapping[str, str]) -> Json:
        picked = pick_label(labels, self.lang)
        return {"label": picked[0] if picked else None, "labelLang": picked[1] if picked else None}

    def _text(self, texts: Mapping[str, str]) -> Json | None:
        picked = pick_label(texts, self.lang)
        return {"value": picked[0], "lang": picked[1]} if picked else None


def listing_of(iri: str) -> str | None:
    """The list of all things of a class that is a kind, None for other classes."""
    kind = BY_CLASS.get(iri)
    return f"/doc/{kind.name}" if kind else None
