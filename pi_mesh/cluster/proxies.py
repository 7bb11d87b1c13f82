"""The running proxies of a mesh: version, connection, configuration and certificates, from istiod and the proxies."""

import base64
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Any

from pi_mesh.cluster import istiods
from pi_mesh.cluster.errors import ClusterUnreachable
from pi_mesh.cluster.pods import SIDECAR, Pod, image_version
from pi_mesh.cluster.port_forward import forwarded, get_json, get_text
from pi_mesh.cluster.snapshot import Snapshot
from pi_mesh.names import ISTIOD_METRICS, REVISION_LABEL
from pi_mesh.settings.istio import DEFAULT_REVISION

SYNC = "/debug/syncz"
"""Path on ISTIOD_METRICS, which answers istiod's own pod without a login (pilot/pkg/xds/debug.go)."""
KINDS = ("cluster", "listener", "route", "endpoint", "extensionconfig")
"""Kinds of configuration for which istiod reports what was sent and acknowledged."""
AT_ONCE = 8


@dataclass(frozen=True)
class Proxy:
    pod: Pod
    version: str
    """Istio's version from the image's tag, or else from the proxy's report to istiod; empty if neither has it."""
    connected: bool | None = None
    """True if a running istiod has a connection to the proxy; None if istiod could not be asked."""
    pending: tuple[str, ...] = ()
    """Kinds of configuration that istiod sent and the proxy has not acknowledged."""
    chain: str = ""
    """PEM of the proxy's certificate and its signers, as presented to others; empty without one, or if not asked."""
    roots: str = ""
    """PEM of the roots that the proxy trusts."""
    problem: str = ""
    """Reason for which its admin interface gave no answer; empty if it did, or was not asked."""

    @property
    def id(self) -> str:
        return self.pod.id

    @property
    def is_gateway(self) -> bool:
        """Return True for a gateway of a chart, or one that istiod created for a Gateway of the Gateway API."""
        templates = self.pod.annotations.get("inject.istio.io/templates", "").split(",")
        return "gateway" in templates or any(label.endswith("/gateway-name") for label in self.pod.labels)

    @property
    def revision(self) -> str:
        """Return the revision of the istiod that injected the proxy and configures it."""
        return self.pod.annotations.get(REVISION_LABEL) or DEFAULT_REVISION

    @property
    def in_sync(self) -> bool:
        return bool(self.connected) and not self.pending


@dataclass(frozen=True)
class Proxies:
    """All running proxies of a mesh."""

    control_plane: str
    """Version of the running istiod; empty without one, or if its image has no version."""
    proxies: tuple[Proxy, ...]
    problem: str = ""
    """Reason for which istiod could not be asked."""
    by_revision: Mapping[str, str] = field(default_factory=dict)
    """Version of each running istiod with a revision, by revision."""

    def version_above(self, proxy: Proxy) -> str:
        """Return the version of the istiod that configures a proxy; empty if it is not known."""
        return self.control_plane if proxy.revision == DEFAULT_REVISION else self.by_revision.get(proxy.revision, "")

    @property
    def of_first(self) -> tuple[Proxy, ...]:
        """Return the proxies that the istiod without a revision configures."""
        return tuple(proxy for proxy in self.proxies if proxy.revision == DEFAULT_REVISION)


def of_snapshot(snapshot: Snapshot, namespace: str) -> Proxies:
    """Return the proxies that pods alone show; `namespace` is istiod's. Ending and short-lived pods are left out."""
    lasting = tuple(Proxy(pod, _version(pod)) for pod in snapshot.pods if pod.has_lasting_proxy)
    control_plane = istiods.control_plane(snapshot.deployments, namespace)
    return Proxies(control_plane, lasting, by_revision=istiods.by_revision(snapshot, namespace))


def read(context: str, namespace: str, snapshot: Snapshot, *, certificates: bool = True) -> Proxies:
    """Ask istiod about all proxies and, with `certificates`, each proxy for its own; a silent proxy has a problem."""
    known = of_snapshot(snapshot, namespace)
    if not known.proxies:
        return known
    serving = [pod.name for pod in snapshot.pods if pod.namespace == namespace and istiods.is_serving(pod)]
    with ThreadPoolExecutor(max_workers=1) as pool:
        told = pool.submit(_told, context, namespace, serving)
        proxies = with_certificates(context, known.proxies) if certificates else known.proxies
        status = told.result()
    if isinstance(status, str):
        return replace(known, proxies=proxies, problem=status)
    return replace(known, proxies=tuple(_with_status(proxy, status) for proxy in proxies))


def with_certificates(context: str, proxies: Iterable[Proxy]) -> tuple[Proxy, ...]:
    """Ask each proxy for its certificates; a silent proxy has a problem."""
    with ThreadPoolExecutor(max_workers=AT_ONCE) as pool:
        return tuple(pool.map(lambda proxy: _with_certificates(context, proxy), proxies))


def pending(status: Mapping[str, str]) -> tuple[str, ...]:
    """Return the kinds of configuration that istiod sent last and the proxy has not acknowledged."""
    return tuple(kind for kind in KINDS if status.get(f"{kind}_sent", "") != status.get(f"{kind}_acked", ""))


def _version(pod: Pod) -> str:
    return next((image_version(entry.image) for entry in pod.containers if entry.name == SIDECAR), "")


def _told(context: str, namespace: str, serving: Sequence[str]) -> dict[str, dict[str, str]] | str:
    """Return the status of each proxy by its name, from every istiod, which knows its own proxies; or the problem."""
    if not serving:
        return f"no pod of istiod in namespace {namespace} is Ready"
    by_proxy: dict[str, dict[str, str]] = {}
    try:
        for name in serving:
            with forwarded(context, namespace, f"pod/{name}", ISTIOD_METRICS) as address:
                by_proxy |= {entry["proxy"]: entry for entry in get_json(address, SYNC) or []}
    except ClusterUnreachable as problem:
        return str(problem)
    return by_proxy


def _with_status(proxy: Proxy, of_all: Mapping[str, Mapping[str, str]]) -> Proxy:
    status = of_all.get(f"{proxy.pod.name}.{proxy.pod.namespace}")
    if status is None:
        return replace(proxy, connected=False)
    version = proxy.version or status.get("istio_version", "")
    return replace(proxy, connected=True, version=version, pending=pending(status))


def _with_certificates(context: str, proxy: Proxy) -> Proxy:
    try:
        chain, roots = read_certificates(context, proxy.pod.namespace, proxy.pod.name)
    except ClusterUnreachable as problem:
        return replace(proxy, problem=str(problem))
    return replace(proxy, chain=chain, roots=roots)


# The admin interface of a running proxy, which shows the certificates in use and the endpoints that it calls.
# Envoy never shows keys: its config dump has "[redacted]" in their place.

ADMIN_PORT, SECRETS_PATH = 15000, "/config_dump?resource=dynamic_active_secrets"
CALLS_PATH = "/stats/prometheus?filter=istio_(build|requests_total|tcp_)"
MOST = 4 * 1024 * 1024
"""Bytes of a proxy's counters that are read, about 5,000 label sets: a caller chooses some of the labels' values."""


def read_certificates(context: str, namespace: str, pod: str) -> tuple[str, str]:
    """Return the PEM of a proxy's certificate chain, and of the roots that it trusts. Raises NotForwardedError."""
    with forwarded(context, namespace, f"pod/{pod}", ADMIN_PORT) as address:
        return secret_texts(get_json(address, SECRETS_PATH))


def read_calls(context: str, namespace: str, pod: str) -> str:
    """Return the counters of a proxy's calls, as text of Prometheus, or the first MOST bytes. Raises NotForwardedError.

    They are Envoy's own: on port 15020 the metrics of the application are among them, which could make up calls.
    """
    with forwarded(context, namespace, f"pod/{pod}", ADMIN_PORT) as address:
        return get_text(address, CALLS_PATH, MOST)


def secret_texts(dump: Mapping[str, Any]) -> tuple[str, str]:
    """Return the PEM of the certificate chain and of the roots in a config dump of Envoy's secrets."""
    secrets = {entry.get("name"): entry.get("secret") or {} for entry in dump.get("configs") or []}
    chain = secrets.get("default", {}).get("tls_certificate", {}).get("certificate_chain")
    return _text(chain), _text(secrets.get("ROOTCA", {}).get("validation_context", {}).get("trusted_ca"))


def _text(source: Mapping[str, str] | None) -> str:
    """Return the text of an Envoy data source."""
    if not source:
        return ""
    return source.get("inline_string") or base64.b64decode(source.get("inline_bytes", "")).decode()
