"""Recovery at a start that does not write: done where nobody else writes, left to the writer otherwise."""

from __future__ import annotations

from kg.findings import BilimError
from kg.imports.ledger import open_ledger, recover
from kg.releases.layout import Home

_PASSED_OVER = frozenset({"home-locked", "home-not-writable", "disk-full"})


def recover_if_free(home: Home) -> list[str]:
    """What was recovered, in words. Nothing where another process writes or home is read-only: reading goes on."""
    try:
        with home.lock("recovery"), open_ledger(home) as ledger:
            return recover(home, ledger)
    except BilimError as error:
        if {f.code for f in error.findings} <= _PASSED_OVER:
            return []
        raise
