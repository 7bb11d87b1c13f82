"""Registration of Kubernetes objects: those of the inventory, and the pull Secrets of a private registry."""

from typing import Any

import pulumi

from components import config
from pi_mesh.inventory import Inventory, ManagedObject, gateway_api_crds
from pi_mesh.settings import Settings
from pi_mesh.settings.pulumi_config import REGISTRY_PASSWORD
from pi_mesh.settings.releases import LOGIN_SECRET
from pi_mesh.values import objects


class KubernetesObject(pulumi.CustomResource):
    """An object under the resource type that the provider's own classes have for its kind.

    `pulumi_kubernetes` is avoided: with the Helm classes it loads 170 modules (requests, urllib3 and others) in 0.07 s
    of CPU, and with the core group it costs each preview another 0.14 to 0.34 s (2 busy cores).
    """

    spec: pulumi.Output[dict[str, Any]]

    def __init__(self, name: str, manifest: dict[str, Any], opts: pulumi.ResourceOptions) -> None:
        version = manifest["apiVersion"]
        group = version if "/" in version else f"core/{version}"
        super().__init__(f"kubernetes:{group}:{manifest['kind']}", name, manifest, opts)


def register(prefix: str, item: ManagedObject, opts: pulumi.ResourceOptions) -> KubernetesObject:
    """Register the object as a resource named PREFIX-KIND-NAME."""
    return KubernetesObject(f"{prefix}-{item.kind.lower()}-{item.name}", item.manifest, opts)


def make_namespace(name: str, item: ManagedObject, opts: pulumi.ResourceOptions) -> KubernetesObject:
    """Register a namespace. An adopted namespace keeps all its labels and annotations except those in the manifest."""
    # An adopted namespace holds objects of other owners, so `pulumi destroy` must not delete it.
    own = pulumi.ResourceOptions(retain_on_delete=item.adopted)
    return KubernetesObject(name, item.manifest, pulumi.ResourceOptions.merge(opts, own))


def make_api_crds(mesh: Inventory, opts: pulumi.ResourceOptions) -> list[pulumi.Resource]:
    """Register the CRDs of the Gateway API that the settings ask for; with a CRD its objects would be deleted too."""
    retained = pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(retain_on_delete=True))
    crds = gateway_api_crds.manifests(mesh)
    return [KubernetesObject(f"gateway-api-{crd['metadata']['name']}", crd, retained) for crd in crds]


def make_pull_secret(settings: Settings, namespace: str, opts: pulumi.ResourceOptions) -> list[pulumi.Resource]:
    """Register a namespace's Secret; none without `images.login`. Raises pulumi.RunError for a missing password."""
    login = settings.images.login
    if login is None:
        return []
    password = config.secret(REGISTRY_PASSWORD)
    if password is None:
        fix = f"`pulumi config set --secret {REGISTRY_PASSWORD}`"
        raise pulumi.RunError(f"{REGISTRY_PASSWORD}: is not set, and images.login is; {fix}")
    content = password.apply(lambda text: objects.pull_secret_value(settings.images.registry, login.username, text))
    manifest = {
        "apiVersion": "v1",
        "kind": "Secret",
        "type": objects.PULL_SECRET_TYPE,
        "metadata": {"name": LOGIN_SECRET, "namespace": namespace},
        "data": {objects.PULL_SECRET_KEY: pulumi.Output.secret(content)},
    }
    hidden = pulumi.ResourceOptions(additional_secret_outputs=["data"])
    return [KubernetesObject(f"registry-{namespace}", manifest, pulumi.ResourceOptions.merge(opts, hidden))]
