"""The sources of charts and images, and the options of Helm releases."""

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
        raise ValueError(f"is not a registry and organisation such as {hosts.HUB}")
    return value.rstrip("/")


def is_unprotected(source: str) -> bool:
    """Return True for plain HTTP from another machine: an attacker on the way could replace a chart."""
    return source.startswith("http://") and not is_loopback(urlsplit(source).netloc)


def is_loopback(address: str) -> bool:
    """Return True for an address of this machine, as HOST or HOST:PORT."""
    host = urlsplit(f"//{address}").hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


ChartSource = Annotated[str, Field(min_length=1), AfterValidator(_chart_source)]
"""An https:// chart repository, an oci:// registry, or a directory of packaged charts."""


class ChartSettings(Model):
    """The source of the charts base, istiod and gateway."""

    source: ChartSource = hosts.CHARTS
    """Source of Istio's charts: an https:// repository, an oci:// registry or a directory of packaged charts
    (NAME-VERSION.tgz)."""

    @property
    def is_directory(self) -> bool:
        return "://" not in self.source

    @property
    def is_registry(self) -> bool:
        return self.source.startswith("oci://")

    def package(self, chart: str, version: str) -> str:
        """Return the path of a packaged chart in a directory source."""
        return str(PurePosixPath(self.source) / f"{chart}-{version}.tgz")


class ImageSettings(Model):
    """The source of the images of istiod and the proxies."""

    hub: Annotated[str, Field(min_length=1), AfterValidator(_hub)] = hosts.HUB
    """Registry and organisation of Istio's images. It is always set, because charts of 1.30 and newer default to a
    registry that will be switched off."""
    pull_policy: Literal["IfNotPresent", "Always", "Never"] = "IfNotPresent"
    """Image pull policy of the mesh's pods."""


class ReleaseSettings(Model):
    """The options of every Helm release."""

    atomic: bool = True
    """Roll back a failed change, so that nothing is half-applied; false keeps the failed pods for debugging."""
    timeout: Annotated[int, Field(ge=30, le=7200)] = 900
    """Seconds that a release may take; a Pi writes images slowly to its SD card."""
    max_history: Annotated[int, Field(ge=2, le=50)] = 5
    """Number of revisions kept for rollback, each a Secret in the cluster."""
