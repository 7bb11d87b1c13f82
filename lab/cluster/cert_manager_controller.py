"""cert-manager for the nodes and for `pulumi up`; nothing of it runs until a stack installs its chart."""

from lab.cluster import node
from lab.cluster.machines import NODES
from lab.cluster.names import LAB
from lab.cluster.say import say
from lab.toolchain import cert_manager, programs

CHARTS = LAB / "cert-manager"
"""The packaged chart's folder, for `vault.certManager.charts`."""


def provide() -> None:
    """Gives every node the controller's image, and `.lab/cert-manager` the chart; builds both first if it must."""
    programs.ensure([cert_manager.NAME])
    packaged = cert_manager.packaged()
    for each in NODES:
        node.import_images(each, [packaged / cert_manager.TAR])
    CHARTS.unlink(missing_ok=True)
    CHARTS.symlink_to(packaged)
    say(f"the nodes have {cert_manager.IMAGE}, {CHARTS} the chart {cert_manager.VERSION}")
