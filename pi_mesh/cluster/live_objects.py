"""The live objects beside their manifests, and a test of sidecar injection, as a verification observes them."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from pi_mesh.cluster import helm_releases, pods
from pi_mesh.cluster.client import Client, Discovery, Forbidden, Refused
from pi_mesh.cluster.helm_releases import AppliedRelease, ReleaseRecord
from pi_mesh.cluster.pods import Pod
from pi_mesh.names import object_id
from pi_mesh.settings import Settings


def try_injection(client: Client, namespace: str) -> Pod | str:
    """Return an ordinary pod from a server-side dry run, where admission runs; or the reason of its refusal."""
    container = {"name": "app", "image": "nginx"}
    meta = {"name": "injection-proof", "namespace": namespace, "labels": {"app": "test"}}
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": meta, "spec": {"containers": [container]}}
    try:
        made = client.ask(f"/api/v1/namespaces/{namespace}/pods", pod, dryRun="All")
    except Refused as refused:
        return refused.reason
    return pods.parse(made) if made else f"there is no namespace {namespace}"


@dataclass(frozen=True)
class Pair:
    """A wanted object and its live state."""

    release: str
    """Helm release that owns the object, as NAMESPACE/NAME; empty for the program's own objects."""
    wanted: dict
    live: dict | None
    defaulted: dict | None = None
    """`wanted` with the API server's defaults, if only they show whether a field was added."""
    refusal: str = ""
    """Reason for which the API server returned no defaults, or not the object itself."""

    @property
    def identity(self) -> tuple[str, str]:
        """Return the kind, and NAMESPACE/NAME or NAME."""
        return self.wanted["kind"], object_id((self.live or self.wanted)["metadata"])


@dataclass(frozen=True)
class ObservedState:
    """The answers of the cluster to one verification."""

    injections: Mapping[str, Pod | str]
    """Pod of the test of injection in each namespace of workloads, or the reason of its refusal."""
    pairs: tuple[Pair, ...]
    releases: tuple[AppliedRelease, ...] = ()
    """Last applied state of each release, from Helm's records or, if those may not be read, from `up`'s ConfigMap."""
    left_by_up: tuple[AppliedRelease, ...] = ()
    """State of each release from the ConfigMap of `up`; empty before the first `up` that wrote it."""
    read_only: bool = False
    """True if only get and list were used, and no Secret was read."""

    def release(self, name: str) -> AppliedRelease | None:
        """Return the applied state of a release, by its NAMESPACE/NAME."""
        return next((entry for entry in self.releases if entry.release == name), None)


Wants = Callable[[dict, dict], bool]


def read(
    settings: Settings, records: Sequence[ReleaseRecord] | None, objects: Iterable[dict], needs_defaults: Wants
) -> ObservedState:
    """Read the live objects of Helm's releases and of the program, and test the injection.

    `records` are Helm's records to read. With None no Secret is read and nothing is tested; the ConfigMap of `up` is
    used instead. `needs_defaults` tells if only the API server knows how a live object differs from its manifest. CRDs
    are left out, because the snapshot has them. Raises as `pi_mesh.cluster.client.Client` does.
    """
    with Client(settings.cluster.context) as client, ThreadPoolExecutor(max_workers=5) as pool:
        left = pool.submit(recorded_by_up, client, settings.istio.namespace)
        namespaces = [namespace.name for namespace in settings.workload_namespaces] if records is not None else []
        tried = pool.map(lambda name: try_injection(client, name), namespaces)
        helms = pool.map(lambda record: helm_releases.read(client, record), records or ())
        releases = [applied for applied in helms if applied] if records is not None else [*left.result()]
        manifests = [(applied.release, applied.namespace, entry) for applied in releases for entry in applied.objects]
        manifests += [("", "", entry) for entry in objects]
        discovery = Discovery(client)

        def pair(release: str, namespace: str, entry: dict) -> Pair:
            try:
                live = discovery.fetch(entry, namespace)
            except Forbidden as problem:
                return Pair(release, entry, None, refusal=problem.reason)
            if records is None or live is None or not needs_defaults(entry, live):
                return Pair(release, entry, live)
            defaulted = discovery.defaulted(entry, namespace)
            if isinstance(defaulted, str):
                return Pair(release, entry, live, refusal=defaulted)
            return Pair(release, entry, live, defaulted)

        pairs = tuple(pool.map(lambda each: pair(*each), manifests))
        tests = dict(zip(namespaces, tried, strict=True))
    return ObservedState(tests, pairs, tuple(releases), left.result(), read_only=records is None)


def recorded_by_up(client: Client, namespace: str) -> tuple[AppliedRelease, ...]:
    """Return what `up` recorded of each release of the mesh whose istiod runs in this namespace."""
    texts = texts_recorded_by_up(client, namespace)
    return tuple(filter(None, (helm_releases.parse_entry(release, text) for release, text in texts.items())))


def texts_recorded_by_up(client: Client, namespace: str) -> dict[str, str]:
    """Return the ConfigMap's text of each release, by NAMESPACE/NAME."""
    config_map = client.get(f"/api/v1/namespaces/{namespace}/configmaps/{helm_releases.CONFIG_MAP}") or {}
    return {key.replace("_", "/", 1): text for key, text in (config_map.get("data") or {}).items()}
