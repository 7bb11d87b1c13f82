"""The Kubernetes provider of a stack."""

from importlib.metadata import version

import pulumi

UPSERTS_BY_ITSELF = 28
"""Last minor of pulumi-kubernetes 4 that creates over an existing object; from 4.29 on it does so only where told:
https://github.com/pulumi/pulumi-kubernetes/blob/master/CHANGELOG.md (#2926)."""


class KubernetesProvider(pulumi.ProviderResource):
    """The provider for one kube context of whatever kubeconfig the machine has.

    The package's own class would put the machine's KUBECONFIG into the state: every other machine's update would change
    it, and a destroy would look for it there.
    """

    def __init__(self, name: str, context: str) -> None:
        package = version("pulumi-kubernetes")
        inputs = {
            "context": context,
            # By this the engine tells clusters apart, not by where a kubeconfig lies.
            "clusterIdentifier": context,
            # A changed one is updated: replaced, the CA's secret or its root would be gone for a moment.
            "enableSecretMutable": "true",
            "enableConfigMapMutable": "true",
            **_upsert(package),
        }
        super().__init__("kubernetes", name, inputs, pulumi.ResourceOptions(version=package))


def _upsert(package: str) -> dict[str, str]:
    """Return what lets `adopt: true` take a namespace over that no state knows yet, in every version."""
    major, minor, *_ = map(int, package.split(".")[:2])
    return {"upsertExistingObjects": "true"} if (major, minor) > (4, UPSERTS_BY_ITSELF) else {}
