"""Pages: Jinja2 templates with texts in three languages, under a policy that lets nothing foreign in."""

from __future__ import annotations

from collections.abc import Mapping
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
from kg.findings import Texts, pick
from kg.terms import LANGUAGES

CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self' data:; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
LANGUAGE_NAMES = {"kk": "Қазақша", "ru": "Русский", "en": "English"}


class Pages:
    """Renders pages. One for each app; holds the compiled templates and the texts."""

    def __init__(self) -> None:
        self.texts: dict[str, Texts] = yaml.safe_load(
            resources.files("api.pages").joinpath("messages.yaml").read_text(encoding="utf-8")
        )
        self._env = Environment(
            loader=PackageLoader("api", "pages"),
            autoescape=True,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._env.globals["term_page"] = term_page

    def text(self, key: str, lang: str, **values: object) -> str:
        """A text of the interface. Raises KeyError for a key that is not in the catalogue."""
        return pick(self.texts[key], lang).format(**values)

    def html(self, template: str, lang: str, request: Request, **values: Any) -> str:
        """The page as text. Templates see ``t(key, **values)``, ``lang``, ``path`` and ``languages``."""
        path = request.url.path

        def t(key: str, **fields: object) -> str:
            return self.text(key, lang, **fields)

        def switch(other: str) -> str:
            # sorted: requests that differ in the order of parameters only share one kept answer
            pairs = sorted((k, v) for k, v in request.query_params.multi_items() if k != "lang")
            return urlencode([*pairs, ("lang", other)])

        values.setdefault("release", request.app.state.services.current_id())
        text = self._env.get_template(template).render(
            t=t,
            lang=lang,
            path=path,
            languages=[(code, LANGUAGE_NAMES[code], f"{path}?{switch(code)}") for code in LANGUAGES],
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
        return Response(
            self.html(template, lang, request, **values).encode(),
            status_code=status_code,
            media_type="text/html",
            headers={
                "Content-Language": lang,
                "Content-Security-Policy": CSP,
                "Referrer-Policy": "same-origin",
                **(headers or {}),
            },
        )
