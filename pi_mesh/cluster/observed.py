"""The observed state of a verification beyond the snapshot: injection tried out, objects beside what they should be."""

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from pi_mesh.cluster import applied, injection, release_records
from pi_mesh.cluster.applied import AppliedRelease
from pi_mesh.cluster.client import Client, Forbidden
from pi_mesh.cluster.discovery import Discovery
from pi_mesh.cluster.injection import Injection
from pi_mesh.cluster.release_records import ReleaseRecord
from pi_mesh.settings import Settings


@dataclass(frozen=True)
class Pair:
    """An object as it should be, and as it is."""

    release: str
    """The Helm release that owns it, as NAMESPACE/NAME; empty for the program's own objects."""
    wanted: dict
    live: dict | None
    defaulted: dict | None = None
    """`wanted` with the API server's defaults, where only they tell whether a field was added."""
    refusal: str = ""
    """Why the API server gave no defaults, or not the object itself."""

    @property
    def identity(self) -> tuple[str, str]:
        """The kind, and NAMESPACE/NAME or NAME."""
        meta = (self.live or self.wanted)["metadata"]
        space = f"{meta['namespace']}/" if meta.get("namespace") else ""
        return self.wanted["kind"], f"{space}{meta['name']}"


@dataclass(frozen=True)
class ObservedState:
    """What the cluster answered."""

    injection: Injection
    pairs: tuple[Pair, ...]
    releases: tuple[AppliedRelease, ...] = ()
    """What was applied last: by Helm's records, or where those may not be read by what `up` left."""
    left_by_up: tuple[AppliedRelease, ...] = ()
    """What `up` left of each release; empty where no `up` has left anything yet."""
    read_only: bool = False
    """True where nothing was asked for but get and list, and no Secret was read."""

    def release(self, name: str) -> AppliedRelease | None:
        """Return what was applied of a release, by its NAMESPACE/NAME."""
        return next((entry for entry in self.releases if entry.release == name), None)


Wants = Callable[[dict, dict], bool]


def read(
    settings: Settings, records: Sequence[ReleaseRecord] | None, objects: Iterable[dict], needs_defaults: Wants
) -> ObservedState:
    """Fetch what Helm owns and what the program made of its own, and try the injection out.

    `records`: those of Helm that are read; None: read no Secret and try nothing out, take what `up` left instead.
    `needs_defaults`: whether only the API server tells how a live object differs from its manifest. CRDs are left out:
    the snapshot knows which are there. Raises as `pi_mesh.cluster.client.Client` does.
    """
    with Client(settings.cluster.context) as client, ThreadPoolExecutor(max_workers=5) as pool:
        left = pool.submit(left_by_up, client, settings.istio.namespace)
        tried = pool.submit(injection.try_out, client, settings.trading.namespace) if records is not None else None
        helms = pool.map(lambda record: release_records.read(client, record), records or ())
        releases = [found for found in helms if found] if records is not None else [*left.result()]
        wanted = [(one.release, one.namespace, entry) for one in releases for entry in one.objects]
        wanted += [("", "", entry) for entry in objects]
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

        pairs = tuple(pool.map(lambda each: pair(*each), wanted))
        result = tried.result() if tried else Injection(refusal="was not tried: --read-only creates nothing")
    return ObservedState(result, pairs, tuple(releases), left.result(), read_only=records is None)


def left_by_up(client: Client, namespace: str) -> tuple[AppliedRelease, ...]:
    """Return what `up` left of each release of the mesh whose istiod is in this namespace."""
    entries = (applied.parse(release, text) for release, text in texts_left_by_up(client, namespace).items())
    return tuple(entry for entry in entries if entry)


def texts_left_by_up(client: Client, namespace: str) -> dict[str, str]:
    """Return the same as it is kept."""
    found = client.get(f"/api/v1/namespaces/{namespace}/configmaps/{applied.NAME}") or {}
    return {key.replace("_", "/", 1): text for key, text in (found.get("data") or {}).items()}
