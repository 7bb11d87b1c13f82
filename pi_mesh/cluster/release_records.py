"""Helm's release records: the Secrets that hold every revision of a release.

Format of their content: base64 of (base64 of gzip of JSON):
https://github.com/helm/helm/blob/main/pkg/storage/driver/util.go
"""

import base64
import gzip
import json
import math
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

import yaml

from pi_mesh.cluster.applied import CRD, AppliedRelease
from pi_mesh.cluster.client import Client

Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the C loader takes a tenth of the time
DOCUMENTS, CRD_LINE = re.compile(r"^---.*$", re.MULTILINE), re.compile(rf"^kind: {CRD}$", re.MULTILINE)

LIST, SELECTOR = "/api/v1/secrets", "owner=helm"
PENDING = ("pending-install", "pending-upgrade", "pending-rollback", "uninstalling")
"""Statuses of a release that Helm is changing. If no Helm runs, a killed run left it so, and no later run can
proceed."""


@dataclass(frozen=True)
class ReleaseRecord:
    """One revision of a release."""

    namespace: str
    name: str
    revision: int = 1
    status: str = "deployed"
    since: datetime | None = None
    """Time at which the release entered this status; None if the Secret does not say."""

    @property
    def id(self) -> str:
        """Return NAMESPACE/NAME of the release."""
        return f"{self.namespace}/{self.name}"

    @property
    def secret(self) -> str:
        """Return the name of the Secret that holds the record."""
        return f"sh.helm.release.v1.{self.name}.v{self.revision}"

    @property
    def pending(self) -> bool:
        return self.status in PENDING

    def under_way(self, timeout: int, now: datetime) -> int:
        """Return for how many more seconds a pending release may still be changed by a running Helm.

        Helm gives up after the timeout; an older pending release was left by a killed run.
        """
        if not self.pending:
            return 0
        age = (now - self.since).total_seconds() if self.since else 0.0
        return max(0, math.ceil(timeout - age))


def parse(item: dict) -> ReleaseRecord:
    meta = item["metadata"]
    labels = meta["labels"]
    return ReleaseRecord(meta["namespace"], labels["name"], int(labels["version"]), labels["status"], _since(meta))


def _since(meta: dict) -> datetime | None:
    """Return when Helm last wrote the Secret: it sets the label `modifiedAt` at every change of status.

    https://github.com/helm/helm/blob/main/pkg/storage/driver/secrets.go
    """
    if modified := meta["labels"].get("modifiedAt"):
        return datetime.fromtimestamp(int(modified), UTC)
    created = meta.get("creationTimestamp")
    return datetime.fromisoformat(created) if created else None


def latest(releases: Iterable[ReleaseRecord]) -> tuple[ReleaseRecord, ...]:
    """Return the last revision of each release."""
    last: dict[tuple[str, str], ReleaseRecord] = {}
    for release in sorted(releases, key=lambda entry: entry.revision):
        last[release.namespace, release.name] = release
    return tuple(last.values())


def read(client: Client, release: ReleaseRecord) -> AppliedRelease | None:
    """Return what a revision applied, without its CRDs; None if its Secret does not exist."""
    secret = client.get(f"/api/v1/namespaces/{release.namespace}/secrets/{release.secret}") or {}
    encoded = secret.get("data", {}).get("release")
    return decode(release, encoded) if encoded else None


def decode(release: ReleaseRecord, encoded: str) -> AppliedRelease:
    """Return the content of the field `release` in such a Secret."""
    content = json.loads(gzip.decompress(base64.b64decode(base64.b64decode(encoded))))
    chart = content.get("chart", {}).get("metadata", {})
    return AppliedRelease(
        release.id,
        release.revision,
        chart.get("version", ""),
        chart.get("appVersion", ""),
        content.get("config") or {},
        objects=tuple(_objects(content["manifest"])),
        chart=chart.get("name", ""),
    )


def _objects(manifest: str) -> Iterator[dict]:
    """Yield the objects of a manifest; CRDs, a megabyte of text, are not even parsed."""
    for document in DOCUMENTS.split(manifest):
        if CRD_LINE.search(document) is None:
            parsed = yaml.load(document, Loader=Loader)
            if parsed and parsed["kind"] != CRD:
                yield parsed
