"""Starting the lab from nothing to three Ready nodes."""

from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from lab.cluster import (
    api,
    cgroup,
    control_plane,
    dns,
    down,
    environment,
    forward,
    kubeconfig,
    netns,
    node,
    ports,
    process,
    requirements,
    state,
    tools,
)
from lab.cluster.machines import API_PORT, CONTROL_PLANE, NODES, Machine
from lab.cluster.names import KUBECONFIG, LAB
from lab.cluster.pki import ADMIN
from lab.cluster.say import say
from lab.cluster.waiting import wait_until
from lab.toolchain import charts, plugins
from lab.toolchain.ready import make_ready

IMPORT_SECONDS = 300  # on a slow disk


def from_nothing() -> None:
    """Removes what is left of another lab, and starts this one."""
    requirements.check()
    tars = make_ready()
    down.remove()
    _build(tars)
    state.complete()
    say(f"the local cluster is up: {len(NODES)} nodes; to use it: . .lab/env")


def _build(tars: list[Path]) -> None:
    LAB.mkdir()
    tools.gather()
    environment.CHARTS.symlink_to(charts.chart_dir())
    say("network and certificates")
    cgroup.create()
    netns.create()
    control_plane.create_certificates()
    forward.start(ports.API, f"{CONTROL_PLANE.address}:{API_PORT}")
    kubeconfig.write(KUBECONFIG, api.url(), ADMIN)
    environment.write()
    with ThreadPoolExecutor() as pool:
        nodes = [pool.submit(_prepare, each, tars) for each in NODES]
        plugin = pool.submit(plugins.install_plugins, environment.PULUMI_HOME)
        say("etcd and the API server")
        control_plane.start_api()
        say("controllers, scheduler, names")
        control_plane.start_controllers()
        dns.start()
        _finish(nodes, plugin)


def _prepare(each: Machine, tars: list[Path]) -> None:
    """containerd with its images, while the control plane starts."""
    node.start_runtime(each)
    node.import_images(each, tars)


def _finish(nodes: list[Future[None]], plugin: Future[None]) -> None:
    """The kubelets, as soon as each node has its images."""
    say("images onto the nodes")
    for each, prepared in zip(NODES, nodes, strict=True):
        wait_until(f"the images on {each.name}", prepared.done, IMPORT_SECONDS)
        prepared.result()
        node.start_kubelet(each)
    say("kubelets")
    process.wait(f"kubelet-{NODES[-1].name}", state.is_ready)
    plugin.result()
