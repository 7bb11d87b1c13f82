"""The Helm releases of Istio, by the names that they have in the cluster."""

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
    """Name of each release; `operations adopt` writes those that Helm or the Ansible role gave."""

    base: ReleaseName = names.BASE
    istiod: ReleaseName = names.ISTIOD
    """Name of the release alone: its Deployment and Service are called istiod in any case."""
    ingress: ReleaseName = names.INGRESS
    """Also the name of the ingress gateway's Deployment, Service and service account."""
    egress: ReleaseName = names.EGRESS
    """Also the name of the egress gateway's Deployment, Service and service account."""

    def conflicts(self) -> Iterator[str]:
        for name, count in Counter(self.model_dump().values()).items():
            if count > 1:
                yield f"{count} releases are called '{name}'; Helm has one release of a name in a namespace"


class ReleasesSettings(Model):
    """The releases of Istio."""

    names: ReleaseNames = ReleaseNames()
