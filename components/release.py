"""The Helm release component: every option of every release, in one place."""

from dataclasses import dataclass

import pulumi
from pulumi_kubernetes.helm.v3 import Release as HelmRelease
from pulumi_kubernetes.helm.v3 import RepositoryOptsArgs

from pi_mesh.inventory import Release
from pi_mesh.settings.sources import ReleaseSettings


@dataclass(frozen=True)
class ReleaseArgs:
    """A release, and the options of its installation."""

    release: Release
    how: ReleaseSettings
    hooks: pulumi.ResourceHookBinding | None = None
    """Hooks that this program runs after the release has been installed or upgraded."""


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
                # Two releases of one name cannot exist side by side, nor can their cluster-scoped objects.
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
        # The sum is an input, so that other content of the same version is an update; Helm's history shows it too.
        return {"chart": release.package, "description": f"chart sha256:{release.sha256}"}
    if source.is_directory:
        return {"chart": release.package}
    if source.is_registry:
        return {"chart": f"{source.source}/{release.chart}"}
    return {"chart": release.chart, "repository_opts": RepositoryOptsArgs(repo=source.source)}
