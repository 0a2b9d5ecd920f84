"""Headers of what will go: ``Deprecation`` (RFC 9745), ``Sunset`` (RFC 8594) and where to go instead (docs/api.md)."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from email.utils import format_datetime

from kg.templates.model import Template


def deprecation(template: Template) -> dict[str, str]:
    """The headers of a deprecated template; empty for any other."""
    said = template.deprecated
    if said is None:
        return {}
    links = [f'</queries/{template.name}>; rel="deprecation"; type="text/html"']
    if said.use:
        links.append(f'</api/v1/{said.use}>; rel="successor-version"')
    headers = {"Deprecation": f"@{int(_midnight(said.since).timestamp())}", "Link": ", ".join(links)}
    if said.sunset is not None:
        headers["Sunset"] = format_datetime(_midnight(said.sunset), usegmt=True)
    return headers


def _midnight(day: date) -> datetime:
    """The beginning of a day in UTC: both headers know seconds, the key of a template knows days."""
    return datetime.combine(day, time(), UTC)
