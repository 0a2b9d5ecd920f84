"""The report as one HTML page that needs nothing else: no script, no style from elsewhere."""

from __future__ import annotations

from typing import Any

from jinja2 import Environment, PackageLoader

from kg.findings import Texts, pick
from kg.imports.reports.data import ReportData
from kg.imports.reports.words import WORDS


def as_html(data: ReportData, lang: str) -> str:
    """The page in a language: verdict, counts by shape and component, the findings with their places."""
    env = Environment(loader=PackageLoader("kg.imports", "reports"), autoescape=True, trim_blocks=True)

    def say(key: str, **values: Any) -> str:
        return pick(WORDS[key], lang).format(**values)

    def told(texts: Texts) -> str:
        return pick(texts, lang)

    return env.get_template("report.html").render(data=data, say=say, told=told, lang=lang, counts=data.counts())
