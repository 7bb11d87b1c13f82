"""Further images for the nodes of a running lab: other Istio versions, cert-manager, and archives made by hand."""

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from lab.cluster import node, state
from lab.cluster.machines import NODES
from lab.cluster.names import LAB
from lab.cluster.shell import LabError, print_progress
from lab.toolchain import cert_manager_package, images, programs
from lab.toolchain.istio_parts import CONTROL_PLANES, ISTIO

CERT_MANAGER_CHARTS = LAB / "cert-manager"
"""Folder of cert-manager's packaged chart, for `vault.certManager.charts`."""


def load(tars: Iterable[Path]) -> None:
    """Import these image archives (docker-archive) on every node, on all nodes at once."""
    _require_nodes()
    archives = [Path(tar).absolute() for tar in tars]
    if absent := [str(archive) for archive in archives if not archive.is_file()]:
        raise LabError(f"no image archive {', '.join(absent)}")
    with ThreadPoolExecutor() as pool:
        for imported in [pool.submit(node.import_images, machine, archives) for machine in NODES]:
            imported.result()


def load_istio(version: str) -> None:
    """Give every node pilot and proxyv2 of this Istio version, built from its own module at the first call."""
    if version not in CONTROL_PLANES:
        versions = ", ".join(CONTROL_PLANES)
        raise LabError(
            f"no control plane of Istio {version} can be built here; there are {versions}. "
            "Images of one that was built by hand: python -m lab images FILE..."
        )
    _require_nodes()  # checked before a build of some minutes
    if version != ISTIO:
        programs.ensure([CONTROL_PLANES[version].name])
        load(archive for _, archive in images.istio_tars(version))
    print_progress(f"the nodes have pilot and proxyv2 of Istio {version}; its charts are in .lab/charts")


def provide_cert_manager() -> None:
    """Import cert-manager's image on every node and put its chart into `.lab/cert-manager`; build both if needed.

    Nothing of it runs until a stack installs the chart.
    """
    programs.ensure([cert_manager_package.NAME])
    load([cert_manager_package.archive()])
    CERT_MANAGER_CHARTS.mkdir(exist_ok=True)
    (CERT_MANAGER_CHARTS / cert_manager_package.CHART).write_bytes(cert_manager_package.chart())
    chart = f"{CERT_MANAGER_CHARTS} the chart {cert_manager_package.VERSION}"
    print_progress(f"the nodes have {cert_manager_package.IMAGE}, {chart}")


def _require_nodes() -> None:
    if not state.is_up(patience=60):
        raise LabError("the local cluster is not up: make lab-up")
