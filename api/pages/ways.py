"""Ready lines that ask a question from elsewhere: curl, Python (standard library only), R."""

from __future__ import annotations

import json
import shlex
from collections.abc import Sequence
from dataclasses import dataclass

from kg.templates.page import address


@dataclass(frozen=True, slots=True)
class Way:
    """``name``: of the tool; ``text``: what to run in it."""

    name: str
    text: str


def ways(base: str, path: str, query: Sequence[tuple[str, str]], form: str) -> list[Way]:
    """For an answer at ``path`` below ``base`` (no slash at its end). ``form``: SELECT, ASK, CONSTRUCT or DESCRIBE."""
    url = base + address(path, query)
    if form in ("CONSTRUCT", "DESCRIBE"):
        return [Way("curl", f"curl -H 'Accept: text/turtle' {shlex.quote(url)}")]
    return [
        Way("curl", f"curl {shlex.quote(url)}"),
        Way("Python", _python(url, form)),
        Way("R", _r(base, path, query, form)),
    ]


def _python(url: str, form: str) -> str:
    lines = ["import json", "from urllib.request import urlopen", "", f"with urlopen({json.dumps(url)}) as answer:"]
    if form == "ASK":
        lines += ['    print(json.load(answer)["data"])']
    else:
        lines += ['    for row in json.load(answer)["data"]:', "        print(row)"]
    return "\n".join(lines)


def _r(base: str, path: str, query: Sequence[tuple[str, str]], form: str) -> str:
    if form == "ASK":
        return f"jsonlite::fromJSON({json.dumps(base + address(path, query))})$data"
    csv = base + address(path + ".csv", query)
    return f'answer <- read.csv({json.dumps(csv)}, encoding = "UTF-8")\nhead(answer)'
