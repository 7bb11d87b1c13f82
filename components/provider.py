"""The providers of a stack: Kubernetes, and the plugin of the destroy guard.

The program imports them first and alone: their own imports are few.
"""

import json
from collections.abc import Mapping
from importlib.metadata import version
from typing import Any

import pulumi

from components import engine
from pi_mesh.cluster import kubeconfig
from pi_mesh.names import PROJECT

PACKAGE = "pulumi-kubernetes"
PROVIDER = "pulumi:providers:"
UPSERT_BY_THEMSELVES = (4, 28)
"""Last version of pulumi-kubernetes that updates an existing object on create; later ones do so only if told to:
https://github.com/pulumi/pulumi-kubernetes/blob/master/CHANGELOG.md (#2926)."""


class KubernetesProvider(pulumi.ProviderResource):
    """The Kubernetes provider for one context of the machine's kubeconfig.

    The package's own Provider class writes the machine's KUBECONFIG into the state: an update from another machine
    would change the provider, and a destroy would look for a kubeconfig at that path.
    """

    def __init__(self, name: str, context: str) -> None:
        super().__init__("kubernetes", name, _inputs(context), pulumi.ResourceOptions(version=version(PACKAGE)))


class GuardPlugin(pulumi.ProviderResource):
    """The plugin in components/guard, which Pulumi.yaml names.

    It is no default provider: the engine's events, of which a pull request's preview makes a state, leave those out.
    """

    def __init__(self) -> None:
        super().__init__(PROJECT, "destroy", {})


Providers = tuple[KubernetesProvider, GuardPlugin]


def register(context: str) -> Providers:
    return KubernetesProvider("cluster", context), GuardPlugin()


def begin() -> Providers | None:
    """Register the providers before the settings are checked, where that changes no state; else return None.

    So their plugins start, and read the cluster's schema, while the rest of the program loads. In a preview nothing
    changes, and neither does an `up` with the providers of the last one.
    """
    context = _context()
    if context and (problem := kubeconfig.missing_credentials(context)):
        raise pulumi.RunError(problem)
    if context and (pulumi.runtime.is_dry_run() or _are_recorded(engine.recorded_resources(), context)):
        return register(context)
    return None


def _context() -> str:
    """Return `cluster.context` before it is validated; empty for a stack without a cluster, or with a wrong one."""
    try:
        context = json.loads(pulumi.Config().get("cluster") or "{}").get("context")
    except (ValueError, AttributeError):
        return ""
    return context if isinstance(context, str) else ""


def _are_recorded(resources: Mapping[str, Any], context: str) -> bool:
    """Return True if the state has these providers with the same inputs, so that their registration changes nothing."""
    recorded = {resource["type"]: resource["outputs"] for resource in resources.values()}
    inputs = {**_inputs(context), "version": version(PACKAGE)}
    return recorded.get(f"{PROVIDER}kubernetes") == inputs and f"{PROVIDER}{PROJECT}" in recorded


def _inputs(context: str) -> dict[str, str]:
    major, minor, *_ = version(PACKAGE).split(".")
    return {
        "context": context,
        # The engine then tells clusters apart by context, not by the path of a kubeconfig.
        "clusterIdentifier": context,
        # A changed Secret or ConfigMap is updated in place: a replacement would remove the CA's Secret or root for a
        # moment.
        "enableSecretMutable": "true",
        "enableConfigMapMutable": "true",
        # Lets `adopt: true` take over an existing namespace, in every version of the package.
        **({"upsertExistingObjects": "true"} if (int(major), int(minor)) > UPSERT_BY_THEMSELVES else {}),
    }
