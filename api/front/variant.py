"""Request -> variant: the name under which an answer is kept. Pure; guide of the cache's correctness.

Two requests share a variant only if the same release must answer both with the same bytes. So every
default is made explicit: ``on`` = today where it is absent, languages in order of preference, and the
media type as negotiated (or the Accept header itself, where only the route knows what it offers).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from urllib.parse import parse_qsl

from api.front.accept import accepts_gzip, language_order
from kg.sparql.negotiation import Offer, negotiate
from kg.terms import LANGUAGES

HTML = "text/html"
JSON = "application/json"
JSON_LD = "application/ld+json"
CSV = "text/csv"
TURTLE = "text/turtle"
N_TRIPLES = "application/n-triples"
N_QUADS = "application/n-quads"
TRIG = "application/trig"
RDF_XML = "application/rdf+xml"

_HTML = Offer(HTML, "")
_JSON = Offer(JSON, "json")
_JSON_LD = Offer(JSON_LD, "jsonld")
_TURTLE = Offer(TURTLE, "ttl")
_N_TRIPLES = Offer(N_TRIPLES, "nt")

# In our order of preference: who accepts anything gets the first.
DOC_OFFERS = (_HTML, _JSON, _JSON_LD, _TURTLE, _N_TRIPLES)
VOCABULARY_OFFERS = (_HTML, _TURTLE, _N_TRIPLES, _JSON_LD, _JSON)
GRAPH_OFFERS = (_TURTLE, Offer(N_QUADS, "nq"), _N_TRIPLES, Offer(TRIG, "trig"))
PAGE_OFFERS = (_HTML, _JSON)
TABLE_OFFERS = (_HTML, _JSON, Offer(CSV, "csv"))
TOOL_OFFERS = (_TURTLE, _N_TRIPLES, _JSON_LD, Offer(N_QUADS, "nq"), Offer(TRIG, "trig"), Offer(RDF_XML, "rdf"))

DEFAULT_LANG = "en"
"""Interface language of a client that names none."""


@dataclass(frozen=True, slots=True)
class Rule:
    """How the answers of one family of addresses vary.

    ``offers``: what is negotiated, () where there is one media type only; None where only the route knows
    what it offers, so that the Accept header itself is in the key. ``dated``: without ``on`` the answer is
    that of today.
    """

    pattern: re.Pattern[str]
    offers: tuple[Offer, ...] | None
    dated: bool = False


def _rule(pattern: str, offers: tuple[Offer, ...] | None, dated: bool = False) -> Rule:
    return Rule(re.compile(pattern), offers, dated)


# Addresses whose answer depends on nothing but release, day and variant. What is not here is not kept.
RULES: tuple[Rule, ...] = (
    _rule(r"/doc/[^/]+/.+\.(?:json|jsonld|ttl|nt)", (), dated=True),
    _rule(r"/(?:doc|id)/[^/]+/[^/]+", DOC_OFFERS, dated=True),
    _rule(r"/doc/[^/]+\.(?:json|csv)", ()),
    _rule(r"/doc/[^/]+", TABLE_OFFERS),
    _rule(r"/api/v1/(?!(?:imports|validate|tokens|decisions|search|suggest|match)(?:/|$)).+", None, dated=True),
    _rule(r"/(?:shapes|ontology|ontology/[^/]+|list/.+)\.(?:json|jsonld|ttl|nt)", ()),
    _rule(r"/(?:def|shapes|ontology|ontology/[^/]+|list/.+)", VOCABULARY_OFFERS),
    _rule(r"/coverage\.(?:json|csv)", ()),
    _rule(r"/coverage", TABLE_OFFERS),
    _rule(r"/regions\.csv", (), dated=True),
    _rule(r"/regions", TABLE_OFFERS, dated=True),
    _rule(r"/network/[^/]+/[^/]+", PAGE_OFFERS),
    _rule(r"/graph/.+", GRAPH_OFFERS),
    _rule(r"/sparql/completions", ()),
    _rule(r"/sparql/\.well-known/sparql-examples", TOOL_OFFERS, dated=True),  # examples may say "today"
    _rule(r"/\.well-known/void", TOOL_OFFERS),
    _rule(r"/", PAGE_OFFERS, dated=True),  # who is in office today
    _rule(r"/problems(?:/[^/]+)?|/on/[^/]+|/between|/personal-data", PAGE_OFFERS),
    _rule(r"/sources\.(?:json|csv)|/sitemap\.xml|/sitemaps/[^/]+", ()),
    _rule(r"/sources", TABLE_OFFERS),
    _rule(r"/queries(?:/.*)?", None, dated=True),
    _rule(r"/openapi\.json|/(?:context|frame)\.jsonld|/reference|/robots\.txt|/static/.+", ()),
)


@dataclass(frozen=True, slots=True)
class Variant:
    """The key of an answer within one release."""

    path: str
    query: tuple[tuple[str, str], ...]
    media: str
    lang: str
    clang: str
    encoding: str
    today: date | None  # set where the answer is that of today: it lives until midnight


def rule_for(path: str) -> Rule | None:
    """The rule of an address, or None where its answers are not kept."""
    return next((rule for rule in RULES if rule.pattern.fullmatch(path)), None)


def variant_of(path: str, query_string: str, headers: Mapping[str, str], today: date) -> Variant | None:
    """The variant that a GET asks for; None where nothing may be kept (no rule, or nothing acceptable).

    ``headers``: names in lower case; of a repeated header the values joined by commas.
    """
    rule = rule_for(path)
    if rule is None:
        return None
    accept = headers.get("accept")
    media = ""
    if rule.offers is None:
        media = accept or ""
    elif rule.offers:
        offer = negotiate(accept, rule.offers)
        if offer is None:
            return None
        media = offer.media_type
    pairs = sorted(parse_qsl(query_string, keep_blank_values=True), key=lambda pair: pair[0])
    given = dict(pairs)
    implied = rule.dated and "on" not in given
    if implied:
        pairs.append(("on", today.isoformat()))
        pairs.sort(key=lambda pair: pair[0])
    accepted = headers.get("accept-language")
    return Variant(
        path=path,
        query=tuple(pairs),
        media=media,
        lang=interface_language(given.get("lang"), accepted),
        clang=",".join(content_languages(given.get("clang"), accepted)),
        encoding="gzip" if accepts_gzip(headers.get("accept-encoding")) else "identity",
        today=today if implied else None,
    )


def interface_language(lang: str | None, accept_language: str | None) -> str:
    """Language of pages and messages: ``?lang=``, else Accept-Language, else English."""
    if lang is not None and lang in LANGUAGES:
        return lang
    return next(iter(language_order(accept_language)), DEFAULT_LANG)


def content_languages(clang: str | None, accept_language: str | None) -> tuple[str, ...]:
    """Languages of labels, best first: ``?clang=``, then Accept-Language, then kk, ru, en; each once."""
    asked = (clang,) if clang is not None and clang in LANGUAGES else ()
    return tuple(dict.fromkeys((*asked, *language_order(accept_language), *LANGUAGES)))
