"""Write what docs/model.md takes from the ontology: diagram, classes, properties; with --check only compare.

The text of the page is written by hand; what stands between ``<!-- NAME from the ontology -->`` and
``<!-- end -->`` is made here. The diagram's arrows come from the classes that shapes demand of values
(``sh:class``), and from domain and range where a property may lead to anything.
"""

from __future__ import annotations

import re
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import rdflib
from rdflib import OWL, RDF, RDFS, SH, SKOS
from rdflib.collection import Collection
from rdflib.term import Node

from kg import resources
from kg.kinds import KINDS
from kg.terms import BKG, shorten

BLOCK = re.compile(r"(<!-- (\w+) from the ontology -->\n).*?(<!-- end -->)", re.DOTALL)
CONCEPT = SKOS.Concept


def read(ontology: Path) -> rdflib.Graph:
    """Definitions and shapes as one graph."""
    graph = rdflib.Graph()
    for folder in ("def", "shapes"):
        for file in sorted((ontology / folder).glob("*.ttl")):
            graph.parse(file)
    return graph


def own(graph: rdflib.Graph, *types: Node) -> list[rdflib.URIRef]:
    """Terms of ours that have one of these types, sorted."""
    found = {s for t in types for s in graph.subjects(RDF.type, t)}
    return sorted(s for s in found if isinstance(s, rdflib.URIRef) and s.startswith(BKG))


def classes(graph: rdflib.Graph) -> list[rdflib.URIRef]:
    """Every class of the model: ours, and those of others that are kinds of things here."""
    return sorted({*own(graph, OWL.Class), *(rdflib.URIRef(k.cls) for k in KINDS.values())}, key=_name)


def properties(graph: rdflib.Graph) -> list[rdflib.URIRef]:
    """Every property of ours."""
    return own(graph, OWL.ObjectProperty, OWL.DatatypeProperty, RDF.Property)


def arrows(graph: rdflib.Graph) -> set[tuple[str, str, str]]:
    """``(class, property, class)`` as prefixed names; ``Anything`` where no class is demanded. Lists are left out."""
    found: set[tuple[str, str, str]] = set()
    for shape in graph.subjects(RDF.type, SH.NodeShape):
        for cls in graph.objects(shape, SH.targetClass):
            for part in graph.objects(shape, SH.property):
                path = graph.value(part, SH.path)
                if isinstance(path, rdflib.URIRef):
                    found |= {(_name(cls), _name(path), _name(c)) for c in _demanded(graph, part) if c != CONCEPT}
    led = {path for _, path, _ in found}
    for prop in own(graph, OWL.ObjectProperty):
        domain = graph.value(prop, RDFS.domain)
        if _name(prop) not in led and domain is not None and graph.value(prop, RDFS.range) is None:
            found.add((_name(domain), _name(prop), "Anything"))
    return found


def _demanded(graph: rdflib.Graph, part: Node) -> Iterator[Node]:
    yield from graph.objects(part, SH["class"])
    for options in graph.objects(part, SH["or"]):
        for option in Collection(graph, options):
            yield from graph.objects(option, SH["class"])


def diagram(graph: rdflib.Graph) -> str:
    """Mermaid: the kinds of things as boxes with the lists that they use, and what points to what."""
    lists: dict[str, set[str]] = defaultdict(set)
    for prop in own(graph, OWL.ObjectProperty):
        domain = graph.value(prop, RDFS.domain)
        if domain is not None and graph.value(prop, RDFS.range) == CONCEPT:
            lists[_name(domain)].add(_name(prop))
    joined: dict[tuple[str, str], set[str]] = defaultdict(set)
    for source, path, target in arrows(graph):
        joined[source, target].add(path)
    lines = ["```mermaid", "classDiagram"]
    for name in sorted(shorten(kind.cls) for kind in KINDS.values()):
        lines += [f"  class {_local(name)} {{", *(f"    {_local(p)} (list)" for p in sorted(lists[name])), "  }"]
    for (source, target), props in sorted(joined.items()):
        lines.append(f"  {_local(source)} --> {_local(target)} : {', '.join(sorted(map(_local, props)))}")
    return "\n".join([*lines, "```", ""])


def classes_table(graph: rdflib.Graph) -> str:
    """One row for each class."""
    rows = ["| class | label | below | what it is |", "|---|---|---|---|"]
    for cls in classes(graph):
        above = ", ".join(sorted(f"`{_name(c)}`" for c in graph.objects(cls, RDFS.subClassOf) if _named(c)))
        rows.append(f"| `{_name(cls)}` | {_label(graph, cls)} | {above} | {_text(graph, cls, SKOS.definition)} |")
    return "\n".join(rows) + "\n"


def properties_table(graph: rdflib.Graph) -> str:
    """One row for each property of ours. "(one)": at most one value."""
    rows = ["| property | label | of | value | what it says |", "|---|---|---|---|---|"]
    for prop in properties(graph):
        one = " (one)" if (prop, RDF.type, OWL.FunctionalProperty) in graph else ""
        ends = [f"`{_name(v)}`" if (v := graph.value(prop, p)) is not None else "" for p in (RDFS.domain, RDFS.range)]
        what = _text(graph, prop, SKOS.definition)
        rows.append(f"| `{_name(prop)}`{one} | {_label(graph, prop)} | {ends[0]} | {ends[1]} | {what} |")
    return "\n".join(rows) + "\n"


def _name(node: Node) -> str:
    return shorten(str(node))


def _local(name: str) -> str:
    return name.rpartition(":")[2]


def _named(node: Node) -> bool:
    return isinstance(node, rdflib.URIRef)


def _label(graph: rdflib.Graph, node: Node) -> str:
    if text := _text(graph, node, RDFS.label):
        return text
    return next((kind.labels["en"] for kind in KINDS.values() if kind.cls == str(node)), "")


def _text(graph: rdflib.Graph, node: Node, prop: Node) -> str:
    found = (o for o in graph.objects(node, prop) if isinstance(o, rdflib.Literal) and o.language == "en")
    return next((str(o) for o in found), "").replace("|", "\\|")


def main(check: bool) -> int:
    """0 if the page agrees with the ontology (after writing: always), 1 if not."""
    root = resources.find().root
    graph = read(root / "ontology")
    made = {"diagram": diagram(graph), "classes": classes_table(graph), "properties": properties_table(graph)}
    path = root / "docs" / "model.md"
    old = path.read_text(encoding="utf-8")
    new = BLOCK.sub(lambda m: m[1] + made[m[2]] + m[3], old)
    if new == old:
        return 0
    if not check:
        path.write_text(new, encoding="utf-8")
    print(f"docs/model.md: {'differs from the ontology: run make docs' if check else 'written'}")
    return 1 if check else 0


if __name__ == "__main__":
    sys.exit(main(check="--check" in sys.argv[1:]))
