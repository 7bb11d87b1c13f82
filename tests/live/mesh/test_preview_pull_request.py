"""A pull request, previewed from end to end: with the real engine, plugin and helm, but no cluster and no Vault."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from lab.cluster.environment import CHARTS, search_path, variables
from lab.cluster.names import CHECKOUT

STACK_FILE = "Pulumi.pi-cluster.yaml"
IDENTITY = ("-c", "user.name=Test", "-c", "user.email=test@example.com")


@pytest.fixture
def clone(tmp_path) -> Path:
    """A clone whose main has Istio 1.30.0, for which the lab has charts."""
    folder = tmp_path / "clone"
    subprocess.run(["git", "clone", "--quiet", CHECKOUT, folder], check=True)
    subprocess.run(["git", "-C", folder, "checkout", "--quiet", "-B", "main"], check=True)
    change(folder, "istio", version="1.30.0")
    subprocess.run(["git", "-C", folder, *IDENTITY, "commit", "--quiet", "--all", "--message=base"], check=True)
    subprocess.run(["git", "-C", folder, "checkout", "--quiet", "-b", "change"], check=True)
    return folder


def change(clone: Path, key: str, **settings: object) -> None:
    content = yaml.safe_load((clone / STACK_FILE).read_text())
    content["config"].setdefault(f"pi-mesh:{key}", {}).update(settings)
    (clone / STACK_FILE).write_text(yaml.safe_dump(content))


def limits(memory: str) -> dict[str, dict[str, str]]:
    return {"requests": {"cpu": "50m", "memory": "128Mi"}, "limits": {"cpu": "200m", "memory": memory}}


def preview(clone: Path) -> tuple[int, str]:
    """Exit status and comment."""
    environment = {**os.environ, **variables(), "PATH": f"{search_path()}:{os.environ['PATH']}"}
    command = [sys.executable, "-m", "operations.preview", "--base", "main", "--charts", str(CHARTS)]
    done = subprocess.run(command, cwd=clone, env=environment, stdout=subprocess.PIPE, text=True, check=False)
    return done.returncode, done.stdout


def test_a_new_version_and_a_larger_sidecar_are_shown_everywhere_they_tell(clone):
    change(clone, "istio", version="1.31.0")
    change(clone, "proxy", resources=limits("384Mi"))
    status, comment = preview(clone)
    assert status == 0, comment
    assert "Every rule is kept." in comment
    assert "| `pi-mesh:proxy.resources.limits.memory` | `256Mi` | `384Mi` |" in comment
    assert "`values.global.proxy.resources.limits.memory`: `256Mi` → `384Mi`" in comment
    assert "| sidecar | 1 | 50m / 128Mi | 200m / 256Mi → **200m / 384Mi** |  |" in comment
    assert '-              "memory": "256Mi"\n+              "memory": "384Mi"' in comment
    assert "-        image: docker.io/istio/pilot:1.30.0\n+        image: docker.io/istio/pilot:1.31.0" in comment
    assert "keeps away from" in comment
    assert str(clone.parent) not in comment


def test_a_broken_rule_fails_but_the_whole_change_is_still_shown(clone):
    change(clone, "proxy", resources=limits("600Mi"))
    status, comment = preview(clone)
    assert status == 1
    assert "- **mandatory** `pi-ceiling` on `istiod-release`: global.proxy.resources.limits.memory 600Mi" in comment
    assert "| `trading-resourcequota-workloads` (ResourceQuota) | update |" in comment
    assert "| delete |" not in comment


def test_settings_that_are_refused_are_told_and_nothing_is_guessed(clone):
    change(clone, "proxy", resources=limits("512mb"))
    status, comment = preview(clone)
    assert status == 1
    assert "> :x: 1 problem in the stack's settings: proxy.resources.limits.memory: '512mb'" in comment
    assert "### Resources" not in comment
