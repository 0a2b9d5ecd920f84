"""Pages: Jinja2 templates with texts in three languages, under a policy that lets nothing foreign in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import resources
from typing import Any
from urllib.parse import urlencode

import yaml
from jinja2 import Environment, PackageLoader
from starlette.requests import Request
from starlette.responses import Response

from api.front.pinned import page_under
from api.pages.terms import term_page
from api.services import prefix
from kg.dates import side_in_words
from kg.findings import Texts, pick
from kg.kinds import KINDS
from kg.releases.layout import BUILT
from kg.terms import BASE, LANGUAGES

CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self' data:; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
FRAMED_CSP = CSP.replace("frame-ancestors 'none'", "frame-ancestors *").replace(
    "form-action 'self'", "form-action 'none'"
)
"""Of pages without forms that others may frame: previews of the reconciliation service."""
LANGUAGE_NAMES = {"kk": "Қазақша", "ru": "Русский", "en": "English"}
LANGUAGE_SHORT = {"kk": "Қаз", "ru": "Рус", "en": "Eng"}
SECTIONS = (
    ("nav.home", "/"),
    ("nav.people", "/doc/person"),
    ("nav.bodies", "/doc/organization"),
    ("nav.regions", "/regions"),
    ("nav.day", "/on"),
    ("nav.between", "/between"),
    ("nav.queries", "/queries"),
    ("nav.sparql", "/sparql"),
    ("nav.ontology", "/ontology"),
)
"""What stands in the head of every page: text and address. What lies below an address is its section too."""


def read_texts() -> dict[str, Texts]:
    """The texts of the interface: all files ``messages*.yaml`` beside the templates, each key in one of them."""
    found: dict[str, Texts] = {}
    for entry in sorted(resources.files("api.pages").iterdir(), key=lambda e: e.name):
        if entry.name.startswith("messages") and entry.name.endswith(".yaml"):
            texts = yaml.safe_load(entry.read_text(encoding="utf-8"))
            if twice := found.keys() & texts.keys():
                raise ValueError(f"texts that stand twice: {sorted(twice)}")
            found.update(texts)
    return found


def _section(path: str) -> str:
    inside = [
        address for _, address in SECTIONS if path == address or (address != "/" and path.startswith(address + "/"))
    ]
    return inside[0] if inside else ""


def read_vendor() -> frozenset[str]:
    """The scripts of others that are there (tools/assets.py brings them); pages go without the rest."""
    folder = resources.files("api").joinpath("static", "vendor")
    return frozenset(entry.name for entry in folder.iterdir()) if folder.is_dir() else frozenset()


def why_of(why: str, t: Callable[..., str]) -> str:
    """The reason of a release as it is shown: that of a build is ours, and told in the language of the page."""
    return t("release.built") if why == BUILT else why


class Pages:
    """Renders pages. One for each app; holds the compiled templates and the texts."""

    def __init__(self) -> None:
        self.texts: dict[str, Texts] = read_texts()
        self._env = Environment(
            loader=PackageLoader("api", "pages"),
            autoescape=True,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
        )
        self._env.globals.update(term_page=term_page, kinds=KINDS, sections=SECTIONS, base=BASE)
        self._env.globals.update(vendor=read_vendor(), words=self.texts, base_iri=BASE)
        self._env.globals.update(side_in_words=side_in_words, why_of=why_of)

    def text(self, key: str, lang: str, **values: object) -> str:
        """A text of the interface. Raises KeyError for a key that is not in the catalogue."""
        text = pick(self.texts[key], lang)
        return text.format(**values) if values else text

    def html(self, template: str, lang: str, request: Request, **values: Any) -> str:
        """The page as text.

        Templates see ``t(key, **values)``, ``lang``, ``path``, ``here(address)`` (the address in the languages of this
        page), and the switches: ``languages`` of the interface and, with ``clang``, ``content_languages``.
        """
        path = request.url.path
        query = request.query_params
        clang = values.setdefault("clang", None)
        tail = urlencode([("lang", lang), *([("clang", clang)] if "clang" in query and clang else [])])

        def t(key: str, **fields: object) -> str:
            return self.text(key, lang, **fields)

        def here(address: str) -> str:
            return f"{address}{'&' if '?' in address else '?'}{tail}"

        def switch(name: str, other: str) -> str:
            # sorted: requests that differ in the order of parameters only share one kept answer
            pairs = sorted((k, v) for k, v in query.multi_items() if k != name)
            return f"{path}?{urlencode([*pairs, (name, other)])}"

        values.setdefault("release", request.app.state.services.current_id())
        text = self._env.get_template(template).render(
            t=t,
            here=here,
            lang=lang,
            path=path,
            section=_section(path.removeprefix(prefix())),
            languages=[(code, LANGUAGE_NAMES[code], LANGUAGE_SHORT[code], switch("lang", code)) for code in LANGUAGES],
            content_languages=[(code, LANGUAGE_NAMES[code], switch("clang", code)) for code in LANGUAGES],
            **values,
        )
        return page_under(prefix(), text)

    def response(
        self,
        template: str,
        lang: str,
        *,
        request: Request,
        status_code: int = 200,
        headers: Mapping[str, str] | None = None,
        **values: Any,
    ) -> Response:
        """The page as an answer, with its policy."""
        return dressed(self.html(template, lang, request, **values), lang, status_code, headers)


def dressed(text: str, lang: str, status_code: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """A page that is written, as an answer with the policy of all pages."""
    return Response(
        text.encode(),
        status_code=status_code,
        media_type="text/html",
        headers={
            "Content-Language": lang,
            "Content-Security-Policy": CSP,
            "Referrer-Policy": "same-origin",
            **(headers or {}),
        },
    )
