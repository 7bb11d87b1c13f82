"""The running proxies of a mesh, as istiod and they themselves tell: version, connection, configuration, certificates.

The one reader of them: `proxies`, `refresh`, `verify` and `rotate-ca` judge what it returns.
"""

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace

from pi_mesh.cluster import envoy_admin, istiods
from pi_mesh.cluster.errors import ClusterUnreachable
from pi_mesh.cluster.pods import SIDECAR, Pod
from pi_mesh.cluster.port_forward import asked, forwarded
from pi_mesh.cluster.snapshot import Snapshot
from pi_mesh.names import REVISION_LABEL
from pi_mesh.settings.revisions import FIRST

MONITORING, SYNC = 15014, "/debug/syncz"
"""istiod's port and path, which it answers to its own pod without a login (pilot/pkg/xds/debug.go)."""
KINDS = ("cluster", "listener", "route", "endpoint", "extensionconfig")
"""Kinds of configuration whose sending and acknowledging istiod tells."""
AT_ONCE = 8


@dataclass(frozen=True)
class Proxy:
    """One running proxy."""

    pod: Pod
    version: str
    """Istio's version, by the image's tag or else by what the proxy told istiod; empty where neither says."""
    connected: bool | None = None
    """True where a running istiod has a connection to it; None where istiod could not be asked."""
    pending: tuple[str, ...] = ()
    """Kinds of configuration that istiod sent and the proxy has not acknowledged."""
    chain: str = ""
    """PEM of its certificate and of what signed it, as it shows them to others; empty without one, or if not asked."""
    roots: str = ""
    """PEM of the roots that it trusts."""
    problem: str = ""
    """Why its admin interface gave no answer; empty where it did, or was not asked."""

    @property
    def id(self) -> str:
        """NAMESPACE/NAME of its pod."""
        return f"{self.pod.namespace}/{self.pod.name}"

    @property
    def revision(self) -> str:
        """Revision of the istiod that injected it and leads it."""
        return self.pod.annotations.get(REVISION_LABEL) or FIRST

    @property
    def in_sync(self) -> bool:
        return bool(self.connected) and not self.pending


@dataclass(frozen=True)
class Proxies:
    """All of them."""

    control_plane: str
    """Version of the running istiod; empty where there is none, or its image does not tell."""
    proxies: tuple[Proxy, ...]
    problem: str = ""
    """Why istiod could not be asked."""
    by_revision: Mapping[str, str] = field(default_factory=dict)
    """Version of each running istiod that has a revision."""

    def version_above(self, proxy: Proxy) -> str:
        """Return the version of the istiod that leads a proxy; empty where it is not known."""
        return self.control_plane if proxy.revision == FIRST else self.by_revision.get(proxy.revision, "")

    @property
    def of_first(self) -> tuple[Proxy, ...]:
        """Return the proxies that the istiod without a revision leads."""
        return tuple(proxy for proxy in self.proxies if proxy.revision == FIRST)


def of_snapshot(snapshot: Snapshot, namespace: str) -> Proxies:
    """Return what pods alone tell; `namespace` is istiod's. Pods that end, or run for seconds, are left out."""
    found = tuple(Proxy(pod, _version(pod)) for pod in snapshot.pods if pod.has_lasting_proxy)
    return Proxies(
        istiods.control_plane(snapshot.deployments, namespace), found, "", istiods.by_revision(snapshot, namespace)
    )


def read(context: str, namespace: str, snapshot: Snapshot, *, certificates: bool = True) -> Proxies:
    """Ask istiod about all proxies and, with `certificates`, each proxy for its own; whoever gives none has a problem.

    Needs kubectl and the right to create pods/portforward. Raises WrongContext as `Client` does.
    """
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
    """Ask each proxy for its certificates; whoever gives none has a problem."""
    with ThreadPoolExecutor(max_workers=AT_ONCE) as pool:
        return tuple(pool.map(lambda proxy: _with_certificates(context, proxy), proxies))


def pending(status: Mapping[str, str]) -> tuple[str, ...]:
    """Return the kinds of configuration that istiod sent last and the proxy has not acknowledged."""
    return tuple(kind for kind in KINDS if status.get(f"{kind}_sent", "") != status.get(f"{kind}_acked", ""))


def _version(pod: Pod) -> str:
    return next((istiods.version_of(entry.image) for entry in pod.containers if entry.name == SIDECAR), "")


def _told(context: str, namespace: str, serving: Sequence[str]) -> dict[str, dict[str, str]] | str:
    """Return istiod's status of each proxy by its name there; every istiod knows its own. Or why there is none."""
    if not serving:
        return f"no pod of istiod in namespace {namespace} is Ready"
    found: dict[str, dict[str, str]] = {}
    try:
        for name in serving:
            with forwarded(context, namespace, f"pod/{name}", MONITORING) as address:
                found |= {entry["proxy"]: entry for entry in asked(address, SYNC) or []}
    except ClusterUnreachable as problem:
        return str(problem)
    return found


def _with_status(proxy: Proxy, of_all: Mapping[str, Mapping[str, str]]) -> Proxy:
    status = of_all.get(f"{proxy.pod.name}.{proxy.pod.namespace}")
    if status is None:
        return replace(proxy, connected=False)
    version = proxy.version or status.get("istio_version", "")
    return replace(proxy, connected=True, version=version, pending=pending(status))


def _with_certificates(context: str, proxy: Proxy) -> Proxy:
    try:
        chain, roots = envoy_admin.certificates(context, proxy.pod.namespace, proxy.pod.name)
    except ClusterUnreachable as problem:
        return replace(proxy, problem=str(problem))
    return replace(proxy, chain=chain, roots=roots)
