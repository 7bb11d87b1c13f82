"""The configuration files of a node, on its own disk (which it sees as /run/node)."""

import json
import os
import shutil
from pathlib import Path
from typing import Any

from lab.cluster.machines import DNS_SERVICE_ADDRESS, Machine
from lab.cluster.names import AUTHORITY, certificate_file, kubeconfig_file

CORES = 4
ALLOCATABLE_MEMORY = 3700 * 1024**2  # bytes; what a Raspberry Pi 4 of 4 GB leaves to pods
PAUSE_IMAGE = "registry.k8s.io/pause:3.10"

CONTAINERD = f"""\
version = 3
root = "/run/node/containerd"
state = "/run/containerd"
[grpc]
address = "/run/containerd/containerd.sock"
[plugins.'io.containerd.cri.v1.images'.pinned_images]
sandbox = "{PAUSE_IMAGE}"
[plugins.'io.containerd.cri.v1.images'.registry]
config_path = "/run/node/certs.d" # read at each pull: a test may put a registry there
[plugins.'io.containerd.internal.v1.opt']
path = "/run/node/opt" # /opt/containerd of the machine otherwise
[plugins.'io.containerd.cri.v1.runtime']
restrict_oom_score_adj = true # without the right to lower it, runc would die
[plugins.'io.containerd.cri.v1.runtime'.cni]
bin_dirs = ["/usr/lib/cni"]
conf_dir = "/run/node/cni"
[plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc]
runtime_type = "io.containerd.runc.v2"
"""


def write(node: Machine) -> None:
    """Write all configuration files of a node."""
    _cores(node.folder / "cores")
    (node.folder / "cni").mkdir(parents=True, exist_ok=True)
    (node.folder / "containerd.toml").write_text(CONTAINERD)
    (node.folder / "cni" / "10-lab.conflist").write_text(json.dumps(_network(node)))
    (node.folder / "kubelet.json").write_text(json.dumps(_kubelet(node)))
    (node.folder / "resolv.conf").write_text(f"nameserver {DNS_SERVICE_ADDRESS}\n")
    shutil.copy(kubeconfig_file(f"kubelet-{node.name}"), node.folder / "kubeconfig")
    shutil.copy(certificate_file(AUTHORITY), node.folder / "ca.crt")


def _cores(folder: Path) -> None:
    """Write a Pi's cores where kubelet counts them (its /sys/devices/system/node): no setting changes the number.

    A machine with fewer has its cores listed again on a further NUMA node: kubelet counts what is listed, but also
    writes the numbers into a cpuset, where only cores that exist are allowed.
    """
    real = sorted(os.sched_getaffinity(0))
    for core in range(CORES):
        numa_node = folder / f"node{core // len(real)}"
        topology = numa_node / f"cpu{real[core % len(real)]}" / "topology"
        topology.mkdir(parents=True, exist_ok=True)
        (topology / "core_id").write_text(f"{core}\n")
        (topology / "physical_package_id").write_text("0\n")
        (numa_node / "meminfo").write_text(f"MemTotal: {_machine_memory() // 1024} kB\n")
        (numa_node / "distance").write_text("10\n")


def _machine_memory() -> int:
    """Return the machine's memory in bytes."""
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def _network(node: Machine) -> dict[str, Any]:
    """Return the CNI configuration: every pod has a veth pair to the node and is routed.

    Without a bridge, no packet bypasses kube-proxy's rules.
    """
    addresses = {"type": "host-local", "ranges": [[{"subnet": node.pod_range}]], "dataDir": "/run/cni"}
    veth = {"type": "ptp", "ipam": {**addresses, "routes": [{"dst": "0.0.0.0/0"}]}}
    ports = {"type": "portmap", "capabilities": {"portMappings": True}}
    return {"cniVersion": "1.0.0", "name": "lab", "plugins": [veth, ports]}


def _kubelet(node: Machine) -> dict[str, Any]:
    return {
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "authentication": {"x509": {"clientCAFile": "/run/node/ca.crt"}},
        "address": "0.0.0.0",
        "containerRuntimeEndpoint": "unix:///run/containerd/containerd.sock",
        "cgroupDriver": "cgroupfs",
        "cgroupRoot": node.cgroup,
        "failCgroupV1": False,
        "failSwapOn": False,
        "enforceNodeAllocatable": ["none"],
        "systemReserved": {"memory": str(_machine_memory() - ALLOCATABLE_MEMORY)},
        # The machine's free memory and disk are not the node's, so kubelet must not evict pods because of them.
        "evictionHard": {"memory.available": "0%", "nodefs.available": "0%", "nodefs.inodesFree": "0%"},
        "imageGCHighThresholdPercent": 100,
        "localStorageCapacityIsolation": False,
        "oomScoreAdj": 0,
        "resolvConf": "/run/node/resolv.conf",
        "clusterDNS": [DNS_SERVICE_ADDRESS],
        "clusterDomain": "cluster.local",
        "volumePluginDir": "/run/node/kubelet/volume-plugins",
    }
