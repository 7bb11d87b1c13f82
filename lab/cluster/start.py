"""The start of the lab, from nothing to three Ready nodes."""

from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from lab.cluster import (
    binaries,
    certificates,
    cgroup,
    control_plane,
    environment,
    forward,
    netns,
    node,
    process,
    pulumi_plugins,
    records,
    requirements,
    state,
)
from lab.cluster.machines import API_PORT, CONTROL_PLANE, NODES, Machine
from lab.cluster.names import ADMIN, KUBECONFIG, LAB
from lab.cluster.shell import print_progress
from lab.cluster.waiting import wait_until
from lab.toolchain import charts
from lab.toolchain.contents import ensure_all

IMPORT_SECONDS = 300  # on a slow disk


def prepare() -> list[Path]:
    """Check the machine and build what is missing. Return the images' archives for `from_nothing`."""
    requirements.check()
    return ensure_all()


def from_nothing(tars: list[Path]) -> None:
    """Start the lab, of which nothing may be left, with the images of these archives."""
    _build(tars)
    state.complete()
    print_progress(f"the local cluster is up: {len(NODES)} nodes; to use it: . .lab/env")


def _build(tars: list[Path]) -> None:
    LAB.mkdir()
    binaries.gather()
    environment.CHARTS.symlink_to(charts.chart_dir())
    print_progress("network and certificates")
    cgroup.create()
    netns.create()
    control_plane.create_certificates()
    forward.start(records.API, f"{CONTROL_PLANE.address}:{API_PORT}")
    certificates.write_kubeconfig(KUBECONFIG, state.api_url(), ADMIN)
    environment.write()
    with ThreadPoolExecutor() as pool:
        nodes = [pool.submit(_prepare, machine, tars) for machine in NODES]
        plugin = pool.submit(pulumi_plugins.install_kubernetes, environment.PULUMI_HOME)
        print_progress("etcd and the API server")
        control_plane.start_api()
        print_progress("controllers, scheduler, names")
        control_plane.start_controllers()
        control_plane.start_dns()
        _finish(nodes, plugin)


def _prepare(machine: Machine, tars: list[Path]) -> None:
    """Start a node's containerd and import its images, while the control plane starts."""
    node.start_runtime(machine)
    node.import_images(machine, tars)


def _finish(nodes: list[Future[None]], plugin: Future[None]) -> None:
    """Start the kubelets, each as soon as its node has its images."""
    print_progress("images onto the nodes")
    for machine, prepared in zip(NODES, nodes, strict=True):
        wait_until(f"the images on {machine.name}", prepared.done, IMPORT_SECONDS)
        prepared.result()
        node.start_kubelet(machine)
    print_progress("kubelets")
    process.wait(f"kubelet-{NODES[-1].name}", state.is_ready)
    plugin.result()
