"""Helm's release records: the secrets in which it keeps every revision of a release.

Format of their content: base64 of (base64 of gzip of JSON):
https://github.com/helm/helm/blob/main/pkg/storage/driver/util.go
"""

import base64
import gzip
import json
from collections.abc import Iterable
from dataclasses import dataclass

import yaml

from pi_mesh.cluster.client import Client

Loader = getattr(
    yaml, "CSafeLoader", yaml.SafeLoader
)  # the CRDs are a megabyte; the C loader takes a tenth of the time

LIST, SELECTOR = "/api/v1/secrets", "owner=helm"
PENDING = ("pending-install", "pending-upgrade", "pending-rollback", "uninstalling")
"""What Helm is at; where nobody is, a killed run left it, and no later run may go on."""


@dataclass(frozen=True)
class ReleaseRecord:
    """One revision of a release."""

    namespace: str
    name: str
    revision: int = 1
    status: str = "deployed"

    @property
    def id(self) -> str:
        """NAMESPACE/NAME."""
        return f"{self.namespace}/{self.name}"

    @property
    def secret(self) -> str:
        """The secret that holds it."""
        return f"sh.helm.release.v1.{self.name}.v{self.revision}"

    @property
    def pending(self) -> bool:
        return self.status in PENDING


def parse(item: dict) -> ReleaseRecord:
    meta = item["metadata"]
    labels = meta["labels"]
    return ReleaseRecord(meta["namespace"], labels["name"], int(labels["version"]), labels["status"])


def latest(releases: Iterable[ReleaseRecord]) -> tuple[ReleaseRecord, ...]:
    """The last revision of each release."""
    last: dict[tuple[str, str], ReleaseRecord] = {}
    for release in sorted(releases, key=lambda entry: entry.revision):
        last[release.namespace, release.name] = release
    return tuple(last.values())


def of_release(client: Client, release: ReleaseRecord) -> tuple[dict, ...]:
    """Return the objects of a release; those that name no namespace are in the release's, or in none."""
    secret = client.get(f"/api/v1/namespaces/{release.namespace}/secrets/{release.secret}") or {}
    encoded = secret.get("data", {}).get("release")
    return decode(encoded) if encoded else ()


def decode(encoded: str) -> tuple[dict, ...]:
    """Return the objects in the `release` of such a secret."""
    content = json.loads(gzip.decompress(base64.b64decode(base64.b64decode(encoded))))
    objects = yaml.load_all(content["manifest"], Loader=Loader)
    return tuple(entry for entry in objects if entry)
