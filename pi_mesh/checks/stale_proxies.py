"""Stale proxies: older than their control plane, or started under older injected settings."""

from collections.abc import Mapping

from pi_mesh.catalog.istio import minor_of
from pi_mesh.cluster.client import Client
from pi_mesh.cluster.injection_dry_run import Differences, proxy_differences
from pi_mesh.cluster.proxies import Proxies, Proxy
from pi_mesh.cluster.snapshot import Snapshot

Older = Mapping[str, tuple[str, ...]]
"""Differences of a stale proxy, by NAMESPACE/NAME of its pod."""


def read(context: str, namespace: str, snapshot: Snapshot, running: Proxies) -> Older:
    """Ask istiod what it would inject now. Raises as `pi_mesh.cluster.injection_dry_run.proxy_differences` does."""
    with Client(context) as client:
        compared = proxy_differences(client, namespace, snapshot, [proxy.pod for proxy in running.proxies])
    return older_proxies(running, compared)


def older_proxies(running: Proxies, compared: Differences) -> Older:
    """Return the differences; for a proxy that could not be compared, its version if it is not the control plane's."""
    proxies = running.proxies
    return {proxy.id: compared.get(proxy.id) or _version(proxy, running.version_above(proxy)) for proxy in proxies}


def _version(proxy: Proxy, control_plane: str) -> tuple[str, ...]:
    if not proxy.version or not control_plane or proxy.version == control_plane:
        return ()
    return (f"version {proxy.version}, istiod has {control_plane}",)


def minors_behind(version: str, control_plane: str) -> int | None:
    """Return by how many minor versions a proxy is older than its control plane; None if one version is not known."""
    try:
        return minor_of(control_plane) - minor_of(version)
    except (IndexError, ValueError):
        return None
