"""How well a name answers what was asked, word by word, and why: pure, over folding keys (:func:`kg.names.fold`).

Words may stand in any order, be cut short, be one letter (initials) or hold a slip of the pen. Rare words weigh more
than frequent ones, so that titles before a name change little. Numbers must agree: School No. 5 is not No. 55.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from rapidfuzz.distance import OSA

Kind = Literal["exact", "prefix", "initial", "typo"]

WEIGHTS: Final[Mapping[Kind, float]] = {"exact": 1.0, "prefix": 0.9, "typo": 0.8, "initial": 0.6}
SHORT: Final = 4
"""Words below this length have no typos: too many others are one letter away."""
LONG: Final = 8
"""Words from this length on may have two."""
_OF_NAME: Final = 0.2  # share of the score that asks how much of the name was meant
_OTHER_NUMBER: Final = 0.5
_WITHIN: Final = 70.0
"""Least score of a name of several words that stands whole within what was asked, as after a long title."""


@dataclass(frozen=True, slots=True)
class WordMatch:
    """One word asked and the word of the name that answers it; ``weight`` from 0 to 1."""

    asked: str
    found: str
    kind: Kind
    weight: float


def slips(length: int) -> int:
    """How many slips of the pen a word of this length may hold (optimal string alignment distance)."""
    return 0 if length < SHORT else 1 if length < LONG else 2


def deletions(word: str) -> set[str]:
    """The word and all forms with one letter left out; two words one slip apart share one (SymSpell, Garbe 2012)."""
    if len(word) < SHORT or any(c.isdigit() for c in word):
        return {word}
    return {word, *(word[:i] + word[i + 1 :] for i in range(len(word)))}


def match_word(asked: str, found: str, *, cut: bool = True) -> WordMatch | None:
    """How a word of a name answers a word asked; None if it does not. ``cut``: the word asked may be the beginning."""
    if asked == found:
        return WordMatch(asked, found, "exact", 1.0)
    if asked.isdigit() or found.isdigit():
        return None
    if len(asked) == 1 or len(found) == 1:
        same = asked[0] == found[0]
        return WordMatch(asked, found, "initial", WEIGHTS["initial"]) if same else None
    if cut and len(asked) >= 2 and found.startswith(asked):
        weight = WEIGHTS["prefix"] * (0.7 + 0.3 * len(asked) / len(found))
        return WordMatch(asked, found, "prefix", weight)
    most = slips(min(len(asked), len(found)))
    if most:
        distance = OSA.distance(asked, found, score_cutoff=most)
        if distance <= most:
            return WordMatch(asked, found, "typo", WEIGHTS["typo"] * (1 - 0.12 * (distance - 1)))
    return None


Answers = Callable[[str, str, bool], WordMatch | None]
"""(word asked, word of a name, whether the first may be cut short) → how the second answers the first."""


def remembered() -> Answers:
    """:func:`match_word`, each pair looked at once: the names of one search share most of their words."""
    known: dict[tuple[str, str, bool], WordMatch | None] = {}

    def answer(asked: str, found: str, cut: bool) -> WordMatch | None:
        key = (asked, found, cut)
        if key not in known:
            known[key] = match_word(asked, found, cut=cut)
        return known[key]

    return answer


def score(
    asked: Sequence[str], name: Sequence[str], rarity: Mapping[str, float], answer: Answers, *, cut_last: bool = True
) -> tuple[float, tuple[WordMatch, ...]]:
    """(0 to 100, what matched) of a name's words against the words asked; 100 is the same words.

    :param rarity: word asked → its weight; words that are not in it weigh 1.
    :param cut_last: only the last word asked may be cut short (as under typing); else every word may.
    """
    left = list(name)
    matches: list[WordMatch] = []
    total = sum(rarity.get(word, 1.0) for word in asked) or 1.0
    got = 0.0
    rest: list[tuple[str, bool]] = []
    for position, word in enumerate(asked):
        if word in left:
            left.remove(word)
            matches.append(WordMatch(word, word, "exact", 1.0))
            got += rarity.get(word, 1.0)
        else:
            rest.append((word, not cut_last or position == len(asked) - 1))
    for word, cut in sorted(rest, key=lambda x: -len(x[0])):
        found = [match for other in left if (match := answer(word, other, cut)) is not None]
        if found:
            best = max(found, key=lambda match: match.weight)
            left.remove(best.found)
            matches.append(best)
            got += best.weight * rarity.get(word, 1.0)
    length = sum(map(len, name)) or 1
    of_name = 1 - sum(map(len, left)) / length
    value = 100 * got / total * (1 - _OF_NAME + _OF_NAME * of_name)
    if not left and len(name) > 1 and all(match.kind in ("exact", "typo") for match in matches):
        value = max(value, _WITHIN * sum(match.weight for match in matches) / len(matches))
    if any(word.isdigit() for word in left):
        answered = {match.asked for match in matches}
        if any(word.isdigit() and word not in answered for word in asked):
            value *= _OTHER_NUMBER
    return value, tuple(matches)
