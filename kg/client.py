"""Questions from Python: ``Client("https://…")`` over HTTP, ``Client("var")`` over a home folder with a release.

>>> Client("var").rows("posts/holders", post="kz-minister-of-education", on="2022-06-24")  # doctest: +SKIP

Both give what /api/v1 gives. HTTP needs the standard library only; data frames need pandas (``bilim[pandas]``).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from importlib import import_module
from pathlib import Path
from typing import Any, Final, Protocol
from urllib.error import HTTPError, URLError
from urllib.parse import urlencode
from urllib.request import Request, urlopen
from zoneinfo import ZoneInfo

from kg import resources
from kg.findings import BilimError, Exit, finding
from kg.releases.layout import Home
from kg.releases.reader import current
from kg.releases.remote import connect
from kg.settings import Settings
from kg.templates.catalogue import Catalogue
from kg.templates.fields import chosen
from kg.templates.page import Asked
from kg.templates.params import as_texts
from kg.templates.run import Engine
from kg.terms import LANGUAGES

Json = dict[str, Any]
PAGE = 1000
"""Rows read at once from a local release; a server gives pages of the size that the question states."""
_ADDRESS_MOST = 8000  # characters; a longer one goes as a POST
_TRIES = 3
_NOT_HERE: Final = frozenset({"page", "page_size", "lang"})
"""Parameters of the API that mean nothing here: all pages are read, and ``lang`` is that of errors only."""


class Refused(BilimError):
    """The server answered with a problem (RFC 9457), which is in ``problem``."""

    def __init__(self, problem: Mapping[str, Any]) -> None:
        several = problem.get("errors")
        if isinstance(several, list) and several:  # each parameter that is wrong, with its own words
            said = [str(one.get("detail")) for one in several if isinstance(one, Mapping)]
        else:
            said = [str(problem[key]).rstrip(".") + "." for key in ("title", "detail") if problem.get(key)]
        told = finding("client-refused", status=problem.get("status"), detail=" ".join(said))
        super().__init__(told, exit_code=Exit.USAGE)
        self.problem = dict(problem)


class Source(Protocol):
    """Who answers: a server, or a release on this machine."""

    def names(self) -> list[str]:
        """The questions there are."""
        ...

    def page(self, name: str, given: Mapping[str, list[str]], number: int) -> Json:
        """One page: at least ``data`` and ``release``; ``page`` with ``number, size, total`` where there are pages."""
        ...


class Client:
    """Asks questions. ``clang``: language of labels (kk, ru, en). Raises :class:`BilimError` for whatever is wrong."""

    def __init__(
        self, where: str | Path, *, clang: str = "en", timeout: float = 30.0, settings: Settings | None = None
    ) -> None:
        web = isinstance(where, str) and where.startswith(("http://", "https://"))
        self.source: Source = (
            _Web(str(where).rstrip("/"), clang, timeout) if web else _Local(Path(where), clang, settings or Settings())
        )

    def names(self) -> list[str]:
        """The questions there are: ``posts/holders`` …"""
        return self.source.names()

    def rows(self, name: str, /, **params: Any) -> list[Json]:
        """All rows of a question, of all its pages, from one release. Lists and dates are taken as parameters too.

        An ASK gives one row ``{"boolean": …}``. ``fields`` and ``clang`` as in the API; pages are read to the end.
        """
        for one in _NOT_HERE & params.keys():
            raise BilimError(finding("client-parameter", parameter=one), exit_code=Exit.USAGE)
        given = {key: as_texts(_plain(value)) for key, value in params.items() if value is not None}
        for _ in range(_TRIES):
            rows: list[Json] = []
            releases = set()
            for page in self._pages(name, given):
                releases.add(page["release"])
                rows += page["data"] if isinstance(page["data"], list) else [{"boolean": page["data"]}]
            if len(releases) == 1:
                return rows
        raise BilimError(finding("client-unsteady", name=name))  # published each time while it was read

    def frame(self, name: str, /, **params: Any) -> Any:
        """The rows as a :class:`pandas.DataFrame`, things and dates spread over columns (``person.id, person.label``).

        Raises :class:`BilimError` (``client-no-pandas``) where pandas is not installed.
        """
        try:
            pandas = import_module("pandas")
        except ImportError:
            raise BilimError(finding("client-no-pandas")) from None
        return pandas.json_normalize(self.rows(name, **params))

    def _pages(self, name: str, given: Mapping[str, list[str]]) -> Iterator[Json]:
        number = 1
        while True:
            page = self.source.page(name, given, number)
            yield page
            told = page.get("page")
            if not told or number * told["size"] >= told["total"]:
                return
            number += 1


def _plain(value: Any) -> Any:
    if isinstance(value, date):
        return value.isoformat()
    return [_plain(v) for v in value] if isinstance(value, list | tuple | set | frozenset) else value


class _Web:
    def __init__(self, address: str, clang: str, timeout: float) -> None:
        self._address, self._clang, self._timeout = address, clang, timeout

    def names(self) -> list[str]:
        return [question["name"] for question in self._ask(f"{self._address}/queries", None)["data"]]

    def page(self, name: str, given: Mapping[str, list[str]], number: int) -> Json:
        asked: dict[str, Any] = {"clang": self._clang, **given}
        if number > 1:
            asked["page"] = number
        address = f"{self._address}/api/v1/{name}"
        query = urlencode(asked, doseq=True)
        if len(query) > _ADDRESS_MOST:
            return self._ask(address, json.dumps(asked).encode())
        return self._ask(f"{address}?{query}", None)

    def _ask(self, address: str, body: bytes | None) -> Json:
        headers = {"Accept": "application/json", **({"Content-Type": "application/json"} if body else {})}
        try:
            with urlopen(Request(address, body, headers), timeout=self._timeout) as answer:
                found: Json = json.load(answer)
                return found
        except HTTPError as error:
            try:
                problem = json.load(error)
            except ValueError:  # a proxy that is not ours
                problem = {"title": error.reason}
            raise Refused({"status": error.code, **problem}) from None
        except (URLError, OSError, ValueError) as error:
            raise BilimError(finding("client-unreachable", address=self._address, reason=error)) from error


class _Local:
    def __init__(self, home: Path, clang: str, settings: Settings) -> None:
        release = current(Home(home), connect(settings))
        self._release, self._settings = release.id, settings
        self._engine = Engine(release.store, release.projection)
        self._catalogue = Catalogue(resources.find(settings.resources).queries)
        self._languages: Sequence[str] = (clang, *LANGUAGES)

    def names(self) -> list[str]:
        return list(self._catalogue.templates)

    def page(self, name: str, given: Mapping[str, list[str]], number: int) -> Json:
        template = self._engine.resolved(self._catalogue.get(name))
        own = {key: value for key, value in given.items() if key not in ("fields", "clang")}
        for code in given.get("clang", ()):
            if code not in LANGUAGES:
                told = finding("language-unknown", value=code[:40], parameter="clang")
                raise BilimError(told, exit_code=Exit.USAGE)
        today = datetime.now(ZoneInfo(self._settings.timezone)).date()
        values = self._engine.check(template, own, today)
        if template.form == "ASK":
            return {"data": self._engine.boolean(template, values), "release": self._release}
        if template.form != "SELECT":
            raise BilimError(finding("client-triples", name=name), exit_code=Exit.USAGE)
        fields = chosen(template, given.get("fields", ()))
        table = self._engine.table(template, values, Asked(number, PAGE))
        page = {"number": number, "size": PAGE, "total": table.page.total} if table.page else None
        languages = (*given.get("clang", ()), *self._languages)
        data = self._engine.objects(template, table, languages, fields)
        return {"data": data, "page": page, "release": self._release}
