"""The Kubernetes provider of a stack."""

from importlib.metadata import version

import pulumi


class KubernetesProvider(pulumi.ProviderResource):
    """The provider for one kube context of whatever kubeconfig the machine has.

    The package's own class would put the machine's KUBECONFIG into the state: every other machine's update would change
    it, and a destroy would look for it there.
    """

    def __init__(self, name: str, context: str) -> None:
        inputs = {
            "context": context,
            # By this the engine tells clusters apart, not by where a kubeconfig lies.
            "clusterIdentifier": context,
            # A changed one is updated: replaced, the CA's secret or its root would be gone for a moment.
            "enableSecretMutable": "true",
            "enableConfigMapMutable": "true",
        }
        super().__init__("kubernetes", name, inputs, pulumi.ResourceOptions(version=version("pulumi-kubernetes")))
