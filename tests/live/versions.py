"""The lab's versions of Istio by name: its own, the one before, and the oldest that it can run, for upgrades."""

from lab.cluster.kubectl import kubectl
from lab.toolchain.istio_parts import CONTROL_PLANES
from tests.support.project import Project

LAB, LAB_BEFORE, LAB_OLDEST = CONTROL_PLANES


def minor(version: str) -> str:
    """Return the minor version: "1.29" for "1.29.6"."""
    return version.rpartition(".")[0]


def install_older(project: Project, version: str) -> None:
    """Install the stack lab with an older version in an empty cluster, whose CRDs are of no other version."""
    project.must_hold_nothing()
    kubectl("delete", "crds", "--selector=app=istio-pilot")
    project.set("istio.version", version)
    if version == LAB_OLDEST:  # the lab has no control plane between that and the next minor versions
        project.set("istio.allowSkip", True)
    project.must_up()
