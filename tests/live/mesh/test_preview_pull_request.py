"""A pull request, previewed from end to end: with the real engine, plugin and helm, but no cluster and no Vault.

Charts of two versions are rendered; test_version_change shows that an upgrade works.
"""

from pathlib import Path

import pytest
import yaml

from tests.live.versions import LAB, LAB_BEFORE
from tests.support import checkouts

STACK_FILE = "Pulumi.pi-cluster.yaml"


@pytest.fixture
def clone(tmp_path) -> Path:
    """Return a clone whose main has the Istio before the lab's own, for which the lab has charts."""
    folder = checkouts.clone(tmp_path / "clone")
    change(folder, "istio", version=LAB_BEFORE)
    checkouts.git(folder, "commit", "--all", "--message=base")
    checkouts.git(folder, "checkout", "-b", "change")
    return folder


def change(clone: Path, key: str, **settings: object) -> None:
    content = yaml.safe_load((clone / STACK_FILE).read_text())
    content["config"].setdefault(f"pi-mesh:{key}", {}).update(settings)
    (clone / STACK_FILE).write_text(yaml.safe_dump(content))


def told(clone: Path, status: int = 0) -> tuple[str, str]:
    """Return the comment on the change, and its verdict: the second line."""
    code, comment = checkouts.comment(clone)
    assert code == status, comment
    return comment, comment.splitlines()[1]


def limits(memory: str) -> dict[str, dict[str, str]]:
    return {"requests": {"cpu": "50m", "memory": "128Mi"}, "limits": {"cpu": "200m", "memory": memory}}


def test_a_new_version_and_a_larger_sidecar_are_shown_everywhere_they_tell(clone):
    change(clone, "istio", version=LAB)
    change(clone, "proxy", resources=limits("384Mi"))
    comment, verdict = told(clone)
    assert verdict.startswith("### pi-cluster: updates 4 releases and 1 ResourceQuota · restarts istiod")
    assert verdict.endswith(f"sidecars keep proxy {LAB_BEFORE} until restarted")
    assert "rules of main are kept" in comment
    assert "| `istiod-release` (Release) | update |" in comment
    assert '-              "memory": "256Mi"\n+              "memory": "384Mi"' in comment
    pilots = [f"        image: docker.io/istio/pilot:{version}" for version in (LAB_BEFORE, LAB)]
    assert f"-{pilots[0]}\n+{pilots[1]}" in comment
    assert "does not reach" in comment
    assert str(clone.parent) not in comment


def test_a_broken_rule_fails_but_the_whole_change_is_still_shown(clone):
    change(clone, "proxy", resources=limits("600Mi"))
    comment, verdict = told(clone, status=1)
    assert "- **mandatory** `pi-ceiling` on `istiod-release`: global.proxy.resources.limits.memory 600Mi" in comment
    assert verdict.startswith("### pi-cluster: **1 rule broken** · updates ")
    assert "| `trading-resourcequota-workloads` (ResourceQuota) | update |" in comment
    assert "| delete |" not in comment


def test_rules_that_the_pull_request_switches_off_still_judge_it(clone):
    (clone / "policies" / "config" / "pi-cluster.json").write_text('{"pi-ceiling": "disabled"}')
    change(clone, "proxy", resources=limits("600Mi"))
    comment, verdict = told(clone, status=1)
    assert verdict.startswith("### pi-cluster: **1 rule broken** · **relaxes ")
    assert "- Rule `pi-ceiling` is disabled, no longer mandatory." in comment
    assert "- **mandatory** `pi-ceiling` on `istiod-release`" in comment


def test_a_namespace_of_another_name_is_called_replaced_and_its_workloads_deleted(clone):
    change(clone, "trading", namespace="trades")
    replaced = "**replaces namespace trading, everything in it is deleted** · **replaces 3 other objects**"
    assert told(clone)[1] == f"### pi-cluster: {replaced} · updates 1 Guard"


def test_documentation_alone_takes_one_line(clone):
    (clone / "README.md").write_text("new")
    _, verdict = told(clone)
    assert verdict.startswith("**No change to the cluster**: only documentation and tests change")


def test_a_stack_file_that_is_no_yaml_is_one_line(clone):
    (clone / STACK_FILE).write_text("config:\n  a: b: c\n")
    comment, _ = told(clone, status=1)
    assert f"- {STACK_FILE}: is not valid YAML: line 2, column 7: mapping values are not allowed here" in comment


def test_settings_that_are_refused_are_told_and_nothing_is_guessed(clone):
    change(clone, "proxy", resources=limits("512mb"))
    comment, verdict = told(clone, status=1)
    assert verdict.startswith("### pi-cluster: **does not preview**, 1 error")
    assert "- proxy.resources.limits.memory: '512mb'" in comment
    assert "of the stack</summary>" not in comment
