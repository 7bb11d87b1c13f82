"""Helm's releases, from the labels of the secrets that it keeps."""

from collections.abc import Iterable
from dataclasses import dataclass

LIST, SELECTOR = "/api/v1/secrets", "owner=helm"
PENDING = ("pending-install", "pending-upgrade", "pending-rollback", "uninstalling")
"""What Helm is at; where nobody is, a killed run left it, and no later run may go on."""


@dataclass(frozen=True)
class Release:
    """One revision of a release."""

    namespace: str
    name: str
    revision: int = 1
    status: str = "deployed"

    @property
    def secret(self) -> str:
        """The secret that holds it."""
        return f"sh.helm.release.v1.{self.name}.v{self.revision}"

    @property
    def pending(self) -> bool:
        return self.status in PENDING


def parse(item: dict) -> Release:
    meta = item["metadata"]
    labels = meta["labels"]
    return Release(meta["namespace"], labels["name"], int(labels["version"]), labels["status"])


def latest(releases: Iterable[Release]) -> tuple[Release, ...]:
    """The last revision of each release."""
    last: dict[tuple[str, str], Release] = {}
    for release in sorted(releases, key=lambda entry: entry.revision):
        last[release.namespace, release.name] = release
    return tuple(last.values())
