"""Clean-up after `pulumi destroy`: finds and deletes the objects that Istio's charts leave in a cluster."""

from collections.abc import Iterable, Iterator

from pi_mesh.cluster.client import METADATA_ONLY, Client
from pi_mesh.cluster.helm_releases import HELM_SELECTOR, SECRETS_PATH, parse_record
from pi_mesh.cluster.objects import crd, home
from pi_mesh.waiting import until
from pi_mesh.words import listed

CRDS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
CONFIG_MAPS = ("istio-ca-root-cert", "istio-ca-crl")
"""ConfigMaps that istiod creates in every namespace and that stay when istiod is uninstalled."""
LABEL = "istio.io/config=true"
DEPLOYMENTS, ISTIOD = "/apis/apps/v1/deployments", "app=istiod"
"""Query for running istiods. A clean-up comes after the stack's releases, so any of them belongs to another mesh."""
SECONDS, PAUSE = 60, 0.5
SHOWN = 5


class InUse(Exception):
    """Objects of other owners would be deleted too; nothing was removed."""


def installed(client: Client, releases: Iterable[str]) -> list[str]:
    """Return the releases, as NAMESPACE/NAME, that Helm still knows."""
    known = {parse_record(item).id for item in client.items(SECRETS_PATH, METADATA_ONLY, labelSelector=HELM_SELECTOR)}
    return [release for release in releases if release in known]


def root_certificates(client: Client) -> None:
    """Remove istiod's ConfigMaps from all namespaces, except those that another istiod keeps."""
    labelled = client.items("/api/v1/configmaps", labelSelector=LABEL)
    config_maps = [item for item in labelled if _name(item) in CONFIG_MAPS]
    control_planes = {home(item) for item in client.items(DEPLOYMENTS, labelSelector=ISTIOD)}
    theirs = [(_name(item), item.get("data")) for item in config_maps if home(item) in control_planes]
    for item in config_maps:
        if (_name(item), item.get("data")) not in theirs:
            client.delete(f"/api/v1/namespaces/{home(item)}/configmaps/{_name(item)}")


def _name(item: dict) -> str:
    return item["metadata"]["name"]


def crds(client: Client, owner: str) -> None:
    """Remove the CRDs of the release NAMESPACE/NAME. Raises InUse while resources of these kinds exist."""
    # Charts before 1.24 carry the CRDs in `crds/`, which Helm installs without labels. While another istiod runs, such
    # CRDs may be its own and stay.
    another = any(True for _ in client.items(DEPLOYMENTS, METADATA_ONLY, labelSelector=ISTIOD))
    owners = (owner,) if another else (owner, "")
    ours = [item for item in client.items(CRDS) if crd(item).of_istio and crd(item).release in owners]
    if used := [line for item in ours for line in _resources(client, item)]:
        raise InUse(
            "destroy.crds: Istio's CRDs stay, because deleting them would delete resources of other owners: "
            f"{listed(used, SHOWN)}; remove them and run `pulumi destroy` again, or keep the CRDs with "
            "`pulumi state delete` of this resource"
        )
    names = set(map(_name, ours))
    for name in sorted(names):
        client.delete(f"{CRDS}/{name}")
    # The next install would otherwise find them half deleted.
    if not until(lambda: names.isdisjoint(map(_name, client.items(CRDS))), SECONDS, PAUSE):
        raise InUse(f"destroy.crds: the CRDs are still being deleted after {SECONDS} s; look at `kubectl get crd`")


def _resources(client: Client, definition: dict) -> Iterator[str]:
    spec = definition["spec"]
    version = next(version["name"] for version in spec["versions"] if version["served"])
    for item in client.items(f"/apis/{spec['group']}/{version}/{spec['names']['plural']}"):
        meta = item["metadata"]
        yield f"{spec['names']['kind']} {meta.get('namespace', '')}/{meta['name']}"
