"""How a query of a stranger may end: the words of metrics and logs."""

from __future__ import annotations

from typing import Final, Literal, get_args

Outcome = Literal[
    "ok", "cached", "not-modified", "client-error", "product", "too-large", "timeout", "memory", "crashed", "rejected",
    "cut", "gone", "failed",
]  # fmt: skip
"""How a query ended. "cached", "not-modified": answered without a worker. "product": late, its patterns not joined.
"too-large": bytes or rows, told before the first chunk. "rejected": no worker was free in time. "cut": it broke off
after the first chunk was given out. "gone": the asker left. "crashed": too deep or the like. "failed": a store, ours
or a SERVICE, gave no answer."""

OUTCOMES: Final[tuple[Outcome, ...]] = get_args(Outcome)
