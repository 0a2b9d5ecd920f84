"""Finding things by name: tables made at publish, asked at request time; nothing is held in memory.

Tables beside ``names`` of the projection: ``words(word, names)`` (every word of a folding key, and in how many names
it stands), ``word_names(word, name)`` (name: id of a row of ``names``), ``word_forms(form, word)`` (the word with one
letter left out, :func:`kg.matching.deletions`). A search goes exact word → beginning → one letter apart, gathers names
by their rarest words, and scores the best of them again as a whole.
"""

from __future__ import annotations

import hashlib
import math
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from types import MappingProxyType
from typing import Any, Final

from kg.kinds import KINDS
from kg.matching import Answers, WordMatch, deletions, match_word, remembered, score
from kg.names import fold
from kg.releases.documents import alt_labels
from kg.releases.facets import condition
from kg.releases.merged import Merged
from kg.releases.tables import Row

Rows = Callable[[str, Iterable[Any]], list[tuple[Any, ...]]]
"""Asks the projection: SQL and parameters to rows."""

_ANY: Final[Mapping[str, str]] = MappingProxyType({})
ASKED_MAX: Final = 12
"""Words of a question that are looked at."""
_BEGINNINGS: Final = 20  # words that may complete a cut one, the most frequent first
_GATHERED: Final = 2_000  # names looked up by one word
_RANKED: Final = 50  # names scored as a whole at a time
_ENOUGH: Final = 100  # so many scored are enough where they hold as many things as are wanted
_RANKED_MAX: Final = 1_000  # most that are scored: where few are of the kinds wanted


@dataclass(frozen=True, slots=True)
class Hit:
    """A thing found. ``score`` 0 to 100; ``name``: the label that answered; ``why``: word by word."""

    kind: str
    slug: str
    name: str
    lang: str
    score: float
    why: tuple[WordMatch, ...]


def names(merged: Merged, iri: str, kind: str, slug: str) -> Iterator[Row]:
    """Rows of ``names`` of a thing. The id is made of the row itself: it does not depend on what came before."""
    found = {(lang, name, 1) for lang, name in merged.labels.of(iri).items()}
    found |= {(lang, name, 0) for lang, many in alt_labels(merged, iri).items() for name in many}
    for lang, name, preferred in found:
        if key := fold(name):
            yield name_row(key, kind, slug, lang, name, preferred)


def name_row(key: str, kind: str, slug: str, lang: str, name: str, preferred: int) -> Row:
    """One row of ``names``; ``key``: the name folded."""
    text = "\0".join((kind, slug, lang, name, str(preferred)))
    number = int.from_bytes(hashlib.sha256(text.encode()).digest()[:8]) >> 1
    return number, key, kind, slug, lang, name, preferred


def index(rows: Collection[Row]) -> dict[str, Iterable[Row]]:
    """Table → rows of the index of all rows of ``names``: ``words``, ``word_names``, ``word_forms``."""
    pairs = [(word, row[0]) for row in rows for word in words(row)]
    counted = Counter(word for word, _ in pairs)
    return {
        "words": counted.items(),
        "word_names": pairs,
        "word_forms": (row for word in counted for row in forms(word)),
    }


def words(row: Row) -> Iterator[str]:
    """The words of a row of ``names`` that it is found by."""
    _, key, kind, *_ = row
    if KINDS[kind].named:  # labels made of others' names would only bury them
        yield from dict.fromkeys(key.split())


def forms(word: str) -> Iterator[Row]:
    """The rows of ``word_forms`` of a word."""
    return ((form, word) for form in deletions(word))


def search(
    rows: Rows,
    text: str,
    *,
    kinds: Collection[str] = (),
    wanted: Mapping[str, str] = _ANY,
    limit: int = 10,
    typing: bool = False,
) -> list[Hit]:
    """Things whose names answer the text, best first, each once by its best name; ties by kind and slug.

    :param kinds: kinds wanted; empty: all.
    :param wanted: facet → value that things must have (:mod:`kg.releases.facets`).
    :param typing: the last word is still being written.
    """
    asked = list(dict.fromkeys(fold(text).split()))[:ASKED_MAX]
    if not asked:
        return []
    total = int(rows("SELECT value FROM meta WHERE key = 'names'", ())[0][0]) or 1
    found = {word: _alike(rows, word, cut=not typing or word == asked[-1]) for word in asked if len(word) > 1}
    if typing and len(asked) == 1 and len(asked[0]) == 1:
        found[asked[0]] = _alike(rows, asked[0], cut=True)
    rarity = {
        word: math.log1p(total / (1 + max((n for w, n in alike.items() if w == word), default=min(alike.values()))))
        for word, alike in found.items()
        if alike
    }
    least = min(rarity.values(), default=1.0)
    rarity.update((word, least / 2) for word in asked if word not in rarity)  # what no name has says little
    best: dict[tuple[str, str], Hit] = {}
    answer = remembered()
    gathered = _gathered(rows, found, rarity, answer)
    whole = sum(rarity.values()) or 1.0
    for begin in range(0, min(len(gathered), _RANKED_MAX), _RANKED):
        chunk = gathered[begin : begin + _RANKED]
        if len(best) >= limit and (begin >= _ENOUGH or _beaten(100 * chunk[0][1] / whole, best.values(), limit)):
            break
        for key, kind, slug, lang, name, preferred in _named(rows, [name for name, _ in chunk], kinds, wanted):
            value, why = score(asked, key.split(), rarity, answer, cut_last=typing)
            value = min(100.0, value) - (0 if preferred else 0.01)  # of equals, the preferred name
            before = best.get((kind, slug))
            if why and (before is None or (value, name) > (before.score, before.name)):
                best[kind, slug] = Hit(kind, slug, name, lang, value, why)
    ordered = sorted(best.values(), key=lambda hit: (-round(hit.score, 3), hit.kind, hit.slug))
    return ordered[:limit]


def _alike(rows: Rows, word: str, *, cut: bool) -> dict[str, int]:
    """Words of names that may stand for a word asked → in how many names each is."""
    out: dict[str, int] = dict(rows("SELECT word, names FROM words WHERE word = ?", (word,)))
    if cut and not word.isdigit():
        sql = "SELECT word, names FROM words WHERE word > ? AND word < ? ORDER BY names DESC, word LIMIT ?"
        out.update(rows(sql, (word, word + "\U0010ffff", _BEGINNINGS)))
    forms = sorted(deletions(word))
    marks = ",".join("?" * len(forms))
    near = {other for (other,) in rows(f"SELECT word FROM word_forms WHERE form IN ({marks})", forms)} - out.keys()
    alike = sorted(other for other in near if match_word(word, other, cut=cut) is not None)
    out.update(rows(f"SELECT word, names FROM words WHERE word IN ({','.join('?' * len(alike))})", alike))
    return out


def _beaten(most: float, hits: Iterable[Hit], limit: int) -> bool:
    """Whether so many hits score as much as the names left can score at most."""
    return sum(hit.score >= most for hit in hits) >= limit


def _gathered(
    rows: Rows, found: Mapping[str, Mapping[str, int]], rarity: Mapping[str, float], answer: Answers
) -> list[tuple[int, float]]:
    """(id of a name, the most weight it can share with what was asked), most first."""
    weights: dict[int, float] = defaultdict(float)
    unseen = sum(rarity[word] for word in rarity if not found.get(word))  # initials: any name may answer them
    for word in sorted((w for w in found if found[w]), key=lambda w: (sum(found[w].values()), w)):
        alike = found[word]
        if weights and sum(alike.values()) > _GATHERED:
            unseen += rarity[word]
            continue  # so frequent a word only orders what rarer ones have found
        worth = {other: match.weight for other in alike if (match := answer(word, other, True)) is not None}
        taken: list[str] = []
        names = 0
        for other in sorted(worth, key=lambda w: (-worth[w], w)):  # the words most like it, up to so many names
            if taken and names + alike[other] > _GATHERED:
                break
            taken.append(other)
            names += alike[other]
        marks = ",".join("?" * len(taken))
        sql = f"SELECT name, word FROM word_names WHERE word IN ({marks}) ORDER BY word, name LIMIT {_GATHERED}"
        seen: dict[int, float] = {}
        for name, other in rows(sql, taken):
            if worth[other] > seen.get(name, 0.0):
                seen[name] = worth[other]
        weight = rarity[word]
        for name, worthy in seen.items():
            weights[name] += worthy * weight
    most = sorted(weights.items(), key=itemgetter(1), reverse=True)
    return [(name, weight + unseen) for name, weight in most[:_RANKED_MAX]]


def _named(
    rows: Rows, names: Sequence[int], kinds: Collection[str], wanted: Mapping[str, str]
) -> list[tuple[Any, ...]]:
    if not names:
        return []
    marks = ",".join("?" * len(names))
    having, values = condition(wanted)
    sql = f"SELECT key, kind, slug, lang, name, preferred FROM names WHERE id IN ({marks}){having}"
    found = rows(sql, [*names, *values])
    return [row for row in found if row[1] in kinds] if kinds else found
