"""The Kubernetes provider of a stack."""

from importlib.metadata import version

import pulumi

from pi_mesh.cluster.stack_state import StackState

PACKAGE = "pulumi-kubernetes"
UPSERTS_BY_ITSELF = 28
"""Last minor of pulumi-kubernetes 4 that updates an existing object on create; later ones do so only if told to:
https://github.com/pulumi/pulumi-kubernetes/blob/master/CHANGELOG.md (#2926)."""


class KubernetesProvider(pulumi.ProviderResource):
    """The Kubernetes provider for one context of the machine's kubeconfig.

    The package's own Provider class writes the machine's KUBECONFIG into the state: an update from another machine
    would change the provider, and a destroy would look for a kubeconfig at that path.
    """

    def __init__(self, name: str, context: str) -> None:
        super().__init__("kubernetes", name, _inputs(context), pulumi.ResourceOptions(version=version(PACKAGE)))


def is_recorded(state: StackState, context: str) -> bool:
    """Return True if the state has this provider with the same inputs, so that its registration changes nothing."""
    return state.provider == {**_inputs(context), "version": version(PACKAGE)}


def _inputs(context: str) -> dict[str, str]:
    return {
        "context": context,
        # The engine then tells clusters apart by context, not by the path of a kubeconfig.
        "clusterIdentifier": context,
        # A changed Secret or ConfigMap is updated in place: a replacement would remove the CA's Secret or root for a
        # moment.
        "enableSecretMutable": "true",
        "enableConfigMapMutable": "true",
        **_upsert(version(PACKAGE)),
    }


def _upsert(package: str) -> dict[str, str]:
    """Return the provider option that lets `adopt: true` take over an existing namespace, in every package version."""
    major, minor, *_ = map(int, package.split(".")[:2])
    return {"upsertExistingObjects": "true"} if (major, minor) > (4, UPSERTS_BY_ITSELF) else {}
