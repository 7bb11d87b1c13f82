"""The lab's requirements on a machine, and its message where one is missing."""

import pytest

from lab.cluster import requirements
from lab.cluster.shell import LabError


@pytest.fixture(autouse=True)
def capable(monkeypatch):
    """Make the machine fit for the lab."""
    monkeypatch.setattr(requirements.os, "geteuid", lambda: 0)
    monkeypatch.setattr(requirements, "_missing_controllers", list)
    monkeypatch.setattr(requirements, "_watches_in_use", lambda: 0)
    for step in ("announce", "ensure_packages"):
        monkeypatch.setattr(requirements, step, lambda: None)
    monkeypatch.setattr(requirements, "run", lambda *_: "")


def test_a_capable_machine_is_accepted():
    requirements.check()


def test_what_is_taken_of_the_machine_is_said_before_a_package_is_installed(monkeypatch):
    steps: list[str] = []
    for step in ("ensure_packages", "announce"):
        monkeypatch.setattr(requirements, step, lambda step=step: steps.append(step))
    requirements.check()
    assert steps == ["announce", "ensure_packages"]


def test_a_user_other_than_root_is_told_so_and_how_to_use_a_cluster_of_ones_own(monkeypatch):
    monkeypatch.setattr(requirements.os, "geteuid", lambda: 1000)
    with pytest.raises(LabError, match=r"lacks: root\. .*kind, k3d, a real one.*cluster\.context"):
        requirements.check()


def test_missing_cgroup_controllers_are_named(monkeypatch):
    monkeypatch.setattr(requirements, "_missing_controllers", lambda: ["memory", "pids"])
    with pytest.raises(LabError, match="cgroup controllers memory, pids"):
        requirements.check()


def test_a_kernel_without_network_namespaces_is_named_with_its_own_reason(monkeypatch):
    def refuse(*command: str) -> str:
        if command[:2] == ("unshare", "--net"):
            raise LabError("unshare failed: Operation not permitted")
        return ""

    monkeypatch.setattr(requirements, "run", refuse)
    with pytest.raises(LabError, match=r"lacks: network namespaces \(.*Operation not permitted\)"):
        requirements.check()


def test_a_machine_out_of_inotify_instances_is_told_which_limit_to_raise(monkeypatch):
    monkeypatch.setattr(requirements, "_watches_in_use", lambda: 1_000_000)
    with pytest.raises(LabError, match=r"sysctl -w fs\.inotify\.max_user_instances"):
        requirements.check()
