"""Which classes have which properties with values of which class or datatype, and how often: what VoID tells.

One pass over what :func:`kg.releases.merged.read_merged` has read: statements are counted by the *set* of types of
their subject and object, of which there are few, and only then by class.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Final

from pyoxigraph import NamedNode

from kg.releases.merged import TYPE, Merged, Term

_NONE: Final = ""


def partitions(merged: Merged) -> Iterator[tuple[str, str, str, int, int]]:
    """``(class, property, target, target is a class, number)``, sorted.

    Property "": how many things have the class. Target "": how many statements have the property. Class "": of the
    whole graph, whatever the subject is. A target is the class of the values, or their datatype.
    """
    sets: dict[tuple[str, ...], int] = {(): 0}
    of: dict[str, int] = {}
    members: Counter[int] = Counter()
    for iri, facts in merged.about.items():
        if values := facts.get(TYPE):
            of[iri] = sets.setdefault(tuple(sorted(t.value for t in values)), len(sets))
            members[of[iri]] += 1
    counted: Counter[tuple[int, str, int | str]] = Counter()
    for iri, facts in merged.about.items():
        own = of.get(iri, 0)
        for predicate, values in facts.items():
            for value in values:
                counted[
                    own, predicate, of.get(value.value, 0) if isinstance(value, NamedNode) else value.datatype.value
                ] += 1
    classes = {number: names for names, number in sets.items()}
    out: Counter[tuple[str, str, str, int]] = Counter()
    for number, count in members.items():
        for cls in classes[number]:
            out[cls, _NONE, _NONE, 0] += count
    for (own, predicate, target), count in counted.items():
        targets = [(target, 0)] if isinstance(target, str) else [(cls, 1) for cls in classes[target]]
        for cls in (_NONE, *classes[own]):
            out[cls, predicate, _NONE, 0] += count
            for name, is_class in targets:
                out[cls, predicate, name, is_class] += count
    for (cls, predicate, name, is_class), count in sorted(out.items()):
        yield cls, predicate, name, is_class, count


def membership(merged: Merged, iri: str) -> Counter[tuple[str, str, str, int]]:
    """What the classes of a subject add to the counts."""
    return Counter((cls, _NONE, _NONE, 0) for cls in _classes(merged, iri))


def statement(merged: Merged, subject: str, predicate: str, value: Term) -> Counter[tuple[str, str, str, int]]:
    """What one statement adds to the counts: its class, property, target, and whether the target is a class."""
    out: Counter[tuple[str, str, str, int]] = Counter()
    if isinstance(value, NamedNode):
        targets = [(cls, 1) for cls in _classes(merged, value.value)]
    else:
        targets = [(value.datatype.value, 0)]
    for cls in (_NONE, *_classes(merged, subject)):
        out[cls, predicate, _NONE, 0] += 1
        for name, is_class in targets:
            out[cls, predicate, name, is_class] += 1
    return out


def _classes(merged: Merged, iri: str) -> list[str]:
    return [t.value for t in merged.facts(iri).get(TYPE, ())]
