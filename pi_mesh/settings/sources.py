"""Where charts and images come from, and how releases are made."""

from ipaddress import ip_address
from pathlib import PurePosixPath
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field

from pi_mesh.catalog import hosts
from pi_mesh.model.base import Model


def _chart_source(value: str) -> str:
    if hosts.retired(value, hosts.RETIRED_CHARTS):
        raise ValueError(f"is switched off in December 2026; use {hosts.CHARTS} or {hosts.CHARTS_OCI}")
    if "://" in value and not value.startswith(("https://", "http://", "oci://")):
        raise ValueError("is not an https:// repository, an oci:// registry or a directory of packaged charts")
    return value.rstrip("/")


def _hub(value: str) -> str:
    if hosts.retired(value, hosts.RETIRED_HUBS):
        raise ValueError(f"is switched off in December 2026; use {hosts.HUB}")
    if "://" in value or any(map(str.isspace, value)):
        raise ValueError(f"is no registry and organisation such as {hosts.HUB}")
    return value.rstrip("/")


def is_unprotected(source: str) -> bool:
    """Return True for plain HTTP from another machine: whoever is between may exchange a chart for one of their own."""
    if not source.startswith("http://"):
        return False
    host = urlsplit(source).hostname or ""
    try:
        return not ip_address(host).is_loopback
    except ValueError:
        return host != "localhost"


ChartSource = Annotated[str, Field(min_length=1), AfterValidator(_chart_source)]
"""An https:// chart repository, an oci:// registry, or a directory of packaged charts."""


class ChartSettings(Model):
    """Where the charts base, istiod and gateway come from."""

    source: ChartSource = hosts.CHARTS
    """An https:// chart repository, an oci:// registry, or a directory of packaged charts (NAME-VERSION.tgz)."""

    @property
    def is_directory(self) -> bool:
        return "://" not in self.source

    @property
    def is_registry(self) -> bool:
        return self.source.startswith("oci://")

    def package(self, chart: str, version: str) -> str:
        """The path of a packaged chart in a directory source."""
        return str(PurePosixPath(self.source) / f"{chart}-{version}.tgz")


class ImageSettings(Model):
    """Where the images of istiod and the proxy come from."""

    hub: Annotated[str, Field(min_length=1), AfterValidator(_hub)] = hosts.HUB
    """Registry and organisation; always set explicitly, since 1.30 charts default to a registry that goes away."""
    pull_policy: Literal["IfNotPresent", "Always", "Never"] = "IfNotPresent"


class ReleaseSettings(Model):
    """How every Helm release is made."""

    atomic: bool = True
    """Roll a failed change back, so that nothing is half-applied; false keeps the failed pods for debugging."""
    timeout: Annotated[int, Field(ge=30, le=7200)] = 900
    """Seconds that a release may take: images come slowly to an SD card."""
    watch: Literal["end", "say", "off"] = "end"
    """What `up` does while it waits for a release: `say` what its pods are waiting for, and `end` a wait that can never
    succeed, as Ctrl-C does; or nothing."""
    max_history: Annotated[int, Field(ge=2, le=50)] = 5
    """Revisions kept for rollback, each a secret in the cluster."""
