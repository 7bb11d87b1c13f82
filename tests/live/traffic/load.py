"""A steady stream of requests while something happens to the mesh."""

import json
import subprocess
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from types import MappingProxyType
from urllib.parse import urlencode

from lab.calls import OWN, call, command
from lab.workloads import Workload

REST = f"{OWN}/fortio/rest"
PER_SECOND = 20  # requests per second; few, so that a busy machine fails none by itself
CONNECTIONS = 4


@dataclass
class Tally:
    """The count of requests by status, filled when the stream has ended; -1 for broken connections."""

    statuses: Counter[int] = field(default_factory=Counter)

    @property
    def total(self) -> int:
        return self.statuses.total()

    @property
    def failed(self) -> dict[int, int]:
        """Return the requests that did not get 200."""
        return {code: count for code, count in self.statuses.items() if code != 200}

    def __str__(self) -> str:
        causes = "".join(f", {count} x {code}" for code, count in sorted(self.failed.items()))
        return f"{sum(self.failed.values())} of {self.total} failed{causes}"


@contextmanager
def steady(client: Workload, url: str, more: Mapping[str, str] = MappingProxyType({})) -> Iterator[Tally]:
    """Send a stream of requests from the client's pod while the block runs; fortio sends until it is told to stop.

    `more` has further parameters of fortio.
    """
    asked = {"url": url, "qps": PER_SECOND, "c": CONNECTIONS, "t": "on", "timeout": "10s", "nocatchup": "on", **more}
    # The slower client, because the quick one leaves the chunk marks in a long answer.
    run = command(client, "curl", "-quiet", "-stdclient", "-timeout=2h", f"{REST}/run?{urlencode(asked)}")
    with subprocess.Popen(run, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as stream:
        tally = Tally()
        try:
            yield tally
        finally:
            call(client, f"{REST}/stop")
            said, trouble = stream.communicate(timeout=60)
        assert stream.returncode == 0, f"the stream from {client.name} broke: {trouble}"
        tally.statuses.update({int(code): count for code, count in json.loads(said)["RetCodes"].items()})


@contextmanager
def streams(**ways: tuple[Workload, str] | tuple[Workload, str, Mapping[str, str]]) -> Iterator[dict[str, Tally]]:
    """Send several streams at once, by name."""
    with ExitStack() as stack:
        yield {name: stack.enter_context(steady(*way)) for name, way in ways.items()}


def must_lose_nothing(tallies: Mapping[str, Tally]) -> str:
    """Return the tallies in words. Raises AssertionError where a request failed, or none was sent."""
    told = "; ".join(f"{name}: {tally}" for name, tally in tallies.items())
    assert {name: tally.failed for name, tally in tallies.items()} == {name: {} for name in tallies}, told
    assert all(tally.total > 0 for tally in tallies.values()), told
    return told
