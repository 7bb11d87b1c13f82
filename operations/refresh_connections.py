"""The wait of `refresh` until every proxy is connected to istiod."""

import time
from collections.abc import Callable, Iterator

from operations.proxy_rows import logs
from operations.refresh_plan import ID
from operations.running_proxies import cut_off
from pi_mesh.checks.finding import Finding, Subject, warning
from pi_mesh.cluster import proxies, snapshot
from pi_mesh.cluster.proxies import Proxy
from pi_mesh.counts import counted
from pi_mesh.settings import Settings

PATIENCE, PAUSE = 60.0, 2.0
"""Seconds that proxies have to connect to a new istiod before the first restart, and seconds between two looks."""


def awaited(settings: Settings, say: Callable[[str], object]) -> Iterator[Finding]:
    """Wait until every proxy is connected to istiod, and yield a warning for each that is not in time.

    A proxy without a connection does not learn that a pod ends, and goes on calling it. After a restart of istiod Envoy
    waits up to 30 seconds before it connects again (envoy/config/subscription_factory.h).
    """
    until, said = time.monotonic() + PATIENCE, 0
    while lost := _without_connection(settings):
        if time.monotonic() >= until:
            for proxy in lost:
                message = "is not connected to istiod: it may go on calling pods that a restart took away"
                yield warning(ID, Subject("pod", proxy.id), message, logs(proxy))
            return
        if len(lost) != said:
            said = len(lost)
            say(f"waiting until {counted(said, 'proxy is', 'proxies are')} connected to istiod")
        time.sleep(PAUSE)


def _without_connection(settings: Settings) -> list[Proxy]:
    context, namespace = settings.cluster.context, settings.istio.namespace
    return cut_off(proxies.read(context, namespace, snapshot.read(context), certificates=False))
