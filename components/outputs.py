"""What a stack exports: what is installed, how it is reached, and what it takes of the Pis."""

from collections.abc import Iterable

import pulumi

from components.istio import Gateway
from components.release import ReleaseComponent
from pi_mesh.budget import cells, mesh
from pi_mesh.cluster import exposure
from pi_mesh.cluster.errors import ClusterUnreachable
from pi_mesh.settings import Settings


def export(settings: Settings, releases: Iterable[ReleaseComponent], gateways: Iterable[Gateway]) -> None:
    """Everything at once; `releases` are all of them, the gateways too."""
    pulumi.export("istioVersion", settings.istio.version)
    pulumi.export("mutualTls", settings.mtls.mode)
    pulumi.export("tradingNamespace", settings.trading.namespace)
    pulumi.export("releases", {one.release_name: one.status for one in releases})
    pulumi.export("gateways", {one.release_name: _reached(settings, one) for one in gateways})
    pulumi.export("budget", cells.summary(mesh.of(settings)))


def _reached(settings: Settings, gateway: Gateway) -> pulumi.Output:
    """Read when the release is done; unknown in a preview without a cluster."""
    context, namespace = settings.cluster.context, settings.istio.namespace

    def read(_status: str) -> object:
        try:
            return exposure.read(context, namespace, gateway.release_name)
        except ClusterUnreachable as problem:
            return f"not known: {problem}"

    return gateway.status.apply(read)
