"""What languages and encodings a client prefers (RFC 9110, 12.5): pure functions over header texts.

Media types: kg/sparql/negotiation.py.
"""

from __future__ import annotations

from kg.terms import LANGUAGES


def weights(header: str) -> list[tuple[str, float]]:
    """``[(value in lower case, q)]`` in the order written; a q that is no number counts as 0."""
    out: list[tuple[str, float]] = []
    for item in header.split(","):
        value, *parameters = (part.strip() for part in item.split(";"))
        if not value:
            continue
        q = 1.0
        for parameter in parameters:
            name, _, number = parameter.partition("=")
            if name.strip().lower() == "q":
                try:
                    q = min(1.0, max(0.0, float(number)))
                except ValueError:
                    q = 0.0
        out.append((value.lower(), q))
    return out


def language_order(header: str | None) -> tuple[str, ...]:
    """Our languages that the Accept-Language header asks for, best first; empty where none is."""
    if not header:
        return ()
    best: dict[str, float] = {}
    for value, q in weights(header):
        language = value.partition("-")[0]
        if language in LANGUAGES:
            best[language] = max(q, best.get(language, 0.0))
    return tuple(sorted((lang for lang, q in best.items() if q > 0), key=lambda lang: -best[lang]))


def accepts_gzip(header: str | None) -> bool:
    """Whether the Accept-Encoding header admits gzip; no header means the bytes as they are."""
    if not header:
        return False
    found = dict(weights(header))
    return found.get("gzip", found.get("*", 0.0)) > 0
