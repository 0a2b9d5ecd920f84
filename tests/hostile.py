"""Hostile values for parameters: quotes, comments, braces, escapes, control characters, look-alikes of our own syntax."""
# ruff: noqa: E501

from __future__ import annotations

import random
from functools import lru_cache

COUNT = 5_500

BY_HAND = (
    "", " ", "'", '"', "''", '""', "'''", '"""', "''''", '""""', "\\", "\\\\", '\\"', "\\'", "\\u0022", "\\U00000022",
    "\\u0027", "\\u007D", "\\u003E", "\\u005Cu0022", '\\\\"', '\\\\\\"', "\\n", "\\t", "\n", "\r", "\r\n", "\t", "#",
    "# comment", "#+ summary: x", "\n#", "\n# @end", "\n# @if ?__x", "# @as-of ?a ?b → ?c", "{", "}", "{}", "}{",
    "} }", "} UNION { ?s ?p ?o", "} #", "} }\n#", '" } #', "' } #", '"""} #', "'''} #", '") } #', '" . ?s ?p ?o . #',
    '"@en', '"^^<http://www.w3.org/2001/XMLSchema#integer>', '"@en } #', "x'@kk", "@kk", "^^xsd:date", "<", ">", "<>",
    "<<", ">>", "<< ?s ?p ?o >>", "<https://example.org/a>", "> } #", "https://example.org/a> } #",
    "https://example.org/> ?p ?o . <a", "https://example.org/a b", "https://example.org/a\tb", "https://example.org/\n",
    'https://example.org/"', "https://example.org/{x}", "https://example.org/|", "https://example.org/^",
    "https://example.org/`", "https://example.org/\\", "https://example.org/\\u003E", "https://example.org/%3E",
    "https://example.org/%", "https://example.org/#a#b", "https://example.org/'", "https://example.org/?_x",
    "https://example.org/é", "https://example.org/\u202e", "https://[::1", "http://", "urn:", "urn:x", ":", "a:", "_:b",
    "bkg:", "bkg:start", "bkg:start ; ?p ?o", "bkg:start/bkg:end", "bkg:\\u0073tart", "post:a b", "post:a>b", "post:'",
    "javascript:alert(1)", "file:///etc/passwd", "data:text/html,<script>", "mailto:a@b", "//example.org", "/a", "../a",
    "urn:bilim:slot:_x", "<urn:bilim:slot:_x>", "urn:bilim:slot:", "?_x", "$_x", "?__x", "?x", "?", "$", "??", "?_x_iri",
    "?_x_multi_iri", "VALUES ?_x { }", "VALUES", "BIND(1 AS ?_x)", "AS ?_x", "(?_x)", "LIMIT", "LIMIT 1", "1 LIMIT 1",
    "1 OFFSET 1", "1; DROP ALL", "1 }", "1.", "1.5", "1e5", "+1", "-1", "-0", "00", "01", "1_000", "1 ", " 1", "١", "1٠",
    "9223372036854775807", "9223372036854775808", "-9223372036854775809", "9" * 400, "0x10", "1" + "0" * 5000, "NaN",
    "INF", "-INF", "Infinity", "1.7976931348623157e308", "." , "-.", "0." + "1" * 30, "true", "false", "TRUE", "True",
    "1", "0", "null", "None", "undefined", "UNDEF", "nil", "today", "TODAY", "yesterday", "2022-06-24", "2022-06-31",
    "2023-02-29", "0000-00-00", "9999-12-31", "10000-01-01", "-2022-06-24", "2022-06-24Z", "2022-06-24+06:00",
    "2022-06-24T00:00:00", "2022-6-24", "24.06.2022", "２０２２-06-24", "2022-06-24\n", "20220624", "2022-W25-5", "2022",
    "2022-06", "2022?", "2022~", "2022%", "[2022..]", "[..2022]", "{2022,2023}", "2022/2023", "2022/..", "../..", "/",
    "Y17E8", "2022-XX", "202X", "[" + "2022," * 500 + "2022]", "{" * 2000, "[" * 2000, "(" * 2000, "kk", "ru", "en",
    "de", "KK", "en-US", "en' }", "kk,ru", ",", ",,", ",a,", "a,b", "a," * 600, "KZ", "KZ-15", "KZ-ZZZZ", "Q1", "Q0",
    "Q1' }", "Q" + "1" * 3000, "01abcde23", "https://ror.org/01abcde23", "https://ror.org/01abcde23> }", "chief", "a", "b",
    "CHIEF", "chief'", "chief/..", "chief%00", "minister", "akim", "rector", "minister ", "SERVICE <http://127.0.0.1/>",
    "} SERVICE <http://127.0.0.1/> { ?s ?p ?o", "LOAD <http://127.0.0.1/>", "; CLEAR ALL", "DROP ALL", "INSERT DATA {}",
    "SELECT * { ?s ?p ?o }", "UNION", "FILTER(true)", "|| true", "' || '1'='1", '" || "1"="1', "1 OR 1=1", "--", "/*",
    "*/", ";", "\x00", "a\x00b", "\x00\x00", "\x01", "\x07", "\x08", "\x0b", "\x0c", "\x1b[31m", "\x7f", "\x80", "\x85",
    "\xa0", "\xad", "\u200b", "\u200e", "\u200f", "\u202a", "\u202e", "\u2066", "\u2069", "\u2028", "\u2029", "\ufeff",
    "\ufffd", "\ufffe", "\uffff", "\U0001f600", "\U0010ffff", "\U000e0001", "\ud800", "\udfff", "a\udc00b", "é", "e\u0301",
    "قازاقستان", "עברית", "Абай облысы", "Ақтөбе", "阿克托别", "क्षि", "🇰🇿", "I\u0307", "ß", "ﬁ", "K", "Ⅷ", "½",
    "\u202e}\u202c", "x" * 1999, "x" * 2000, "x" * 2001, "x" * 7000, "'" * 1000, "\\" * 999, '"' * 999, "?_x " * 400,
    "%", "%s", "%n", "%00", "%22", "%7D", "%2527", "{0}", "{name}", "{{x}}", "${x}", "#{x}", "<%= x %>", "{% x %}",
    "`id`", "$(id)", "|", "&", "&&", "<script>alert(1)</script>", "&lt;", "&#0;", "]]>", "<!--", "../../../etc/passwd",
    "..\\..", "C:\\", "CON", "*", "**", "^", "!", "!=", "<=", "a?_x", "?_x?_x", "\"?_x\"", "'$_x'", "<?_x>", "#?_x\n",
)  # fmt: skip
PIECES = (
    "'", '"', '"""', "'''", "\\", "\\\\", "\\u0022", "\\u0027", "\\U0000007D", "\n", "\r", "\t", " ", "#", "{", "}", "(",
    ")", "[", "]", "<", ">", "^^", "@kk", "@", "?_x", "$__x", "?_x_iri", "a", "1", "-", ".", ";", ",", "/", "|", "bkg:",
    "https://example.org/", "urn:bilim:slot:_x", " LIMIT 1", " UNION ", "VALUES ", "SERVICE ", " # @end\n", "\x00",
    "\u202e", "\u200f", "\u2028", "é", "ң", "😀", "%22", "%", "&", "=", "2022-06-24", "KZ-15", "Q1", "true", "\ud800",
)  # fmt: skip


@lru_cache(maxsize=1)
def corpus() -> tuple[str, ...]:
    """The hostile values: those made by hand, then chains of pieces, spoiled good values, and noise."""
    rng = random.Random(5)
    good = ("chief", "2022-06-24", "KZ-15", "Q1", "42", "0.5", "true", "kk", "bkg:start", "https://example.org/thing")
    found = dict.fromkeys(BY_HAND)
    while len(found) < COUNT:
        chain = "".join(rng.choices(PIECES, k=rng.randint(1, 9)))
        spoiled = rng.choice(good)
        at = rng.randint(0, len(spoiled))
        spoiled = spoiled[:at] + rng.choice(PIECES) + spoiled[at:]
        noise = "".join(chr(rng.choice((rng.randint(0, 0x7F), rng.randint(0, 0xFFFF), rng.randint(0, 0x10FFFF))))
                        for _ in range(rng.randint(1, 30)))  # fmt: skip
        iri = "https://example.org/" + "".join(rng.choices("'()#?$&=;,!*é%20~@:/+-._", k=rng.randint(1, 15)))
        found.update(dict.fromkeys((chain, spoiled, noise, iri)))
    return tuple(found)
