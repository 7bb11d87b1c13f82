"""cert-manager for the nodes and for `pulumi up`; nothing of it runs until a stack installs its chart."""

from lab.cluster import node
from lab.cluster.machines import NODES
from lab.cluster.names import LAB
from lab.cluster.shell import print_progress
from lab.toolchain import cert_manager_package, programs

CHARTS = LAB / "cert-manager"
"""The packaged chart's folder, for `vault.certManager.charts`."""


def provide() -> None:
    """Gives every node the controller's image, and `.lab/cert-manager` the chart; builds both first if it must."""
    programs.ensure([cert_manager_package.NAME])
    packaged = cert_manager_package.packaged()
    for each in NODES:
        node.import_images(each, [packaged / cert_manager_package.TAR])
    CHARTS.unlink(missing_ok=True)
    CHARTS.symlink_to(packaged)
    print_progress(f"the nodes have {cert_manager_package.IMAGE}, {CHARTS} the chart {cert_manager_package.VERSION}")
