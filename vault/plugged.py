"""The one door to this package from the program: behind it nothing is loaded unless the mesh has to do with Vault."""

from typing import TYPE_CHECKING

import pulumi

from cluster.snapshot import Snapshot
from settings import Settings

if TYPE_CHECKING:
    from components.cacerts import Cacerts


def plug_in(settings: Settings, snapshot: Snapshot | None, opts: pulumi.ResourceOptions) -> "list[Cacerts]":
    """The secret that istiod has to find when it starts; none where it makes its own root.

    `snapshot` is None where the cluster could not be read. Raises pulumi.RunError with one line.
    """
    left_over = snapshot is not None and settings.istio.namespace in snapshot.plugged_in
    if not settings.vault.enabled and not left_over:
        return []
    from cluster.authority import Authority, read
    from vault.program import plug_in as plugged

    live = read(settings.cluster.context, settings.istio.namespace) if snapshot else Authority()
    made = plugged(settings, live, settings.istio.namespace, opts)
    return [made] if made else []
