"""What a worker tells of a query that failed, as the error that its asker gets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from kg.findings import BilimError, finding
from kg.store.errors import QueryError, StoreError, syntax_error


def told_error(problem: dict[str, Any]) -> BilimError:
    """The error of a frame ``X`` or ``C``: ``kind`` and what belongs to it.

    Kinds: syntax, refused (by the vet), form, dataset, evaluation, size, rows, product, read,
    service (another store gave no answer).
    """
    match problem["kind"]:
        case "syntax":
            return syntax_error(problem["message"])
        case "refused":
            return QueryError(problem["code"], problem["line"], problem["column"], **problem["values"])
        case "dataset":
            return QueryError("sparql-dataset-too-large", limit=problem["limit"])
        case "size":
            return QueryError("sparql-answer-too-large", limit=problem["limit"])
        case "rows":
            return QueryError("sparql-too-many-rows", limit=problem["limit"])
        case "product":
            left, right = problem["left"], problem["right"]
            return QueryError("sparql-product", problem["line"], problem["column"], left=left, right=right)
        case "service":
            return QueryError("sparql-service-failed", reason=problem["message"])
        case "read":
            return StoreError(finding("store-read-failed", reason=problem["message"]))
        case _:
            return QueryError("sparql-evaluation", reason=problem["message"])


@dataclass(frozen=True, slots=True)
class Words:
    """Words for the ways in which a worker is ended."""

    seconds: float
    megabytes: int

    def death(self, death: str) -> QueryError:
        if death == "timeout":
            return QueryError("sparql-timeout", seconds=f"{self.seconds:g}")
        if death == "memory":
            return QueryError("sparql-memory", megabytes=self.megabytes)
        return QueryError("sparql-crashed")
