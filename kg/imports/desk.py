"""What handling imports needs, in one object: the home, the settings, and the rules as they are now."""

from __future__ import annotations

from dataclasses import dataclass, field

from kg.imports.rules import Rules, load_rules
from kg.releases.layout import Home
from kg.resources import Resources
from kg.settings import Settings


@dataclass
class Desk:
    """Kept by a process that handles more than one import: rules are read again only when files have changed."""

    settings: Settings
    resources: Resources
    _rules: Rules | None = field(default=None, repr=False)

    @property
    def home(self) -> Home:
        return Home(self.settings.home)

    def rules(self) -> Rules:
        """Raises :class:`kg.findings.BilimError` where ontology/ cannot be read."""
        if self._rules is None or not self._rules.is_fresh():
            self._rules = load_rules(self.resources)
        return self._rules
