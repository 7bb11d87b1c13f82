"""The last applied state of each Helm release, from Helm's own record and from the ConfigMap that `up` writes."""

import base64
import gzip
import hashlib
import json
import math
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import yaml

from pi_mesh.cluster.client import Client
from pi_mesh.names import PROJECT, Namespaced

CONFIG_MAP = f"{PROJECT}-applied"
CRD, SECRET = "CustomResourceDefinition", "Secret"
LONGEST = 256
"""Largest number of characters of a text that is kept whole; a longer text, such as istiod's injection templates, is
kept as its digest."""
DIGEST = "sha256:"


@dataclass(frozen=True)
class AppliedRelease:
    """A release as it was last applied, from Helm's own record or from the ConfigMap that `up` wrote."""

    release: str
    """NAMESPACE/NAME of the release."""
    revision: int
    chart_version: str
    app_version: str
    values: Mapping[str, object] = field(default_factory=dict)
    """All values from Helm's record, or the values of typed settings from the ConfigMap."""
    extra: str | None = None
    """Digest of the extra values; None if `values` includes them."""
    objects: tuple[dict, ...] = ()
    """Rendered objects, without CRDs."""
    omitted: tuple[str, ...] = ()
    """Names of the release's Secrets, which the ConfigMap leaves out."""
    chart: str = ""
    """Name of the chart; only Helm's record has it."""

    @property
    def namespace(self) -> str:
        return self.release.partition("/")[0]


def config_map_key(release: str) -> str:
    """Return the ConfigMap's key of a release, given as NAMESPACE/NAME: a key must not contain a slash."""
    return release.replace("/", "_")


def config_map_entry(applied: AppliedRelease, typed: Mapping[str, object], extra: Mapping[str, object]) -> str:
    """Return the ConfigMap's entry of a release from Helm's record, installed with these values.

    It is packed, because `pulumi preview --diff` unfolds a text that is JSON over a hundred lines.
    """
    content = {
        "revision": applied.revision,
        "chart": applied.chart_version,
        "app": applied.app_version,
        "values": typed,
        "extra": digest(applied.release, extra),
        "objects": condensed(applied.objects),
        "omitted": [manifest["metadata"]["name"] for manifest in applied.objects if manifest["kind"] == SECRET],
    }
    # gzip's header contains the time; without it the same content gives the same text.
    return base64.b64encode(gzip.compress(json.dumps(content, sort_keys=True).encode(), mtime=0)).decode()


def parse_entry(release: str, text: str) -> AppliedRelease | None:
    """Return the release of an entry; None for a text that `up` did not write."""
    try:
        if text.startswith("{"):  # until 0.3 the objects alone were packed
            content = json.loads(text)
            content["objects"] = _unpacked(content["objects"])
        else:
            content = _unpacked(text)
        return AppliedRelease(
            release,
            int(content["revision"]),
            content["chart"],
            content["app"],
            content["values"],
            content["extra"],
            tuple(content["objects"]),
            tuple(content["omitted"]),
        )
    except (ValueError, KeyError, TypeError, OSError, EOFError):
        return None


def _unpacked(text: str | bytes) -> Any:
    return json.loads(gzip.decompress(base64.b64decode(text)))


def digest(release: str, extra: Mapping[str, object]) -> str:
    """Return a digest that is slow to compute, because extra values may contain a password; empty without any."""
    if not extra:
        return ""
    text = json.dumps(extra, sort_keys=True)
    return hashlib.scrypt(text.encode(), salt=release.encode(), n=2**14, r=8, p=1, dklen=16).hex()


def same_text(expected: object, live: object) -> bool:
    """Return True for a live text whose digest is `expected`."""
    return isinstance(live, str) and expected == _short(live)


def condensed(objects: Iterable[dict]) -> tuple[object, ...]:
    """Return the objects as the ConfigMap keeps them: without Secrets, and with digests in place of long texts."""
    return tuple(_condensed(manifest) for manifest in objects if manifest["kind"] != SECRET)


def _condensed(value: object) -> object:
    if isinstance(value, dict):
        return {key: _condensed(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_condensed(element) for element in value]
    return _short(value) if isinstance(value, str) and len(value) > LONGEST else value


def _short(text: str) -> str:
    return f"{DIGEST}{hashlib.sha256(text.encode()).hexdigest()}"


# Helm's release records: the Secrets that hold every revision of a release.
# Format of their content: base64 of (base64 of gzip of JSON):
# https://github.com/helm/helm/blob/main/pkg/storage/driver/util.go

Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the C loader takes a tenth of the time
DOCUMENTS, CRD_LINE = re.compile(r"^---.*$", re.MULTILINE), re.compile(rf"^kind: {CRD}$", re.MULTILINE)

SECRETS_PATH, HELM_SELECTOR = "/api/v1/secrets", "owner=helm"
PENDING = ("pending-install", "pending-upgrade", "pending-rollback", "uninstalling")
"""Statuses of a release that Helm is changing. If no Helm runs, a killed run left it so, and no other can proceed."""


@dataclass(frozen=True)
class ReleaseRecord(Namespaced):
    """One revision of a release."""

    namespace: str
    name: str
    revision: int = 1
    status: str = "deployed"
    since: datetime | None = None
    """Time at which the release entered this status; None if the Secret does not say."""

    @property
    def secret(self) -> str:
        """Return the name of the Secret that holds the record."""
        return f"sh.helm.release.v1.{self.name}.v{self.revision}"

    @property
    def path(self) -> str:
        """Return the API path of that Secret."""
        return f"/api/v1/namespaces/{self.namespace}/secrets/{self.secret}"

    @property
    def pending(self) -> bool:
        return self.status in PENDING

    def under_way(self, timeout: int, now: datetime) -> int:
        """Return for how many more seconds a pending release may still be changed by a running Helm."""
        if not self.pending:
            return 0
        # Helm gives up after the timeout; an older pending release was left by a killed run.
        age = (now - self.since).total_seconds() if self.since else 0.0
        return max(0, math.ceil(timeout - age))


def parse_record(item: dict) -> ReleaseRecord:
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
    last = {release.id: release for release in sorted(releases, key=lambda entry: entry.revision)}
    return tuple(last.values())


def read(client: Client, release: ReleaseRecord) -> AppliedRelease | None:
    """Return what a revision applied, without its CRDs; None if its Secret does not exist."""
    encoded = (client.get(release.path) or {}).get("data", {}).get("release")
    if not encoded:
        return None
    content = unpacked_record(encoded)
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


def merged(before: Mapping, after: Mapping, live: Mapping) -> dict:
    """Return a live object as Helm's three-way merge leaves it; a list becomes the new manifest's, whole.

    What only the old manifest had goes, and what others added to a mapping stays:
    https://helm.sh/docs/faq/changes_since_helm2/#improved-upgrade-strategy-3-way-strategic-merge-patches
    """
    result = {key: value for key, value in live.items() if key in after or key not in before}
    for key, value in after.items():
        sides = [side if isinstance(side, Mapping) else {} for side in (before.get(key), live.get(key))]
        result[key] = merged(sides[0], value, sides[1]) if isinstance(value, Mapping) else value
    return result


def unpacked_record(encoded: str) -> dict:
    """Return the content of the field `release` in a Secret, which Helm encodes and Kubernetes encodes again."""
    return _unpacked(base64.b64decode(encoded))


def packed_record(content: dict) -> str:
    """Return such a field with this content."""
    return base64.b64encode(base64.b64encode(gzip.compress(json.dumps(content).encode()))).decode()


def _objects(manifest: str) -> Iterator[dict]:
    """Yield the objects of a manifest; CRDs, a megabyte of text, are not even parsed."""
    for document in DOCUMENTS.split(manifest):
        if CRD_LINE.search(document) is None:
            parsed = yaml.load(document, Loader=Loader)
            if parsed and parsed["kind"] != CRD:
                yield parsed
