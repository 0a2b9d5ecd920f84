"""The settings: one object, made once at the edge and handed down. Nothing is read at import.

Each field is the environment variable ``BILIM_`` + its name in capitals; docs/settings.md lists them,
and a test holds that list to this file.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

_RATE = r"^([1-9][0-9]*/(second|minute|hour|day)(;[1-9][0-9]*/(second|minute|hour|day))*)?$"


class Settings(BaseSettings):
    """What an operator may set. Limits say why they are what they are."""

    model_config = SettingsConfigDict(env_prefix="BILIM_", frozen=True, extra="forbid")

    home: Path = Field(Path("var"), description="Where releases, the ledger and uploads are kept.")
    resources: Path | None = Field(
        None, description="Folder with ontology/, queries/ and data/; found by itself if empty."
    )
    texts: Path | None = Field(
        None, description="Folder with the texts of documents, which are not kept with the data; found by their hash."
    )
    disk_budget_mb: int = Field(
        0, ge=0, description="MiB that the home may take before publishing and `doctor` warn; 0: any."
    )
    host: str = Field("127.0.0.1", description="Address to serve on.")
    port: int = Field(8000, ge=0, le=65535, description="Port to serve on; 0 takes a free one.")
    public_url: str = Field(
        "",
        pattern=r"^(https?://[^\s/?#<>\"]+(/[^\s?#<>\"]*)?)?$",
        description="Address under which clients reach the service, for VoID and feeds; http://host:port if empty.",
    )
    regions_geojson: Path | None = Field(
        None,
        description="GeoJSON of outlines for the map of regions, named by `properties.slug`; tiles of ours if empty.",
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="Least severe log line written."
    )
    log_format: Literal["console", "json"] = Field("console", description="Log lines for a person or for a collector.")
    timezone: str = Field("Asia/Almaty", description="Whose midnight ends 'today'.")
    dev: bool = Field(False, description="Pick up changed query files without a restart.")
    cache_mb: int = Field(64, ge=1, description="Memory for ready answers; about 20,000 answers of 3 kB.")
    renewed_answers: int = Field(
        1000,
        ge=0,
        description="Answers that are computed at once after a publish: those read last before it, and the lists "
        "without parameters; 0: none.",
    )
    http_max_age: int = Field(
        60, ge=0, description="Seconds a browser may use an answer without asking: a publish is seen after this long."
    )
    url_max_bytes: int = Field(16_384, ge=256, description="Longest address with its query; larger is 414.")
    body_max_bytes: int = Field(
        4_000_000, ge=1000, description="Largest request body: a longest query, percent-encoded, fits; larger is 413."
    )
    upload_max_bytes: int = Field(
        64_000_000, ge=1000, description="Largest file handed in to /api/v1/imports or /api/v1/validate; larger is 413."
    )
    imports_nice: int = Field(
        10, ge=0, le=19, description="Niceness of the process that handles imports: readers keep their speed beside it."
    )
    rate_token: str = Field(
        "600/minute", pattern=_RATE, description="Requests with one token, such as 600/minute;5000/hour; empty: any."
    )
    rate_address: str = Field(
        "1200/minute",
        pattern=_RATE,
        description="Requests from one address (IPv6: one /64 network) where a token is needed; reading is free.",
    )
    rate_failures: str = Field(
        "30/minute",
        pattern=_RATE,
        description="Requests from one address whose token opens nothing; more are not read.",
    )
    page_size_max: int = Field(
        1000, ge=1, description="Largest page_size; a page of 1,000 rows is about 0.5 MB of JSON."
    )
    memory_triples: int | None = Field(
        None,
        ge=0,
        description="Triples up to which a release is also held in memory (420 bytes each, twice for a moment), where "
        "templates are answered two to four times as fast. Not set: what a quarter of the memory of machine or "
        "container holds, at most 2,000,000; 0: none.",
    )
    sparql_workers: int = Field(2, ge=1, description="Queries of /sparql that run at once; one for each core.")
    sparql_queue: int = Field(16, ge=0, description="Queries that may wait for a worker before 503.")
    sparql_timeout: float = Field(30.0, gt=0, description="Seconds a query of /sparql may run.")
    sparql_memory_mb: int = Field(2048, ge=256, description="Address space of a worker beyond what it has at start.")
    sparql_max_bytes: int = Field(100_000_000, ge=1000, description="Largest answer of /sparql.")
    sparql_max_rows: int = Field(
        1_000_000, ge=1, description="Most rows in an answer of /sparql: more is a download's work."
    )
    sparql_late: float = Field(
        2.0, gt=0, description="Seconds without a first chunk after which unjoined patterns end a query of /sparql."
    )
    sparql_cache_mb: int = Field(32, ge=0, description="Memory for answers of /sparql; 0 keeps none.")
    sparql_pinned: int = Field(
        2, ge=1, description="Releases asked by their id at one time, each a worker beyond BILIM_SPARQL_WORKERS."
    )
    sparql_pinned_idle: float = Field(
        300.0, gt=0, description="Seconds after which the worker of a release that nobody asks is ended."
    )
    sparql_merge_quads: int = Field(
        200_000, ge=0, description="Quads of a dataset of several graphs merged for one query: a second, 100 MB."
    )
    sparql_held_quads: int = Field(
        500_000, ge=0, description="Quads up to which a release is held in memory for /sparql: 320 bytes each, once."
    )
    sparql_nice: int = Field(19, ge=0, le=19, description="Niceness of workers: lookups keep their speed beside them.")
    sparql_services: dict[str, Annotated[str, Field(pattern=r"^https?://[^\s/@?#<>\"]+(/[^\s#<>\"]*)?$")]] = Field(
        {},
        description='Stores that SERVICE may ask, as JSON: {"name": "https://…"}. Empty: none. Public addresses only.',
    )
    sparql_service_timeout: float = Field(10.0, gt=0, description="Seconds that one request to such a store may take.")
    sparql_service_max_bytes: int = Field(10_000_000, ge=1000, description="Longest answer of such a store.")
    query_max_bytes: int = Field(
        262_144, ge=1000, description="Longest query text of /sparql: some 5,000 IRIs in VALUES; larger is 413."
    )
    endpoint: str = Field(
        "",
        pattern=r"^(https?://[^\s?#<>\"]+)?$",
        description="SPARQL endpoint of another store that holds the releases (remote mode); this machine's if empty.",
    )
    endpoint_user: str = Field("", description="User at that store; of one with rights to write for `releases push`.")
    endpoint_password: SecretStr = Field(SecretStr(""), description="The password of that user.")
    endpoint_auth: Literal["basic", "digest"] = Field(
        "basic", description="How credentials are sent when reading; writing answers what the store asks for."
    )
    endpoint_timeout: float = Field(30.0, gt=0, description="Seconds for a whole answer of that store, with all tries.")
    endpoint_tries: int = Field(3, ge=1, description="Tries of a read that fails on the way, with growing pauses.")
    endpoint_poll: float = Field(1.0, gt=0, description="Seconds between looks at which release that store names.")
    endpoint_lease: float = Field(
        10.0, gt=0, description="Seconds for which a release stays readable after a look that found it current."
    )
    endpoint_loader: str = Field(
        "auto", description="How `releases push` loads: auto, put, insert, bulk, isql, or one of a plug-in."
    )
    endpoint_update: str = Field("", description="Address for SPARQL updates there; by the kind of store if empty.")
    endpoint_graph_store: str = Field("", description="Address of its Graph Store Protocol; by the kind if empty.")
    endpoint_isql: str = Field("", description="host:port of Virtuoso's SQL server, for the loader isql.")
    endpoint_folder: Path | None = Field(
        None, description="Folder that Virtuoso may load from (DirsAllowed) and we may write to, for the loader isql."
    )
