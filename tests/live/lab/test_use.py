"""After `. .lab/env`, the plain commands work against the local cluster; the lab itself touches no other."""

import os
import subprocess

import pytest

from lab.cluster import kubectl as lab_kubectl
from lab.cluster import records
from lab.cluster.environment import FILE
from lab.cluster.machines import NODES
from lab.cluster.names import CHECKOUT
from lab.cluster.shell import LabError
from lab.toolchain.cache import cache_root
from lab.workloads import apply
from tests.support import pods

FOREIGN = '{"clusters": [{"cluster": {"server": "https://%s:6443", "certificate-authority-data": "b3RoZXI="}}]}'
PROGRAM = "name: empty\nruntime: {name: python, options: {virtualenv: %s}}\n"


def shell(command: str, directory=CHECKOUT) -> subprocess.CompletedProcess[str]:
    """Run a command as in a user's shell with the lab's environment and without any other cluster."""
    plain = {"PATH": os.environ["PATH"], "HOME": "/nonexistent", "PI_MESH_CACHE": str(cache_root())}
    words = ["bash", "-c", f". {FILE}; {command}"]
    return subprocess.run(words, cwd=directory, env=plain, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("command", ["kubectl get nodes", "helm list", "istioctl x precheck", "pulumi stack ls --all"])
def test_a_plain_command_works_against_the_local_cluster(command):
    done = shell(command)
    assert done.returncode == 0, done.stderr
    assert "warning" not in done.stderr.lower()


def test_kubectl_runs_a_command_inside_a_pod(namespace):
    name = namespace("exec")
    apply([pods.pod(name, "host", pods.idle())])
    pods.wait_ready(name, "host")
    done = shell(f"kubectl exec --namespace={name} host -- /bin/busybox echo hello")
    assert done.stdout == "hello\n"


def test_pulumi_previews_a_program_without_warnings(tmp_path):
    (tmp_path / "Pulumi.yaml").write_text(PROGRAM % (CHECKOUT / ".venv"))
    (tmp_path / "__main__.py").write_text("import pulumi_kubernetes\npulumi_kubernetes.core.v1.Namespace('any')\n")
    state = f"export PULUMI_BACKEND_URL=file://{tmp_path}"
    done = shell(f"{state}; pulumi stack init any && pulumi preview --non-interactive", tmp_path)
    assert "2 to create" in done.stdout
    assert "warning" not in done.stdout + done.stderr


def test_starting_a_local_cluster_that_is_up_changes_nothing():
    before = {name: records.find(name) for name in records.recorded()}
    assert "is up already" in shell("python -m lab up").stdout
    assert {name: records.find(name) for name in records.recorded()} == before


@pytest.mark.parametrize("server", ["10.0.0.7", "127.0.0.1"])
def test_the_lab_refuses_a_kubeconfig_that_is_not_its_own(server, tmp_path, monkeypatch):
    foreign = tmp_path / "kubeconfig"
    foreign.write_text(FOREIGN % server)
    monkeypatch.setattr(lab_kubectl, "KUBECONFIG", foreign)
    with pytest.raises(LabError, match="is not the local cluster"):
        lab_kubectl.kubectl("delete", "nodes", *(node.name for node in NODES))
