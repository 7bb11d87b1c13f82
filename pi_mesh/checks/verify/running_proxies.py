"""Every running proxy must have istiod's version, be connected to it, and equal what it injects now."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping

from pi_mesh.checks.finding import CLUSTER, Finding, Subject, ok, unknown, warning
from pi_mesh.checks.observation import Observation
from pi_mesh.checks.verify.remedies import logs_command, restart_command, workload_of
from pi_mesh.cluster import proxies, stale_proxies
from pi_mesh.cluster.errors import ClusterUnreachable
from pi_mesh.cluster.proxies import Proxies, Proxy
from pi_mesh.words import counted

ID, STALE = "running proxies", "stale proxies"
OF_THE_VERSION = ("image ", "version ")
"""Differences that the check of stale proxies reports."""


def check(observation: Observation) -> list[Finding]:
    """Return istiod's view of the proxies, and their differences from those that it injects now."""
    context, namespace = observation.settings.cluster.context, observation.settings.istio.namespace
    running = proxies.read(context, namespace, observation.snapshot, certificates=False)
    if not running.proxies:
        return []
    try:
        older = stale_proxies.read(context, namespace, observation.snapshot, running)
    except ClusterUnreachable as problem:
        return [unknown(ID, CLUSTER, f"could not be compared with what istiod injects: {problem}")]
    well = ok(ID, CLUSTER, "every proxy is connected, and as istiod injects it", number=len(running.proxies))
    return [*_connections(running), *_older(running, older, observation.mesh.stack)] or [well]


def _connections(running: Proxies) -> Iterator[Finding]:
    if running.problem:
        message = f"was not asked which proxies are connected: {running.problem}"
        yield unknown(ID, Subject("component", "istiod"), message)
    for proxy in disconnected_proxies(running):
        message = "is not connected to istiod: it keeps its configuration, and its certificate will expire"
        yield warning(ID, Subject("pod", proxy.id), message, logs_command(proxy.pod))


def disconnected_proxies(running: Proxies) -> list[Proxy]:
    """Return the proxies of Ready pods to which istiod has no connection."""
    return [proxy for proxy in running.proxies if proxy.connected is False and proxy.pod.ready]


def _older(running: Proxies, older: Mapping[str, tuple[str, ...]], stack: str) -> Iterator[Finding]:
    """Yield a warning for each workload with a stale proxy."""
    by_workload = defaultdict[Subject, list[str]](list)
    for proxy in running.proxies:
        for reason in older.get(proxy.id, ()):
            if not reason.startswith(OF_THE_VERSION):
                by_workload[workload_of(proxy.pod)].append(reason)
    for owner, reasons in by_workload.items():
        message = f"runs with a stale proxy: {'; '.join(dict.fromkeys(reasons))}"
        yield warning(ID, owner, message, f"`python -m operations refresh -s {stack}`")


def check_versions(observation: Observation) -> Iterator[Finding]:
    running = proxies.of_snapshot(observation.snapshot, observation.settings.istio.namespace)
    version = running.control_plane or observation.settings.istio.version
    versions = {proxy.id: running.version_above(proxy) or version for proxy in running.proxies}
    stale = Counter(
        (workload_of(proxy.pod), restart_command(proxy.pod), proxy.version, versions[proxy.id])
        for proxy in running.proxies
        if proxy.version not in ("", versions[proxy.id])
    )
    for (owner, restart, tag, version), count in stale.items():
        pods = counted(count, "proxy is", "proxies are")
        yield warning(STALE, owner, f"{pods} of {tag}, istiod of {version}", restart, number=count)
    if running.proxies and not stale:
        message = f"every proxy is of istiod's version {', '.join(sorted(set(versions.values())))}"
        yield ok(STALE, Subject("cluster"), message, number=len(running.proxies))
