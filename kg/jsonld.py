"""JSON-LD 1.1 by our context (ontology/context.jsonld): triples as a tree about one thing, or as a list of nodes.

The tree is what ontology/frame.jsonld asks of a JSON-LD processor: the thing, and inside it what tells about
it (``evidence``, ``discrepancies``, ``history``); all else are references. What the tree does not reach stands
beside it, so no triple is lost. Each answer carries the part of the context that it uses: it can be read
without asking anybody, by readers that know no remote contexts too.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from pyoxigraph import BlankNode, Literal, NamedNode, Triple

from kg.terms import RDF, XSD

Json = dict[str, Any]
_Term = NamedNode | BlankNode | Literal
_Facts = dict[str, list[_Term]]
_TYPE: Final = RDF + "type"
_INTEGER: Final = re.compile(r"0|-?[1-9][0-9]{0,14}")  # JSON numbers are exact up to 15 digits


@dataclass(frozen=True, slots=True)
class Context:
    """The context, ready to write by."""

    whole: Json  # the value of "@context"
    names: Mapping[str, str]  # IRI of a property or class -> its term
    reverse: Mapping[str, str]  # IRI of a property -> the term by which its object names its subjects
    prefixes: Mapping[str, str]  # prefix -> namespace


def load(ontology: Path) -> Context:
    """Reads ``context.jsonld`` of this folder. Raises OSError or ValueError where it cannot be read."""
    whole: Json = json.loads((ontology / "context.jsonld").read_text(encoding="utf-8"))["@context"]
    prefixes = {name: v for name, v in whole.items() if isinstance(v, str) and v.endswith(("#", "/"))}
    names: dict[str, str] = {}
    reverse: dict[str, str] = {}
    for name, value in whole.items():
        definition = {"@id": value} if isinstance(value, str) else value
        if name in prefixes or not isinstance(definition, dict) or name in ("id", "type"):
            continue
        for key, table in (("@id", names), ("@reverse", reverse)):
            if key in definition:
                prefix, _, local = definition[key].partition(":")
                table[prefixes[prefix] + local] = name
    return Context(whole, names, reverse, prefixes)


def about(triples: Iterable[Triple], iri: str, context: Context) -> Json:
    """The JSON-LD of a thing: its node outermost, or under ``@graph`` where some triples are not reached from it."""
    writer = _Writer(context, _by_subject(triples))
    tree = writer.thing(iri)
    rest = [writer.node(key) for key in sorted(writer.facts) if key not in writer.written]
    return writer.with_context({"@graph": [tree, *rest]} if rest else tree)


def nodes(triples: Iterable[Triple], context: Context) -> Json:
    """The JSON-LD of any triples: every node once, in the order of IRIs, under ``@graph``."""
    writer = _Writer(context, _by_subject(triples))
    return writer.with_context({"@graph": [writer.node(key) for key in sorted(writer.facts)]})


def _by_subject(triples: Iterable[Triple]) -> dict[str, _Facts]:
    out: dict[str, _Facts] = defaultdict(lambda: defaultdict(list))
    for t in sorted(set(triples), key=str):
        if not isinstance(t.subject, NamedNode | BlankNode) or isinstance(t.object, Triple):
            raise ValueError("JSON-LD 1.1 cannot hold a quoted triple")
        out[_id(t.subject)][t.predicate.value].append(t.object)
    return out


def _id(term: NamedNode | BlankNode) -> str:
    return term.value if isinstance(term, NamedNode) else str(term)


@dataclass(slots=True)
class _Writer:
    context: Context
    facts: Mapping[str, _Facts]
    written: set[str] = field(default_factory=set)
    used: set[str] = field(default_factory=lambda: {"@version", "id", "type"})

    def thing(self, iri: str) -> Json:
        """The node, with the nodes that point to it by a reverse term inside."""
        out = self.node(iri)
        for predicate, name in self.context.reverse.items():
            pointing = [k for k in sorted(self.facts) if k != iri and self._points(k, predicate, iri)]
            if pointing:
                self._use(name)
                out[name] = [{"id": key} if key in self.written else self.node(key) for key in pointing]
        return out

    def _points(self, key: str, predicate: str, iri: str) -> bool:
        return any(isinstance(o, NamedNode) and o.value == iri for o in self.facts[key].get(predicate, ()))

    def node(self, key: str) -> Json:
        """The node and its own statements; other nodes are references."""
        self.written.add(key)
        out: Json = {"id": key}
        for predicate, values in sorted(self.facts.get(key, {}).items()):
            if predicate == _TYPE:
                types = sorted(self.vocab(v) for v in values)
                out["type"] = types[0] if len(types) == 1 else types
            else:
                self._property(out, predicate, values)
        return out

    def _property(self, out: Json, predicate: str, values: list[_Term]) -> None:
        name = self.context.names.get(predicate)
        definition = self.context.whole[name] if name else {}
        definition = definition if isinstance(definition, dict) else {}
        plain: list[Any] = []
        for value in values:
            if definition.get("@container") == "@language":
                if isinstance(value, Literal) and value.language:
                    texts = out.setdefault(self._use(str(name)), {})
                    texts.setdefault(value.language, []).append(value.value)
                else:  # a map by language has no place for it
                    out.setdefault(self._prefixed(predicate), []).append(self._value(value, None))
            else:
                plain.append(self._value(value, definition.get("@type")))
        if plain:
            key = self._use(name) if name else self._prefixed(predicate)
            out[key] = plain if len(plain) > 1 or definition.get("@container") == "@set" else plain[0]
        if name in out and definition.get("@container") == "@language":
            out[name] = {lang: texts[0] if len(texts) == 1 else texts for lang, texts in out[name].items()}

    def _value(self, value: _Term, coerced: str | None) -> Any:
        """A value under a term that coerces to ``coerced`` (``@id``, a datatype as a prefixed name, or nothing)."""
        if not isinstance(value, Literal):
            return self._prefixed(_id(value)) if coerced == "@id" else {"id": _id(value)}
        if value.language:
            return {"@value": value.value, "@language": value.language}
        if coerced is None and (native := _native(value)) is not None:
            return native
        if coerced is not None and value.datatype.value == self._expand(coerced):
            return value.value
        typed = {} if value.datatype.value == XSD + "string" else {"type": self.vocab(value.datatype)}
        return {"@value": value.value, **typed}

    def vocab(self, term: _Term) -> str:
        """A class or datatype by its term, else as a prefixed name."""
        name = self.context.names.get(term.value)
        return self._use(name) if name else self._prefixed(term.value)

    def _prefixed(self, iri: str) -> str:
        for prefix, namespace in self.context.prefixes.items():
            local = iri.removeprefix(namespace)
            if local != iri and local and not set(local) & set("/#:"):
                self.used.add(prefix)
                return f"{prefix}:{local}"
        return iri

    def _expand(self, name: str) -> str:
        prefix, _, local = name.partition(":")
        return self.context.prefixes.get(prefix, prefix + ":") + local

    def _use(self, name: str) -> str:
        if name not in self.used:
            self.used.add(name)
            definition = self.context.whole[name]
            named = [definition] if isinstance(definition, str) else list(definition.values())
            self.used.update(v.partition(":")[0] for v in named if ":" in v)
        return name

    def with_context(self, body: Json) -> Json:
        return {"@context": {k: v for k, v in self.context.whole.items() if k in self.used}, **body}


def _native(value: Literal) -> str | bool | int | None:
    """JSON's own value where a reader gets the same literal back from it: no decimals, no ``007``."""
    datatype, text = value.datatype.value, value.value
    if datatype == XSD + "boolean" and text in ("true", "false"):
        return text == "true"
    if datatype == XSD + "integer" and _INTEGER.fullmatch(text):
        return int(text)
    return text if datatype == XSD + "string" else None
