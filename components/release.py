"""A Helm release of one of Istio's charts: every option of every release, in one place."""

from dataclasses import dataclass

import pulumi
from pulumi_kubernetes.helm.v3 import Release, RepositoryOptsArgs

from pi_mesh.settings.sources import ChartSettings, ReleaseSettings
from pi_mesh.values.releases import HelmRelease


@dataclass(frozen=True)
class ReleaseArgs:
    """What is installed, from where, and how."""

    release: HelmRelease
    version: str
    """Istio's, and so the chart's."""
    namespace: pulumi.Input[str]
    charts: ChartSettings
    how: ReleaseSettings


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

    def __init__(self, name: str, args: ReleaseArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(self.token, name, None, opts)
        release = Release(
            f"{name}-release",
            name=args.release.name,
            namespace=args.namespace,
            version=args.version,
            values=args.release.values,
            atomic=args.how.atomic and self.has_workloads,
            cleanup_on_fail=args.how.atomic,
            skip_await=not self.has_workloads,
            timeout=args.how.timeout,
            max_history=args.how.max_history,
            opts=pulumi.ResourceOptions(
                parent=self,
                # Two releases of one name can't be side by side, and neither can what they own in the cluster's scope.
                delete_before_replace=True,
            ),
            **_chart(args),
        )
        self.release_name = args.release.name
        self.status = release.status.apply(lambda status: status.status)
        self.register_outputs({"status": self.status})


def _chart(args: ReleaseArgs) -> dict:
    chart = args.release.chart
    if args.charts.is_directory:
        return {"chart": args.charts.package(chart, args.version)}
    if args.charts.is_registry:
        return {"chart": f"{args.charts.source}/{chart}"}
    return {"chart": chart, "repository_opts": RepositoryOptsArgs(repo=args.charts.source)}
