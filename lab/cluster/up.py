"""Starting the lab: from nothing to three Ready nodes."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from lab.cluster import certificates, cgroup, control_plane, down, environment, forward, kubeconfig, netns, node, process, tools
from lab.cluster.kubectl import get
from lab.cluster.machines import API_PORT, CONTROL_PLANE, NODES
from lab.cluster.names import KUBECONFIG, LAB
from lab.cluster.shell import LabError
from lab.build.images import image_tars


def up(say=print) -> None:
    if is_up():
        say("the local cluster is up")
        return
    down.remove()
    say("certificates, namespaces, cgroups")
    LAB.mkdir()
    tools.gather()
    control_plane.create_certificates()
    cgroup.create()
    netns.create()
    port = forward.start("api", f"{CONTROL_PLANE.address}:{API_PORT}")
    kubeconfig.write(KUBECONFIG, f"https://127.0.0.1:{port}", "admin")
    environment.write()
    with ThreadPoolExecutor() as pool:
        runtimes = [pool.submit(node.start_runtime, each) for each in NODES]
        say("API server")
        control_plane.start_api()
        say("controllers")
        control_plane.start_controllers()
        for done in runtimes:
            done.result()
        say("nodes")
        for each in NODES:
            node.start_kubelet(each)
        imports = [pool.submit(node.import_images, each, [tar for _, tar in image_tars()]) for each in NODES]
        process.wait("kubelet-pi-1", lambda: ready_nodes() == [n.name for n in NODES])
        for done in imports:
            done.result()
    say("up")


def is_up() -> bool:
    names = process.recorded()
    if len(names) < 10 or not all(process.is_alive(name) for name in names):
        return False
    try:
        return ready_nodes() == [n.name for n in NODES]
    except LabError:
        return False


def ready_nodes() -> list[str]:
    """The real nodes that are Ready, in order."""
    ready = [
        item["metadata"]["name"]
        for item in get("nodes")["items"]
        if any(c["type"] == "Ready" and c["status"] == "True" for c in item["status"].get("conditions", []))
    ]
    return sorted(set(ready) & {each.name for each in NODES})
