"""What a verification reads beyond the snapshot: more, and slower."""

from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from cluster import injection, manifests
from cluster.client import Client
from cluster.discovery import Discovery
from cluster.injection import Injection
from cluster.releases import Release

CRD = "CustomResourceDefinition"


@dataclass(frozen=True)
class Pair:
    """An object as it should be, and as it is."""

    owner: str
    """The Helm release, or the program itself."""
    wanted: dict
    live: dict | None

    @property
    def where(self) -> str:
        meta = (self.live or self.wanted)["metadata"]
        space = f"{meta['namespace']}/" if meta.get("namespace") else ""
        return f"{self.wanted['kind']} {space}{meta['name']}"


@dataclass(frozen=True)
class Evidence:
    """What was found."""

    injection: Injection
    pairs: tuple[Pair, ...]


def read(context: str, trading: str, releases: Sequence[Release], objects: Iterable[dict]) -> Evidence:
    """Tries the injection out, and fetches what Helm owns and what the program made of its own.

    CRDs are left out: the snapshot knows which are there. Raises as `cluster.client.Client` does.
    """
    with Client(context) as client, ThreadPoolExecutor(max_workers=5) as pool:
        tried = pool.submit(injection.try_out, client, trading)
        owned = [(f"release {each.name}", entry) for each in releases for entry in manifests.of_release(client, each)]
        wanted = [(owner, entry) for owner, entry in owned if entry["kind"] != CRD]
        wanted += [("program", entry) for entry in objects]
        home = releases[0].namespace if releases else ""
        discovery = Discovery(client)
        live = pool.map(lambda each: discovery.fetch(each[1], home), wanted)
        pairs = tuple(Pair(owner, entry, found) for (owner, entry), found in zip(wanted, live, strict=True))
        return Evidence(tried.result(), pairs)
