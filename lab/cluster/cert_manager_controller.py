"""cert-manager's image and chart for the lab; nothing of it runs until a stack installs the chart."""

from lab.cluster import node_images
from lab.cluster.names import LAB
from lab.cluster.shell import print_progress
from lab.toolchain import cert_manager_package, programs

CHARTS = LAB / "cert-manager"
"""The packaged chart's folder, for `vault.certManager.charts`."""


def provide() -> None:
    """Import the controller's image on every node and link the chart as `.lab/cert-manager`; build both if needed."""
    programs.ensure([cert_manager_package.NAME])
    packaged = cert_manager_package.packaged()
    node_images.load([packaged / cert_manager_package.TAR])
    CHARTS.unlink(missing_ok=True)
    CHARTS.symlink_to(packaged)
    print_progress(f"the nodes have {cert_manager_package.IMAGE}, {CHARTS} the chart {cert_manager_package.VERSION}")
