"""The Helm release component: every option of every release, in one place."""

from dataclasses import dataclass
from typing import Any

import pulumi

from pi_mesh.inventory import Release
from pi_mesh.settings.releases import ReleaseSettings


@dataclass(frozen=True)
class ReleaseArgs:
    release: Release
    how: ReleaseSettings
    hooks: pulumi.ResourceHookBinding | None = None
    """Hooks that this program runs after the release has been installed or upgraded."""


class HelmRelease(pulumi.CustomResource):
    """A Helm release of the Kubernetes provider; `components/manifest.py` says why it is not the SDK's own class."""

    status: pulumi.Output[dict[str, Any]]

    def __init__(self, name: str, inputs: dict[str, Any], opts: pulumi.ResourceOptions) -> None:
        # `compat` is what the SDK's class adds; None declares the output.
        super().__init__("kubernetes:helm.sh/v3:Release", name, {**inputs, "compat": "true", "status": None}, opts)


class ReleaseComponent(pulumi.ComponentResource):
    """Base class of the components that consist of one Helm release."""

    token: str
    """Resource type, as `package:module:Type`."""
    has_workloads = True
    """True for a chart with pods; without pods there is nothing to wait for and nothing half-started to roll back."""

    release_name: str
    """Name of the Helm release; for a gateway also of its Deployment and Service."""
    status: pulumi.Output[str]
    """Status that Helm reports; `deployed` is success."""
    revision: pulumi.Output[int]
    """Number of the Helm revision that was applied."""

    def __init__(self, args: ReleaseArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        release, how = args.release, args.how
        super().__init__(self.token, release.component or release.name, None, opts)
        inputs = {
            "name": release.name,
            "namespace": release.namespace,
            "version": release.version,
            "values": release.values,
            "atomic": how.atomic and self.has_workloads,
            "cleanupOnFail": how.atomic,
            "skipAwait": not self.has_workloads,
            "timeout": how.timeout,
            "maxHistory": how.max_history,
            **_chart(release),
        }
        # Two releases of one name cannot exist side by side, nor can their cluster-scoped objects.
        own = pulumi.ResourceOptions(parent=self, delete_before_replace=True, hooks=args.hooks)
        made = HelmRelease(release.resource, inputs, own)
        self.release_name = release.name
        self.status = made.status.apply(lambda status: status["status"])
        self.revision = made.status.apply(lambda status: int(status.get("revision") or 0))
        self.register_outputs({"status": self.status})


def _chart(release: Release) -> dict[str, Any]:
    source = release.source
    if release.sha256:
        # The sum is an input, so that other content of the same version is an update; Helm's history shows it too.
        return {"chart": release.package, "description": f"chart sha256:{release.sha256}"}
    if source.is_directory:
        return {"chart": release.package}
    if source.is_registry:
        return {"chart": f"{source.source}/{release.chart}"}
    return {"chart": release.chart, "repositoryOpts": {"repo": source.source}}
