"""schemathesis over the whole API, in process: whatever is asked, no 5xx, and no answer that the document does not say.

Values are drawn from the schemas of /openapi.json (right and wrong ones), the same at each run.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import requests
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.config import GenerationConfig, PhasesConfig, ProjectConfig, ProjectsConfig, SchemathesisConfig
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from starlette.testclient import TestClient

from api.app import create_app
from kg.settings import Settings
from tests.asgi import ask

EXAMPLES = 12  # drawn for each operation, beside the boundary values of every parameter
CHECKS = [
    schemathesis.checks.not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]


def _schema() -> Any:
    """Of the document without a release: the operations are those of the templates, not of the data."""
    front = create_app(Settings(home=Path("no-release"), log_level="error", sparql_workers=1))
    document = front.app.openapi()  # type: ignore[attr-defined]
    generation = GenerationConfig(deterministic=True, max_examples=EXAMPLES, database="none")
    project = ProjectConfig(generation=generation, phases=PhasesConfig())
    return schemathesis.openapi.from_dict(
        document, config=SchemathesisConfig(projects=ProjectsConfig(default=project), seed=1)
    )


@schemathesis.serializer("application/sparql-query")
def _as_it_is(_context: Any, value: Any) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode("utf-8", "surrogatepass")


SCHEMA = _schema()


@SCHEMA.parametrize()
@settings(
    max_examples=EXAMPLES, derandomize=True, deadline=None, database=None, suppress_health_check=list(HealthCheck)
)
def test_every_answer_is_as_the_document_says(case: Any, client: TestClient) -> None:
    asked = requests.Request(**case.as_transport_kwargs(base_url="http://testserver")).prepare()
    body = asked.body or b""
    sent = {name: str(value) for name, value in asked.headers.items()}
    got = ask(
        client,
        asked.path_url,
        method=str(asked.method),
        headers=sent.items(),
        body=body.encode("utf-8", "surrogatepass") if isinstance(body, str) else body,
    )
    headers = {name: [value] for name, value in got.headers.items()}
    answer = schemathesis.Response(
        status_code=got.status, headers=headers, content=got.body, request=asked, elapsed=0.0, verify=False
    )
    # 503 and 504 of /sparql are how its protocol says "busy" and "at the deadline that you gave"
    told = case.path == "/sparql" and got.status in (503, 504)
    case.validate_response(answer, checks=CHECKS[1:] if told else CHECKS)
