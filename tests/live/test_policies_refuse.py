"""A stack that breaks a mandatory rule is refused before any resource changes; one that breaks none goes through."""

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest
import yaml

from lab.cluster.environment import search_path, variables
from lab.cluster.kubectl import get
from lab.cluster.names import CHECKOUT

pytestmark = pytest.mark.live

STACK_FILE = CHECKOUT / "Pulumi.lab.yaml"
PACK = ("--policy-pack", "policies", "--policy-pack-config", "policies/config/lab.json")
BREACHES = {
    "pi-ceiling": {
        "proxy": {
            "resources": {"requests": {"cpu": "50m", "memory": "128Mi"}, "limits": {"cpu": "200m", "memory": "600Mi"}}
        }
    },
    "bounded-autoscaling": {"ingress": {"autoscaling": {"enabled": True, "maxReplicas": 9}}},
    "mesh-wide-strict": {"mtls": {"mode": "PERMISSIVE"}},
    "no-secrets-in-values": {"base": {"values": {"adminPassword": "fox"}}},
}


def pulumi(*arguments: str) -> subprocess.CompletedProcess[str]:
    """pulumi on the stack lab, wherever the tests were started."""
    environment = {**os.environ, **variables(), "PATH": f"{search_path()}:{os.environ['PATH']}"}
    command = ["pulumi", *arguments, "--stack", "lab", "--non-interactive", "--color", "never"]
    return subprocess.run(command, cwd=CHECKOUT, env=environment, capture_output=True, text=True, check=False)


@pytest.fixture
def stack_file(tmp_path) -> Path:
    """A copy of the lab's stack file, to be broken."""
    copy = tmp_path / "Pulumi.lab.yaml"
    copy.write_text(STACK_FILE.read_text())
    return copy


def change(stack_file: Path, settings: Mapping[str, object]) -> None:
    content = yaml.safe_load(stack_file.read_text())
    content["config"].update({f"pi-mesh:{key}": value for key, value in settings.items()})
    stack_file.write_text(yaml.safe_dump(content))


def mesh() -> dict[str, str]:
    """Each object of the mesh with the version that every write changes."""
    kinds = "deployments,services,secrets,namespaces,peerauthentications,validatingwebhookconfigurations"
    objects = get(kinds, "-A")["items"]
    ours = [one["metadata"] for one in objects if not one["metadata"].get("namespace", "").startswith("kube")]
    return {one["uid"]: f"{one['name']} {one.get('generation')} {one.get('labels', {}).get('version')}" for one in ours}


@pytest.mark.parametrize("rule", BREACHES)
def test_a_breach_is_refused_before_anything_changes(rule, stack_file):
    change(stack_file, BREACHES[rule])
    objects, state = mesh(), pulumi("stack", "export").stdout
    refused = pulumi("up", "--yes", *PACK, "--config-file", str(stack_file))
    said = refused.stdout + refused.stderr
    assert refused.returncode != 0
    assert f"[mandatory]  {rule}  (" in said
    assert "Fix: " in said
    assert (mesh(), pulumi("stack", "export").stdout) == (objects, state)


def test_the_stack_as_it_is_keeps_every_rule(stack_file):
    kept = pulumi("preview", *PACK, "--config-file", str(stack_file))
    assert kept.returncode == 0, kept.stdout + kept.stderr
    assert "pi-mesh@v1.0.0 (local: policies)" in kept.stdout
    assert "mandatory" not in kept.stdout
