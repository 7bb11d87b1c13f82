"""A node of the lab: containerd, kubelet and kube-proxy on a machine of its own."""

from pathlib import Path

from lab.cluster import cgroup, enter, node_files, process
from lab.cluster.binaries import program
from lab.cluster.control_plane import proxy_flags
from lab.cluster.machines import Machine
from lab.cluster.shell import LabError, run

SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
SOCKET = "/run/containerd/containerd.sock"


def start_runtime(node: Machine) -> None:
    """Start containerd and wait until it answers."""
    node_files.write(node)
    path = f"PATH={program('containerd-shim-runc-v2').parent}:{SYSTEM_PATH}"
    command = ("env", path, program("containerd"), "--config=/run/node/containerd.toml")
    process.start(runtime(node), enter.first(node, *command))
    process.wait(runtime(node), lambda: _answers(node))


def import_images(node: Machine, tars: list[Path]) -> None:
    """Import these image archives on the node."""
    for tar in tars:
        ctr(node, "--namespace=k8s.io", "images", "import", "--local", str(tar))


def start_kubelet(node: Machine) -> None:
    """Start kubelet and kube-proxy. The node is Ready some seconds later."""
    kubelet = (
        program("kubelet"), "--config=/run/node/kubelet.json", "--root-dir=/run/node/kubelet",
        "--cert-dir=/run/node/pki",
        "--kubeconfig=/run/node/kubeconfig", f"--hostname-override={node.name}", f"--node-ip={node.address}",
    )  # fmt: skip
    process.start(f"kubelet-{node.name}", enter.join(node, runtime(node), *kubelet))
    proxy = (program("kube-proxy"), *proxy_flags(node.name))
    process.start(f"kube-proxy-{node.name}", enter.join(node, runtime(node), *proxy))


def start(node: Machine) -> None:
    """Start a stopped node. It is Ready some seconds later."""
    start_runtime(node)
    start_kubelet(node)


def stop(node: Machine) -> None:
    """Kill every process of the node at once, its pods' included, as a power cut does."""
    cgroup.kill(node.cgroup)


def ctr(node: Machine, *arguments: str) -> str:
    """Run containerd's command line `ctr` on the node and return its output."""
    return run(*enter.join(node, runtime(node), program("ctr"), f"--address={SOCKET}", *arguments))


def runtime(node: Machine) -> str:
    """Return the name of the node's containerd among the processes."""
    return f"containerd-{node.name}"


def _answers(node: Machine) -> bool:
    """Return True when containerd's CRI plugin, which kubelet talks to, is ready. Raises LabError when it failed."""
    try:
        plugins = ctr(node, "plugins", "ls")
    except LabError:
        return False
    states = {row[1]: row[-1] for line in plugins.splitlines() if len(row := line.split()) >= 3}
    if states.get("cri") == "error":
        raise LabError(f"{runtime(node)} has no CRI; {process.log_file(runtime(node))} says why")
    return states.get("cri") == "ok"
