"""The names of Istio's Helm releases in the cluster."""

from collections import Counter
from collections.abc import Iterator
from typing import Annotated

from pi_mesh import names
from pi_mesh.model.base import Model
from pi_mesh.model.patterns import matching

ReleaseName = Annotated[
    str,
    matching(
        r"^[a-z0-9]([-a-z0-9]{0,51}[a-z0-9])?$",
        "a name of Helm: at most 53 small letters, digits and inner dashes",
    ),
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
