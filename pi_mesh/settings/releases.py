"""The Helm releases: the sources of their charts and images, their options and their names."""

from collections import Counter
from collections.abc import Iterator
from ipaddress import ip_address
from pathlib import PurePosixPath
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field

from pi_mesh import names
from pi_mesh.catalog import hosts
from pi_mesh.facts import EVERY, NAME, OFF, Harmless, Helm, NoHelm, Weaker, differs, goes
from pi_mesh.model import Model, SecretName, counted_in, matching, refuse_credentials

LOGIN_SECRET = "pi-mesh-registry"
"""Name of the pull Secret that the stack makes."""
DOCKER_HUB = "https://index.docker.io/v1/"


def _chart_source(value: str) -> str:
    if hosts.retired(value, hosts.RETIRED_CHARTS):
        raise ValueError(f"is switched off in December 2026; use {hosts.CHARTS} or {hosts.CHARTS_OCI}")
    if "://" in value and not value.startswith(("https://", "http://", "oci://")):
        raise ValueError("is not an https:// repository, an oci:// registry or a directory of packaged charts")
    if "://" in value:
        refuse_credentials(value)
    return value.rstrip("/")


def _hub(value: str) -> str:
    if hosts.retired(value, hosts.RETIRED_HUBS):
        raise ValueError(f"is switched off in December 2026; use {hosts.HUB}")
    if "://" in value or any(map(str.isspace, value)):
        raise ValueError(f"is not a registry and organisation such as {hosts.HUB}")
    if "/" in value and {":", "@"} & {*value.rpartition("/")[2]}:
        raise ValueError("has a tag or a digest; leave them and the image's name out, and see images.digests")
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

    source: Annotated[
        ChartSource, Weaker(differs, "the charts, which run with all rights, come from another place")
    ] = hosts.CHARTS
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


Digest = Annotated[
    str,
    matching(r"^sha256:[0-9a-f]{64}$", "a digest, sha256: and 64 small hexadecimal digits"),
    Weaker(goes, "whoever moves the version's tag chooses the image"),
]


class RegistryLogin(Model):
    """The login of a private registry; its password is the secret `registryPassword`."""

    username: Annotated[str, Field(min_length=1), matching(r"^[^:\s]+$", "a user name without blanks and colons")]


class ImageDigests(Model):
    """Digests of the images, which the version's tag then cannot move away from."""

    pilot: Digest | None = None
    """istiod's image."""
    proxyv2: Digest | None = None
    """Image of the gateways and sidecars."""


class ImageSettings(Model):
    """The source of the images of istiod and the proxies."""

    hub: Annotated[
        str,
        Field(min_length=1),
        AfterValidator(_hub),
        Helm("istiod", "global.hub"),
        Weaker(differs, "the images come from another place"),
    ] = hosts.HUB
    """Registry and organisation of Istio's images. It is always set, because charts of 1.30 and newer default to a
    registry that will be switched off."""
    pull_policy: Annotated[
        Literal["IfNotPresent", "Always", "Never"],
        Helm(EVERY, "imagePullPolicy"),
        Helm(EVERY, "image.pullPolicy"),
        Helm("istiod", "global.imagePullPolicy"),
        Harmless("the image is the same"),
    ] = "IfNotPresent"
    """Image pull policy of the mesh's pods."""
    pull_secrets: Annotated[
        tuple[SecretName, ...], Helm(EVERY, "imagePullSecrets"), Helm(EVERY, "global.imagePullSecrets"), NAME
    ] = ()
    """Secrets of type kubernetes.io/dockerconfigjson, each in every namespace of the mesh and of its sidecars."""
    login: Annotated[RegistryLogin | None, NoHelm("a Secret"), NAME] = None
    """Login of the hub's registry; the stack makes the pull Secret from it in its own namespaces."""
    digests: Annotated[
        ImageDigests,
        *(Helm("istiod", path) for path in ("pilot.image", "global.proxy.image", "global.proxy_init.image")),
    ] = ImageDigests()
    """Of another version with each change of istio.version; an image without one is taken by its tag."""

    @property
    def registry(self) -> str:
        """Return the hub's registry as a pull Secret names it: Docker Hub has a name of its own there."""
        host, _, rest = self.hub.partition("/")
        is_host = bool(rest) and ("." in host or ":" in host or host == "localhost")
        return DOCKER_HUB if not is_host or host in ("docker.io", "index.docker.io") else host

    @property
    def secrets(self) -> tuple[str, ...]:
        """Return the names of all pull Secrets."""
        return (*self.pull_secrets, *((LOGIN_SECRET,) if self.login else ()))

    def reference(self, image: str, version: str) -> str:
        """Return an image by its tag, and by its digest where it is pinned."""
        return self.pinned(image, version) or f"{self.hub}/{image}:{version}"

    def pinned(self, image: str, version: str) -> str | None:
        """Return an image by tag and digest, by which the version can still be read; None for one without a digest."""
        digest = getattr(self.digests, image)
        return f"{self.hub}/{image}:{version}@{digest}" if digest else None


WAITING = Harmless("it only changes how long an `up` waits")


class ReleaseSettings(Model):
    """The options of every Helm release."""

    atomic: Annotated[bool, Weaker(OFF, "a failed upgrade is not rolled back")] = True
    """Roll back a failed change, so that nothing is half-applied; false keeps the failed pods for debugging."""
    timeout: Annotated[int, counted_in("seconds, such as 900", ge=30, le=7200), WAITING] = 900
    """Seconds that a release may take; a Pi writes images slowly to its SD card."""
    watch: Annotated[Literal["end", "say", "off"], WAITING] = "end"
    """Behaviour of `up` while it waits for a release. `say` shows why pods are not Ready, `end` also ends a wait that
    can never succeed, as Ctrl-C does, and `off` does neither."""
    max_history: Annotated[int, Field(ge=2, le=50), Harmless("one revision to roll back to is kept in any case")] = 5
    """Number of revisions kept for rollback, each a Secret in the cluster."""


ReleaseName = Annotated[
    str,
    matching(
        r"^[a-z0-9]([-a-z0-9]{0,51}[a-z0-9])?$", "a name of Helm: at most 53 small letters, digits and inner dashes"
    ),
    NAME,
]


class ReleaseNames(Model):
    """Name of each release; `operations adopt` writes the names that Helm or the Ansible role used."""

    base: ReleaseName = names.BASE
    """Name of the Helm release with Istio's CRDs."""
    istiod: ReleaseName = names.ISTIOD
    """Name of istiod's Helm release; its Deployment and Service are called istiod in any case."""
    ingress: ReleaseName = names.INGRESS
    """Name of the ingress gateway's Helm release, Deployment, Service and service account."""
    egress: ReleaseName = names.EGRESS
    """Name of the egress gateway's Helm release, Deployment, Service and service account."""

    def conflicts(self) -> Iterator[str]:
        for name, count in Counter(self.model_dump().values()).items():
            if count > 1:
                yield f"{count} releases are called '{name}'; release names must differ within a namespace"


class ReleasesSettings(Model):
    """The Helm releases of Istio."""

    names: ReleaseNames = ReleaseNames()
    """Names of the releases."""
