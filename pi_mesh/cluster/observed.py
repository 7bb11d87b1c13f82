"""The observed state of a verification beyond the snapshot: injection tried out, objects beside what they should be."""

from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from pi_mesh.cluster import injection
from pi_mesh.cluster.client import Client
from pi_mesh.cluster.discovery import Discovery
from pi_mesh.cluster.injection import Injection
from pi_mesh.cluster.release_records import ReleaseRecord, of_release

CRD = "CustomResourceDefinition"


@dataclass(frozen=True)
class Pair:
    """An object as it should be, and as it is."""

    release: str
    """The Helm release that owns it, as NAMESPACE/NAME; empty for the program's own objects."""
    wanted: dict
    live: dict | None

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


def read(context: str, trading: str, releases: Sequence[ReleaseRecord], objects: Iterable[dict]) -> ObservedState:
    """Try the injection out, and fetch what Helm owns and what the program made of its own.

    CRDs are left out: the snapshot knows which are there. Raises as `pi_mesh.cluster.client.Client` does.
    """
    with Client(context) as client, ThreadPoolExecutor(max_workers=5) as pool:
        tried = pool.submit(injection.try_out, client, trading)
        records = pool.map(lambda record: (record, of_release(client, record)), releases)
        wanted = [
            (record.id, record.namespace, entry)
            for record, entries in records
            for entry in entries
            if entry["kind"] != CRD
        ]
        wanted += [("", "", entry) for entry in objects]
        discovery = Discovery(client)
        live = pool.map(lambda each: discovery.fetch(each[2], each[1]), wanted)
        pairs = tuple(Pair(release, entry, found) for (release, _, entry), found in zip(wanted, live, strict=True))
        return ObservedState(tried.result(), pairs)
