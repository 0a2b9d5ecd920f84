"""What /metrics tells (Prometheus). One registry for each app, so that two apps never share counts.

docs/metrics.md lists the names; a test holds it to this file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class FrontCounts(Collector):
    """Plain numbers of the front: incrementing them costs nothing on the way of a ready answer."""

    def __init__(self) -> None:
        self.hits = 0
        self.not_modified = 0
        self.misses = 0
        self.bypassed = 0
        self.renewed = 0
        self.size: Callable[[], tuple[int, int]] = lambda: (0, 0)  # answers, bytes

    def collect(self) -> Iterator[Metric]:
        results = CounterMetricFamily("bilim_cache_requests", "Requests by what the front did.", labels=["result"])
        for name, count in (
            ("hit", self.hits),
            ("not_modified", self.not_modified),
            ("miss", self.misses),
            ("bypassed", self.bypassed),
            ("renewed", self.renewed),
        ):
            results.add_metric([name], count)
        yield results
        answers, size = self.size()
        yield GaugeMetricFamily("bilim_cache_answers", "Answers that are ready.", value=answers)
        yield GaugeMetricFamily("bilim_cache_bytes", "Memory that ready answers take.", value=size)


class Metrics:
    """The counters that routes and front write to."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.front = FrontCounts()
        self.registry.register(self.front)
        self.requests = Counter(
            "bilim_http_requests",
            "Requests that were not answered from the cache, by route, method and status.",
            ["route", "method", "status"],
            registry=self.registry,
        )
        self.seconds = Histogram(
            "bilim_http_seconds",
            "Seconds from request to last byte, of requests not answered from the cache.",
            ["route"],
            buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
            registry=self.registry,
        )
        self.sparql = Counter(
            "bilim_sparql_queries", "Queries of /sparql by outcome.", ["outcome"], registry=self.registry
        )
        self.sparql_seconds = Histogram(
            "bilim_sparql_seconds",
            "Seconds of a query of /sparql with its waiting.",
            buckets=(0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60),
            registry=self.registry,
        )
        self.results: Callable[[], tuple[int, int]] = lambda: (0, 0)  # answers of /sparql that are kept, bytes
        self.pinned: Callable[[], int] = lambda: 0
        for name, text, value in (
            ("bilim_sparql_kept_answers", "Answers of /sparql that are kept.", lambda: self.results()[0]),
            ("bilim_sparql_kept_bytes", "Memory that kept answers of /sparql take.", lambda: self.results()[1]),
            ("bilim_sparql_pinned_releases", "Releases asked by their id that have a worker.", lambda: self.pinned()),
        ):
            Gauge(name, text, registry=self.registry).set_function(value)
        self.swaps = Counter("bilim_release_swaps", "Times another release was taken up.", registry=self.registry)
        self.swap_failures = Counter(
            "bilim_release_swap_failures", "Times a published release could not be opened.", registry=self.registry
        )
        self.release = Gauge(
            "bilim_release_info", "1 for the release being served.", ["release"], registry=self.registry
        )

    def query_ended(self, outcome: str, seconds: float) -> None:
        """Note how a query of /sparql ended, and how long it took with its waiting."""
        self.sparql.labels(outcome).inc()
        self.sparql_seconds.observe(seconds)

    def serving(self, release: str) -> None:
        """Note which release is served."""
        self.release.clear()
        self.release.labels(release).set(1)

    def text(self) -> bytes:
        """The exposition format."""
        return generate_latest(self.registry)
