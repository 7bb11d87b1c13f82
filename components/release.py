"""A Helm release of the mesh: every option of every release, in one place."""

from dataclasses import dataclass

import pulumi
from pulumi_kubernetes.helm.v3 import Release as HelmRelease
from pulumi_kubernetes.helm.v3 import RepositoryOptsArgs

from pi_mesh.inventory import Release
from pi_mesh.settings.sources import ReleaseSettings


@dataclass(frozen=True)
class ReleaseArgs:
    """What is installed, and how."""

    release: Release
    how: ReleaseSettings
    hooks: pulumi.ResourceHookBinding | None = None
    """What runs in this program when the release has been installed or upgraded."""


class ReleaseComponent(pulumi.ComponentResource):
    """The base of the components that are one release."""

    token: str
    """`package:module:Type`."""
    has_workloads = True
    """Without pods there is nothing to wait for, and nothing half-started to roll back."""

    release_name: str
    """Helm's, and for a gateway its Deployment's and Service's."""
    status: pulumi.Output[str]
    """Helm's: `deployed` when all is well."""
    revision: pulumi.Output[int]
    """Helm's number of what was applied."""

    def __init__(self, args: ReleaseArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        release, how = args.release, args.how
        name = release.component or release.name
        super().__init__(self.token, name, None, opts)
        made = HelmRelease(
            f"{name}-release",
            name=release.name,
            namespace=release.namespace,
            version=release.version,
            values=release.values,
            atomic=how.atomic and self.has_workloads,
            cleanup_on_fail=how.atomic,
            skip_await=not self.has_workloads,
            timeout=how.timeout,
            max_history=how.max_history,
            opts=pulumi.ResourceOptions(
                parent=self,
                # Two releases of one name can't be side by side, and neither can what they own in the cluster's scope.
                delete_before_replace=True,
                hooks=args.hooks,
            ),
            **_chart(release),
        )
        self.release_name = release.name
        self.status = made.status.apply(lambda status: status.status)
        self.revision = made.status.apply(lambda status: int(status.revision or 0))
        self.register_outputs({"status": self.status})


def _chart(release: Release) -> dict:
    source = release.source
    if release.sha256:
        # In the inputs, so that another content of the same version is an update; Helm's history shows it too.
        return {"chart": release.package, "description": f"chart sha256:{release.sha256}"}
    if source.is_directory:
        return {"chart": release.package}
    if source.is_registry:
        return {"chart": f"{source.source}/{release.chart}"}
    return {"chart": release.chart, "repository_opts": RepositoryOptsArgs(repo=source.source)}
