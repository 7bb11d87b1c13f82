"""What a verification reads beyond the snapshot: more, and slower."""

from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from pi_mesh.cluster import injection
from pi_mesh.cluster.client import Client
from pi_mesh.cluster.discovery import Discovery
from pi_mesh.cluster.helm_releases import Release
from pi_mesh.cluster.injection import Injection
from pi_mesh.cluster.release_records import of_release

CRD = "CustomResourceDefinition"


@dataclass(frozen=True)
class Pair:
    """An object as it should be, and as it is."""

    owner: str
    """The Helm release, or the program itself."""
    wanted: dict
    live: dict | None

    @property
    def identity(self) -> tuple[str, str]:
        """The kind, and NAMESPACE/NAME or NAME."""
        meta = (self.live or self.wanted)["metadata"]
        space = f"{meta['namespace']}/" if meta.get("namespace") else ""
        return self.wanted["kind"], f"{space}{meta['name']}"


@dataclass(frozen=True)
class Evidence:
    """What was found."""

    injection: Injection
    pairs: tuple[Pair, ...]


def read(context: str, trading: str, releases: Sequence[Release], objects: Iterable[dict]) -> Evidence:
    """Tries the injection out, and fetches what Helm owns and what the program made of its own.

    CRDs are left out: the snapshot knows which are there. Raises as `pi_mesh.cluster.client.Client` does.
    """
    with Client(context) as client, ThreadPoolExecutor(max_workers=5) as pool:
        tried = pool.submit(injection.try_out, client, trading)
        owned = [(f"release {each.name}", entry) for each in releases for entry in of_release(client, each)]
        wanted = [(owner, entry) for owner, entry in owned if entry["kind"] != CRD]
        wanted += [("program", entry) for entry in objects]
        home = releases[0].namespace if releases else ""
        discovery = Discovery(client)
        live = pool.map(lambda each: discovery.fetch(each[1], home), wanted)
        pairs = tuple(Pair(owner, entry, found) for (owner, entry), found in zip(wanted, live, strict=True))
        return Evidence(tried.result(), pairs)
