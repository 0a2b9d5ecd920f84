"""JSON-LD contexts: ours is filled in from ontology/, any other address is refused (JSON-LD 1.1, 9.4: remote contexts).

Nothing is ever fetched: a context that changes elsewhere would change what a file says here.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from kg.findings import Finding, Where, finding

DEPTH_MAX: Final = 200
_IMPORT: Final = "@import"


def with_local_contexts(text: str, name: str, contexts: Mapping[str, Any]) -> str | Finding:
    """The text with known contexts written out, or what is wrong: no JSON, too deep, or a context elsewhere.

    :param contexts: address → the value of its ``@context``.
    """
    try:
        data = json.loads(text)
        if _depth(data) > DEPTH_MAX:
            raise RecursionError
    except json.JSONDecodeError as error:
        lines = text.split("\n")
        read = lines[error.lineno - 1][error.colno - 1 :].strip()[:80] if error.lineno <= len(lines) else ""
        where = Where(name, line=error.lineno)
        return finding("read-rdf-syntax", where=where, column=error.colno, read=read, reason=error.msg, cell=read)
    except RecursionError:
        return finding("read-json-deep", where=Where(name), depth=DEPTH_MAX)
    foreign: list[str] = []
    changed = _replace(data, contexts, foreign)
    if foreign:
        line = text.count("\n", 0, max(text.find(foreign[0]), 0)) + 1
        allowed = ", ".join(contexts) or "-"
        return finding(
            "read-remote-context", where=Where(name, line=line), cell=foreign[0], value=foreign[0], known=allowed
        )
    return json.dumps(data, ensure_ascii=False) if changed else text


def _depth(data: Any) -> int:
    """How deep objects and arrays are nested, counted without recursion."""
    depth, level = 0, [data]
    while level and depth <= DEPTH_MAX:
        inner = (item.values() if isinstance(item, dict) else item for item in level if isinstance(item, dict | list))
        level = [value for values in inner for value in values]
        depth += 1
    return depth


def _replace(data: Any, contexts: Mapping[str, Any], foreign: list[str]) -> bool:
    """Fill in the known contexts in place; the addresses of others are added to ``foreign``."""
    changed = False
    pending = [data]
    while pending:
        node = pending.pop()
        if isinstance(node, list):
            pending.extend(node)
            continue
        if not isinstance(node, dict):
            continue
        if isinstance(address := node.get(_IMPORT), str):
            foreign.append(address)
        if "@context" in node:
            given = node["@context"]
            items = given if isinstance(given, list) else [given]
            filled: list[Any] = []
            for item in items:
                if not isinstance(item, str):
                    filled.append(item)
                elif item in contexts:
                    filled.append(contexts[item])
                    changed = True
                else:
                    foreign.append(item)
            node["@context"] = filled if isinstance(given, list) else (filled or [given])[0]
            pending.extend(filled)
        pending.extend(value for key, value in node.items() if key != "@context")
    return changed
