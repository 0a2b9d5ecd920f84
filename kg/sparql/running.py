"""A query on its way through a worker: what is asked, its answer as it comes, how it may fail."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any, Final

from kg.findings import BilimError
from kg.sparql.failures import Words, told_error
from kg.sparql.frames import CUT, DATA, ERROR, WHOLE
from kg.sparql.outcomes import Outcome
from kg.sparql.process import WorkerDied, WorkerProcess
from kg.store.dataset import Dataset
from kg.store.errors import QueryError


@dataclass(frozen=True, slots=True)
class Job:
    """A vetted query to run. ``timeout`` in seconds, the setting if None; prefixes are those it lacks.

    ``services``: where an allowed store stands in the text, ``(start, end, IRI)`` in characters.
    """

    text: str
    media_type: str
    prefixes: dict[str, str] = field(default_factory=dict)
    dataset: Dataset | None = None
    timeout: float | None = None
    services: tuple[tuple[int, int, str], ...] = ()


class Busy(QueryError):
    """No worker was free; ``retry_after`` in seconds."""

    def __init__(self, waiting: int, retry_after: int) -> None:
        super().__init__("sparql-busy", waiting=waiting)
        self.retry_after = retry_after


class AnswerCut(Exception):
    """The answer broke off after a part was given out: that part must not pass for the whole.

    ``why`` tells it to one who has passed nothing on yet.
    """

    def __init__(self, reason: str, why: BilimError) -> None:
        super().__init__(reason)
        self.why = why


class Running:
    """A query whose first chunk is there. ``release`` is the one that answers."""

    def __init__(self, worker: WorkerProcess, words: Words) -> None:
        self.release = worker.start.release
        self.outcome: Outcome = "gone"  # until it has ended otherwise
        self.whole: bytes | None = None  # the answer, where it is so short that all of it is there
        self._worker = worker
        self._words = words
        self._first = b""

    async def chunks(self) -> AsyncIterator[bytes]:
        """The answer. Raises :class:`AnswerCut` where it breaks off."""
        if self.whole is not None:
            yield self.whole
            return
        kind, payload = DATA, self._first
        while kind == DATA:
            yield payload
            try:
                kind, payload = await self._worker.read()
            except WorkerDied:
                self.outcome = "cut"
                death = await self._worker.death()
                raise AnswerCut(death, self._words.death(death)) from None
        if kind == CUT:
            self.outcome = "cut"
            problem = json.loads(payload)
            raise AnswerCut(problem["kind"], told_error(problem))
        self.outcome = "ok"

    async def begin(self, job: dict[str, Any]) -> None:
        """Send the query and wait for its first chunk. Raises :class:`BilimError` where it fails before."""
        try:
            self._worker.ask(job)
            kind, payload = await self._worker.read()
        except WorkerDied:
            death = await self._worker.death()
            self.outcome = death
            raise self._words.death(death) from None
        if kind == ERROR:
            problem = json.loads(payload)
            self.outcome = _OUTCOME_OF.get(problem["kind"], "client-error")
            raise told_error(problem)
        if kind == WHOLE:
            self.outcome = "ok"
            self.whole = payload
        else:
            self._first = payload

    @property
    def reusable(self) -> bool:
        """Whether the worker waits for the next query, with nothing of this one in the pipe."""
        return self._worker.alive and self.outcome in ("ok", "client-error", "too-large", "failed")


_OUTCOME_OF: Final[dict[str, Outcome]] = {
    "read": "failed",
    "service": "failed",
    "product": "product",
    "size": "too-large",
    "rows": "too-large",
}
