r"""What other stores read otherwise than SPARQL 1.1 says, and the text that they read rightly.

Virtuoso 7 (7.2.5, with dates as literals of a release):

* ``FILTER(?day <= "2022-01-07"^^xsd:date)`` is never true where the comparison becomes a range of its index:
  ``<``, ``>`` and ``!(?day > …)`` are right, and so is an operand that it cannot look into. So a literal with a
  datatype after ``<=`` or ``>=`` is put into ``COALESCE(…)``, which changes nothing.

* ``EXISTS`` over VALUES that computes from outside and asks no triple ends the server, or is wrong. It is an OR over
  those values, and is written as one.

* ``FILTER(?x IN (<one>))`` in two branches of a UNION, with an OPTIONAL after it: its compiler fails (SP031, "equiv
  replaces filter but under deprecation"), as it does with ``?x = <one>``. ``!(?x != <one>)`` says the same.

What has no rewriting is kept out of templates (tests/test_remote_templates.py asks all their examples): a FILTER over
the result of COALESCE takes the wrong rows; after a UNION, an OPTIONAL without a match counts as bound; EXISTS does not
see what was computed outside; EXISTS in an IF of a subquery that groups (SQ156) and two of them in an OR (SP031) fail
its compiler; plain strings are compared rightly only as ``STR(…)``, and not always then: compare numbers.

HAVING without GROUP BY, YEAR of a day that was computed and dates subtracted fail or differ too.

Booleans that it computes (``EXISTS``, comparisons) come as the integers 0 and 1: kg.templates.run reads them by what a
template declares. Dates have no arithmetic in SPARQL 1.1, and no template uses any.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Final

Dialect = Callable[[str], str]
"""Query text -> the text for one kind of store. The answers mean the same."""

# Strangers' queries are read by these too, so none may take more than linear time: a string that does not end ends with
# its line or the text, and what has matched once is not tried again in another way.
_LONG: Final = "{q}{q}{q}(?:[^{q}\\\\]|\\\\.|{q}(?!{q}{q}))*+(?:{q}{q}{q}|\\Z)"
_SHORT: Final = "{q}(?:[^{q}\\\\\\n\\r]|\\\\.)*+{q}?"
_STRING: Final = "|".join(pattern.replace("{q}", quote) for quote in "'\"" for pattern in (_LONG, _SHORT))
_IRI: Final = r"<[^<>\"{}|^`\\\x00-\x20]*>"
_NAME: Final = r"[\w.-]*:[\w.-]*[\w-]"
_GAP: Final = r"(?:\s|#[^\n\r]*[\n\r])*"
_COMPARED: Final = re.compile(
    rf"(?P<op><=|>=)(?P<gap>{_GAP})(?P<term>(?:{_STRING})\^\^(?:{_IRI}|{_NAME}))"
    rf"|\bFILTER\s*\(\s*(?P<name>\?\w+)\s+IN\s*\(\s*(?P<one>{_IRI}|{_NAME})\s*\)\s*\)"
    rf"|{_STRING}|{_IRI}|#[^\n\r]*",
    re.DOTALL | re.IGNORECASE,
)

_EXISTS: Final = re.compile(
    r"\bEXISTS \{\s*+VALUES (?P<name>\?\w+) \{(?P<values>(?: \d+)++) \}\s*+"
    r"(?P<lines>(?>(?:BIND|FILTER)\(.*\)[ \t]*+\n\s*+)++)\}",
    re.IGNORECASE,
)
_BIND: Final = re.compile(r"BIND\((?P<told>.*) AS (?P<name>\?\w+)\)", re.IGNORECASE)
_FILTER: Final = re.compile(r"FILTER\((?P<told>.*)\)", re.IGNORECASE)


def standard(text: str) -> str:
    """SPARQL 1.1 as it is."""
    return text


@lru_cache(maxsize=512)
def virtuoso(text: str) -> str:
    """The query for Virtuoso 7."""
    return _COMPARED.sub(_hidden, _EXISTS.sub(_unrolled, text))


def _hidden(match: re.Match[str]) -> str:
    if match["one"] is not None:
        return f"FILTER(!({match['name']} != {match['one']}))"
    if match["op"] is None:
        return match[0]
    return f"{match['op']}{match['gap']}COALESCE({match['term']})"


def _unrolled(match: re.Match[str]) -> str:
    """One bracket for each value: what is bound is put in where it is named. Each line is one BIND or one FILTER."""
    either = []
    for value in match["values"].split():
        known = {match["name"]: value}
        both = []
        for line in match["lines"].strip().splitlines():
            bound, held = _BIND.fullmatch(line.strip()), _FILTER.fullmatch(line.strip())
            if bound is not None:
                known[bound["name"]] = _put_in(bound["told"], known)
            elif held is not None:
                both.append(_put_in(held["told"], known))
            else:
                return match[0]
        either.append(f"({' && '.join(both)})")
    return f"({' || '.join(either)})"


def _put_in(text: str, known: dict[str, str]) -> str:
    return re.sub(r"\?\w+", lambda name: known.get(name[0], name[0]), text)


DIALECTS: Final[dict[str, Dialect]] = {"virtuoso": virtuoso}
"""Kind of store (kg.store.probe) -> its dialect; those that are not here read SPARQL 1.1."""
